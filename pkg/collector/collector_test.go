package collector

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"github.com/bragg-tracing/bragg/pkg/freeport"
	"github.com/bragg-tracing/bragg/pkg/sdk/licensekey"
)

// backends stands for X-Ray and New Relic and records what they were sent.
type backends struct {
	xray, newrelic *httptest.Server
	mu             sync.Mutex
	documents      int
	spans          int
	largestBody    int
}

func startBackends(t *testing.T) *backends {
	b := &backends{}
	b.xray = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		b.mu.Lock()
		defer b.mu.Unlock()
		b.documents += bytes.Count(body, []byte(`\"trace_id\"`))
		fmt.Fprint(w, `{"UnprocessedTraceSegments":[]}`)
	}))
	b.newrelic = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		plain, err := gzip.NewReader(r.Body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		body, _ := io.ReadAll(plain)
		req := ptraceotlp.NewExportRequest()
		if err := req.UnmarshalProto(body); err != nil || r.URL.Path != "/v1/traces" || r.Header.Get("api-key") != licensekey.Local {
			http.Error(w, "refused", http.StatusForbidden)
			return
		}
		b.mu.Lock()
		defer b.mu.Unlock()
		b.spans += req.Traces().SpanCount()
		b.largestBody = max(b.largestBody, len(body))
	}))
	t.Cleanup(b.xray.Close)
	t.Cleanup(b.newrelic.Close)
	return b
}

// startCollector starts otel-collector.yaml on free ports and returns its OTLP
// HTTP address and its log.
func startCollector(t *testing.T, b *backends, env map[string]string) (*Collector, string, *observer.ObservedLogs) {
	t.Helper()
	t.Setenv("AWS_ACCESS_KEY_ID", "test")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "test")
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	all := map[string]string{
		"BRAGG_XRAY_ENDPOINT": b.xray.URL, "BRAGG_NEWRELIC_ENDPOINT": b.newrelic.URL,
		"BRAGG_OTLP_GRPC_PORT": freePort(t), "BRAGG_OTLP_HTTP_PORT": freePort(t), "BRAGG_DAEMON_PORT": freePort(t),
		"BRAGG_HEALTH_PORT": freePort(t), "BRAGG_METRICS_PORT": freePort(t),
	}
	for k, v := range env {
		all[k] = v
	}
	core, logs := observer.New(zapcore.InfoLevel)
	c, err := Start(t.Context(), Options{ConfigFile: repositoryConfig, Env: all, Log: core})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { shutdown(t, c) })
	for name, url := range map[string]string{
		"health":  "http://127.0.0.1:" + all["BRAGG_HEALTH_PORT"] + "/",
		"metrics": "http://127.0.0.1:" + all["BRAGG_METRICS_PORT"] + "/metrics",
	} {
		resp, err := http.Get(url)
		if err != nil || resp.StatusCode != http.StatusOK {
			t.Fatalf("%s: %v %v", name, resp, err)
		}
		resp.Body.Close()
	}
	return c, "http://127.0.0.1:" + all["BRAGG_OTLP_HTTP_PORT"] + "/v1/traces", logs
}

func freePort(t *testing.T) string {
	t.Helper()
	address, err := freeport.Address("tcp", "udp")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(address)
	return port
}

func shutdown(t *testing.T, c *Collector) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := c.Shutdown(ctx); err != nil {
		t.Error(err)
	}
}

// send posts n spans whose bodies are size bytes each.
func send(t *testing.T, url string, n, size int) {
	t.Helper()
	traces := ptrace.NewTraces()
	spans := traces.ResourceSpans().AppendEmpty().ScopeSpans().AppendEmpty().Spans()
	for i := range n {
		s := spans.AppendEmpty()
		s.SetName("checkout")
		s.SetKind(ptrace.SpanKindServer)
		s.SetTraceID([16]byte{0x6b, 1, 2, 3, byte(i >> 8), byte(i)})
		s.SetSpanID([8]byte{1, byte(i >> 8), byte(i)})
		s.SetStartTimestamp(1_790_000_000_000_000_000)
		s.SetEndTimestamp(1_790_000_000_100_000_000)
		s.Attributes().PutStr("payload", strings.Repeat("x", size))
	}
	body, err := ptraceotlp.NewExportRequestFromTraces(traces).MarshalProto()
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.Post(url, "application/x-protobuf", bytes.NewReader(body))
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("send: %v %v", resp, err)
	}
	resp.Body.Close()
}

func TestCollectorDeliversToTheBackendsThatAreOn(t *testing.T) {
	tests := []struct {
		name           string
		env            map[string]string
		xray, newrelic int
	}{
		{"both", newrelicOn, 120, 120},
		{"X-Ray alone", nil, 120, 0},
		{"New Relic alone", bothSwapped, 0, 120},
		{"none", xrayOff, 0, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := startBackends(t)
			c, url, logs := startCollector(t, b, tt.env)
			send(t, url, 120, 10)
			shutdown(t, c) // flushes
			if b.documents != tt.xray || b.spans != tt.newrelic {
				t.Errorf("X-Ray got %d documents and New Relic %d spans, want %d and %d", b.documents, b.spans, tt.xray, tt.newrelic)
			}
			for _, e := range logs.All() {
				if e.Level >= zap.WarnLevel {
					t.Errorf("log has %s: %s %v", e.Level, e.Message, e.ContextMap())
				}
				if e.LoggerName != "" && strings.Contains(e.Message, "Traces") {
					t.Errorf("a backend that is off writes to the log: %s", e.Message)
				}
			}
		})
	}
}

func TestNewRelicBodiesStayUnderItsLimit(t *testing.T) {
	const limit = 1_000_000 // bytes, for one POST
	b := startBackends(t)
	c, url, _ := startCollector(t, b, newrelicOn)
	for range 3 {
		send(t, url, 500, 4000) // 2 MB each
	}
	shutdown(t, c)
	if b.spans != 1500 {
		t.Errorf("New Relic got %d spans of 1500", b.spans)
	}
	if b.largestBody >= limit {
		t.Errorf("a body had %d bytes before compression, the limit is %d", b.largestBody, limit)
	}
}

func TestStartTellsWhatIsWrong(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	_, port, _ := net.SplitHostPort(taken.Addr().String())
	tests := []struct {
		name string
		opts Options
		want string
	}{
		{"no such file", Options{ConfigFile: "nowhere.yaml"}, "nowhere.yaml"},
		{"port in use", Options{Env: map[string]string{"BRAGG_HEALTH_PORT": port}}, "address already in use"},
		{"not a configuration", Options{ConfigFile: "doc.go"}, "doc.go"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
			c, err := Start(t.Context(), tt.opts)
			if err == nil {
				shutdown(t, c)
				t.Fatal("started")
			}
			if tt.name != "not a configuration" && !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %q does not say %q", err, tt.want)
			}
		})
	}
}
