package demo

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"sync"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// A RecordedSpan is one span or segment that a service made.
type RecordedSpan struct {
	TraceID string // 32 lower-case hex digits
	SpanID  string // 16 lower-case hex digits
	Service string
}

// Recorder remembers which spans the demo's services made, before anything was
// exported, so that what arrives somewhere can be compared with it. It keeps all
// of them: use it for a bounded number of requests. Its methods are safe for
// concurrent use.
type Recorder struct {
	mu     sync.Mutex
	spans  map[RecordedSpan]struct{}
	traces map[string]struct{}
}

// NewRecorder returns an empty recorder.
func NewRecorder() *Recorder {
	return &Recorder{spans: map[RecordedSpan]struct{}{}, traces: map[string]struct{}{}}
}

func (r *Recorder) add(s RecordedSpan) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.spans[s] = struct{}{}
	r.traces[s.TraceID] = struct{}{}
}

// Spans returns the distinct spans so far, ordered by trace, span and service.
func (r *Recorder) Spans() []RecordedSpan {
	r.mu.Lock()
	defer r.mu.Unlock()
	spans := make([]RecordedSpan, 0, len(r.spans))
	for s := range r.spans {
		spans = append(spans, s)
	}
	slices.SortFunc(spans, func(a, b RecordedSpan) int {
		return cmp.Or(strings.Compare(a.TraceID, b.TraceID),
			strings.Compare(a.SpanID, b.SpanID), strings.Compare(a.Service, b.Service))
	})
	return spans
}

// Traces returns the number of distinct traces so far.
func (r *Recorder) Traces() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.traces)
}

// spanRecorder tells a Recorder of each sampled span of one OpenTelemetry
// service as it ends, which is when the exporter gets it too.
type spanRecorder struct {
	recorder *Recorder
	service  string
}

func (p spanRecorder) OnEnd(s sdktrace.ReadOnlySpan) {
	if sc := s.SpanContext(); sc.IsSampled() {
		p.recorder.add(RecordedSpan{sc.TraceID().String(), sc.SpanID().String(), p.service})
	}
}

func (spanRecorder) OnStart(context.Context, sdktrace.ReadWriteSpan) {}
func (spanRecorder) Shutdown(context.Context) error                  { return nil }
func (spanRecorder) ForceFlush(context.Context) error                { return nil }
