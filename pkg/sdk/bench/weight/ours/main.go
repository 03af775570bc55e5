// Command ours starts OpenTelemetry by telemetry.Start, and nothing else.
package main

import (
	"context"
	"log"

	"github.com/bragg-tracing/bragg/pkg/sdk/telemetry"
)

func main() {
	sdk, err := telemetry.Start(context.Background(), telemetry.WithServiceName("weight"))
	if err != nil {
		log.Fatal(err)
	}
	_ = sdk.Shutdown(context.Background())
}
