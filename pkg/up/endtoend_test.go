package up

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/xray"
	"github.com/google/go-cmp/cmp"

	"github.com/bragg-tracing/bragg/pkg/demo"
	"github.com/bragg-tracing/bragg/pkg/newrelic/sink"
	"github.com/bragg-tracing/bragg/pkg/segment"
	"github.com/bragg-tracing/bragg/pkg/verify"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/client"
)

var update = flag.Bool("update", false, "write testdata/*.tree anew")

// startStack starts everything on free ports, in a new data directory unless
// cfg names one.
func startStack(t *testing.T, cfg Config) *Stack {
	t.Helper()
	for _, variable := range os.Environ() { // Isolate changes them; put them back after the test
		if name, value, _ := strings.Cut(variable, "="); strings.HasPrefix(name, "AWS_") || strings.HasPrefix(name, "OTEL_") {
			t.Setenv(name, value)
		}
	}
	ports, err := FreePorts()
	if err != nil {
		t.Fatal(err)
	}
	cfg.Ports = ports
	if cfg.Dir == "" {
		cfg.Dir = t.TempDir()
	}
	if cfg.CollectorConfig == "" {
		cfg.CollectorConfig = "../../otel-collector.yaml"
	}
	if cfg.Recorder == nil {
		cfg.Recorder = demo.NewRecorder()
	}
	s, err := Start(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stopStack(t, s) })
	return s
}

// stopStack gives Stop more time than a user does, for a machine that is busy
// with other tests.
func stopStack(t *testing.T, s *Stack) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := s.Stop(ctx); err != nil {
		t.Errorf("stop: %v", err)
	}
}

// call sends one request to the demo and returns the answer's status.
func call(t *testing.T, s *Stack, scenario demo.Scenario, header http.Header) int {
	t.Helper()
	req, err := demo.RequestFor(t.Context(), s.DemoURL(), scenario, 0)
	if err != nil {
		t.Fatal(err)
	}
	for name := range header {
		req.Header.Set(name, header.Get(name))
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if _, err := io.Copy(io.Discard, resp.Body); err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode
}

// settle flushes the demo and waits until both backends have every span that
// was recorded, and returns what was sent.
func settle(t *testing.T, s *Stack) verify.Sent {
	t.Helper()
	if err := s.demo.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	sent := s.sent()
	for name, look := range map[string]lookup{"X-Ray": s.xrayTrace, "New Relic": s.newrelicTrace} {
		f, err := s.await(t.Context(), sent, newProgressLine(io.Discard), name, look)
		if err != nil {
			t.Fatal(err)
		}
		if f.Spans != sent.Spans() || f.Extra["unknown"] > 0 {
			t.Errorf("%s has %d of %d spans and beyond them %v", name, f.Spans, sent.Spans(), f.Extra)
		}
	}
	return sent
}

// fetch reads a trace as any client of X-Ray does.
func fetch(t *testing.T, s *Stack, traceID string) []*segment.Document {
	t.Helper()
	api, err := client.New(s.XRayURL(), "")
	if err != nil {
		t.Fatal(err)
	}
	id, _ := segment.FormatTraceID(traceID)
	out, err := api.BatchGetTraces(t.Context(), &xray.BatchGetTracesInput{TraceIds: []string{id}})
	if err != nil || len(out.Traces) != 1 {
		t.Fatalf("BatchGetTraces %s: %v %v", id, out, err)
	}
	var documents []*segment.Document
	for _, s := range out.Traces[0].Segments {
		d, err := segment.Decode([]byte(*s.Document))
		if err != nil {
			t.Fatal(err)
		}
		documents = append(documents, d)
	}
	return documents
}

// TestEachKindOfRequestMakesItsTree sends a request of each kind through every
// part and compares the whole trace in X-Ray Local with testdata.
func TestEachKindOfRequestMakesItsTree(t *testing.T) {
	s := startStack(t, Config{})
	for _, scenario := range demo.Scenarios() {
		t.Run(string(scenario), func(t *testing.T) {
			before := s.sent()
			if got := call(t, s, scenario, nil); got != scenario.Status() {
				t.Errorf("status %d, want %d", got, scenario.Status())
			}
			var traceID string
			for id := range settle(t, s) {
				if before[id] == nil {
					traceID = id
				}
			}
			documents := fetch(t, s, traceID)
			compareTree(t, filepath.Join("testdata", string(scenario)+".tree"), drawTree(documents))
			if scenario == demo.Slow && *documents[0].EndTime-documents[0].StartTime < 0.3 {
				t.Errorf("the slow request took %.3f s", *documents[0].EndTime-documents[0].StartTime)
			}
		})
	}
}

// TestNewRelicGetsNoDocument: the document of the X-Ray SDK travels beside the
// spans that were made from it, to X-Ray alone.
func TestNewRelicGetsNoDocument(t *testing.T) {
	s := startStack(t, Config{})
	call(t, s, demo.ViaLegacy, nil)
	settle(t, s)
	spans := 0
	err := s.newrelic.EachSpan(t.Context(), func(span sink.Span) error {
		spans++
		for key := range span.Attributes {
			if strings.HasPrefix(key, segment.DocumentAttribute) {
				t.Errorf("span %q of %s has the attribute %s", span.Name, span.Service, key)
			}
		}
		return nil
	})
	if err != nil || spans == 0 {
		t.Fatalf("%d spans, %v", spans, err)
	}
}

func compareTree(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(got, "\n")); diff != "" {
		t.Errorf("the trace is not that of %s (-want +got; `go test ./pkg/up -update` writes it anew):\n%s", file, diff)
	}
}

