package awsxrayexporter

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/exporter"
	"go.opentelemetry.io/collector/exporter/exportertest"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.uber.org/goleak"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/bragg-tracing/bragg/pkg/collector/awsxrayexporter/translate"
)

func TestMain(m *testing.M) {
	for _, name := range os.Environ() { // the machine's account is no test's business
		if strings.HasPrefix(name, "AWS_") {
			os.Unsetenv(name[:strings.IndexByte(name, '=')])
		}
	}
	for name, value := range map[string]string{
		"AWS_ACCESS_KEY_ID": "AKIDTEST", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_EC2_METADATA_DISABLED": "true",
		"AWS_CONFIG_FILE": os.DevNull, "AWS_SHARED_CREDENTIALS_FILE": os.DevNull,
	} {
		os.Setenv(name, value)
	}
	goleak.VerifyTestMain(m)
}

// A request is one PutTraceSegments as the endpoint sees it.
type request struct {
	number    int // from 1
	documents []string
	ids       []string // of the documents
	header    http.Header
	read      time.Time
}

// An endpoint stands for X-Ray. It stores what its script takes.
type endpoint struct {
	*httptest.Server
	script func(w http.ResponseWriter, r *request) (store []bool)

	mu       sync.Mutex
	requests []*request
	stored   map[string]int // documents by how often they were stored
	records  []string       // bodies of PutTelemetryRecords
	arrived  chan struct{}  // a token when something was stored
}

// newEndpoint starts an endpoint. The script answers a request, and returns
// which documents are stored; a nil one stores all and answers that.
func newEndpoint(t testing.TB, script func(w http.ResponseWriter, r *request) []bool) *endpoint {
	t.Helper()
	e := &endpoint{script: script, stored: map[string]int{}, arrived: make(chan struct{}, 1)}
	e.Server = httptest.NewServer(http.HandlerFunc(e.serve))
	t.Cleanup(e.Close)
	return e
}

func (e *endpoint) serve(w http.ResponseWriter, r *http.Request) {
	data, err := io.ReadAll(r.Body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	if !strings.HasPrefix(r.Header.Get("Authorization"), "AWS4-HMAC-SHA256 Credential=AKID") {
		answerError(w, http.StatusForbidden, "MissingAuthenticationTokenException")
		return
	}
	if r.URL.Path == "/TelemetryRecords" {
		e.mu.Lock()
		e.records = append(e.records, string(data))
		e.mu.Unlock()
		fmt.Fprint(w, "{}")
		return
	}
	var in struct{ TraceSegmentDocuments []string }
	if err := json.Unmarshal(data, &in); err != nil || r.URL.Path != "/TraceSegments" || len(in.TraceSegmentDocuments) > 50 {
		answerError(w, http.StatusBadRequest, "SerializationException")
		return
	}
	req := &request{documents: in.TraceSegmentDocuments, header: r.Header, read: time.Now()}
	for _, d := range req.documents {
		var head struct{ ID string }
		if err := json.Unmarshal([]byte(d), &head); err != nil {
			answerError(w, http.StatusBadRequest, "InvalidRequestException")
			return
		}
		req.ids = append(req.ids, head.ID)
	}
	e.mu.Lock()
	e.requests = append(e.requests, req)
	req.number = len(e.requests)
	e.mu.Unlock()
	if e.script == nil {
		e.store(req, takeAll(w, req))
		return
	}
	e.store(req, e.script(w, req))
}

func (e *endpoint) store(r *request, which []bool) {
	e.mu.Lock()
	for i, store := range which {
		if store {
			e.stored[r.documents[i]]++
		}
	}
	e.mu.Unlock()
	select {
	case e.arrived <- struct{}{}:
	default:
	}
}

// puts returns how many requests came.
func (e *endpoint) puts() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return len(e.requests)
}

// await waits until n different documents are stored.
func (e *endpoint) await(t testing.TB, n int) {
	t.Helper()
	deadline := time.After(2 * time.Minute)
	for {
		e.mu.Lock()
		have := len(e.stored)
		e.mu.Unlock()
		if have >= n {
			return
		}
		select {
		case <-e.arrived:
		case <-deadline:
			t.Fatalf("%d of %d documents are stored", have, n)
		}
	}
}

// takeAll answers that all documents are processed.
func takeAll(w http.ResponseWriter, r *request) []bool {
	all := make([]bool, len(r.documents))
	for i := range all {
		all[i] = true
	}
	fmt.Fprint(w, `{"UnprocessedTraceSegments":[]}`)
	return all
}

// unprocessed answers with this code for the documents that pick picks and
// takes the others.
func unprocessed(w http.ResponseWriter, r *request, code string, pick func(i int) bool) []bool {
	type failure struct{ ErrorCode, Id, Message string }
	out := struct{ UnprocessedTraceSegments []failure }{[]failure{}}
	taken := make([]bool, len(r.documents))
	for i := range r.documents {
		if taken[i] = !pick(i); !taken[i] {
			out.UnprocessedTraceSegments = append(out.UnprocessedTraceSegments, failure{code, r.ids[i], "told so by the script"})
		}
	}
	json.NewEncoder(w).Encode(out)
	return taken
}

