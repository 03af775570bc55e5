package otelconf_test

import (
	"compress/gzip"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/propagation"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	collectortrace "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"google.golang.org/protobuf/proto"

	"github.com/bragg-tracing/bragg/pkg/sdk/sampling"
	"github.com/bragg-tracing/bragg/pkg/sdk/telemetry"
	"github.com/bragg-tracing/bragg/pkg/sdk/xrayattr"
)

// backends are an OTLP endpoint of X-Ray's and one of New Relic's, and X-Ray's
// sampling: it takes /paid.
type backends struct {
	mu       sync.Mutex
	requests map[string]*collectortrace.ExportTraceServiceRequest // by path
	headers  map[string]http.Header
}

func (b *backends) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/GetSamplingRules" {
		_, _ = io.WriteString(w, `{"SamplingRuleRecords": [
			{"SamplingRule": {"RuleName": "paid", "Priority": 1, "FixedRate": 1, "URLPath": "/paid", "HTTPMethod": "*", "Host": "*", "ServiceName": "*", "ServiceType": "*", "ResourceARN": "*", "Version": 1}},
			{"SamplingRule": {"RuleName": "Default", "Priority": 10000, "FixedRate": 0, "URLPath": "*", "HTTPMethod": "*", "Host": "*", "ServiceName": "*", "ServiceType": "*", "ResourceARN": "*", "Version": 1}}]}`)
		return
	}
	var body io.Reader = r.Body
	if r.Header.Get("Content-Encoding") == "gzip" {
		body, _ = gzip.NewReader(r.Body)
	}
	message, _ := io.ReadAll(body)
	request := &collectortrace.ExportTraceServiceRequest{}
	if proto.Unmarshal(message, request) != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.requests[r.URL.Path], b.headers[r.URL.Path] = request, r.Header
}

func spansOf(r *collectortrace.ExportTraceServiceRequest) (ids []string) {
	for _, rs := range r.GetResourceSpans() {
		for _, ss := range rs.ScopeSpans {
			for _, s := range ss.Spans {
				ids = append(ids, string(s.TraceId)+string(s.SpanId))
			}
		}
	}
	return ids
}

func TestComponentsOfTheDistribution(t *testing.T) {
	b := &backends{requests: map[string]*collectortrace.ExportTraceServiceRequest{}, headers: map[string]http.Header{}}
	server := httptest.NewServer(b)
	defer server.Close()
	daemon, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer daemon.Close()
	for name, value := range map[string]string{
		"AWS_REGION": "eu-west-1", "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_ENDPOINT_URL_XRAY": server.URL + "/xray",
		"NEW_RELIC_LICENSE_KEY": "eu01xx000000000000000000000000000000NRAL", "BRAGG_NEWRELIC_ENDPOINT": server.URL + "/newrelic",
		"AWS_XRAY_DAEMON_ADDRESS": daemon.LocalAddr().String(), "SAMPLING": server.URL,
	} {
		t.Setenv(name, value)
	}
	configure(t, `
file_format: "1.0"
propagator: {composite: [{tracecontext: {}}, {baggage: {}}], composite_list: "xray,ottrace"}
resource: {attributes_list: "team=blue,room=a%20b"}
tracer_provider:
  sampler: {parent_based: {root: {xray: {endpoint: "${SAMPLING}", polling_interval: 300}}}}
  limits: {attribute_count_limit: 5}
  processors:
    - batch: {exporter: {xray: {}}, schedule_delay: 100}
    - batch: {exporter: {newrelic: }}
    - batch: {exporter: {xrayudp: {}}, max_queue_size: 10}
`)
	sdk, err := telemetry.Start(t.Context(), telemetry.WithoutGlobals())
	if err != nil {
		t.Fatal(err)
	}
	defer sdk.Shutdown(t.Context())
	header := http.Header{"X-Amzn-Trace-Id": {"Root=1-6ab1c0de-000000000000000000000001"}} // of a load balancer
	tracer := sdk.TracerProvider().Tracer("test")
	start := func(path string) trace.Span {
		ctx := sdk.Propagator().Extract(t.Context(), propagation.HeaderCarrier(header))
		_, span := tracer.Start(ctx, path, trace.WithSpanKind(trace.SpanKindServer),
			trace.WithAttributes(attribute.String("url.path", path), attribute.String("http.request.method", "GET"), xrayattr.Annotation("cart", "7")))
		return span
	}
	span := start("/paid")
	for end := time.Now().Add(time.Minute); ruleOf(span) != "paid"; span = start("/paid") {
		if time.Now().After(end) {
			t.Fatal("the rules were not fetched")
		}
		time.Sleep(time.Millisecond)
	}
	if start("/free").IsRecording() {
		t.Error("recorded against X-Ray's rules")
	}
	span.End()
	if got := span.SpanContext().TraceID().String(); got != "6ab1c0de000000000000000000000001" {
		t.Errorf("trace %s is not the load balancer's", got)
	}
	if err := sdk.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	want := string(traceID(span)) + string(spanID(span))
	for path, key := range map[string]string{"/xray/v1/traces": "Authorization", "/newrelic/v1/traces": "Api-Key"} {
		ids := spansOf(b.requests[path])
		if len(ids) != 1 || ids[0] != want || b.headers[path].Get(key) == "" {
			t.Errorf("%s: %d spans, headers %v", path, len(ids), b.headers[path])
		}
	}
	datagram := make([]byte, 1<<16)
	_ = daemon.SetReadDeadline(time.Now().Add(30 * time.Second))
	if n, _, err := daemon.ReadFrom(datagram); err != nil || !strings.HasPrefix(string(datagram[:n]), "{\"format\":\"json\",\"version\":1}\nT1S") {
		t.Errorf("datagram %.40q: %v", datagram[:n], err)
	}
	fields := strings.Join(sdk.Propagator().Fields(), ",")
	for _, field := range []string{"traceparent", "X-Amzn-Trace-Id", "baggage", "ot-tracer-traceid"} {
		if !strings.Contains(fields, field) {
			t.Errorf("fields %s without %s", fields, field)
		}
	}
	for name, want := range map[attribute.Key]string{"team": "blue", "room": "a b"} {
		if got, _ := sdk.Resource().Set().Value(name); got.AsString() != want {
			t.Errorf("resource: %s = %q, want %q", name, got.AsString(), want)
		}
	}
	if sdk.DroppedSpans() != 0 {
		t.Errorf("%d spans dropped", sdk.DroppedSpans())
	}
}

