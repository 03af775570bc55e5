// Command ours is a Lambda function that calls telemetry.Start.
package main

import (
	"context"
	"log"

	"github.com/bragg-tracing/bragg/pkg/sdk/telemetry"
	"github.com/bragg-tracing/bragg/pkg/sdk/tracelambda"
)

func main() {
	sdk, err := telemetry.Start(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	tracelambda.Start(func(context.Context) (string, error) { return "ok", nil }, tracelambda.WithProviders(sdk))
}
