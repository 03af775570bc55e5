package redactprocessor

import (
	"encoding/json"
	"strings"
	"testing"

	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/bragg-tracing/bragg/pkg/collector/awsxrayreceiver/passthrough"
	"github.com/bragg-tracing/bragg/pkg/collector/awsxrayreceiver/spans"
	"github.com/bragg-tracing/bragg/pkg/segment"
)

// from returns a document of one subsegment, with what is given in both.
func from(segment, subsegment string) string {
	return `{"trace_id":"1-6b02cc70-000000000000000000000007","id":"000000000000000a","name":"shop","start_time":1.5,"end_time":2,` +
		`"aws":{"xray":{"sdk":"X-Ray for Go","sdk_version":"2.0.1"}},` + segment +
		`"subsegments":[{"id":"000000000000000b","name":"orders@db","start_time":1.5,"end_time":2,"namespace":"remote",` + subsegment + `"in_progress":false}]}`
}

// TestDocuments: what X-Ray gets of an X-Ray SDK's document is the document, but
// for what its spans hide.
func TestDocuments(t *testing.T) {
	for _, test := range []struct{ name, in, out string }{
		{
			"nothing to hide",
			from("", `"sql":{"sanitized_query":"SELECT ?"},`),
			from("", `"sql":{"sanitized_query":"SELECT ?"},`),
		},
		{
			"statement, and what spans do not have",
			from("", `"sql":{"sanitized_query":"SELECT a FROM b WHERE c = 'x'","database_type":"Postgres","driver_version":"pq"},`),
			from("", `"sql":{"sanitized_query":"SELECT a FROM b WHERE c = ?","database_type":"Postgres","driver_version":"pq"},`),
		},
		{
			"URL of the segment",
			from(`"http":{"request":{"method":"GET","url":"https://a.example/?page=2&token=x"},"response":{"status":200}},`, ""),
			from(`"http":{"request":{"method":"GET","url":"https://a.example/?page=2&token=REDACTED"},"response":{"status":200}},`, ""),
		},
		{
			"message of an exception",
			from("", `"fault":true,"cause":{"exceptions":[{"id":"000000000000000c","message":"Get \"https://u:p@a.example\": refused","type":"E"}]},`),
			from("", `"fault":true,"cause":{"exceptions":[{"id":"000000000000000c","message":"Get \"https://REDACTED:REDACTED@a.example\": refused","type":"E"}]},`),
		},
		{
			"data source",
			from("", `"sql":{"url":"postgres://u:p@db:5432/orders?sslmode=off","sanitized_query":"SELECT ?"},`),
			from("", `"sql":{"url":"postgres://REDACTED:REDACTED@db:5432/orders?sslmode=off","sanitized_query":"SELECT ?"},`),
		},
		{
			"options of a data source, which no span has",
			from("", `"sql":{"url":"postgres://db:5432/orders?user=u&password=p","sanitized_query":"SELECT ?"},`),
			from("", `"sql":{"url":"postgres://db:5432/orders?user=u&password=REDACTED","sanitized_query":"SELECT ?"},`),
		},
		{
			"metadata",
			from(`"metadata":{"default":{"n":1.50,"password":"p","call":{"headers":{"cookie":["a=b"]}}},"other":{"a":"b"}},`, `"metadata":{"db":{"url":"https://a.example/?token=x"}},`),
			from(`"metadata":{"default":{"n":1.50,"password":"REDACTED","call":{"headers":{"cookie":"REDACTED"}}},"other":{"a":"b"}},`, `"metadata":{"db":{"url":"https://a.example/?token=REDACTED"}},`),
		},
	} {
		for _, conventions := range []spans.Conventions{spans.OldHTTP, spans.StableHTTP, spans.BothHTTP} {
			t.Run(test.name, func(t *testing.T) {
				got, sent := sentOf(t, process(t, nil, parts(t, test.in, conventions)))
				if !sent || canonical(t, got) != canonical(t, test.out) {
					t.Errorf("sent %v\ngot  %s\nwant %s", sent, got, test.out)
				}
				if test.in == test.out && got != test.in {
					t.Errorf("it is not the same text any more: %s", got)
				}
			})
		}
	}
}

// TestDocumentsOfOtherSpans: a document that does not make the spans which are
// there is not sent, and its text, which holds what was hidden, is gone.
func TestDocumentsOfOtherSpans(t *testing.T) {
	in := from(`"annotations":{"tier":"gold"},`, `"sql":{"sanitized_query":"SELECT 'secret'"},`)
	for name, change := range map[string]func(ptrace.SpanSlice){
		"an attribute is gone": func(all ptrace.SpanSlice) { all.At(0).Attributes().Remove("tier") },
		"a span is gone": func(all ptrace.SpanSlice) {
			all.RemoveIf(func(s ptrace.Span) bool { return s.SpanID() == [8]byte{7: 0xb} })
		},
		"a span is twice there": func(all ptrace.SpanSlice) { all.At(1).CopyTo(all.AppendEmpty()) },
	} {
		t.Run(name, func(t *testing.T) {
			td := parts(t, in, spans.OldHTTP)
			all := td.ResourceSpans().At(0).ScopeSpans().At(0).Spans()
			change(all)
			text, sent := sentOf(t, process(t, nil, td))
			if name != "a span is twice there" && sent {
				t.Errorf("sent: %s", text)
			}
			if strings.Contains(text, "secret") {
				t.Errorf("still there: %s", text)
			}
		})
	}
}

// parts returns the spans of a document as the receiver hands them on.
func parts(t *testing.T, document string, conventions spans.Conventions) ptrace.Traces {
	t.Helper()
	td := ptrace.NewTraces()
	if n, err := spans.Append(td, []byte(document), spans.Options{KeepDocument: true, HTTP: conventions}); err != nil || n != 2 {
		t.Fatalf("%d spans, %v", n, err)
	}
	return td
}

// sentOf returns the text on the batch's first span, and whether an exporter
// sends it.
func sentOf(t *testing.T, td ptrace.Traces) (text string, sent bool) {
	t.Helper()
	verdicts, i := passthrough.Judge(td), 0
	eachSpan(td, func(span ptrace.Span) {
		if v, ok := span.Attributes().Get(segment.DocumentAttribute); ok {
			text, sent = v.Str(), verdicts.Of(i) == passthrough.Send
		}
		i++
	})
	return text, sent
}

// canonical returns a document with its keys in order.
func canonical(t *testing.T, document string) string {
	t.Helper()
	var content any
	if err := json.Unmarshal([]byte(document), &content); err != nil {
		t.Fatalf("%v in %s", err, document)
	}
	text, err := json.Marshal(content)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
