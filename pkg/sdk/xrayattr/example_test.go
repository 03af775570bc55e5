package xrayattr_test

import (
	"context"
	"fmt"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/bragg-tracing/bragg/pkg/sdk/xrayattr"
)

// OpenTelemetry set up by hand, with the exporter wrapped once.
func Example() {
	exporter := tracetest.NewInMemoryExporter() // yours: otlptracegrpc.New(ctx)
	provider := sdktrace.NewTracerProvider(sdktrace.WithSyncer(xrayattr.Exporter(exporter)))

	_, span := provider.Tracer("loans").Start(context.Background(), "decide")
	span.SetAttributes(xrayattr.Annotation("client_id", "Enova"))
	span.SetAttributes(xrayattr.Annotation("amount", 1200),
		xrayattr.Metadata("credit_model", map[string]any{"version": 7}))
	span.End()

	for _, a := range exporter.GetSpans()[0].Attributes {
		fmt.Println(a.Key, "=", a.Value.String())
	}
	// Output:
	// client_id = Enova
	// amount = 1200
	// aws.xray.metadata.credit_model = {"version":7}
	// aws.xray.annotations = ["amount","client_id"]
}
