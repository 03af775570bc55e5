// Package archive writes what X-Ray Local holds to a file, and reads it back: as
// JSON lines of segment documents, as they were sent, or as OpenTelemetry spans
// in OTLP's JSON. It works on a store, or on any X-Ray API.
package archive
