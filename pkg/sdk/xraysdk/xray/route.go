package xray

import (
	"context"
	"encoding/hex"
	"sync/atomic"
	"time"

	"github.com/bragg-tracing/bragg/pkg/sdk/spanfeed"
	"go.opentelemetry.io/otel"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// A route is where recorded segments go.
type route interface {
	begin(context.Context, *Segment)
	end(*Segment)                       // it is closed
	stream(*Segment)                    // it is closed and may not wait for others
	remove(parent, child *Segment) bool // under child's lock
}

// scope names this instrumentation on spans.
const scope = "github.com/bragg-tracing/bragg/pkg/sdk/xraysdk/xray"

// routeOf is the route of a segment that has a configuration of its own, or
// nil: an emitter that somebody chose, else the OpenTelemetry SDK, else the
// daemon.
func routeOf(own *Config) route {
	if own != nil && own.Emitter != nil || explicitEmitter.Load() {
		return trees{}
	}
	if feed := spanfeed.Current(); feed != nil {
		return (*feedRoute)(feed)
	}
	if provider, ok := otel.GetTracerProvider().(*sdktrace.TracerProvider); ok {
		return liveRouteOf(provider)
	}
	return trees{}
}

// A feedRoute makes spans of closed segments.
type feedRoute spanfeed.Feed

func (*feedRoute) begin(context.Context, *Segment) {}
func (*feedRoute) remove(_, _ *Segment) bool       { return true }
func (r *feedRoute) stream(s *Segment)             { r.end(s) }

func (r *feedRoute) end(s *Segment) {
	if span := finished((*spanfeed.Feed)(r), s); span != nil {
		(*spanfeed.Feed)(r).End(span)
	}
}

// A liveRoute gives segments the ids of spans that it begins with them, because
// its provider takes no others.
type liveRoute struct {
	provider *sdktrace.TracerProvider
	tracer   trace.Tracer
}

var lastLiveRoute atomic.Pointer[liveRoute]

func liveRouteOf(provider *sdktrace.TracerProvider) *liveRoute {
	if r := lastLiveRoute.Load(); r != nil && r.provider == provider {
		return r
	}
	r := &liveRoute{provider, provider.Tracer(scope)}
	lastLiveRoute.Store(r)
	return r
}

func (r *liveRoute) begin(_ context.Context, s *Segment) {
	ctx := context.Background()
	parent, ok := parseSpanID(s.ParentID)
	if traceID, ok2 := parseTraceID(s.TraceID); ok && ok2 {
		ctx = trace.ContextWithRemoteSpanContext(ctx, trace.NewSpanContext(trace.SpanContextConfig{
			TraceID: traceID, SpanID: parent, TraceFlags: trace.FlagsSampled, Remote: s.parent == nil || s.parent.Facade,
		}))
	}
	_, span := r.tracer.Start(ctx, s.Name, trace.WithTimestamp(time.Unix(0, s.start)), trace.WithSpanKind(s.kind))
	if sc := span.SpanContext(); sc.IsValid() {
		id := sc.SpanID()
		s.live, s.TraceID, s.ID = span, formatTraceID(sc.TraceID()), hex.EncodeToString(id[:])
		s.Sampled = sc.IsSampled()
		s.Dummy = !s.Sampled
	}
}

func (*liveRoute) remove(_, _ *Segment) bool { return true }
func (r *liveRoute) stream(s *Segment)       { r.end(s) }

func (*liveRoute) end(s *Segment) {
	s.Lock()
	span := s.live
	doc := s.snapshot()
	s.Unlock()
	if span == nil {
		return
	}
	kind := s.kind
	span.SetName(doc.Name)
	span.SetAttributes(doc.attributes(kind)...)
	for _, e := range doc.events(time.Unix(0, s.end)) {
		span.AddEvent(e.Name, trace.WithTimestamp(e.Time), trace.WithAttributes(e.Attributes...))
	}
	status := doc.status(kind)
	span.SetStatus(status.Code, status.Description)
	span.End(trace.WithTimestamp(time.Unix(0, s.end)))
}
