package telemetrytest_test

import (
	"testing"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"

	"github.com/bragg-tracing/bragg/pkg/sdk/telemetrytest"
	"github.com/bragg-tracing/bragg/pkg/sdk/xrayattr"
)

// A test of a service's own spans.
func ExampleRecorder() {
	var t *testing.T // the test's

	rec := telemetrytest.New(t)

	_, span := rec.TracerProvider().Tracer("loans").Start(t.Context(), "decide") // what is tested
	span.SetAttributes(xrayattr.Annotation("client_id", "Enova"))
	span.SetStatus(codes.Error, "no such client")
	span.End()

	rec.Span("decide").Root().Failed("no such client").Annotated(attribute.String("client_id", "Enova"))
}
