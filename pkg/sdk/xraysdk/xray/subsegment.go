package xray

import (
	"context"
	"encoding/hex"
	"fmt"

	"github.com/bragg-tracing/bragg/pkg/sdk/xraysdk/header"
	"go.opentelemetry.io/otel/trace"
)

// BeginSubsegment begins a part of what the context's segment or subsegment
// does, and returns a context that holds it. Where OpenTelemetry began a span
// since, it is that span's child. In a Lambda function it is a child of the
// function's segment, which Lambda makes. Without any of these the
// configured ctxmissing.Strategy is told and the result is ctx and nil, whose
// methods do nothing.
func BeginSubsegment(ctx context.Context, name string) (context.Context, *Segment) {
	return beginSubsegment(ctx, name, trace.SpanKindInternal)
}

// BeginAWSCall begins the subsegment of a call of one of AWS's services, for
// the instrumentation of AWS's SDKs. The X-Ray SDK does not have it.
func BeginAWSCall(ctx context.Context, service string) (context.Context, *Segment) {
	ctx, seg := beginSubsegment(ctx, service, trace.SpanKindClient)
	if seg != nil && !seg.Dummy {
		seg.Namespace = "aws"
	}
	return ctx, seg
}

// beginSubsegment says also which kind the span will have, which a provider
// that makes spans itself must know now.
func beginSubsegment(ctx context.Context, name string, kind trace.SpanKind) (context.Context, *Segment) {
	ctx = orBackground(ctx)
	if parent := GetSegment(ctx); parent != nil && parent.Dummy {
		return ignorePart(ctx, name, parent)
	}
	now := nowNano()
	if environmentAt(now).disabled {
		return disabled(ctx)
	}
	parent := parentOf(ctx)
	if parent == nil {
		contextMissing(ctx, fmt.Sprintf("failed to begin subsegment named '%v': segment cannot be found.", name))
		return ctx, nil
	}
	if !parent.segment().Sampled {
		return ignorePart(ctx, name, parent)
	}
	seg := beginPart(ctx, parent, name, kind, now)
	return withSegment(ctx, seg), seg
}

// beginPart begins a subsegment that is recorded, without a context for it.
func beginPart(ctx context.Context, parent *Segment, name string, kind trace.SpanKind, now int64) *Segment {
	segment := parent.segment()
	c := &span{}
	seg := c.begin(kind)
	seg.ParentSegment, seg.parent, seg.Sampled = segment, parent, true
	seg.begin(cutName(name), now)
	seg.TraceID, seg.ParentID, seg.ID = segment.TraceID, parent.ID, NewSegmentID()
	if inner := innerSpan(ctx, parent); inner.IsValid() {
		id := inner.SpanID()
		seg.ParentID = hex.EncodeToString(id[:])
	}
	if route := seg.route(); route != nil {
		route.begin(seg)
	}
	return seg
}

// ignorePart begins a subsegment that is not recorded. Its time is its
// segment's: nobody will see it.
func ignorePart(ctx context.Context, name string, parent *Segment) (context.Context, *Segment) {
	segment, id := parent.segment(), noSegmentID
	if segment.ID != noSegmentID {
		id = NewSegmentID()
	}
	name = cutName(name)
	c := &ignored{ctx, Segment{
		ParentSegment: segment, node: node{parent: parent}, Dummy: true,
		Name: name, StartTime: segment.StartTime, EndTime: segment.StartTime,
		TraceID: segment.TraceID, ParentID: parent.ID, ID: id,
	}}
	return c, &c.seg
}

// segment is the segment that s is part of; never nil.
func (s *Segment) segment() *Segment {
	if s.ParentSegment == nil {
		return s
	}
	return s.ParentSegment
}

// innerSpan is the span of OpenTelemetry's that began in a segment's context,
// if it is the current one.
func innerSpan(ctx context.Context, seg *Segment) trace.SpanContext {
	span := currentSpan(ctx)
	if span == nil {
		return trace.SpanContext{}
	}
	sc := span.SpanContext()
	if live := seg.live(); live != nil && live.SpanContext().SpanID() == sc.SpanID() || sc.TraceID() != seg.spanContext().TraceID() {
		return trace.SpanContext{}
	}
	return sc
}

