// Package instrument is what the instrumentation of the libraries around it
// has in common: where telemetry goes.
package instrument

import (
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

// Providers says where spans and metrics go and how trace context travels.
// *telemetry.SDK and *telemetrytest.Recorder are Providers. The methods may be
// called concurrently and must not return nil.
type Providers interface {
	TracerProvider() trace.TracerProvider
	MeterProvider() metric.MeterProvider
	Propagator() propagation.TextMapPropagator
}

// Global returns OpenTelemetry's globals as they are at the time of each call,
// so that instrumentation may be set up before telemetry.Start.
func Global() Providers { return global{} }

type global struct{}

func (global) TracerProvider() trace.TracerProvider      { return otel.GetTracerProvider() }
func (global) MeterProvider() metric.MeterProvider       { return otel.GetMeterProvider() }
func (global) Propagator() propagation.TextMapPropagator { return otel.GetTextMapPropagator() }

// OrGlobal returns p, or the globals if p is nil.
func OrGlobal(p Providers) Providers {
	if p == nil {
		return Global()
	}
	return p
}
