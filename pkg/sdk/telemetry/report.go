package telemetry

import (
	"log/slog"
	"sync/atomic"
	"time"
)

// reportInterval is the shortest time between two log lines of a report.
const reportInterval = time.Minute

// report logs a failure that may repeat with every batch, at most once in
// reportInterval. The line says how many went unlogged before it. Its methods
// may be called concurrently, and take no lock.
type report struct {
	logger  *slog.Logger
	message string

	silent atomic.Int64 // failures since the last line
	next   atomic.Int64 // of the next line, not before: Unix nanoseconds
}

// Handle implements otel.ErrorHandler.
func (r *report) Handle(err error) { r.failed(err) }

// failed logs the error with the attributes, or counts it.
func (r *report) failed(err error, attrs ...any) {
	now, next := time.Now().UnixNano(), r.next.Load()
	if now < next || !r.next.CompareAndSwap(next, now+int64(reportInterval)) {
		r.silent.Add(1)
		return
	}
	silent := r.silent.Swap(0)
	attrs = append(attrs, "error", err)
	if silent > 0 {
		attrs = append(attrs, "not_logged_before", silent)
	}
	r.logger.Warn(r.message, attrs...)
}
