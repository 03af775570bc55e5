// Package runtimemetrics measures the Go runtime: memory, garbage collection,
// goroutines. It is contrib's runtime instrumentation; New Relic shows it on the
// page of a service, X-Ray has no metrics.
package runtimemetrics

import (
	"fmt"

	"go.opentelemetry.io/contrib/instrumentation/runtime"

	"github.com/bragg-tracing/bragg/pkg/sdk/instrument"
)

// Option changes what is measured.
type Option func(*config)

type config struct {
	providers instrument.Providers
}

// WithProviders says where metrics go: a *telemetry.SDK or a
// *telemetrytest.Recorder. The default is OpenTelemetry's globals.
func WithProviders(p instrument.Providers) Option {
	return func(c *config) { c.providers = p }
}

// Start measures from now on, whenever metrics are collected: it starts no
// goroutine and needs no stop. Call it once.
//
// OTEL_GO_X_DEPRECATED_RUNTIME_METRICS=true adds the names from before the
// semantic conventions (runtime.go.…), which dashboards made for them read.
func Start(opts ...Option) error {
	c := &config{}
	for _, o := range opts {
		o(c)
	}
	if err := runtime.Start(runtime.WithMeterProvider(instrument.OrGlobal(c.providers).MeterProvider())); err != nil {
		return fmt.Errorf("start runtime metrics: %w", err)
	}
	return nil
}