func answerError(w http.ResponseWriter, status int, code string) []bool {
	w.Header().Set("X-Amzn-ErrorType", code)
	w.WriteHeader(status)
	fmt.Fprintf(w, `{"message":"told so by the script"}`)
	return nil
}

// spans returns n spans in traces of five, numbered from first.
func spans(first, n int) ptrace.Traces {
	td := ptrace.NewTraces()
	rs := td.ResourceSpans().AppendEmpty()
	rs.Resource().Attributes().PutStr("service.name", "orders")
	all := rs.ScopeSpans().AppendEmpty().Spans()
	all.EnsureCapacity(n)
	for i := first; i < first+n; i++ {
		s := all.AppendEmpty()
		s.SetTraceID(traceID(i / 5))
		s.SetSpanID(spanID(i))
		s.SetName("GET /orders")
		s.SetKind(ptrace.SpanKindServer)
		s.SetStartTimestamp(pcommon.Timestamp(1_790_000_000_000_000_000 + i))
		s.SetEndTimestamp(pcommon.Timestamp(1_790_000_000_100_000_000 + i))
		s.Attributes().PutStr("note", "a \"quoted\" \\ note\n")
		s.Attributes().PutInt("number", int64(i))
	}
	return td
}

func traceID(i int) pcommon.TraceID {
	return pcommon.TraceID{0x6a, 0, 0, 1, 9, 9, 9, 9, 9, 9, 9, 9, byte(i >> 24), byte(i >> 16), byte(i >> 8), byte(i)}
}

func spanID(i int) pcommon.SpanID {
	return pcommon.SpanID{1, 2, 3, 4, byte(i >> 24), byte(i >> 16), byte(i >> 8), byte(i)}
}

// documentsOf returns what the translation makes of td.
func documentsOf(t testing.TB, td ptrace.Traces) []string {
	t.Helper()
	tr, err := translate.New(translate.Config{})
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	tr.Translate(td, func(d translate.Document) { all = append(all, string(d.JSON())) })
	return all
}

// A rig is an exporter that is started, with what it says.
type rig struct {
	exporter.Traces
	telemetry *componenttest.Telemetry
	logs      *observer.ObservedLogs
}

// start starts an exporter that puts to url. The test ends by stopping it.
func start(t testing.TB, url string, change func(*Config)) *rig {
	t.Helper()
	return startOn(t, componenttest.NewNopHost(), url, change)
}

// startOn is start with a host.
func startOn(t testing.TB, host component.Host, url string, change func(*Config)) *rig {
	t.Helper()
	cfg := createDefaultConfig().(*Config)
	cfg.Session.Endpoint, cfg.Session.Region = url, "eu-central-1"
	cfg.Retry.InitialInterval, cfg.Retry.MaxInterval = 10*time.Millisecond, 50*time.Millisecond
	if change != nil {
		change(cfg)
	}
	if err := cfg.Validate(); err != nil {
		t.Fatal(err)
	}
	r := &rig{telemetry: componenttest.NewTelemetry()}
	t.Cleanup(func() {
		if err := r.telemetry.Shutdown(context.Background()); err != nil {
			t.Error(err)
		}
	})
	core, logs := observer.New(zap.DebugLevel)
	r.logs = logs
	set := exportertest.NewNopSettings(Type)
	set.TelemetrySettings = r.telemetry.NewTelemetrySettings()
	set.Logger = zap.New(core)
	var err error
	if r.Traces, err = NewFactory().CreateTraces(t.Context(), set, cfg); err != nil {
		t.Fatal(err)
	}
	if err := r.Start(t.Context(), host); err != nil {
		t.Fatal(err)
	}
	return r
}

// send sends n spans in requests of at most 500.
func (r *rig) send(t testing.TB, n int) {
	t.Helper()
	for first := 0; first < n; first += 500 {
		if err := r.ConsumeTraces(t.Context(), spans(first, min(500, n-first))); err != nil {
			t.Fatal(err)
		}
	}
}

// stop shuts the exporter down.
func (r *rig) stop(t testing.TB) {
	t.Helper()
	if err := r.Shutdown(context.Background()); err != nil {
		t.Error(err)
	}
}

// sum returns the sum of an int64 counter over the points that have this
// attribute, or over all if key is "".
func (r *rig) sum(t testing.TB, name, key, value string) int64 {
	t.Helper()
	return sumOf(t, r.telemetry, "otelcol_exporter_awsxray_"+name, key, value)
}

// newProvider starts what ECS has for a task's credentials.
func newProvider(t testing.TB, key func() string) *httptest.Server {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, `{"AccessKeyId":%q,"SecretAccessKey":"secret","Token":"token","Expiration":%q}`,
			key(), time.Now().Add(time.Hour).UTC().Format(time.RFC3339))
	}))
	t.Cleanup(s.Close)
	return s
}
