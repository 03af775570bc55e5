package telemetry

import (
	"log/slog"
	"strings"
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
func (r *report) Handle(err error) {
	if !ofSamplerVariables(err) {
		r.failed(err)
	}
}

// ofSamplerVariables reports whether OpenTelemetry's SDK found fault with
// OTEL_TRACES_SAMPLER or its argument, which it reads whenever it makes a tracer
// provider, also one that is given its sampler. It does not know xray, and what
// is wrong with the others newSampler has said already. The errors have no
// exported type: go.opentelemetry.io/otel/sdk/trace/sampler_env.go.
func ofSamplerVariables(err error) bool {
	text := err.Error()
	return strings.HasPrefix(text, "unsupported sampler: ") || strings.HasPrefix(text, "parsing sampler argument: ") ||
		strings.HasPrefix(text, "invalid trace ID ratio: ")
}

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
