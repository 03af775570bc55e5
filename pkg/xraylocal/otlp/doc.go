// Package otlp turns OpenTelemetry spans into what X-Ray Local stores, and back.
//
// A span is stored as the segment document that the awsxray exporter makes of
// it, and the span itself, with its resource and scope, is kept in the member
// "otel_span" of the stored document, which X-Ray's documents do not have and its
// readers ignore. So who asks for OpenTelemetry's format gets back what was sent.
package otlp
