// Package detect finds out on which of AWS's services a process runs, and says
// so in OpenTelemetry's resource attributes, from which the X-Ray exporter of
// the collector makes the origin and the aws block of a segment.
//
// Each detector looks first, without the network, whether it is in its place at
// all, and returns nil without an error if not. It returns what it found also
// beside an error. None waits longer than its context or [Timeout].
//
// The names are those of the semantic conventions, as in the detectors of
// OpenTelemetry's contrib repository. Where those are wrong or miss something,
// the detector's comment says so, and the module oracle holds it by tests that
// ask contrib's detectors, too.
// https://opentelemetry.io/docs/specs/semconv/resource/cloud/
package detect
