package sampling

import (
	"go.opentelemetry.io/otel/attribute"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// RuleNameKey is the span attribute with the name of the rule that decided. It
// is the place of the name in a segment document, aws.xray.sampling_rule_name,
// where the X-Ray SDKs write it.
const RuleNameKey attribute.Key = "aws.xray.sampling_rule_name"

// Decision is the answer to one request.
type Decision struct {
	Sample bool
	// RuleName is the rule of X-Ray's that decided, "" when a fallback or a
	// rule file did: those rules have no names.
	RuleName string

	attributes []attribute.KeyValue // RuleNameKey, if there is a name
}

// Strategy answers requests: [*Remote] or [*Rules]. Its method may be called
// concurrently.
type Strategy interface {
	Decide(*Request) Decision
}

// result is what a decision means to the OpenTelemetry SDK.
func (d Decision) result(p *sdktrace.SamplingParameters) sdktrace.SamplingResult {
	r := sdktrace.SamplingResult{
		Decision:   sdktrace.Drop,
		Tracestate: trace.SpanContextFromContext(p.ParentContext).TraceState(),
	}
	if d.Sample {
		r.Decision, r.Attributes = sdktrace.RecordAndSample, d.attributes
	}
	return r
}
