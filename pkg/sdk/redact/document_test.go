package redact_test

import (
	"strings"
	"testing"

	"go.opentelemetry.io/otel/attribute"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/bragg-tracing/bragg/pkg/sdk/redact"
)

// ofDocument is a span with an X-Ray document of its statement and of a data
// source, as pkg/sdk/xraysdk makes them. With forgetful it does not hide the
// statement in the document.
type ofDocument struct {
	sdktrace.ReadOnlySpan
	source, statement string
	forgetful         bool
}

func newOfDocument(source, statement string) ofDocument {
	return ofDocument{tracetest.SpanStub{Name: "SELECT", Attributes: []attribute.KeyValue{
		attribute.String("db.query.text", statement),
		attribute.String("aws.xray.document", `{"sql":{"url":"`+source+`","sanitized_query":"`+statement+`"}}`),
		attribute.String("aws.xray.document.part", "1"),
	}}.Snapshot(), source, statement, false}
}

func (s ofDocument) Redacted(field func(key, value, system string) string) sdktrace.ReadOnlySpan {
	source, statement := field("db.connection_string", s.source, ""), s.statement
	if !s.forgetful {
		statement = field("db.query.text", s.statement, "")
	}
	if source == s.source && statement == s.statement {
		return nil
	}
	return newOfDocument(source, statement)
}

func TestDocumentsAreRedacted(t *testing.T) {
	const hidden = "1234567"
	forgetful := newOfDocument("db", "SELECT "+hidden)
	forgetful.forgetful = true
	for name, test := range map[string]struct {
		span sdktrace.ReadOnlySpan
		want int // attributes
	}{
		"nothing to hide":                {newOfDocument("db", "SELECT a"), 3},
		"a literal":                      {newOfDocument("db", "SELECT "+hidden), 3},
		"an option that no span has":     {newOfDocument("db?password="+hidden, "SELECT a"), 3},
		"a document that is not changed": {forgetful, 1},
		"a document of a foreign span":   {newOfDocument("db", "SELECT "+hidden).ReadOnlySpan, 1},
	} {
		t.Run(name, func(t *testing.T) {
			got := redact.Default().Spans([]sdktrace.ReadOnlySpan{test.span})[0].Attributes()
			var text strings.Builder
			for _, a := range got {
				text.WriteString(a.Value.String())
			}
			if len(got) != test.want || strings.Contains(text.String(), hidden) {
				t.Errorf("got %d attributes, want %d: %s", len(got), test.want, &text)
			}
		})
	}
}