// ruleOf returns the rule that the sampler recorded.
func ruleOf(s trace.Span) string {
	recorded, _ := s.(sdktrace.ReadOnlySpan)
	if recorded == nil {
		return ""
	}
	for _, kv := range recorded.Attributes() {
		if kv.Key == sampling.RuleNameKey {
			return kv.Value.AsString()
		}
	}
	return ""
}

func traceID(s trace.Span) []byte { id := s.SpanContext().TraceID(); return id[:] }

func spanID(s trace.Span) []byte { id := s.SpanContext().SpanID(); return id[:] }

// TestSamplersHonourWhatIsLeftToThem sends the headers of front doors that
// decide and of those that do not.
func TestSamplersHonourWhatIsLeftToThem(t *testing.T) {
	const root, parent = "Root=1-6ab1c0de-000000000000000000000001", ";Parent=00000000000000a1"
	for sampler, sampled := range map[string]map[string]bool{
		"":                          {root: true, root + parent: true, root + parent + ";Sampled=?": true, root + parent + ";Sampled=0": false, root + ";Sampled=0": false, root + ";Sampled=1": true},
		"sampler: {always_off: {}}": {root: false, root + parent + ";Sampled=1": false},
		"sampler: {parent_based: {root: {always_off: {}}}}":                                                            {root: false, root + parent + ";Sampled=?": false, root + parent + ";Sampled=1": true, root + ";Sampled=1": true},
		"sampler: {parent_based: {root: {trace_id_ratio_based: {ratio: 1}}, remote_parent_sampled: {always_off: {}}}}": {root + parent: true, root + parent + ";Sampled=1": false},
	} {
		configure(t, "file_format: \"1.0\"\npropagator: {composite: [{xray: {}}]}\ntracer_provider:\n  processors: [{simple: {exporter: {otlp_http: {endpoint: \"http://127.0.0.1:1/v1/traces\"}}}}]\n  "+sampler+"\n")
		sdk, err := telemetry.Start(t.Context(), telemetry.WithoutGlobals())
		if err != nil {
			t.Fatal(err)
		}
		for header, want := range sampled {
			ctx := sdk.Propagator().Extract(t.Context(), propagation.HeaderCarrier(http.Header{"X-Amzn-Trace-Id": {header}}))
			_, span := sdk.TracerProvider().Tracer("test").Start(ctx, "x")
			if span.SpanContext().IsSampled() != want || span.SpanContext().TraceID().String() != "6ab1c0de000000000000000000000001" {
				t.Errorf("%q, %s: %v, want sampled %v", sampler, header, span.SpanContext(), want)
			}
		}
		if err := sdk.Shutdown(t.Context()); err != nil {
			t.Error(err)
		}
	}
}

func TestDisabled(t *testing.T) {
	configure(t, "file_format: \"1.0\"\ndisabled: true\ntracer_provider: {processors: [{batch: {exporter: {console: {}}}}]}\n")
	sdk, err := telemetry.Start(t.Context(), telemetry.WithoutGlobals())
	if err != nil {
		t.Fatal(err)
	}
	if _, span := sdk.TracerProvider().Tracer("test").Start(t.Context(), "x"); span.IsRecording() {
		t.Error("recorded")
	}
	if err := sdk.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
}
