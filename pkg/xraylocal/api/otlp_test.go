package api_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/xray"
	"github.com/aws/aws-sdk-go-v2/service/xray/types"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/bragg-tracing/bragg/pkg/otlp"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/api"
)

// export posts a body to the OTLP path.
func (s *service) export(contentType, encoding string, body []byte) (int, []byte) {
	s.t.Helper()
	req, err := http.NewRequestWithContext(s.t.Context(), http.MethodPost, s.server.URL+"/v1/traces", bytes.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	req.Header.Set("Content-Type", contentType)
	if encoding != "" {
		req.Header.Set("Content-Encoding", encoding)
	}
	res, err := (&http.Client{Transport: s.conns}).Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	if got := res.Header.Get("Content-Type"); got != contentType && res.StatusCode == 200 {
		s.t.Errorf("answered in %s to %s", got, contentType)
	}
	return res.StatusCode, answer
}

func zip(body []byte) []byte {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, _ = z.Write(body) // a buffer takes all
	_ = z.Close()
	return b.Bytes()
}

// spansOf are a server span and a client span in it, of trace n.
func spansOf(n byte) ptrace.Traces {
	td := ptrace.NewTraces()
	r := td.ResourceSpans().AppendEmpty()
	r.Resource().Attributes().PutStr("service.name", "shop")
	r.SetSchemaUrl("https://opentelemetry.io/schemas/1.37.0")
	scope := r.ScopeSpans().AppendEmpty()
	scope.Scope().SetName("test")
	start := time.Unix(1790158405, 0)
	for i, name := range []string{"GET /cart", "query"} {
		span := scope.Spans().AppendEmpty()
		span.SetTraceID(pcommon.TraceID{0x6b, 0x02, 0xcc, 0x70, 15: n})
		span.SetSpanID(pcommon.SpanID{byte(i + 1)})
		span.SetName(name)
		span.SetStartTimestamp(pcommon.NewTimestampFromTime(start.Add(time.Duration(i) * time.Millisecond)))
		span.SetEndTimestamp(pcommon.NewTimestampFromTime(start.Add(time.Second)))
		span.Attributes().PutStr("customer", "ada")
	}
	scope.Spans().At(0).SetKind(ptrace.SpanKindServer)
	scope.Spans().At(1).SetKind(ptrace.SpanKindClient)
	scope.Spans().At(1).SetParentSpanID(pcommon.SpanID{1})
	scope.Spans().At(1).Events().AppendEmpty().SetName("retry")
	return td
}

func traceIDOf(n byte) string { return fmt.Sprintf("1-6b02cc70-0000000000000000000000%02x", n) }

// TestOTLP sends the same spans in every encoding, and reads them as segments
// and, after a restart, as the spans that they were.
func TestOTLP(t *testing.T) {
	s, ctx := newService(t), t.Context()
	n := byte(0)
	for _, contentType := range []string{otlp.Protobuf, otlp.JSON} {
		for _, encoding := range []string{"", "gzip"} {
			n++
			td := spansOf(n)
			body, err := otlp.Encode(ptraceotlp.NewExportRequestFromTraces(td), contentType)
			if err != nil {
				t.Fatal(err)
			}
			if encoding != "" {
				body = zip(body)
			}
			code, answer := s.export(contentType, encoding, body)
			response := ptraceotlp.NewExportResponse()
			if err := otlp.Decode(response, contentType, answer); code != 200 || err != nil || response.PartialSuccess().RejectedSpans() != 0 {
				t.Fatalf("%s %s: %d %s, %v", contentType, encoding, code, answer, err)
			}
			s.restart()
			trace := must[*xray.BatchGetTracesOutput](t)(s.BatchGetTraces(ctx, &xray.BatchGetTracesInput{TraceIds: []string{traceIDOf(n)}})).Traces
			if len(trace) != 1 || len(trace[0].Segments) == 0 {
				t.Fatalf("%d traces", len(trace))
			}
			var doc struct {
				Name, ID    string
				Annotations map[string]string
				Subsegments []struct{ ID, Name string }
				Span        any `json:"otel_span"`
			}
			if err := json.Unmarshal([]byte(*trace[0].Segments[0].Document), &doc); err != nil {
				t.Fatal(err)
			}
			if doc.Name != "shop" || doc.ID != "0100000000000000" || doc.Annotations["customer"] != "ada" || len(doc.Subsegments) != 1 || doc.Subsegments[0].ID != "0200000000000000" || doc.Span != nil {
				t.Errorf("document %s", *trace[0].Segments[0].Document)
			}
			got := otelSpans(t, s, traceIDOf(n))
			want := ptrace.NewTraces()
			for i := range 2 {
				one := want.ResourceSpans().AppendEmpty()
				td.ResourceSpans().At(0).CopyTo(one)
				j := 0
				one.ScopeSpans().At(0).Spans().RemoveIf(func(ptrace.Span) bool { j++; return j-1 != i })
			}
			a, _ := new(ptrace.ProtoMarshaler).MarshalTraces(want)
			b, _ := new(ptrace.ProtoMarshaler).MarshalTraces(got)
			if !bytes.Equal(a, b) {
				t.Errorf("%s %s: the spans are not those that were sent:\n%s", contentType, encoding, jsonOf(t, got))
			}
		}
	}
}

func jsonOf(t *testing.T, td ptrace.Traces) string {
	b, err := new(ptrace.JSONMarshaler).MarshalTraces(td)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// otelSpans retrieves a trace in OpenTelemetry's format.
func otelSpans(t *testing.T, s *service, id string) ptrace.Traces {
	t.Helper()
	token := must[*xray.StartTraceRetrievalOutput](t)(s.StartTraceRetrieval(t.Context(), &xray.StartTraceRetrievalInput{TraceIds: []string{id}, StartTime: epoch(0), EndTime: epoch(1 << 31)})).RetrievalToken
	out := must[*xray.ListRetrievedTracesOutput](t)(s.ListRetrievedTraces(t.Context(), &xray.ListRetrievedTracesInput{RetrievalToken: token, TraceFormat: types.TraceFormatTypeOtel}))
	if len(out.Traces) != 1 || out.TraceFormat != types.TraceFormatTypeOtel {
		t.Fatalf("%d traces in %s", len(out.Traces), out.TraceFormat)
	}
	all := ptrace.NewTraces()
	for _, span := range out.Traces[0].Spans {
		td, err := new(ptrace.JSONUnmarshaler).UnmarshalTraces([]byte(*span.Document))
		if err != nil || td.SpanCount() != 1 {
			t.Fatalf("document %s: %v", *span.Document, err)
		}
		if got := td.ResourceSpans().At(0).ScopeSpans().At(0).Spans().At(0).SpanID().String(); got != *span.Id {
			t.Errorf("span %s has id %s", got, *span.Id)
		}
		td.ResourceSpans().MoveAndAppendTo(all.ResourceSpans())
	}
	return all
}

// TestSegmentsAsSpans retrieves segments in OpenTelemetry's format.
func TestSegmentsAsSpans(t *testing.T) {
	s := newService(t)
	putSample(t, s.Client)
	got := otelSpans(t, s, front)
	if n := got.SpanCount(); n != 6 { // one of each document
		t.Errorf("%d spans: %s", n, jsonOf(t, got))
	}
}

func TestOTLPPartialSuccess(t *testing.T) {
	td := spansOf(1)
	spans := td.ResourceSpans().At(0).ScopeSpans().At(0).Spans()
	spans.AppendEmpty().SetSpanID(pcommon.SpanID{3})
	large := spans.AppendEmpty()
	spans.At(1).CopyTo(large)
	large.SetSpanID(pcommon.SpanID{4})
	large.Attributes().PutStr("large", strings.Repeat("x", 201<<10))
	body, err := otlp.Encode(ptraceotlp.NewExportRequestFromTraces(td), otlp.JSON)
	if err != nil {
		t.Fatal(err)
	}
	for strict, rejected := range map[bool]int{true: 2, false: 1} {
		s := newService(t, func(cfg *api.Config) { cfg.Strict = strict })
		code, answer := s.export(otlp.JSON, "", body)
		response := ptraceotlp.NewExportResponse()
		if err := response.UnmarshalJSON(answer); code != 200 || err != nil {
			t.Fatalf("%d %s", code, answer)
		}
		if p := response.PartialSuccess(); p.RejectedSpans() != int64(rejected) || !strings.Contains(p.ErrorMessage(), "it has no trace id") {
			t.Errorf("strict %t: %d rejected, %q", strict, p.RejectedSpans(), p.ErrorMessage())
		}
		if got := otelSpans(t, s, traceIDOf(1)); got.SpanCount() != 4-rejected {
			t.Errorf("strict %t: %d spans are stored", strict, got.SpanCount())
		}
	}
}

func TestOTLPRefusals(t *testing.T) {
	s := newService(t)
	lenient := newService(t, func(cfg *api.Config) { cfg.Strict = false })
	good, err := otlp.Encode(ptraceotlp.NewExportRequestFromTraces(spansOf(1)), otlp.Protobuf)
	if err != nil {
		t.Fatal(err)
	}
	many := spansOf(1)
	spans := many.ResourceSpans().At(0).ScopeSpans().At(0).Spans()
	for range api.MaxOTLPSpans - 1 {
		spans.At(0).CopyTo(spans.AppendEmpty())
	}
	crowd, err := otlp.Encode(ptraceotlp.NewExportRequestFromTraces(many), otlp.Protobuf)
	if err != nil {
		t.Fatal(err)
	}
	padded := append([]byte(`{}`), bytes.Repeat([]byte(" "), api.MaxOTLPBytes)...)
	deep := `{"resourceSpans":` + strings.Repeat(`[{"scopeSpans":`, 2000) + strings.Repeat("}]", 2000) + "}"
	tests := []struct {
		name, contentType, encoding string
		body                        []byte
		status                      int
		reason                      string
	}{
		{"content type", "text/plain", "", good, 415, `content type "text/plain": want application/x-protobuf or application/json`},
		{"no content type", "", "", good, 415, "content type"},
		{"encoding", otlp.Protobuf, "br", good, 415, `content encoding "br": want gzip or none`},
		{"not gzip", otlp.Protobuf, "gzip", good, 400, "the body cannot be read: gzip: invalid header"},
		{"cut off", otlp.Protobuf, "gzip", zip(good)[:20], 400, "the body cannot be read: unexpected EOF"},
		{"not protobuf", otlp.Protobuf, "", []byte("\xff"), 400, "the body is not OTLP: "},
		{"not JSON", otlp.JSON, "", []byte("{"), 400, "the body is not OTLP: "},
		{"deep", otlp.JSON, "", []byte(deep), 400, "deeper than 200 levels"},
		{"too large", otlp.JSON, "", padded, 413, "more than 5242880 bytes"},
		{"grown too large", otlp.JSON, "gzip", zip(padded), 413, "more than 5242880 bytes"},
		{"too many spans", otlp.Protobuf, "gzip", zip(crowd), 400, "the request has 10001 spans, and X-Ray takes 10000"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			code, answer := s.export(tt.contentType, tt.encoding, tt.body)
			var e struct{ Message string }
			if tt.contentType == otlp.Protobuf {
				st := status.New(codes.OK, "").Proto()
				if err := proto.Unmarshal(answer, st); err != nil {
					t.Fatalf("%q is no status: %v", answer, err)
				}
				e.Message = st.Message
			} else if err := json.Unmarshal(answer, &e); err != nil {
				t.Fatalf("%q: %v", answer, err)
			}
			if code != tt.status || !strings.Contains(e.Message, tt.reason) {
				t.Errorf("got %d %q, want %d %q", code, e.Message, tt.status, tt.reason)
			}
		})
	}
	if code, answer := lenient.export(otlp.Protobuf, "gzip", zip(crowd)); code != 200 {
		t.Errorf("without AWS's limits: %d %s", code, answer)
	}
	res, err := http.Get(s.server.URL + "/v1/traces")
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	http.DefaultClient.CloseIdleConnections()
	if res.StatusCode != 405 || res.Header.Get("Allow") != "POST" {
		t.Errorf("GET: %d, %s", res.StatusCode, res.Header.Get("Allow"))
	}
}
