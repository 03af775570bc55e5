package telemetry_test

import (
	"context"
	"fmt"
	"log"

	"go.opentelemetry.io/otel"

	"github.com/bragg-tracing/bragg/pkg/sdk/telemetry"
)

func ExampleStart() {
	ctx := context.Background()
	sdk, err := telemetry.Start(ctx, telemetry.WithServiceName("checkout"),
		telemetry.WithExporters("none"), telemetry.WithoutMetrics(), telemetry.WithoutLogs()) // here alone: nothing leaves the example
	if err != nil {
		log.Fatal(err)
	}
	defer sdk.Shutdown(ctx)

	_, span := otel.Tracer("checkout").Start(ctx, "place order")
	defer span.End()
	name, _ := sdk.Resource().Set().Value("service.name")
	fmt.Println(name.AsString(), span.IsRecording())
	// Output: checkout true
}
