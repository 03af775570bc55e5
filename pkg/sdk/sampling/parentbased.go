package sampling

import (
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/bragg-tracing/bragg/pkg/sdk/propagation"
)

// parentBased follows the decision that a request came with.
type parentBased struct {
	root sdktrace.Sampler
}

// ParentBased returns a sampler that follows the caller's decision and asks
// root where there is none. It differs from OpenTelemetry's of the same name in
// what an X-Amzn-Trace-Id header can say and a traceparent cannot: a decision
// left to this service (Sampled missing or ?), for which it asks root, and a
// trace with a decision but without a parent span, as a load balancer writes
// it, where it follows the decision.
func ParentBased(root sdktrace.Sampler) sdktrace.Sampler {
	return parentBased{root}
}

// ShouldSample implements sdktrace.Sampler.
func (s parentBased) ShouldSample(p sdktrace.SamplingParameters) sdktrace.SamplingResult {
	parent := trace.SpanContextFromContext(p.ParentContext)
	if !parent.HasTraceID() || propagation.Deferred(p.ParentContext) {
		return s.root.ShouldSample(p)
	}
	decision := sdktrace.Drop
	if parent.IsSampled() {
		decision = sdktrace.RecordAndSample
	}
	return sdktrace.SamplingResult{Decision: decision, Tracestate: parent.TraceState()}
}

// Description implements sdktrace.Sampler.
func (s parentBased) Description() string {
	return "ParentBased{root:" + s.root.Description() + "}"
}

// deferring lets a sampler see that a decision was left to this service.
type deferring struct {
	sdktrace.Sampler
}

// Deferring makes any sampler honour what [ParentBased] honours: where the
// decision was left to this service, s sees no parent, and where a trace came
// with a decision but without a parent span, s sees a parent with that
// decision. It is for samplers that look at the parent themselves, like
// OpenTelemetry's ParentBased; in all other cases s sees what there is.
func Deferring(s sdktrace.Sampler) sdktrace.Sampler {
	return deferring{s}
}

// ShouldSample implements sdktrace.Sampler.
func (s deferring) ShouldSample(p sdktrace.SamplingParameters) sdktrace.SamplingResult {
	parent := trace.SpanContextFromContext(p.ParentContext)
	switch {
	case !parent.HasTraceID() || parent.IsValid() && !propagation.Deferred(p.ParentContext):
		return s.Sampler.ShouldSample(p)
	case propagation.Deferred(p.ParentContext):
		p.ParentContext = trace.ContextWithSpanContext(p.ParentContext, trace.SpanContext{})
	default:
		p.ParentContext = trace.ContextWithRemoteSpanContext(p.ParentContext, parent.WithSpanID(trace.SpanID{1}))
	}
	result := s.Sampler.ShouldSample(p)
	if result.Tracestate.Len() == 0 {
		result.Tracestate = parent.TraceState()
	}
	return result
}
