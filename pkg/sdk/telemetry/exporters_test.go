package telemetry_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/base64"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"
	collectortrace "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"github.com/bragg-tracing/bragg/pkg/sdk/telemetry"
)

const licenseKey = "0123456789abcdef0123456789abcdef0123NRAL"

// post is one OTLP/HTTP request as a backend sees it.
type post struct {
	path   string
	header http.Header
	size   int // of the body as it came
	raw    int // without compression
	traces []*tracepb.ResourceSpans
}

// backend takes OTLP/HTTP and keeps what came.
type backend struct {
	url string

	mu    sync.Mutex
	posts []post
}

func newBackend(t *testing.T) *backend {
	t.Helper()
	b := &backend{}
	server := httptest.NewServer(b)
	t.Cleanup(server.Close)
	b.url = server.URL
	return b
}

func (b *backend) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	p := post{path: r.URL.Path, header: r.Header, size: len(body)}
	if z, err := gzip.NewReader(bytes.NewReader(body)); err == nil {
		body, _ = io.ReadAll(z)
	}
	p.raw = len(body)
	if strings.HasSuffix(r.URL.Path, "/traces") {
		var request collectortrace.ExportTraceServiceRequest
		if err := proto.Unmarshal(body, &request); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		p.traces = request.ResourceSpans
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.posts = append(b.posts, p)
}

func (b *backend) all() []post {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.posts)
}

// ids returns trace and span ids of all spans that came, sorted.
func (b *backend) ids() (ids []string) {
	for _, p := range b.all() {
		ids = append(ids, idsOf(p.traces)...)
	}
	slices.Sort(ids)
	return ids
}

func idsOf(traces []*tracepb.ResourceSpans) (ids []string) {
	for _, rs := range traces {
		for _, ss := range rs.ScopeSpans {
			for _, s := range ss.Spans {
				ids = append(ids, string(s.TraceId)+string(s.SpanId))
			}
		}
	}
	return ids
}

// daemon takes datagrams of the X-Ray daemon's protocol.
func daemon(t *testing.T) (address string, ids func(n int) []string) {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn.LocalAddr().String(), func(n int) (ids []string) {
		buffer := make([]byte, 1<<16)
		for len(ids) < n {
			_ = conn.SetReadDeadline(time.Now().Add(30 * time.Second))
			size, _, err := conn.ReadFrom(buffer)
			if err != nil {
				t.Fatal(err)
			}
			_, text, _ := strings.Cut(string(buffer[:size]), "T1S")
			message, err := base64.StdEncoding.DecodeString(text)
			var request collectortrace.ExportTraceServiceRequest
			if err != nil || proto.Unmarshal(message, &request) != nil {
				t.Fatalf("datagram: %.60q", buffer[:size])
			}
			ids = append(ids, idsOf(request.ResourceSpans)...)
		}
		slices.Sort(ids)
		return ids
	}
}

func TestFourExportersGetTheSameSpans(t *testing.T) {
	clearEnvironment(t)
	xray, newRelic, collector := newBackend(t), newBackend(t), newBackend(t)
	address, udp := daemon(t)
	for name, value := range map[string]string{
		"AWS_REGION": "eu-west-1", "AWS_ACCESS_KEY_ID": "AKID", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_ENDPOINT_URL_XRAY": xray.url,
		"NEW_RELIC_LICENSE_KEY": licenseKey, "BRAGG_NEWRELIC_ENDPOINT": newRelic.url, "AWS_XRAY_DAEMON_ADDRESS": address,
		"OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf",
	} {
		t.Setenv(name, value)
	}
	sdk := start(t, telemetry.WithExporters("otlp", "xray", "newrelic", "xrayudp", "xray"), telemetry.WithEndpoint(collector.url), telemetry.WithoutMetrics(), telemetry.WithoutLogs())
	endSpans(sdk, 20)
	if err := sdk.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	want := collector.ids()
	if len(want) != 20 {
		t.Fatalf("%d spans at the collector", len(want))
	}
	for name, got := range map[string][]string{"xray": xray.ids(), "newrelic": newRelic.ids(), "xrayudp": udp(20)} {
		if !slices.Equal(got, want) {
			t.Errorf("%s: %d spans, not the same as the collector's", name, len(got))
		}
	}
	signed := xray.all()[0]
	if a := signed.header.Get("Authorization"); signed.path != "/v1/traces" || !strings.Contains(a, "/eu-west-1/xray/aws4_request") {
		t.Errorf("X-Ray: %s, Authorization %q", signed.path, a)
	}
	keyed := newRelic.all()[0]
	if keyed.path != "/v1/traces" || keyed.header.Get("Api-Key") != licenseKey || keyed.header.Get("Content-Encoding") != "gzip" {
		t.Errorf("New Relic: %s %v", keyed.path, keyed.header)
	}
}

