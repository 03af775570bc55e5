package sink_test

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"testing"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"
	"go.uber.org/goleak"

	"github.com/bragg-tracing/bragg/pkg/newrelic/sink"
	"github.com/bragg-tracing/bragg/pkg/sdk/licensekey"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.Cleanup(func(int) { http.DefaultClient.CloseIdleConnections() }))
}

// start starts a sink on a free port. The end of the test closes it.
func start(t testing.TB, cfg sink.Config) *sink.Sink {
	t.Helper()
	if cfg.Dir == "" {
		cfg.Dir = t.TempDir()
	}
	if cfg.Listen == "" {
		cfg.Listen = "127.0.0.1:0"
	}
	cfg.Logger = slog.New(slog.DiscardHandler)
	s, err := sink.Open(cfg)
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	t.Cleanup(func() { closeSink(t, s) })
	if err := s.Start(); err != nil {
		t.Fatalf("Start: %v", err)
	}
	return s
}

func closeSink(t testing.TB, s *sink.Sink) {
	t.Helper()
	http.DefaultClient.CloseIdleConnections()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if err := s.Close(ctx); err != nil {
		t.Errorf("Close: %v", err)
	}
}

// traces returns n spans of one trace, whose id is 15 zero bytes and number.
func traces(number byte, n int) ptrace.Traces {
	td := ptrace.NewTraces()
	rs := td.ResourceSpans().AppendEmpty()
	rs.Resource().Attributes().PutStr("service.name", "scoring")
	spans := rs.ScopeSpans().AppendEmpty().Spans()
	for i := range n {
		span := spans.AppendEmpty()
		span.SetTraceID(pcommon.TraceID{15: number})
		span.SetSpanID(pcommon.SpanID{6: byte((i + 1) >> 8), 7: byte(i + 1)})
		span.SetName("score")
		span.SetKind(ptrace.SpanKindServer)
		span.SetStartTimestamp(1_700_000_000_000_000_000)
		span.SetEndTimestamp(1_700_000_000_500_000_000)
		span.Attributes().PutInt("http.response.status_code", 200)
	}
	return td
}

// protoBody returns an OTLP request in protobuf.
func protoBody(t testing.TB, td ptrace.Traces) []byte {
	t.Helper()
	body, err := ptraceotlp.NewExportRequestFromTraces(td).MarshalProto()
	if err != nil {
		t.Fatal(err)
	}
	return body
}

// exchange is one raw HTTP request. Fields left empty have what is accepted.
type exchange struct {
	method, path, contentType, encoding, host string
	key                                       string // "-" for none
	body                                      []byte
}

func (e exchange) send(t testing.TB, s *sink.Sink) (status int, body string) {
	t.Helper()
	if e.method == "" {
		e.method = http.MethodPost
	}
	if e.path == "" {
		e.path = "/v1/traces"
	}
	if e.contentType == "" {
		e.contentType = "application/x-protobuf"
	}
	if e.key == "" {
		e.key = licensekey.Local
	}
	r, err := http.NewRequestWithContext(t.Context(), e.method, s.URL()+e.path, bytes.NewReader(e.body))
	if err != nil {
		t.Fatal(err)
	}
	r.Host = e.host
	r.Header.Set("Content-Type", e.contentType)
	if e.key != "-" {
		r.Header.Set("Api-Key", e.key)
	}
	if e.encoding != "" {
		r.Header.Set("Content-Encoding", e.encoding)
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatalf("%s %s: %v", e.method, e.path, err)
	}
	defer response.Body.Close()
	if response.Header.Get("Access-Control-Allow-Origin") != "" {
		t.Error("the answer allows other origins to read it")
	}
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(text)
}

// get reads a page.
func get(t testing.TB, s *sink.Sink, path string) (status int, body string) {
	t.Helper()
	return exchange{method: http.MethodGet, path: path, key: "-"}.send(t, s)
}
