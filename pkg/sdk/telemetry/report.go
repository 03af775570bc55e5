package telemetry

import (
	"log/slog"
	"sync"
	"time"
)

// reportInterval is the shortest time between two log lines of a report.
const reportInterval = time.Minute

// report logs a failure that may repeat with every batch, at most once in
// reportInterval. The line says how many went unlogged before it. Its methods
// may be called concurrently.
type report struct {
	logger  *slog.Logger
	message string

	mu     sync.Mutex
	next   time.Time // of the next line, not before
	silent int       // failures since the last line
}

// Handle implements otel.ErrorHandler.
func (r *report) Handle(err error) { r.failed(err) }

// failed logs the error with the attributes, or counts it.
func (r *report) failed(err error, attrs ...any) {
	r.mu.Lock()
	now := time.Now()
	if now.Before(r.next) {
		r.silent++
		r.mu.Unlock()
		return
	}
	silent := r.silent
	r.next, r.silent = now.Add(reportInterval), 0
	r.mu.Unlock()

	attrs = append(attrs, "error", err)
	if silent > 0 {
		attrs = append(attrs, "not_logged_before", silent)
	}
	r.logger.Warn(r.message, attrs...)
}
