package xray

import (
	"context"
	"errors"
	"sync/atomic"

	"github.com/bragg-tracing/bragg/pkg/sdk/xraysdk/header"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/embedded"
)

// ContextKeytype is the type of ContextKey.
type ContextKeytype int

// ContextKey is the key of the current *Segment in a context.
var ContextKey = new(ContextKeytype)

// ErrRetrieveSegment says that a context holds no segment.
var ErrRetrieveSegment = errors.New("unable to retrieve segment")

// RecorderContextKey is the key of a *Config in a context.
type RecorderContextKey struct{}

// The keys of fasthttp's contexts, which are strings.
const (
	fasthttpContextKey       = "xray-ck"
	fasthttpContextConfigKey = "xray-rck"
)

// usesFastHTTP says that there may be such contexts.
var usesFastHTTP atomic.Bool

// A segmentContext is a context with a segment, and with the segment as the
// current span for OpenTelemetry.
type segmentContext struct {
	context.Context
	seg *Segment
}

func (c *segmentContext) Value(key any) any { return valueOf(c.Context, c.seg, key) }

// valueOf is a value of a context that is over another and holds a segment.
func valueOf(ctx context.Context, seg *Segment, key any) any {
	switch key {
	case any(ContextKey):
		return seg
	case spanKey:
		return trace.Span((*segmentSpan)(seg))
	}
	return ctx.Value(key)
}

// spanKey is OpenTelemetry's key of the current span, which it does not export:
// it is what SpanFromContext asks for.
var spanKey = func() any {
	var p probe
	p.Context = context.Background()
	trace.SpanFromContext(&p)
	return p.key
}()

type probe struct {
	context.Context
	key any
}

func (p *probe) Value(key any) any {
	p.key = key
	return nil
}

// A segmentSpan shows a segment as a span that is not recording: it has the
// ids, and takes annotations, metadata and errors alone (see spanapi.go).
type segmentSpan Segment

// A mark has the method that OpenTelemetry's spans must have; nobody calls it.
//
//lint:ignore U1000 the method makes segmentSpan a span
type mark struct{ anySpan }

//lint:ignore U1000 see mark
type anySpan = embedded.Span

func (s *segmentSpan) SpanContext() trace.SpanContext        { return (*Segment)(s).spanContext() }
func (s *segmentSpan) TracerProvider() trace.TracerProvider  { return otel.GetTracerProvider() }
func (s *segmentSpan) IsRecording() bool                     { return false }
func (s *segmentSpan) End(...trace.SpanEndOption)            {}
func (s *segmentSpan) AddEvent(string, ...trace.EventOption) {}
func (s *segmentSpan) AddLink(trace.Link)                    {}
func (s *segmentSpan) SetStatus(codes.Code, string)          {}
func (s *segmentSpan) SetName(string)                        {}

// currentSpan is OpenTelemetry's current span, or nil if there is none or it
// stands for a segment.
func currentSpan(ctx context.Context) trace.Span {
	span, _ := ctx.Value(spanKey).(trace.Span)
	if _, own := span.(*segmentSpan); own {
		return nil
	}
	return span
}

// withSegment returns a context with a segment.
func withSegment(ctx context.Context, seg *Segment) context.Context {
	return &segmentContext{ctx, seg}
}

// GetRecorder returns the configuration of a context, or nil.
func GetRecorder(ctx context.Context) *Config {
	if ctx == nil {
		return nil
	}
	if c, ok := ctx.Value(RecorderContextKey{}).(*Config); ok {
		return c
	}
	if !usesFastHTTP.Load() {
		return nil
	}
	c, _ := ctx.Value(fasthttpContextConfigKey).(*Config)
	return c
}

// GetSegment returns the segment or subsegment of a context, or nil.
func GetSegment(ctx context.Context) *Segment {
	if ctx == nil {
		return nil
	}
	if seg, ok := ctx.Value(ContextKey).(*Segment); ok {
		return seg
	}
	if !usesFastHTTP.Load() {
		return nil
	}
	seg, _ := ctx.Value(fasthttpContextKey).(*Segment)
	return seg
}

// TraceID returns the id of the trace that a context is part of, as X-Ray
// writes it, or "". It knows the trace of a segment, of a span of
// OpenTelemetry's, and of a Lambda function's request.
func TraceID(ctx context.Context) string {
	if seg := GetSegment(ctx); seg != nil {
		return seg.TraceID
	}
	if sc := trace.SpanContextFromContext(ctx); sc.IsValid() {
		return formatTraceID(sc.TraceID())
	}
	if h := lambdaHeader(ctx); h != nil {
		return h.TraceID
	}
	return ""
}

// RequestWasTraced reports whether the segment of a context, or one above it,
// was made for a request that had a trace header.
func RequestWasTraced(ctx context.Context) bool {
	for seg := GetSegment(ctx); seg != nil; seg = seg.node.parent {
		if seg.RequestWasTraced {
			return true
		}
	}
	return false
}

// DetachContext returns a context that is never done, for work that goes on
// when the request is over. It holds the segment, the current span and the
// configuration of ctx, and no other value.
func DetachContext(ctx context.Context) context.Context {
	detached := context.Background()
	if c := GetRecorder(ctx); c != nil {
		detached = context.WithValue(detached, RecorderContextKey{}, c)
	}
	span := trace.SpanFromContext(ctx)
	seg := GetSegment(ctx)
	if seg == nil {
		return trace.ContextWithSpan(detached, span)
	}
	detached = withSegment(detached, seg)
	if _, own := span.(*segmentSpan); !own && span.SpanContext().IsValid() {
		detached = trace.ContextWithSpan(detached, span)
	}
	return detached
}

// AddAnnotation adds an annotation to the segment of a context; see
// [Segment.AddAnnotation].
func AddAnnotation(ctx context.Context, key string, value interface{}) error {
	if seg := GetSegment(ctx); seg != nil {
		return seg.AddAnnotation(key, value)
	}
	return ErrRetrieveSegment
}

// AddMetadata adds metadata to the segment of a context.
func AddMetadata(ctx context.Context, key string, value interface{}) error {
	if seg := GetSegment(ctx); seg != nil {
		return seg.AddMetadata(key, value)
	}
	return ErrRetrieveSegment
}

// AddMetadataToNamespace adds metadata to a namespace of the segment of a
// context.
func AddMetadataToNamespace(ctx context.Context, namespace string, key string, value interface{}) error {
	if seg := GetSegment(ctx); seg != nil {
		return seg.AddMetadataToNamespace(namespace, key, value)
	}
	return ErrRetrieveSegment
}

// AddError adds an error to the segment of a context.
func AddError(ctx context.Context, err error) error {
	if seg := GetSegment(ctx); seg != nil {
		return seg.AddError(err)
	}
	return ErrRetrieveSegment
}

// lambdaHeader returns the trace header that aws-lambda-go puts into the
// context of a function's request, or nil.
func lambdaHeader(ctx context.Context) *header.Header {
	if ctx == nil {
		return nil
	}
	text, ok := ctx.Value(LambdaTraceHeaderKey).(string)
	if !ok {
		return nil
	}
	return header.FromString(text)
}
