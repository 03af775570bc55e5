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
	begin(*Segment)
	seal(*Segment) bool                 // it is being closed, under its lock: whether it can go there
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

func (*feedRoute) begin(*Segment)            {}
func (*feedRoute) remove(_, _ *Segment) bool { return true }
func (r *feedRoute) seal(s *Segment) bool    { return s.rec().span.seal((*spanfeed.Feed)(r)) }
func (r *feedRoute) end(s *Segment)          { (*spanfeed.Feed)(r).End(s.rec().span) }
func (r *feedRoute) stream(s *Segment)       { r.end(s) }

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

func (*liveRoute) seal(*Segment) bool { return true }

func (r *liveRoute) begin(s *Segment) {
	ctx := context.Background()
	parent, ok := parseSpanID(s.ParentID)
	if traceID, ok2 := parseTraceID(s.TraceID); ok && ok2 {
		ctx = trace.ContextWithRemoteSpanContext(ctx, trace.NewSpanContext(trace.SpanContextConfig{
			TraceID: traceID, SpanID: parent, TraceFlags: trace.FlagsSampled, Remote: s.parent == nil || s.parent.Facade,
		}))
	}
	_, span := r.tracer.Start(ctx, s.Name, trace.WithTimestamp(time.Unix(0, s.rec().start)), trace.WithSpanKind(trace.SpanKind(s.rec().kind)))
	if sc := span.SpanContext(); sc.IsValid() {
		id := sc.SpanID()
		if s.parent == nil {
			s.rest().live = span
		} else {
			s.rec().rest.Store(&rest{live: span})
		}
		s.TraceID, s.ID = formatTraceID(sc.TraceID()), hex.EncodeToString(id[:])
		s.Sampled = sc.IsSampled()
		s.Dummy = !s.Sampled
	}
}

func (*liveRoute) remove(_, _ *Segment) bool { return true }
func (r *liveRoute) stream(s *Segment)       { r.end(s) }

func (*liveRoute) end(s *Segment) {
	span := s.live()
	if span == nil {
		return
	}
	kind, end, doc := trace.SpanKind(s.rec().kind), time.Unix(0, s.rec().end), s.snapshot()
	if doc == nil {
		return
	}
	span.SetName(doc.Name)
	span.SetAttributes(doc.attributes(kind)...)
	for _, e := range doc.events(end) {
		span.AddEvent(e.Name, trace.WithTimestamp(e.Time), trace.WithAttributes(e.Attributes...))
	}
	status := doc.status(kind)
	span.SetStatus(status.Code, status.Description)
	span.End(trace.WithTimestamp(end))
}
