package telemetry

import (
	"context"
	"sync/atomic"

	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// exports is what the exporters of one SDK share: where failures are reported
// and counted, and the end of all exports at the end of Shutdown.
type exports struct {
	report *report
	failed atomic.Uint64 // exports that failed for good, of any signal
	lost   atomic.Uint64 // spans in them

	giveUp context.Context // its end cancels the exports under way
	cancel context.CancelFunc
}

func newExports(r *report) *exports {
	e := &exports{report: r}
	e.giveUp, e.cancel = context.WithCancel(context.Background())
	return e
}

// do runs one export. It reports a failure and returns nil: the callers in the
// OpenTelemetry SDK would hand the error to the global error handler, with
// every batch. Flush and Shutdown learn of failures by the counter.
func (e *exports) do(ctx context.Context, s signal, export func(context.Context) error) bool {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(e.giveUp, cancel)()
	err := ctx.Err()
	if err == nil {
		err = export(ctx)
	}
	if err == nil {
		return true
	}
	e.failed.Add(1)
	e.report.failed(err, "signal", s.name)
	return false
}

// spanExporter is an exporter whose failures go to exports.
type spanExporter struct {
	sdktrace.SpanExporter
	exports *exports
	taken   func(n int)   // told how many spans left the queue, before the export
	done    chan struct{} // closed after Shutdown, the batch processor's last call
}

// ExportSpans implements sdktrace.SpanExporter. Its error is always nil.
func (x *spanExporter) ExportSpans(ctx context.Context, spans []sdktrace.ReadOnlySpan) error {
	x.taken(len(spans))
	if !x.exports.do(ctx, traces, func(ctx context.Context) error {
		return x.SpanExporter.ExportSpans(ctx, spans)
	}) {
		x.exports.lost.Add(uint64(len(spans)))
	}
	return nil
}

// Shutdown implements sdktrace.SpanExporter.
func (x *spanExporter) Shutdown(ctx context.Context) error {
	defer close(x.done)
	return x.SpanExporter.Shutdown(ctx)
}

// metricExporter is an exporter whose failures go to exports.
type metricExporter struct {
	sdkmetric.Exporter
	exports *exports
}

// Export implements sdkmetric.Exporter. Its error is always nil.
func (x *metricExporter) Export(ctx context.Context, data *metricdata.ResourceMetrics) error {
	x.exports.do(ctx, metrics, func(ctx context.Context) error {
		return x.Exporter.Export(ctx, data)
	})
	return nil
}