// TestCallersTraceIsContinued calls the demo from services that know one kind
// of trace header only.
func TestCallersTraceIsContinued(t *testing.T) {
	s := startStack(t, Config{})
	const parent = "53995c3f42cd8ad8"
	tests := []struct {
		name, traceID string
		header        http.Header
	}{
		{"W3C", "4efaaf4d1e8720b39541901950019ee5",
			http.Header{"Traceparent": {"00-4efaaf4d1e8720b39541901950019ee5-" + parent + "-01"}}},
		{"X-Ray", "5759e988bd862e3fe1be46a994272793",
			http.Header{"X-Amzn-Trace-Id": {"Root=1-5759e988-bd862e3fe1be46a994272793;Parent=" + parent + ";Sampled=1"}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			call(t, s, demo.ViaLegacy, tt.header)
			if settle(t, s)[tt.traceID] == nil {
				t.Fatalf("no service continued trace %s", tt.traceID)
			}
			names := map[string]bool{}
			for _, d := range fetch(t, s, tt.traceID) {
				names[d.Name] = true
				if d.Name == demo.Web && d.ParentID != parent {
					t.Errorf("web's parent is %q, want %q", d.ParentID, parent)
				}
			}
			for _, service := range []string{demo.Web, demo.Applications, demo.Scoring, demo.Documents, demo.Legacy} {
				if !names[service] {
					t.Errorf("%s is not in the trace: %v", service, names)
				}
			}
		})
	}
}

// TestMetricsReachNewRelic: its summary pages are made of them.
func TestMetricsReachNewRelic(t *testing.T) {
	s := startStack(t, Config{})
	call(t, s, demo.OK, nil)
	settle(t, s) // flushes metrics too
	deadline := time.Now().Add(patience)
	for time.Now().Before(deadline) {
		resp, err := http.Get(s.SinkURL() + "/counts")
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		if strings.Contains(string(body), "http.server.request.duration") {
			return
		}
		time.Sleep(20 * time.Millisecond) // the sink has no signal to wait for
	}
	t.Error("http.server.request.duration did not reach New Relic")
}

// TestStopLosesNothing stops everything amid traffic, and looks for every span
// that a service had recorded in what a new stack finds in the directory.
func TestStopLosesNothing(t *testing.T) {
	dir := t.TempDir()
	s := startStack(t, Config{Dir: dir, Rate: 100})
	time.Sleep(time.Second) // traffic, not synchronization
	stopStack(t, s)
	if s.sent().Spans() == 0 {
		t.Fatal("no span was recorded before the stop")
	}
	again := startStack(t, Config{Dir: dir, Recorder: s.cfg.Recorder})
	settle(t, again)
}

// TestXRayLocalRestarts: what it acknowledged before is there after, and the
// collector goes on with it.
func TestXRayLocalRestarts(t *testing.T) {
	s := startStack(t, Config{})
	call(t, s, demo.ViaLegacy, nil)
	settle(t, s)
	if err := s.xray.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := s.startXRayLocal(t.Context()); err != nil {
		t.Fatal(err)
	}
	call(t, s, demo.OK, nil)
	if sent := settle(t, s); len(sent) != 2 {
		t.Errorf("%d traces were sent, want 2", len(sent))
	}
}

func TestOnceCountsWhatArrived(t *testing.T) {
	if testing.Short() {
		t.Skip("sends hundreds of requests")
	}
	tests := []struct {
		name     string
		cfg      Config
		complete bool
	}{
		{"both", Config{}, true},
		{"xray", Config{Backends: []Backend{XRay}}, true},
		{"newrelic", Config{Backends: []Backend{NewRelic}}, true},
		{"one span lost", Config{DropLegacySegment: 3}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			ports, err := FreePorts()
			if err != nil {
				t.Fatal(err)
			}
			tt.cfg.Dir, tt.cfg.Ports = t.TempDir(), ports
			report, err := Once(t.Context(), tt.cfg, 50)
			if err != nil {
				t.Fatal(err)
			}
			text, _ := json.Marshal(report)
			if report.Complete() != tt.complete {
				t.Errorf("complete %t, want %t: %s", report.Complete(), tt.complete, text)
			}
			for backend, missing := range map[Backend]*int{XRay: report.Spans.MissingXRay, NewRelic: report.Spans.MissingNewRelic} {
				if tt.cfg.has(backend) || tt.cfg.Backends == nil {
					if missing == nil || (*missing == 0) != tt.complete {
						t.Errorf("%s misses %v: %s", backend, missing, text)
					}
				} else if missing != nil {
					t.Errorf("%s was off and is in the report: %s", backend, text)
				}
			}
			if report.Traces.Sent != 50 || report.Spans.XRayExtra["unknown"]+report.Spans.NewRelicExtra["unknown"] > 0 {
				t.Errorf("report %s", text)
			}
		})
	}
}

// TestErrorsAreOneLineWithARemedy: what a user can do wrong before anything runs.
func TestErrorsAreOneLineWithARemedy(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name string
		cfg  Config
		want []string
	}{
		{"data directory is a file", Config{Dir: file}, []string{file, "--data"}},
		{"bad region", Config{Dir: t.TempDir(), Region: "mars"}, []string{`"mars"`, "us-east-1"}},
		{"no such configuration", Config{Dir: t.TempDir(), CollectorConfig: "nowhere.yaml"}, []string{"nowhere.yaml"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			ports, err := FreePorts()
			if err != nil {
				t.Fatal(err)
			}
			tt.cfg.Ports = ports
			s, err := Start(t.Context(), tt.cfg)
			if err == nil {
				stopStack(t, s)
				t.Fatal("started")
			}
			for _, want := range tt.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("error %q does not say %q", err, want)
				}
			}
			if strings.Contains(err.Error(), "\n") {
				t.Errorf("error has several lines: %q", fmt.Sprint(err))
			}
		})
	}
}
