package truth

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracegrpc"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/bragg-tracing/bragg/pkg/sdk/runtimemetrics"
	"github.com/bragg-tracing/bragg/pkg/sdk/telemetry"
	"github.com/bragg-tracing/bragg/pkg/sdk/xrayattr"
)

// TestPlainOpenTelemetry: annotations of a service that knows nothing of the SDK
// but xrayattr, without its exporter and with it.
func TestPlainOpenTelemetry(t *testing.T) {
	t.Parallel()
	for _, wrapped := range []bool{false, true} {
		exporter, err := otlptracegrpc.New(t.Context(), otlptracegrpc.WithEndpointURL(stack.otlp))
		if err != nil {
			t.Fatal(err)
		}
		out := sdktrace.SpanExporter(exporter)
		if wrapped {
			out = xrayattr.Exporter(out)
		}
		provider := sdktrace.NewTracerProvider(sdktrace.WithSyncer(out),
			sdktrace.WithResource(resource.NewSchemaless(attribute.String("service.name", "plain"))))
		_, span := provider.Tracer("").Start(t.Context(), "decide")
		span.SetAttributes(xrayattr.Annotation("client_id", "Enova"))
		span.SetAttributes(xrayattr.Annotation("amount", 1200), xrayattr.Metadata("model", map[string]int{"version": 7}))
		span.End()
		if err := provider.Shutdown(t.Context()); err != nil {
			t.Fatal(err)
		}
		attributes := map[string]any{"aws.xray.annotation.client_id": "Enova"}
		if wrapped {
			attributes = map[string]any{"client_id": "Enova", "amount": 1200}
		}
		d := await(t, span.SpanContext().TraceID().String(), 1).check(want{
			name: "decide", parent: "-", annotations: map[string]any{"client_id": "Enova", "amount": 1200}, attributes: attributes,
		})
		if got := show(d.Metadata["model"]); got != `{"version":7}` {
			t.Errorf("metadata %s", got)
		}
	}
}

// TestRuntimeMetrics: New Relic gets them.
func TestRuntimeMetrics(t *testing.T) {
	t.Parallel()
	sdk, err := telemetry.Start(t.Context(), telemetry.WithServiceName("runtime"), telemetry.WithEndpoint(stack.otlp), telemetry.WithoutGlobals(),
		telemetry.WithLogger(slog.New(slog.NewTextHandler(testWriter{t}, nil))))
	if err != nil {
		t.Fatal(err)
	}
	if err := runtimemetrics.Start(runtimemetrics.WithProviders(sdk)); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := errors.Join(sdk.Flush(ctx), sdk.Shutdown(ctx)); err != nil {
		t.Fatal(err)
	}
	for {
		counts, err := stack.sink.Counts(ctx)
		if err != nil {
			t.Fatalf("go.memory.used did not arrive: %v", err)
		}
		for _, m := range counts.Metrics {
			if m.Name == "go.memory.used" {
				return
			}
		}
		time.Sleep(20 * time.Millisecond) // the sink has no signal to wait for
	}
}
