package otlp

import (
	"bytes"
	"encoding/json"
	"testing"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"

	"github.com/bragg-tracing/bragg/pkg/otlp"
	"github.com/bragg-tracing/bragg/pkg/segment"
)

func span() ptrace.Traces {
	td := ptrace.NewTraces()
	r := td.ResourceSpans().AppendEmpty()
	r.Resource().Attributes().PutStr("service.name", "shop")
	s := r.ScopeSpans().AppendEmpty().Spans().AppendEmpty()
	s.SetTraceID(pcommon.TraceID{1})
	s.SetSpanID(pcommon.SpanID{2})
	s.SetStartTimestamp(1e9)
	s.SetEndTimestamp(2e9)
	return td
}

// TestLocalRoot has a span of which the translation makes two documents: the span
// is kept once.
func TestLocalRoot(t *testing.T) {
	td := span()
	s := td.ResourceSpans().At(0).ScopeSpans().At(0).Spans().At(0)
	s.SetKind(ptrace.SpanKindClient)
	s.Attributes().PutStr("aws.span.kind", "LOCAL_ROOT")
	s.Attributes().PutStr("aws.local.service", "shop")
	s.Attributes().PutStr("aws.remote.service", "bank")
	docs, refused, err := NewConverter().Documents(td, true)
	if err != nil || refused.Spans != 0 || len(docs) < 1 {
		t.Fatalf("%d documents, %v, %v", len(docs), refused, err)
	}
	kept := 0
	for _, doc := range docs {
		if !json.Valid(doc.Raw) {
			t.Errorf("not JSON: %s", doc.Raw)
		}
		kept += bytes.Count(doc.Raw, []byte(`"otel_span":`))
	}
	if kept != 1 {
		t.Errorf("the span is kept %d times in %d documents", kept, len(docs))
	}
}

// TestForgedMember has somebody send the member that holds spans.
func TestForgedMember(t *testing.T) {
	const start = `{"trace_id":"1-00000000-000000000000000000000001","id":"00000000000000d1","name":"web","start_time":1,"end_time":2,"otel_span":`
	for _, forged := range []string{`1}`, `null}`, `"x"}`, `{}}`, `{"resourceSpans":[]}}`, `{"resourceSpans":[{},{}]}}`} {
		spans, err := Spans([]byte(start + forged))
		if err != nil || len(spans) != 1 || spans[0].ID != "00000000000000d1" {
			t.Errorf("%s: %v, %v", forged, spans, err)
		}
	}
}

// FuzzDocuments holds that of whatever is decoded, what is not refused is stored
// as a document that X-Ray takes, with the spans to be read back.
func FuzzDocuments(f *testing.F) {
	for _, contentType := range []string{otlp.Protobuf, otlp.JSON} {
		body, err := otlp.Encode(ptraceotlp.NewExportRequestFromTraces(span()), contentType)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(body, contentType == otlp.JSON)
	}
	c := NewConverter()
	f.Fuzz(func(t *testing.T, body []byte, isJSON bool) {
		contentType := otlp.Protobuf
		if isJSON {
			contentType = otlp.JSON
		}
		request := ptraceotlp.NewExportRequest()
		if otlp.Decode(request, contentType, body) != nil {
			return
		}
		docs, _, err := c.Documents(request.Traces(), true)
		if err != nil {
			t.Fatal(err)
		}
		for _, doc := range docs {
			if _, err := segment.Decode(doc.Raw); err != nil {
				t.Errorf("%v in %s", err, doc.Raw)
			}
			if spans, err := Spans(doc.Raw); err != nil || len(spans) == 0 {
				t.Errorf("no spans of %s: %v", doc.Raw, err)
			}
		}
	})
}
