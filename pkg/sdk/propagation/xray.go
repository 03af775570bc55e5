package propagation

import (
	"context"

	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

// XRay is the propagator of X-Amzn-Trace-Id. The zero value is ready for use.
type XRay struct{}

var _ propagation.TextMapPropagator = XRay{}

// received is kept in a context of what its X-Amzn-Trace-Id header said beyond
// a span context.
type received struct {
	header Header
}

type receivedKey struct{}

func receivedFrom(ctx context.Context) *received {
	r, _ := ctx.Value(receivedKey{}).(*received)
	return r
}

// Extract returns ctx with the remote span context of the header, or ctx
// itself if there is no header that can be used. After a header with Root alone
// the span context has a trace id and no span id: OpenTelemetry's SDK starts
// the root span of that trace.
func (XRay) Extract(ctx context.Context, carrier propagation.TextMapCarrier) context.Context {
	text := carrier.Get(HeaderName)
	if text == "" {
		return ctx
	}
	h, err := ParseHeader(text)
	if err != nil {
		return ctx
	}
	return h.context(ctx)
}

// ContextWithHeader returns ctx with the header as [XRay] extracts it. It is
// for headers that come in another way, such as Lambda's.
func ContextWithHeader(ctx context.Context, h Header) context.Context {
	if !h.TraceID.IsValid() {
		return ctx
	}
	return h.context(ctx)
}

func (h *Header) context(ctx context.Context) context.Context {
	if h.more() {
		ctx = context.WithValue(ctx, receivedKey{}, &received{*h})
	} else if receivedFrom(ctx) != nil {
		ctx = context.WithValue(ctx, receivedKey{}, (*received)(nil))
	}
	return trace.ContextWithRemoteSpanContext(ctx, h.spanContext())
}

// more reports whether the header says what a span context cannot.
func (h *Header) more() bool {
	return h.Sampling < NotSampled || h.Self != "" || h.Fields != ""
}

func (h *Header) spanContext() trace.SpanContext {
	var flags trace.TraceFlags
	return trace.NewSpanContext(trace.SpanContextConfig{
		TraceID:    h.TraceID,
		SpanID:     h.ParentID,
		TraceFlags: flags.WithSampled(h.Sampling == Sampled),
		Remote:     true,
	})
}

// Deferred reports whether the remote parent in ctx left the sampling decision
// to this service: its X-Amzn-Trace-Id had no Sampled field, or Sampled=?. It
// is false once a local span is in ctx.
func Deferred(ctx context.Context) bool {
	r := receivedFrom(ctx)
	return r != nil && r.header.Sampling < NotSampled && r.isParent(trace.SpanContextFromContext(ctx))
}

// isParent reports whether sc is what the header said, not a span under it.
func (r *received) isParent(sc trace.SpanContext) bool {
	return sc.IsRemote() && sc.TraceID() == r.header.TraceID && sc.SpanID() == r.header.ParentID
}

// Inject writes the header for the span in ctx, with the fields that came with
// the header of the same trace. Without a span it passes on what was received.
func (XRay) Inject(ctx context.Context, carrier propagation.TextMapCarrier) {
	h, ok := HeaderFromContext(ctx)
	if ok {
		carrier.Set(HeaderName, h.String())
	}
}

// HeaderFromContext returns the header that [XRay] injects: ids and decision of
// the span in ctx, and of the header that was received for the same trace Self
// and the fields that AWS's own do not include. It is false without a trace.
func HeaderFromContext(ctx context.Context) (Header, bool) {
	sc := trace.SpanContextFromContext(ctx)
	if !sc.HasTraceID() {
		return Header{}, false
	}
	h := Header{TraceID: sc.TraceID(), ParentID: sc.SpanID(), Sampling: NotSampled}
	if sc.IsSampled() {
		h.Sampling = Sampled
	}
	if r := receivedFrom(ctx); r != nil && r.header.TraceID == h.TraceID {
		h.Self, h.Fields = r.header.Self, r.header.Fields
		if r.isParent(sc) {
			h.Sampling = r.header.Sampling
		}
	}
	return h, true
}

// Fields implements propagation.TextMapPropagator.
func (XRay) Fields() []string { return []string{HeaderName} }

// ResponseHeader returns the X-Amzn-Trace-Id that a server answers a request
// with, as the X-Ray SDKs do: the trace id of the server's span, the Parent that
// the request came with, and a decision if the request had one or asked for it.
func ResponseHeader(request Header, server trace.SpanContext) string {
	h := Header{TraceID: server.TraceID(), ParentID: request.ParentID, Sampling: request.Sampling}
	if h.Sampling == SamplingRequested {
		h.Sampling = NotSampled
		if server.IsSampled() {
			h.Sampling = Sampled
		}
	}
	return h.String()
}
