package telemetry_test

import (
	"context"
	"fmt"
	"log"
	"net/http"

	"go.opentelemetry.io/otel/propagation"

	"github.com/bragg-tracing/bragg/pkg/sdk/telemetry"
)

// A service that has no collector runs all the same, and passes traces on.
func Example() {
	ctx := context.Background()
	sdk, err := telemetry.Start(ctx, telemetry.WithServiceName("checkout"), telemetry.WithExporters("none"),
		telemetry.WithoutMetrics(), telemetry.WithoutLogs(), telemetry.WithoutGlobals())
	if err != nil {
		log.Fatal(err)
	}
	defer sdk.Shutdown(ctx)

	request := http.Header{"X-Amzn-Trace-Id": {"Root=1-67891233-abcdef012345678912345678"}} // from a load balancer
	ctx = sdk.Propagator().Extract(ctx, propagation.HeaderCarrier(request))
	ctx, span := sdk.TracerProvider().Tracer("checkout").Start(ctx, "place order")
	defer span.End()

	call := http.Header{}
	sdk.Propagator().Inject(ctx, propagation.HeaderCarrier(call))
	fmt.Println(call.Get("X-Amzn-Trace-Id")[:40])
	// Output: Root=1-67891233-abcdef012345678912345678
}
