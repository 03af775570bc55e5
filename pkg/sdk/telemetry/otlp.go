package telemetry

import (
	"context"
	"net/url"
	"os"

	"go.opentelemetry.io/otel/exporters/otlp/otlplog/otlploggrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlplog/otlploghttp"
	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetricgrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetrichttp"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracegrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/exporters/stdout/stdoutlog"
	"go.opentelemetry.io/otel/exporters/stdout/stdoutmetric"
	sdklog "go.opentelemetry.io/otel/sdk/log"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// destination is where OTLP goes. Headers, timeout, compression and
// certificates the exporters read from OTEL_EXPORTER_OTLP_* themselves.
type destination struct {
	protocol protocol
	endpoint *url.URL
}

// newOTLPSpanExporter does not connect: that happens with the first export.
func newOTLPSpanExporter(ctx context.Context, d destination) (sdktrace.SpanExporter, error) {
	switch {
	case d.protocol == protocolHTTP:
		return otlptracehttp.New(ctx, otlptracehttp.WithEndpointURL(d.endpoint.String()))
	case d.endpoint.Scheme == "unix":
		return otlptracegrpc.New(ctx, otlptracegrpc.WithEndpoint(d.endpoint.String()), otlptracegrpc.WithInsecure())
	}
	return otlptracegrpc.New(ctx, otlptracegrpc.WithEndpointURL(d.endpoint.String()))
}

// newMetricExporter does not connect either.
func newMetricExporter(ctx context.Context, name string, p *plan) (sdkmetric.Exporter, error) {
	d := p.metrics.destination
	switch {
	case name == exporterConsole:
		return stdoutmetric.New(stdoutmetric.WithWriter(os.Stdout))
	case name == exporterNewRelic:
		return otlpmetrichttp.New(ctx, otlpmetrichttp.WithEndpointURL(p.newRelic.url(metrics)),
			otlpmetrichttp.WithHeaders(map[string]string{"api-key": p.newRelic.key}),
			otlpmetrichttp.WithCompression(otlpmetrichttp.GzipCompression),
			otlpmetrichttp.WithTemporalitySelector(deltaTemporality))
	case d.protocol == protocolHTTP:
		return otlpmetrichttp.New(ctx, otlpmetrichttp.WithEndpointURL(d.endpoint.String()))
	case d.endpoint.Scheme == "unix":
		return otlpmetricgrpc.New(ctx, otlpmetricgrpc.WithEndpoint(d.endpoint.String()), otlpmetricgrpc.WithInsecure())
	}
	return otlpmetricgrpc.New(ctx, otlpmetricgrpc.WithEndpointURL(d.endpoint.String()))
}

// deltaTemporality is New Relic's preference: it charges cumulative counters
// more, and supports no delta of sums that go up and down.
func deltaTemporality(kind sdkmetric.InstrumentKind) metricdata.Temporality {
	switch kind {
	case sdkmetric.InstrumentKindUpDownCounter, sdkmetric.InstrumentKindObservableUpDownCounter:
		return metricdata.CumulativeTemporality
	}
	return metricdata.DeltaTemporality
}

// newLogExporter does not connect either.
func newLogExporter(ctx context.Context, name string, p *plan) (sdklog.Exporter, error) {
	d := p.logs.destination
	switch {
	case name == exporterConsole:
		return stdoutlog.New(stdoutlog.WithWriter(os.Stdout))
	case name == exporterNewRelic:
		return otlploghttp.New(ctx, otlploghttp.WithEndpointURL(p.newRelic.url(logs)),
			otlploghttp.WithHeaders(map[string]string{"api-key": p.newRelic.key}),
			otlploghttp.WithCompression(otlploghttp.GzipCompression))
	case d.protocol == protocolHTTP:
		return otlploghttp.New(ctx, otlploghttp.WithEndpointURL(d.endpoint.String()))
	case d.endpoint.Scheme == "unix":
		return otlploggrpc.New(ctx, otlploggrpc.WithEndpoint(d.endpoint.String()), otlploggrpc.WithInsecure())
	}
	return otlploggrpc.New(ctx, otlploggrpc.WithEndpointURL(d.endpoint.String()))
}
