package verify_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/bragg-tracing/bragg/pkg/newrelic"
	"github.com/bragg-tracing/bragg/pkg/newrelic/nerdgraph"
	"github.com/bragg-tracing/bragg/pkg/newrelic/sink"
	"github.com/bragg-tracing/bragg/pkg/sdk/licensekey"
	"github.com/bragg-tracing/bragg/pkg/verify"
	"github.com/bragg-tracing/bragg/pkg/verify/internal/stage"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/client"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/timeline/terminal"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("go.opencensus.io/stats/view.(*worker).start"))
}

// against returns a configuration that sends to the stage and reads from it.
func against(t *testing.T, s *stage.Stage) verify.Config {
	t.Helper()
	return verify.Config{
		Collector: verify.Collector{GRPC: s.GRPC, HTTP: s.HTTP, Daemon: s.Daemon},
		Paths:     []string{verify.PathHTTP},
		Backends:  []verify.Backend{readXRay(t, s.XRay), readNewRelic(t, s.NewRelic+"/graphql", newrelic.LocalUserKey)},
		Metrics:   s.Metrics,
		Wait:      2 * time.Second, // the machine may be busy
	}
}

func readXRay(t *testing.T, endpoint string) verify.Backend {
	t.Helper()
	api, err := client.New(endpoint, "")
	if err != nil {
		t.Fatal(err)
	}
	return verify.XRayBackend(api, endpoint, true)
}

