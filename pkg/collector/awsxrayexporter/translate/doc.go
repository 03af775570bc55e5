// Package translate turns OpenTelemetry spans into X-Ray segment documents.
//
// It has two modes. Compat yields what the awsxray exporter of
// opentelemetry-collector-contrib v0.159 yields, JSON-equal, wherever that
// exporter yields a document of at most 64 KB; where it panics or drops the
// span, the document is valid all the same. Default is compat plus the rules
// listed in Rules, each of which Config.Disable switches off.
//
// In both modes:
//
//   - NaN and infinities, for which JSON has no number, are the strings "NaN",
//     "Infinity" and "-Infinity";
//   - the id of the service segment that a LOCAL_ROOT client span yields, and
//     the ids of exceptions, derive from the trace id and the span id, so that
//     translating a span again yields the same document;
//   - a document over 64 KB is trimmed as segment.Trim states;
//   - a value nested deeper than 9000 levels is cut off with null.
//
// The translation reads a span's attributes once, into slots, and appends JSON
// to a buffer that is used again; what the resource gives is rendered once for
// all its spans and kept for the next batch from the same resource.
package translate
