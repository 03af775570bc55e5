package telemetry

import (
	"context"
	"errors"
	"sync/atomic"

	sdklog "go.opentelemetry.io/otel/sdk/log"
)

var errLogQueueFull = errors.New("the queue of log records is full")

// logQueue is OpenTelemetry's batch processor of log records with a count of
// what it drops, as spanQueue is for spans: it bounds the records that wait, so
// that the batch processor's own queue, which drops the oldest, is never full.
type logQueue struct {
	*sdklog.BatchProcessor

	name    string  // the exporter's
	report  *report // of drops
	limit   int64
	waiting atomic.Int64
	dropped atomic.Uint64
	stopped atomic.Bool
}

// newLogQueue starts a queue of at most limit records before the exporter, in
// batches of at most batch. Shutdown stops its goroutine.
func newLogQueue(exporter *logExporter, limit, batch int) *logQueue {
	q := &logQueue{name: exporter.name, report: exporter.exports.drops, limit: int64(limit)}
	exporter.done = make(chan struct{})
	exporter.taken = func(n int) { q.waiting.Add(-int64(n)) }
	q.BatchProcessor = sdklog.NewBatchProcessor(exporter, sdklog.WithMaxQueueSize(limit), sdklog.WithExportMaxBatchSize(min(batch, limit)))
	return q
}

// OnEmit queues a record, or drops and counts it. It never blocks.
func (q *logQueue) OnEmit(ctx context.Context, r *sdklog.Record) error {
	if q.stopped.Load() {
		return nil
	}
	if q.waiting.Add(1) > q.limit {
		q.waiting.Add(-1)
		q.dropped.Add(1)
		q.report.failed(errLogQueueFull, "exporter", q.name)
		return nil
	}
	return q.BatchProcessor.OnEmit(ctx, r)
}

// Shutdown implements sdklog.Processor.
func (q *logQueue) Shutdown(ctx context.Context) error {
	q.stopped.Store(true)
	return q.BatchProcessor.Shutdown(ctx)
}

// countLeft counts what still waits as dropped: the batch processor leaves it
// when the time for its Shutdown is over.
func (q *logQueue) countLeft() {
	q.dropped.Add(uint64(max(q.waiting.Swap(0), 0)))
}
