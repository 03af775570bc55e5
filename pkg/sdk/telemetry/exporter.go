package telemetry

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"

	sdklog "go.opentelemetry.io/otel/sdk/log"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/bragg-tracing/bragg/pkg/sdk/internal/chunk"
)

// exports is what the exporters of one SDK share: where failures are reported
// and counted, and the end of all exports at the end of Shutdown.
type exports struct {
	report *report       // of failed exports
	drops  *report       // of full queues
	failed atomic.Uint64 // exports that failed for good, of any signal
	lost   atomic.Uint64 // spans in them
	logs   atomic.Uint64 // log records in them
	points atomic.Uint64 // data points of metrics in them

	giveUp context.Context // its end cancels the exports under way
	cancel context.CancelFunc
}

func newExports(l *slog.Logger) *exports {
	e := &exports{
		report: &report{logger: l, message: "telemetry export failed, its data is lost"},
		drops:  &report{logger: l, message: "telemetry dropped"},
	}
	e.giveUp, e.cancel = context.WithCancel(context.Background())
	return e
}

// do runs one export and reports a failure. Its callers keep the error from
// the OpenTelemetry SDK, which would hand it to the global error handler, with
// every batch. Flush and Shutdown learn of failures by the counter.
func (e *exports) do(ctx context.Context, s signal, exporter string, export func(context.Context) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(e.giveUp, cancel)()
	err := ctx.Err()
	if err == nil {
		err = export(ctx)
	}
	if err != nil {
		e.failed.Add(1)
		e.report.failed(err, "signal", s.name, "exporter", exporter)
	}
	return err
}

// spanExporter is an exporter whose failures go to exports.
type spanExporter struct {
	sdktrace.SpanExporter
	name    string
	exports *exports
	taken   func(n int)   // told how many spans left the queue, before the export
	done    chan struct{} // closed after Shutdown, the batch processor's last call
}

// ExportSpans implements sdktrace.SpanExporter. Its error is always nil.
func (x *spanExporter) ExportSpans(ctx context.Context, spans []sdktrace.ReadOnlySpan) error {
	x.taken(len(spans))
	err := x.exports.do(ctx, traces, x.name, func(ctx context.Context) error {
		return x.SpanExporter.ExportSpans(ctx, spans)
	})
	var lost *chunk.LostError
	switch {
	case errors.As(err, &lost):
		x.exports.lost.Add(uint64(lost.Spans))
	case err != nil:
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
	name    string
	exports *exports
}

// Export implements sdkmetric.Exporter. Its error is always nil.
func (x *metricExporter) Export(ctx context.Context, data *metricdata.ResourceMetrics) error {
	err := x.exports.do(ctx, metrics, x.name, func(ctx context.Context) error {
		return x.Exporter.Export(ctx, data)
	})
	if err != nil {
		x.exports.points.Add(countPoints(data))
	}
	return nil
}

// countPoints returns how many data points there are.
func countPoints(data *metricdata.ResourceMetrics) (n uint64) {
	for _, scope := range data.ScopeMetrics {
		for _, m := range scope.Metrics {
			switch d := m.Data.(type) {
			case metricdata.Sum[int64]:
				n += uint64(len(d.DataPoints))
			case metricdata.Sum[float64]:
				n += uint64(len(d.DataPoints))
			case metricdata.Gauge[int64]:
				n += uint64(len(d.DataPoints))
			case metricdata.Gauge[float64]:
				n += uint64(len(d.DataPoints))
			case metricdata.Histogram[int64]:
				n += uint64(len(d.DataPoints))
			case metricdata.Histogram[float64]:
				n += uint64(len(d.DataPoints))
			case metricdata.ExponentialHistogram[int64]:
				n += uint64(len(d.DataPoints))
			case metricdata.ExponentialHistogram[float64]:
				n += uint64(len(d.DataPoints))
			}
		}
	}
	return n
}

// logExporter is an exporter whose failures go to exports.
type logExporter struct {
	sdklog.Exporter
	name    string
	exports *exports
	taken   func(n int)   // told how many records left the queue, before the export
	done    chan struct{} // closed after Shutdown, the batch processor's last call
}

// Shutdown implements sdklog.Exporter.
func (x *logExporter) Shutdown(ctx context.Context) error {
	defer close(x.done)
	return x.Exporter.Shutdown(ctx)
}

// Export implements sdklog.Exporter. Its error is always nil.
func (x *logExporter) Export(ctx context.Context, records []sdklog.Record) error {
	if len(records) == 0 {
		return nil
	}
	x.taken(len(records))
	err := x.exports.do(ctx, logs, x.name, func(ctx context.Context) error {
		return x.Exporter.Export(ctx, records)
	})
	if err != nil {
		x.exports.logs.Add(uint64(len(records)))
	}
	return nil
}
