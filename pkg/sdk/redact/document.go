package redact

import (
	"slices"
	"strings"

	"go.opentelemetry.io/otel/attribute"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// documentKey is the attribute with the X-Ray document that a span is made of,
// which holds what the span holds; beside it is one with a digest of the span.
const documentKey = "aws.xray.document"

// documented is a span of such a document, as pkg/sdk/xraysdk makes them.
type documented interface {
	// Redacted returns the span of the document with what field returns in the
	// place of its fields, nil if that changes nothing. key is the attribute that
	// a span has a field in, system its database, "" for other fields.
	Redacted(field func(key, value, system string) string) sdktrace.ReadOnlySpan
}

func documentOf(s sdktrace.ReadOnlySpan) string {
	attributes := s.Attributes()
	for i := len(attributes) - 1; i >= 0; i-- { // it is the last but one
		if attributes[i].Key == documentKey {
			return attributes[i].Value.AsString()
		}
	}
	return ""
}

// withoutDocument is for a span that is not any more what its document says.
func withoutDocument(s sdktrace.ReadOnlySpan) sdktrace.ReadOnlySpan {
	attributes := slices.DeleteFunc(slices.Clone(s.Attributes()), func(a attribute.KeyValue) bool {
		return strings.HasPrefix(string(a.Key), documentKey)
	})
	return &redacted{s, s.Name(), attributes, s.Events(), s.Links(), s.Status()}
}
