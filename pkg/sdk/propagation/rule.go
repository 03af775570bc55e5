package propagation

import (
	"context"
	"fmt"

	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

// Rule says which header counts when a request has a valid traceparent and a
// valid X-Amzn-Trace-Id.
type Rule uint8

const (
	// Nearest continues the trace of traceparent, which the calling service
	// wrote itself. When X-Amzn-Trace-Id is of the same trace, and an AWS
	// service on the way has put itself in as a recorded parent (Parent is
	// another span, Sampled=1), that is the parent. It is the default.
	Nearest Rule = iota

	// PreferTraceparent reads X-Amzn-Trace-Id only without a traceparent.
	PreferTraceparent

	// PreferXRay reads traceparent only without an X-Amzn-Trace-Id, or when
	// that has no Parent: then it names a trace in which nobody recorded
	// anything.
	PreferXRay
)

var ruleNames = [...]string{Nearest: "nearest", PreferTraceparent: "traceparent", PreferXRay: "xray"}

// String returns the rule's name: nearest, traceparent or xray.
func (r Rule) String() string {
	if int(r) < len(ruleNames) {
		return ruleNames[r]
	}
	return fmt.Sprintf("Rule(%d)", uint8(r))
}

// ParseRule returns the rule of a name.
func ParseRule(name string) (Rule, error) {
	for r, known := range ruleNames {
		if name == known {
			return Rule(r), nil
		}
	}
	return Nearest, fmt.Errorf("unknown rule %q for trace headers; known are nearest, traceparent and xray", name)
}

// both reads and writes traceparent and X-Amzn-Trace-Id.
type both struct {
	rule Rule
	w3c  propagation.TraceContext
	xray XRay
}

// New returns a propagator that writes both headers and reads one or both.
func New(rule Rule) propagation.TextMapPropagator {
	return both{rule: rule}
}

// Extract implements propagation.TextMapPropagator.
func (p both) Extract(ctx context.Context, carrier propagation.TextMapCarrier) context.Context {
	text := carrier.Get(HeaderName)
	h, err := ParseHeader(text)
	found := text != "" && err == nil
	with := p.w3c.Extract(withoutRemote(ctx), carrier)
	sc := trace.SpanContextFromContext(with)
	switch {
	case !sc.IsRemote(): // no valid traceparent
		if found {
			return h.context(ctx)
		}
		return ctx
	case !found:
		return with
	case p.rule == PreferXRay && h.ParentID.IsValid():
		return h.context(ctx)
	case h.TraceID != sc.TraceID():
		return with
	}
	return p.merge(with, sc, h)
}

// withoutRemote returns ctx without a remote span context, which is there when
// headers are extracted twice, so that one that is there afterwards is new.
func withoutRemote(ctx context.Context) context.Context {
	if trace.SpanContextFromContext(ctx).IsRemote() {
		return trace.ContextWithSpanContext(ctx, trace.SpanContext{})
	}
	return ctx
}

// merge brings headers of the same trace together: whatever the parent, Self
// and Lineage are of this trace and go on.
func (p both) merge(ctx context.Context, sc trace.SpanContext, h Header) context.Context {
	nearer := p.rule == Nearest && h.ParentID.IsValid() && h.Sampling == Sampled
	if nearer {
		sc = h.spanContext().WithTraceState(sc.TraceState())
		ctx = trace.ContextWithRemoteSpanContext(ctx, sc)
	}
	if h.Self == "" && h.Fields == "" {
		return ctx
	}
	h.ParentID, h.Sampling = sc.SpanID(), NotSampled
	if sc.IsSampled() {
		h.Sampling = Sampled
	}
	return context.WithValue(ctx, receivedKey{}, &received{h})
}

// Inject implements propagation.TextMapPropagator.
func (p both) Inject(ctx context.Context, carrier propagation.TextMapCarrier) {
	p.w3c.Inject(ctx, carrier)
	p.xray.Inject(ctx, carrier)
}

// Fields implements propagation.TextMapPropagator.
func (p both) Fields() []string {
	return append(p.w3c.Fields(), HeaderName)
}