// parentOf is the segment that encloses a context, or a facade of who does.
func parentOf(ctx context.Context) *Segment {
	if seg := GetSegment(ctx); seg != nil {
		return seg
	}
	if ctx == nil {
		return nil
	}
	if h := lambdaHeader(ctx); h != nil {
		_, facade := BeginFacadeSegment(ctx, "facade", h)
		return facade
	}
	sc := trace.SpanContextFromContext(ctx)
	if !sc.IsValid() {
		return nil
	}
	decision := header.NotSampled
	if sc.IsSampled() {
		decision = header.Sampled
	}
	id := sc.SpanID()
	_, facade := BeginFacadeSegment(ctx, "span", &header.Header{
		TraceID: formatTraceID(sc.TraceID()), ParentID: hex.EncodeToString(id[:]), SamplingDecision: decision,
	})
	return facade
}

// BeginFacadeSegment returns a context with the stand-in of a segment that
// somebody else makes, whose ids and sampling decision are the header's. It is
// not recorded, its subsegments are. Without a header it has ids of its own.
func BeginFacadeSegment(ctx context.Context, name string, h *header.Header) (context.Context, *Segment) {
	ctx = orBackground(ctx)
	if SdkDisabled() {
		return disabled(ctx)
	}
	c := &root{}
	seg := c.span.begin(trace.SpanKindUnspecified)
	seg.ParentSegment = seg
	seg.begin(cutName(name), nowNano())
	seg.configure(&c.config, &c.rest, GetRecorder(ctx), global.Load())
	if _, ok := c.rest.route.(trees); ok {
		c.rest.tree = &tree{}
	}
	ctx = withSegment(ctx, seg)
	if h == nil {
		seg.Sampled = true
		seg.TraceID, seg.ID = newIDs(timeNow())
		return ctx, seg
	}
	seg.Facade = true
	seg.ID, seg.TraceID = h.ParentID, h.TraceID
	seg.Sampled = h.SamplingDecision == header.Sampled
	if len(h.AdditionalData) > 0 {
		seg.IncomingHeader = h
	}
	return ctx, seg
}

// BeginSubsegmentWithoutSampling is BeginSubsegment for a part that is not
// recorded, nor are its parts, and calls from it are told so.
func BeginSubsegmentWithoutSampling(ctx context.Context, name string) (context.Context, *Segment) {
	ctx = orBackground(ctx)
	if SdkDisabled() {
		return disabled(ctx)
	}
	parent := parentOf(ctx)
	if parent == nil {
		contextMissing(ctx, fmt.Sprintf("failed to begin subsegment named '%v': segment cannot be found.", name))
		return ctx, nil
	}
	return ignorePart(ctx, name, parent)
}

// spanContext is the segment's for OpenTelemetry: valid, with the segment's own
// ids if a span can have them.
func (s *Segment) spanContext() trace.SpanContext {
	if live := s.live(); live != nil {
		return live.SpanContext()
	}
	traceID, ok := parseTraceID(s.TraceID)
	id, ok2 := parseSpanID(s.ID)
	if !ok || !ok2 {
		return s.shadowContext(traceID)
	}
	flags := trace.TraceFlags(0)
	if s.Sampled {
		flags = trace.FlagsSampled
	}
	return trace.NewSpanContext(trace.SpanContextConfig{TraceID: traceID, SpanID: id, TraceFlags: flags})
}

// shadowContext is a context that is not recorded, for segments without ids
// that a span can have: all parts of a segment have the same trace.
func (s *Segment) shadowContext(traceID trace.TraceID) trace.SpanContext {
	if s.TraceID == "" { // disabled, or made by the program
		return trace.SpanContext{}
	}
	if s.rec() == nil {
		s.record.CompareAndSwap(nil, &recording{})
	}
	r := s.rest()
	if r == nil {
		s.rec().rest.CompareAndSwap(nil, &rest{})
		r = s.rest()
	}
	if sc := r.shadow.Load(); sc != nil {
		return *sc
	}
	if !traceID.IsValid() {
		if segment := s.segment(); segment != s {
			traceID = segment.spanContext().TraceID()
		} else {
			traceID = newTraceID(timeNow())
		}
	}
	sc := trace.NewSpanContext(trace.SpanContextConfig{TraceID: traceID, SpanID: newSpanID()})
	r.shadow.CompareAndSwap(nil, &sc)
	return *r.shadow.Load()
}