func readNewRelic(t *testing.T, endpoint, key string) verify.Backend {
	t.Helper()
	c, err := newrelic.New(newrelic.Config{Endpoint: endpoint, UserKey: key, Account: 1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(http.DefaultTransport.(*http.Transport).CloseIdleConnections)
	return verify.NewRelicBackend(c, endpoint, true)
}

// TestEveryPathArrives sends over each path through a real collector, and then
// compares the traces again as ones of which nobody knows what was sent.
func TestEveryPathArrives(t *testing.T) {
	s := stage.Start(t, stage.Options{})
	cfg := against(t, s)
	cfg.Paths, cfg.Wait = verify.Paths, 20*time.Second
	report, err := verify.Run(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	if !report.OK || len(report.Traces) != len(verify.Paths) {
		t.Fatalf("not OK:\n%s", draw(t, report))
	}
	for _, trace := range report.Traces {
		if trace.Sent < 3 {
			t.Errorf("%s sent %d spans", trace.Path, trace.Sent)
		}
		for _, b := range trace.Backends {
			if b.Result.Arrived != trace.Sent || !b.Result.OK() {
				t.Errorf("%s: %s: %+v", trace.Path, b.Backend, b.Result)
			}
			for _, span := range b.Result.BySpan {
				if len(span.Differences) > 0 {
					t.Errorf("%s: %s: %+v", trace.Path, b.Backend, span)
				}
			}
		}
		cfg.Existing = trace.TraceID
		again, err := verify.Run(t.Context(), cfg)
		if err != nil || !again.OK {
			t.Errorf("existing %s: %v\n%s", trace.TraceID, err, draw(t, again))
		}
	}
	text := draw(t, report)
	if !strings.Contains(text, "verified: 4 traces") || strings.Contains(text, "\x1b") {
		t.Errorf("the report says\n%s", text)
	}
	if _, err := json.Marshal(report); err != nil {
		t.Error(err)
	}
}

func draw(t *testing.T, r verify.Report) string {
	t.Helper()
	var b bytes.Buffer
	if err := r.Write(&b, terminal.Screen{Width: 100}); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestNobodyListens: what is refused at once is told at once, on every path,
// well before the time that a collector has which is slow to answer.
func TestNobodyListens(t *testing.T) {
	cfg := verify.Config{
		Collector: verify.Collector{GRPC: "http://127.0.0.1:1", HTTP: "http://127.0.0.1:1", Daemon: "127.0.0.1:1"},
		Paths:     verify.Paths,
		Backends:  []verify.Backend{readXRay(t, "http://127.0.0.1:1")},
	}
	report, err := verify.Run(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	if report.OK || report.Seconds > 8 {
		t.Errorf("OK: %t, after %.1f s", report.OK, report.Seconds)
	}
	for i, f := range report.Findings {
		if f.Code != "not_accepted" || !strings.Contains(f.Cause, "no collector listens") || !strings.Contains(f.What, "refused") {
			t.Errorf("finding %d: %+v", i, f)
		}
	}
	if len(report.Findings) != len(verify.Paths) {
		t.Errorf("%d findings, want one a path", len(report.Findings))
	}
	for _, trace := range report.Traces {
		if trace.Sent == 0 || len(trace.Backends) > 0 {
			t.Errorf("over %s: %d spans, looked for in %d backends", trace.Path, trace.Sent, len(trace.Backends))
		}
	}
}

// TestCauses makes one thing wrong at a time, with a real collector, and wants
// it named.
func TestCauses(t *testing.T) {
	const other = "0123456789abcdef0123456789abcdef0123NRAL"
	// Those with a stage of their own come first: a process has one collector at a
	// time, which sets gRPC's logger as it starts.
	right := sync.OnceValue(func() *stage.Stage { return stage.Start(t, stage.Options{}) })
	for _, tt := range []struct {
		name    string
		options stage.Options
		change  func(t *testing.T, s *stage.Stage, cfg *verify.Config)
		code    string
		backend string
		cause   string // a part of it
	}{
		{name: "X-Ray is switched off", options: stage.Options{Env: map[string]string{"BRAGG_XRAY_EXPORTERS": "[debug/off]"}},
			code: "no_exporter", backend: "X-Ray", cause: "no pipeline"},
		{name: "New Relic does not know the license key", options: stage.Options{Sink: sink.Config{AcceptKeys: []string{other}}},
			code: "send_failed", backend: "New Relic", cause: "wrong key or region"},
		{name: "the license key is of another region", options: stage.Options{Sink: sink.Config{AcceptKeys: []string{other}}},
			change: func(_ *testing.T, _ *stage.Stage, cfg *verify.Config) {
				cfg.LicenseKey, cfg.Ingest = "eu01xx0123456789abcdef0123456789abcdNRAL", licensekey.OTLPEndpoint(licensekey.US)
			}, code: "license_key", backend: "New Relic", cause: "region EU"},
		{name: "X-Ray is down", options: stage.Options{Env: map[string]string{"BRAGG_XRAY_ENDPOINT": "http://127.0.0.1:1"}},
			code: "queued", backend: "X-Ray", cause: "down or slow"},
		{name: "X-Ray throttles", options: stage.Options{Env: map[string]string{"BRAGG_XRAY_ENDPOINT": xray(t, throttle)}},
			code: "throttled", backend: "X-Ray", cause: "X-Ray throttled"},
		{name: "X-Ray is slow", options: stage.Options{Env: map[string]string{"BRAGG_XRAY_ENDPOINT": xray(t, hang)}},
			code: "queued", backend: "X-Ray", cause: "down or slow"},
		{name: "a sampler drops it", options: stage.Options{Env: map[string]string{"BRAGG_XRAY_EXPORTERS": "[debug/off]", "BRAGG_NEWRELIC_EXPORTERS": "[debug/off]"}},
			change: func(t *testing.T, _ *stage.Stage, cfg *verify.Config) {
				// As the collector's tail_sampling counts; that processor is not in this program.
				decided := 0
				metrics := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
					fmt.Fprintf(w, "# TYPE otelcol_processor_tail_sampling_global_count_traces_sampled counter\n"+
						"otelcol_processor_tail_sampling_global_count_traces_sampled{decision=\"not_sampled\",sampled=\"false\"} %d\n"+
						"otelcol_processor_tail_sampling_global_count_traces_sampled{decision=\"sampled\",sampled=\"true\"} 9\n", decided)
					decided++
				}))
				t.Cleanup(metrics.Close)
				cfg.Metrics = metrics.URL
			}, code: "sampled_out", backend: "X-Ray and New Relic", cause: "sampler dropped"},
		{name: "New Relic takes and drops",
			change: func(t *testing.T, _ *stage.Stage, cfg *verify.Config) {
				server := httptest.NewServer(nerdgraph.Handler(nobody{}, nerdgraph.Config{IntegrationErrors: []nerdgraph.Row{
					{"timestamp": time.Now().UnixMilli(), "category": "RateLimit", "rateLimitType": "SpansPerMinute", "message": "You have exceeded"},
				}}))
				t.Cleanup(server.Close)
				cfg.Backends[1] = readNewRelic(t, server.URL, newrelic.LocalUserKey)
			}, code: "integration_error", backend: "New Relic", cause: "SpansPerMinute"},
		{name: "the user key is of another region",
			change: func(t *testing.T, s *stage.Stage, cfg *verify.Config) {
				server := httptest.NewServer(nerdgraph.Handler(s.NewRelicSink, nerdgraph.Config{Keys: []string{"NRAK-ANOTHERREGIONSKEYANOTHERREG"}}))
				t.Cleanup(server.Close)
				cfg.Backends[1] = readNewRelic(t, server.URL, newrelic.LocalUserKey)
			}, code: "unreadable_bad_key", backend: "New Relic", cause: "bad key"},
		{name: "nobody listens",
			change: func(_ *testing.T, _ *stage.Stage, cfg *verify.Config) { cfg.Collector.HTTP = "http://127.0.0.1:1" },
			code:   "not_accepted", cause: "no collector listens"},
		{name: "no daemon",
			change: func(_ *testing.T, _ *stage.Stage, cfg *verify.Config) {
				cfg.Collector.Daemon, cfg.Paths = "127.0.0.1:1", []string{verify.PathUDP}
			}, code: "not_accepted", cause: "no collector listens"},
		{name: "a proxy drops the header",
			change: func(t *testing.T, _ *stage.Stage, cfg *verify.Config) {
				service := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
				target, err := url.Parse(service.URL)
				if err != nil {
					t.Fatal(err)
				}
				proxy := httptest.NewServer(&httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(target); r.Out.Header.Del("X-Amzn-Trace-Id") }})
				t.Cleanup(func() { proxy.Close(); service.Close(); http.DefaultTransport.(*http.Transport).CloseIdleConnections() })
				cfg.Collector.Service, cfg.Paths = proxy.URL, []string{verify.PathHeader}
			}, code: "header_dropped", backend: "X-Ray and New Relic", cause: "X-Amzn-Trace-Id"},
		{name: "nothing of that id",
			change: func(_ *testing.T, _ *stage.Stage, cfg *verify.Config) {
				cfg.Existing = strings.Repeat("0a", 16)
			}, code: "not_found", cause: "not sampled"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var s *stage.Stage
			if tt.options.Env != nil || tt.options.Sink.AcceptKeys != nil {
				s = stage.Start(t, tt.options)
			} else {
				s = right()
			}
			cfg := against(t, s)
			if tt.change != nil {
				tt.change(t, s, &cfg)
			}
			report, err := verify.Run(t.Context(), cfg)
			if err != nil {
				t.Fatal(err)
			}
			var faults []verify.Finding
			for _, f := range report.Findings {
				if f.Severity == verify.Fault {
					faults = append(faults, f)
				}
			}
			if report.OK || len(faults) != 1 {
				t.Fatalf("%d faults, OK %v:\n%s", len(faults), report.OK, draw(t, report))
			}
			f := faults[0]
			if f.Code != tt.code || f.Backend != tt.backend || !strings.Contains(f.Cause, tt.cause) || f.Remedy == "" {
				t.Errorf("got %+v", f)
			}
			if text := draw(t, report); !strings.Contains(text, "not verified: 1 fault") {
				t.Errorf("the report says\n%s", text)
			}
		})
	}
}

// xray is an X-Ray that answers in its own way, for as long as the test runs.
func xray(t *testing.T, answer func(http.ResponseWriter, *http.Request)) string {
	ended := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithCancel(r.Context())
		defer cancel()
		go func() {
			select {
			case <-ended:
			case <-ctx.Done():
			}
			cancel()
		}()
		answer(w, r.WithContext(ctx))
	}))
	t.Cleanup(func() { close(ended); server.Close() })
	return server.URL
}

func throttle(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("X-Amzn-ErrorType", "ThrottledException")
	w.WriteHeader(http.StatusTooManyRequests)
	fmt.Fprint(w, `{"Message":"Rate exceeded"}`)
}

func hang(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }

// nobody has no spans.
type nobody struct{}

func (nobody) SpanRows(context.Context, string) ([]nerdgraph.Row, error) { return nil, nil }
