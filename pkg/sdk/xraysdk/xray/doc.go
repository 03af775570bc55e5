// Package xray is the API of the AWS X-Ray SDK for Go on OpenTelemetry: a
// service changes the import and keeps its code.
//
// # Where segments go
//
// A segment or subsegment that is closed becomes a span with the segment's own
// ids and times, and goes to the OpenTelemetry SDK of the process, if there is
// one: that of telemetry.Start, or another that was made known to package
// spanfeed. With a TracerProvider of OpenTelemetry's SDK that was made known
// only to otel.SetTracerProvider, segments take their ids from spans of that
// provider. Without any, and for a [Config] with an Emitter, documents go where
// the X-Ray SDK sends them: to the emitter, which by default sends them to the
// daemon's address over UDP.
//
// # Segments and spans together
//
// The context that a Begin function returns also holds a span context of the
// same ids, so that what OpenTelemetry's instrumentation does with it becomes
// the segment's child. A segment or subsegment that begins in the context of a
// span of OpenTelemetry's becomes that span's child.
//
// # Concurrency
//
// All functions may be called concurrently. Fields of a Segment that others may
// use too are to be read and written under its lock. All methods may be called
// on a nil *Segment and do nothing then.
package xray
