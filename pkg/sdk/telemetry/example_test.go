package telemetry_test

import (
	"context"
	"log"

	"go.opentelemetry.io/otel"

	"github.com/bragg-tracing/bragg/pkg/sdk/telemetry"
)

func ExampleStart() {
	ctx := context.Background()
	sdk, err := telemetry.Start(ctx, telemetry.WithServiceName("checkout"))
	if err != nil {
		log.Fatal(err)
	}
	defer sdk.Shutdown(ctx)

	_, span := otel.Tracer("checkout").Start(ctx, "place order")
	defer span.End()
}
