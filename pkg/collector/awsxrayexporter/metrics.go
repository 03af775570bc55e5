package awsxrayexporter

import (
	"context"
	"errors"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/bragg-tracing/bragg/pkg/collector/awsxrayexporter/translate"
)

// metrics are the exporter's own, beside exporterhelper's. Each has the
// attribute exporter, the component's id. The README lists them.
type metrics struct {
	sent, retried, throttled, unprocessed, trimmed, dropped, bytes metric.Int64Counter

	latency  metric.Float64Histogram
	exporter attribute.KeyValue
	self     metric.MeasurementOption // the exporter alone
}

// latencyBuckets are the upper bounds of put_duration, in seconds.
var latencyBuckets = []float64{.005, .01, .025, .05, .075, .1, .15, .25, .5, 1, 2.5, 5, 10, 30}

func newMetrics(set component.TelemetrySettings, id component.ID) (*metrics, error) {
	const prefix = "otelcol_exporter_awsxray_"
	meter := set.MeterProvider.Meter("github.com/bragg-tracing/bragg/pkg/collector/awsxrayexporter")
	m := &metrics{exporter: attribute.String("exporter", id.String())}
	m.self = metric.WithAttributeSet(attribute.NewSet(m.exporter))
	var errs []error
	for _, c := range []struct {
		counter                 *metric.Int64Counter
		name, unit, description string
	}{
		{&m.sent, "sent_documents", "{document}", "Documents that X-Ray has taken."},
		{&m.retried, "retried_documents", "{document}", "Documents that were put once more within a push."},
		{&m.throttled, "throttled_documents", "{document}", "Documents that X-Ray throttled, with their request or alone."},
		{&m.unprocessed, "unprocessed_documents", "{document}", "Entries of UnprocessedTraceSegments, by code."},
		{&m.trimmed, "trimmed_documents", "{document}", "Documents that were trimmed to 64 KB."},
		{&m.dropped, "dropped_documents", "{document}", "Documents, or spans that gave none, which are given up, by reason."},
		{&m.bytes, "put_bytes", "By", "Bytes of the bodies of PutTraceSegments, those of failed puts included."},
	} {
		var err error
		*c.counter, err = meter.Int64Counter(prefix+c.name, metric.WithUnit(c.unit), metric.WithDescription(c.description))
		errs = append(errs, err)
	}
	var err error
	m.latency, err = meter.Float64Histogram(prefix+"put_duration", metric.WithUnit("s"),
		metric.WithDescription("Time from a request to its answer, by outcome: ok or the kind of error."),
		metric.WithExplicitBucketBoundaries(latencyBuckets...))
	return m, errors.Join(append(errs, err)...)
}

// code is the option for a count by code.
func (m *metrics) code(code string) metric.MeasurementOption {
	return metric.WithAttributes(m.exporter, attribute.String("code", code))
}

// reason is the option for a count by reason.
func (m *metrics) reason(reason string) metric.MeasurementOption {
	return metric.WithAttributes(m.exporter, attribute.String("reason", reason))
}

// translated records what the translation of one push said.
func (m *metrics) translated(ctx context.Context, stats translate.Stats) {
	if stats.Trimmed > 0 {
		m.trimmed.Add(ctx, int64(stats.Trimmed), m.self)
	}
	for reason, n := range stats.Dropped {
		m.dropped.Add(ctx, int64(n), m.reason(reason))
	}
}

// put records one request.
func (m *metrics) put(ctx context.Context, took time.Duration, size int, err error) {
	outcome := "ok"
	if err != nil {
		outcome = classify(err).kind.String()
		if ctx.Err() != nil {
			outcome = "canceled"
		}
	}
	m.bytes.Add(ctx, int64(size), m.self)
	m.latency.Record(ctx, took.Seconds(), metric.WithAttributes(m.exporter, attribute.String("outcome", outcome)))
}
