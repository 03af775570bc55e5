// Package sampling decides which segments are recorded: by AWS X-Ray's
// centralized rules, or by a rule file. The deciding is done by
// github.com/bragg-tracing/bragg/pkg/sdk/sampling, which OpenTelemetry's
// sampler uses too.
package sampling

// Strategy decides whether a request is recorded. It is called concurrently.
type Strategy interface {
	ShouldTrace(request *Request) *Decision
}

// Request is what a rule can match. A field that is empty matches every
// pattern.
type Request struct {
	Host        string
	Method      string
	URL         string // the path alone
	ServiceName string
	ServiceType string // the origin, such as AWS::ECS::Container
}

// Decision is the answer to a request.
type Decision struct {
	Sample bool
	Rule   *string // the name of the centralized rule that decided, or nil
}
