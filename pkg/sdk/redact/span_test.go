package redact_test

import (
	"testing"

	"go.opentelemetry.io/otel/attribute"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/bragg-tracing/bragg/pkg/sdk/redact"
)

func snapshots(names ...string) []sdktrace.ReadOnlySpan {
	stubs := tracetest.SpanStubs{}
	for _, name := range names {
		stubs = append(stubs, tracetest.SpanStub{Name: name, Attributes: []attribute.KeyValue{
			attribute.String("http.request.method", "GET"), attribute.String("http.route", "/carts/{id}"), attribute.Int("http.response.status_code", 200),
			attribute.String("server.address", "example.com"), attribute.String("url.path", "/carts/1"), attribute.String("user_agent.original", "curl/8.5"),
		}})
	}
	return stubs.Snapshots()
}

func TestCleanSpansCostNothing(t *testing.T) {
	spans := snapshots("GET /carts/{id}", "SELECT clients")
	if n := testing.AllocsPerRun(100, func() {
		if redacted := redact.Default().Spans(spans); &redacted[0] != &spans[0] {
			t.Fatal("another slice")
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// TestTheSpansOfOthersStay: other processors of the process have them, too.
func TestTheSpansOfOthersStay(t *testing.T) {
	spans := snapshots("GET /carts/{id}", "GET /a?token=x")
	redacted := redact.Default().Spans(spans)
	if got := redacted[1].Name(); got != "GET /a?token=REDACTED" {
		t.Errorf("got %s", got)
	}
	if redacted[0].Name() != spans[0].Name() || spans[1].Name() != "GET /a?token=x" {
		t.Errorf("the spans that were given changed: %s", spans[1].Name())
	}
}

func TestDeepValues(t *testing.T) {
	deep := attribute.StringValue("x")
	for range 100 {
		deep = attribute.SliceValue(deep)
	}
	attributes, changed := redact.Default().Attributes([]attribute.KeyValue{{Key: "deep", Value: deep}})
	if !changed || attributes[0].Value.Type() != attribute.SLICE {
		t.Errorf("changed %v: %v", changed, attributes)
	}
}

func BenchmarkCleanSpan(b *testing.B) {
	b.ReportAllocs()
	spans := snapshots("GET /carts/{id}")
	for b.Loop() {
		redact.Default().Spans(spans)
	}
}
