package runtimemetrics_test

import (
	"fmt"
	"testing"

	"github.com/bragg-tracing/bragg/pkg/sdk/runtimemetrics"
	"github.com/bragg-tracing/bragg/pkg/sdk/telemetrytest"
)

func TestStart(t *testing.T) {
	rec := telemetrytest.New(t)
	if err := runtimemetrics.Start(runtimemetrics.WithProviders(rec)); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"go.memory.used", "go.memory.allocated", "go.goroutine.count", "go.config.gogc"} {
		rec.Metric(name)
	}
}

func ExampleStart() {
	rec := telemetrytest.New(new(testing.T)) // a service: telemetry.Start, and no WithProviders
	err := runtimemetrics.Start(runtimemetrics.WithProviders(rec))
	fmt.Println(err, rec.Metric("go.goroutine.count").Unit)
	// Output: <nil> {goroutine}
}
