// Package sampling decides which traces are recorded, by the rules that AWS
// X-Ray keeps for all services of an account, or by a rule file.
//
// # Centralized rules
//
// [NewRemote] follows X-Ray's centralized sampling. A background goroutine
// fetches the rules (GetSamplingRules, every 5 minutes) and every 10 seconds
// reports what was decided and takes this process's share of each rule's
// reservoir (GetSamplingTargets). It asks the proxy of a collector or of the
// X-Ray daemon, without a signature, at http://127.0.0.1:2000; with a client
// that signs it can ask X-Ray itself, see [WithHTTPClient].
//
// A decision takes no lock, allocates nothing and never waits for the network.
// As long as X-Ray has not answered, and when it has not answered for an hour,
// the fallback decides: 1 request a second and 5 % of the rest.
//
// Rules, reservoirs, borrowing and the fallback are described at
// https://docs.aws.amazon.com/xray/latest/devguide/xray-console-sampling.html
// and https://docs.aws.amazon.com/xray/latest/devguide/xray-api-sampling.html.
//
// # Rule files
//
// [ParseRules] and [ReadRules] take the rule files of the X-Ray SDKs, versions
// 1 and 2.
//
// # With OpenTelemetry and without
//
// Both kinds are samplers of the OpenTelemetry SDK, and both answer a plain
// [Request] by their Decide method. Which rule decided is recorded in the span
// attribute [RuleNameKey]. A sampler of this package looks at a request alone;
// [ParentBased] makes it follow the decision of the caller first.
package sampling
