package telemetry

import (
	"context"
	"fmt"
	"net/url"
	"os"

	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetricgrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetrichttp"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracegrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/exporters/stdout/stdoutmetric"
	"go.opentelemetry.io/otel/exporters/stdout/stdouttrace"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
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

// newOTLPMetricExporter does not connect either.
func newOTLPMetricExporter(ctx context.Context, d destination) (sdkmetric.Exporter, error) {
	switch {
	case d.protocol == protocolHTTP:
		return otlpmetrichttp.New(ctx, otlpmetrichttp.WithEndpointURL(d.endpoint.String()))
	case d.endpoint.Scheme == "unix":
		return otlpmetricgrpc.New(ctx, otlpmetricgrpc.WithEndpoint(d.endpoint.String()), otlpmetricgrpc.WithInsecure())
	}
	return otlpmetricgrpc.New(ctx, otlpmetricgrpc.WithEndpointURL(d.endpoint.String()))
}

// exporterNames returns the exporters that OTEL_TRACES_EXPORTER or
// OTEL_METRICS_EXPORTER names: otlp and console, nothing for none. Names that
// it does not know it returns as errors.
func exporterNames(s signal) (names []string, errs []error) {
	variable := "OTEL_" + s.variable + "_EXPORTER"
	list := variableList(variable)
	if len(list) == 0 {
		list = []string{"otlp"}
	}
	for _, name := range list {
		switch name {
		case "none":
			return nil, nil
		case "otlp", "console":
			names = append(names, name)
		default:
			errs = append(errs, fmt.Errorf("%s: unknown exporter %q; known are otlp, console and none", variable, name))
		}
	}
	return names, errs
}

func newSpanExporter(ctx context.Context, name string, d destination) (sdktrace.SpanExporter, error) {
	if name == "console" {
		return stdouttrace.New(stdouttrace.WithWriter(os.Stdout))
	}
	return newOTLPSpanExporter(ctx, d)
}

func newMetricExporter(ctx context.Context, name string, d destination) (sdkmetric.Exporter, error) {
	if name == "console" {
		return stdoutmetric.New(stdoutmetric.WithWriter(os.Stdout))
	}
	return newOTLPMetricExporter(ctx, d)
}