func TestBodiesAreBounded(t *testing.T) {
	clearEnvironment(t)
	newRelic, xray := newBackend(t), newBackend(t)
	for name, value := range map[string]string{
		"AWS_REGION": "eu-west-1", "AWS_ACCESS_KEY_ID": "AKID", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_ENDPOINT_URL_XRAY": xray.url,
		"NEW_RELIC_LICENSE_KEY": licenseKey, "BRAGG_NEWRELIC_ENDPOINT": newRelic.url, "OTEL_TRACES_EXPORTER": "xray,newrelic",
	} {
		t.Setenv(name, value)
	}
	var log logBuffer
	sdk := start(t, telemetry.WithoutMetrics(), telemetry.WithoutLogs(), telemetry.WithLogger(log.logger()))
	for i := range 100 { // 2 MB, and one span larger than X-Ray takes
		size := 20_000
		if i == 0 {
			size = 300_000
		}
		_, span := sdk.TracerProvider().Tracer("test").Start(context.Background(), "x", trace.WithAttributes(attribute.String("text", strings.Repeat("x", size))))
		span.End()
	}
	if err := sdk.Flush(t.Context()); err == nil {
		t.Error("no error, though X-Ray cannot take one span")
	}
	for name, tt := range map[string]struct {
		*backend
		limit, spans int
	}{"newrelic": {newRelic, 1_000_000, 100}, "xray": {xray, 5_000_000, 99}} {
		if n := len(tt.ids()); n != tt.spans {
			t.Errorf("%s: %d spans, want %d", name, n, tt.spans)
		}
		for _, p := range tt.all() {
			if p.raw > tt.limit {
				t.Errorf("%s: a body of %d bytes", name, p.raw)
			}
		}
	}
	if n := sdk.DroppedSpans(); n != 1 || !strings.Contains(log.String(), "exporter=xray") {
		t.Errorf("%d spans lost, want 1; log:\n%s", n, &log)
	}
}

// TestOneBackendDoesNotHoldUpAnother has one that never answers.
func TestOneBackendDoesNotHoldUpAnother(t *testing.T) {
	clearEnvironment(t)
	newRelic := newBackend(t)
	t.Setenv("NEW_RELIC_LICENSE_KEY", licenseKey)
	t.Setenv("BRAGG_NEWRELIC_ENDPOINT", newRelic.url)
	t.Setenv("OTEL_BSP_SCHEDULE_DELAY", "10")
	sdk := start(t, telemetry.WithExporters("otlp", "newrelic"), telemetry.WithEndpoint(blackHole(t)), telemetry.WithoutMetrics(), telemetry.WithoutLogs(), telemetry.WithSpanQueueSize(400))
	for range 20 {
		endSpans(sdk, 20)
		time.Sleep(20 * time.Millisecond)
	}
	deadline := time.Now().Add(30 * time.Second)
	for len(newRelic.ids()) < 400 && time.Now().Before(deadline) {
		time.Sleep(10 * time.Millisecond)
	}
	if n := len(newRelic.ids()); n != 400 {
		t.Errorf("%d spans at New Relic while the collector does not answer, want 400", n)
	}
}

func TestExportersThatCannotBeUsed(t *testing.T) {
	tests := []struct {
		name, exporter string
		variables      map[string]string
		want           string
	}{
		{"X-Ray without region", "xray", nil, "set AWS_REGION"},
		{"X-Ray's endpoint", "xray", map[string]string{"AWS_REGION": "eu-west-1", "AWS_ENDPOINT_URL_XRAY": "localhost"}, "AWS_ENDPOINT_URL_XRAY"},
		{"New Relic without key", "newrelic", nil, "NEW_RELIC_LICENSE_KEY"},
		{"New Relic with a user key", "newrelic", map[string]string{"NEW_RELIC_LICENSE_KEY": "NRAK-0123456789"}, "NEW_RELIC_LICENSE_KEY"},
		{"daemon", "xrayudp", map[string]string{"AWS_XRAY_DAEMON_ADDRESS": "nowhere"}, "daemon address"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			clearEnvironment(t)
			for name, value := range tt.variables {
				t.Setenv(name, value)
			}
			sdk, err := telemetry.Start(t.Context(), telemetry.WithoutGlobals(), telemetry.WithExporters(tt.exporter), telemetry.WithoutMetrics(), telemetry.WithoutLogs())
			if err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "0123") {
				t.Errorf("error %v, want %q", err, tt.want)
			}
			if err := sdk.Shutdown(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestNewRelicGetsAllSignals(t *testing.T) {
	clearEnvironment(t)
	newRelic := newBackend(t)
	for name, value := range map[string]string{
		"NEW_RELIC_LICENSE_KEY": licenseKey, "BRAGG_NEWRELIC_ENDPOINT": newRelic.url,
		"OTEL_TRACES_EXPORTER": "newrelic", "OTEL_METRICS_EXPORTER": "newrelic", "OTEL_LOGS_EXPORTER": "newrelic",
	} {
		t.Setenv(name, value)
	}
	defer http.DefaultTransport.(*http.Transport).CloseIdleConnections()
	sdk := start(t)
	endSpans(sdk, 1)
	count(t, sdk)
	emit(sdk, "hello")
	if err := sdk.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, p := range newRelic.all() {
		seen[p.path] = true
		if p.header.Get("Api-Key") != licenseKey || p.header.Get("Content-Encoding") != "gzip" {
			t.Errorf("%s: %v", p.path, p.header)
		}
	}
	if !seen["/v1/traces"] || !seen["/v1/metrics"] || !seen["/v1/logs"] {
		t.Errorf("seen: %v", seen)
	}
}

func TestConsole(t *testing.T) {
	clearEnvironment(t)
	out := captureStdout(t, func() {
		sdk := start(t, telemetry.WithExporters("console"), telemetry.WithoutMetrics(), telemetry.WithoutLogs())
		endSpans(sdk, 1)
		if err := sdk.Flush(t.Context()); err != nil {
			t.Error(err)
		}
	})
	if !strings.Contains(out, `"operation"`) {
		t.Errorf("output: %s", out)
	}
}

// captureStdout returns what f writes to standard output.
func captureStdout(t *testing.T, f func()) string {
	t.Helper()
	file, err := os.CreateTemp(t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	stdout := os.Stdout
	os.Stdout = file
	f()
	os.Stdout = stdout
	content, err := os.ReadFile(file.Name())
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}
