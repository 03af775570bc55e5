package telemetry

import (
	"context"
	"errors"
	"sync/atomic"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// flushHeadroom is the room in the batch processor's channel for the markers
// that concurrent calls of Flush put there beside the spans.
const flushHeadroom = 64

var errQueueFull = errors.New("the queue of ended spans is full")

// spanQueue is OpenTelemetry's batch processor with a count of what it drops.
// The batch processor drops silently when its channel is full; spanQueue bounds
// the spans that wait, so the channel, which is larger, is never full, and
// every drop happens here.
type spanQueue struct {
	sdktrace.SpanProcessor // the batch processor

	name    string          // the exporter's
	report  *report         // of drops
	done    <-chan struct{} // closed when its goroutine has ended
	limit   int64
	waiting atomic.Int64
	dropped atomic.Uint64
}

// newSpanQueue starts a queue of at most limit spans before the exporter, in
// batches of at most batch spans. Shutdown stops its goroutine.
func newSpanQueue(exporter *spanExporter, limit, batch int, opts ...sdktrace.BatchSpanProcessorOption) *spanQueue {
	exporter.done = make(chan struct{})
	q := &spanQueue{name: exporter.name, report: exporter.exports.drops, limit: int64(limit), done: exporter.done}
	exporter.taken = func(n int) { q.waiting.Add(-int64(n)) }
	opts = append(opts, sdktrace.WithMaxQueueSize(limit+flushHeadroom), sdktrace.WithMaxExportBatchSize(min(batch, limit)))
	q.SpanProcessor = sdktrace.NewBatchSpanProcessor(exporter, opts...)
	return q
}

// OnStart does nothing.
func (q *spanQueue) OnStart(context.Context, sdktrace.ReadWriteSpan) {}

// OnEnd queues a sampled span, or drops and counts it. It never blocks.
func (q *spanQueue) OnEnd(s sdktrace.ReadOnlySpan) {
	if !s.SpanContext().IsSampled() {
		return
	}
	if q.waiting.Add(1) > q.limit {
		q.waiting.Add(-1)
		q.dropped.Add(1)
		q.report.failed(errQueueFull, "exporter", q.name)
		return
	}
	q.SpanProcessor.OnEnd(s)
}

// countLeft counts what still waits as dropped: the batch processor leaves it
// when the time for its Shutdown is over.
func (q *spanQueue) countLeft() {
	q.dropped.Add(uint64(max(q.waiting.Swap(0), 0)))
}
