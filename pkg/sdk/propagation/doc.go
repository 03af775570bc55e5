// Package propagation carries trace context in the X-Amzn-Trace-Id header of
// AWS, alone and beside traceparent, and makes ids that AWS X-Ray accepts.
//
// [XRay] reads and writes X-Amzn-Trace-Id:
//
//   - Root alone, as a load balancer sends it: the trace id is taken over, the
//     next span is the root of the trace.
//   - Sampled missing or ?: the decision is left to this service, see
//     [Deferred] and the package sampling.
//   - Self, Lineage and fields that nobody knows: kept and passed on.
//
// [New] reads both headers and decides by a [Rule] when a request has both.
// README.md says what arrives behind which AWS service.
//
// https://docs.aws.amazon.com/xray/latest/devguide/xray-concepts.html#xray-concepts-tracingheader
package propagation
