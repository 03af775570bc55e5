package upload_test

import (
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"
	collectortrace "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"go.uber.org/goleak"
	"google.golang.org/protobuf/proto"

	"github.com/bragg-tracing/bragg/pkg/sdk/internal/chunk"
	"github.com/bragg-tracing/bragg/pkg/sdk/internal/upload"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// backend answers with the statuses in turn, then with 200.
type backend struct {
	statuses   []int
	retryAfter string
	partial    bool

	mu     sync.Mutex
	spans  map[string]int // by name, how often they came
	sizes  []int          // of the requests, without compression
	header http.Header
}

func (b *backend) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.header = r.Header
	if len(b.statuses) > 0 {
		status := b.statuses[0]
		b.statuses = b.statuses[1:]
		w.Header().Set("Retry-After", b.retryAfter)
		w.WriteHeader(status)
		return
	}
	z, err := gzip.NewReader(r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	body, err := io.ReadAll(z)
	var request collectortrace.ExportTraceServiceRequest
	if err != nil || proto.Unmarshal(body, &request) != nil {
		http.Error(w, "malformed", http.StatusBadRequest)
		return
	}
	b.sizes = append(b.sizes, len(body))
	for _, rs := range request.ResourceSpans {
		for _, ss := range rs.ScopeSpans {
			for _, span := range ss.Spans {
				b.spans[span.Name]++
			}
		}
	}
	if b.partial {
		answer, _ := proto.Marshal(&collectortrace.ExportTraceServiceResponse{PartialSuccess: &collectortrace.ExportTracePartialSuccess{RejectedSpans: 2, ErrorMessage: "too old"}})
		_, _ = w.Write(answer)
	}
}

// export exports n spans of a size and returns the error.
func export(t *testing.T, b *backend, limits chunk.Limits, n, size int) error {
	t.Helper()
	b.spans = map[string]int{}
	server := httptest.NewServer(b)
	defer server.Close()
	e := upload.New(upload.Target{URL: server.URL + "/v1/traces", Header: http.Header{"Api-Key": {"k"}}, Client: &http.Client{Transport: &http.Transport{}}, Limits: limits})
	defer e.Shutdown(context.Background())
	var spans tracetest.SpanStubs
	for i := range n {
		spans = append(spans, tracetest.SpanStub{Name: fmt.Sprint(i), Attributes: []attribute.KeyValue{attribute.String("a", strings.Repeat("x", size))},
			SpanContext: trace.NewSpanContext(trace.SpanContextConfig{TraceID: trace.TraceID{1}, SpanID: trace.SpanID{byte(i + 1)}, TraceFlags: trace.FlagsSampled})})
	}
	ctx, cancel := context.WithTimeout(t.Context(), 8*time.Second)
	defer cancel()
	return e.ExportSpans(ctx, spans.Snapshots())
}

func TestUpload(t *testing.T) {
	tests := []struct {
		name    string
		backend *backend
		size    int
		want    int // spans that arrive, of 5
		problem string
	}{
		{name: "taken", want: 5},
		{name: "in parts", size: 300, want: 5},
		{name: "too large", size: 2000, problem: "5 spans: 5 are larger"},
		{name: "unavailable, then taken", backend: &backend{statuses: []int{503, 502}}, want: 5},
		{name: "throttled, then taken", backend: &backend{statuses: []int{429}, retryAfter: "1"}, want: 5},
		{name: "refused", backend: &backend{statuses: []int{403}}, problem: "403 Forbidden"},
		{name: "one part refused, the others taken", size: 300, backend: &backend{statuses: []int{400}}, want: 3, problem: "2 spans: "},
		{name: "partly rejected", backend: &backend{partial: true}, want: 5, problem: "rejected 2 spans: too old"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := tt.backend
			if b == nil {
				b = &backend{}
			}
			err := export(t, b, chunk.Limits{Bytes: 1000}, 5, tt.size)
			if len(b.spans) != tt.want || (err == nil) != (tt.problem == "") || err != nil && !strings.Contains(err.Error(), tt.problem) {
				t.Errorf("%d spans arrived, error %v; want %d, %q", len(b.spans), err, tt.want, tt.problem)
			}
			for name, n := range b.spans {
				if n != 1 {
					t.Errorf("span %s came %d times", name, n)
				}
			}
			for _, size := range b.sizes {
				if size > 1000 {
					t.Errorf("a request of %d bytes", size)
				}
			}
			if b.header != nil && (b.header.Get("Api-Key") != "k" || b.header.Get("Content-Type") != "application/x-protobuf") {
				t.Errorf("header: %v", b.header)
			}
		})
	}
}

func TestGivesUpWithItsContext(t *testing.T) {
	b := &backend{spans: map[string]int{}, statuses: []int{503, 503, 503, 503, 503, 503}}
	server := httptest.NewServer(b)
	defer server.Close()
	e := upload.New(upload.Target{URL: server.URL, Client: &http.Client{Transport: &http.Transport{}}, Limits: chunk.Limits{Bytes: 1000}})
	defer e.Shutdown(context.Background())
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	err := e.ExportSpans(ctx, tracetest.SpanStubs{{Name: "x"}}.Snapshots())
	if err == nil || !strings.Contains(err.Error(), "503") {
		t.Errorf("error: %v, want one that says what was answered", err)
	}
}
