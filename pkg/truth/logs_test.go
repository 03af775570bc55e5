package truth

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/hex"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httputil"
	"net/url"
	"sync"
	"testing"
	"time"

	"go.opentelemetry.io/contrib/bridges/otelslog"
	"go.opentelemetry.io/otel/attribute"
	collectorlogs "go.opentelemetry.io/proto/otlp/collector/logs/v1"
	commonpb "go.opentelemetry.io/proto/otlp/common/v1"
	logspb "go.opentelemetry.io/proto/otlp/logs/v1"
	"google.golang.org/protobuf/proto"

	"github.com/bragg-tracing/bragg/pkg/sdk/telemetry"
	"github.com/bragg-tracing/bragg/pkg/sdk/tracelog"
)

// tap passes on to the New Relic sink, which counts log records, and keeps them.
type tap struct {
	*httputil.ReverseProxy
	mu   sync.Mutex
	logs []*logspb.ResourceLogs
}

func newTap(sink string) (*tap, error) {
	u, err := url.Parse(sink)
	if err != nil {
		return nil, err
	}
	return &tap{ReverseProxy: &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(u)
		r.Out.Host = u.Host
	}}}, nil
}

func (p *tap) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/v1/logs" {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		p.keep(body)
		r.Body = io.NopCloser(bytes.NewReader(body))
	}
	p.ReverseProxy.ServeHTTP(w, r)
}

func (p *tap) keep(body []byte) {
	if z, err := gzip.NewReader(bytes.NewReader(body)); err == nil {
		body, _ = io.ReadAll(z)
	}
	var request collectorlogs.ExportLogsServiceRequest
	if proto.Unmarshal(body, &request) == nil {
		p.mu.Lock()
		p.logs = append(p.logs, request.ResourceLogs...)
		p.mu.Unlock()
	}
}

// record returns the log record with a body, and its resource's attributes.
func (p *tap) record(body string) (*logspb.LogRecord, map[string]string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, rl := range p.logs {
		for _, sl := range rl.ScopeLogs {
			for _, r := range sl.LogRecords {
				if r.Body.GetStringValue() == body {
					return r, texts(rl.Resource.GetAttributes())
				}
			}
		}
	}
	return nil, nil
}

func texts(attributes []*commonpb.KeyValue) map[string]string {
	m := map[string]string{}
	for _, kv := range attributes {
		m[kv.Key] = kv.Value.GetStringValue()
	}
	return m
}

// TestLogs: a record goes to CloudWatch, as a line on standard output, and by
// OTLP through the collector to New Relic. From both leads the way to the trace,
// and from X-Ray's segment to the log group.
func TestLogs(t *testing.T) {
	t.Parallel()
	sdk, err := telemetry.Start(t.Context(), telemetry.WithServiceName("log-shop"), telemetry.WithEndpoint(stack.otlp), telemetry.WithoutGlobals(), telemetry.WithoutMetrics(),
		telemetry.WithResourceAttributes(attribute.StringSlice("aws.log.group.names", []string{"/ecs/loans"})), telemetry.WithLogger(slog.New(slog.NewTextHandler(testWriter{t}, nil))))
	if err != nil {
		t.Fatal(err)
	}
	defer sdk.Shutdown(context.Background())
	var line bytes.Buffer
	logger := slog.New(tracelog.NewHandler(slog.NewMultiHandler(
		slog.NewJSONHandler(&line, nil),
		otelslog.NewHandler("loans", otelslog.WithLoggerProvider(sdk.LoggerProvider())),
	), tracelog.WithEntity("log-shop", "host-1")))
	r := observe(t, sdk, 1, func(ctx context.Context) {
		logger.InfoContext(ctx, "approved", "client_id", "Enova")
	})
	d := r.document("log-shop", "")
	span := r.spanOf(d)

	groups, _ := d.AWS["cloudwatch_logs"].([]any)
	if len(groups) != 1 || show(groups[0]) != `{"log_group":"/ecs/loans"}` {
		t.Errorf("X-Ray's segment names the log groups %s", show(d.AWS["cloudwatch_logs"]))
	}
	keys := map[string]string{
		"trace_id": span.TraceID, "span_id": span.SpanID, "trace.id": span.TraceID, "span.id": span.SpanID,
		"xray_trace_id": "1-" + span.TraceID[:8] + "-" + span.TraceID[8:], "entity.name": "log-shop", "entity.type": "SERVICE", "hostname": "host-1",
		"client_id": "Enova",
	}
	var written map[string]any
	if err := json.Unmarshal(line.Bytes(), &written); err != nil {
		t.Fatal(err)
	}
	for key, want := range keys {
		if written[key] != want {
			t.Errorf("the line has %s = %v, want %s", key, written[key], want)
		}
	}
	record, resource := stack.tap.record("approved")
	for end := time.Now().Add(patience); record == nil && time.Now().Before(end); time.Sleep(20 * time.Millisecond) { // there is no signal to wait for
		record, resource = stack.tap.record("approved")
	}
	if record == nil {
		t.Fatal("the record did not arrive at New Relic")
	}
	if hex.EncodeToString(record.TraceId) != span.TraceID || hex.EncodeToString(record.SpanId) != span.SpanID || resource["service.name"] != "log-shop" {
		t.Errorf("New Relic's record is of trace %x, span %x, service %q", record.TraceId, record.SpanId, resource["service.name"])
	}
	attributes := texts(record.Attributes)
	for key, want := range keys {
		if attributes[key] != want {
			t.Errorf("New Relic's record has %s = %q, want %s", key, attributes[key], want)
		}
	}
	counts, err := stack.sink.Counts(t.Context())
	for end := time.Now().Add(patience); err == nil && len(counts.Logs) == 0 && time.Now().Before(end); time.Sleep(20 * time.Millisecond) { // the tap is before the sink
		counts, err = stack.sink.Counts(t.Context())
	}
	if err != nil || len(counts.Logs) == 0 {
		t.Errorf("the sink counts %v (%v)", counts.Logs, err)
	}
}
