// Package instrument is what the instrumentation of the libraries around it
// has in common: where telemetry goes.
package instrument

import (
	"strings"

	"go.opentelemetry.io/contrib/propagators/aws/xray"
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

// XRay returns the propagator of AWS's X-Amzn-Trace-Id header, for what speaks
// to AWS whatever the service's own propagators are.
func XRay() propagation.TextMapPropagator { return xray.Propagator{} }

// XRayHeader is the name of AWS's trace header.
const XRayHeader = "X-Amzn-Trace-Id"

// ResponseHeader is what a server answers in X-Amzn-Trace-Id to a request with
// this header, "" for none, that its span is part of: the trace id, and the
// decision if it was asked for one. "" stands for a span that is not valid.
func ResponseHeader(request string, server trace.SpanContext) string {
	if !server.IsValid() {
		return ""
	}
	id := server.TraceID().String()
	text := "Root=1-" + id[:8] + "-" + id[8:]
	if !strings.Contains(request, "Sampled=") {
		return text
	}
	if server.IsSampled() {
		return text + ";Sampled=1"
	}
	return text + ";Sampled=0"
}
