package telemetry

// This is the only file that imports contrib's propagators/aws. The module is
// deprecated for want of an owner (since v1.47.0), so one file is all that
// changes on the day that it goes.

import (
	"go.opentelemetry.io/contrib/propagators/aws/xray"
	"go.opentelemetry.io/otel/propagation"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// newIDGenerator returns a generator of trace ids that X-Ray accepts: their
// first 4 bytes are the time of the trace's start in seconds since the epoch.
// https://docs.aws.amazon.com/xray/latest/devguide/xray-api-sendingdata.html#xray-api-traceids
func newIDGenerator() sdktrace.IDGenerator {
	return xray.NewIDGenerator()
}

// newXRayPropagator returns the propagator of the X-Amzn-Trace-Id header.
func newXRayPropagator() propagation.TextMapPropagator {
	return xray.Propagator{}
}
