package console

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// ours is what this project's collector serves, of two pipelines.
const ours = `# TYPE otelcol_receiver_accepted_spans counter
otelcol_receiver_accepted_spans{receiver="otlp",transport="grpc"} ACCEPTED
otelcol_receiver_accepted_spans{receiver="otlp",transport="http"} 0
otelcol_receiver_refused_spans{receiver="otlp",transport="grpc"} 3
otelcol_receiver_failed_spans{receiver="otlp",transport="grpc"} 0
# TYPE otelcol_receiver_awsxray_received_datagrams counter
otelcol_receiver_awsxray_received_datagrams{receiver="awsxray"} 13
# TYPE otelcol_receiver_awsxray_dropped_documents counter
otelcol_receiver_awsxray_dropped_documents{receiver="awsxray",reason="socket"} 2
# TYPE otelcol_processor_memory_limiter_accepted_spans counter
otelcol_processor_memory_limiter_accepted_spans{processor="memory_limiter"} 900
# TYPE otelcol_exporter_sent_spans counter
otelcol_exporter_sent_spans{exporter="awsxray"} 835
otelcol_exporter_sent_spans{exporter="otlp_http/newrelic"} 913
# TYPE otelcol_exporter_send_failed_spans counter
otelcol_exporter_send_failed_spans{exporter="otlp_http/newrelic"} 7
# TYPE otelcol_exporter_enqueue_failed_spans counter
otelcol_exporter_enqueue_failed_spans{exporter="otlp_http/newrelic"} 5
# TYPE otelcol_exporter_queue_size gauge
otelcol_exporter_queue_size{data_type="traces",exporter="awsxray"} 250
otelcol_exporter_queue_size{data_type="traces",exporter="otlp_http/newrelic"} 0
# TYPE otelcol_exporter_queue_capacity gauge
otelcol_exporter_queue_capacity{data_type="traces",exporter="awsxray"} 1000
otelcol_exporter_queue_capacity{data_type="traces",exporter="otlp_http/newrelic"} 6.7108864e+07
otelcol_exporter_queue_capacity{data_type="logs",exporter="otlp_http/newrelic"} 6.7108864e+07
# TYPE otelcol_exporter_in_flight_requests gauge
otelcol_exporter_in_flight_requests{data_type="traces",exporter="awsxray"} 2
# TYPE otelcol_exporter_awsxray_throttled_documents counter
otelcol_exporter_awsxray_throttled_documents{exporter="awsxray"} 11
# TYPE otelcol_exporter_awsxray_dropped_documents counter
otelcol_exporter_awsxray_dropped_documents{exporter="awsxray",reason="refused"} 4
# TYPE otelcol_exporter_awsxray_put_duration histogram
otelcol_exporter_awsxray_put_duration_bucket{exporter="awsxray",outcome="ok",le="+Inf"} 50
otelcol_exporter_awsxray_put_duration_sum{exporter="awsxray",outcome="ok"} 0.5
otelcol_exporter_awsxray_put_duration_count{exporter="awsxray",outcome="ok"} 50
# TYPE target_info gauge
target_info{service_name="collector",service_version="v1.2.3"} 1
`

// adot is what AWS's distribution serves: its awsxray exporter has neither
// queue nor counters of its own, and names may end in _total.
const adot = `# TYPE otelcol_receiver_accepted_spans_total counter
otelcol_receiver_accepted_spans_total{receiver="otlp",transport="grpc"} 100
otelcol_receiver_refused_spans_total{receiver="otlp",transport="grpc"} 0
# TYPE otelcol_exporter_sent_spans_total counter
otelcol_exporter_sent_spans_total{exporter="awsxray"} 90
otelcol_exporter_sent_spans_total{exporter="debug/off"} 100
# TYPE otelcol_exporter_send_failed_spans_total counter
otelcol_exporter_send_failed_spans_total{exporter="awsxray"} 10
`

// serveMetrics serves what page returns, or its status if that is not "".
func serveMetrics(t *testing.T, page func() string) string {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/metrics" {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", "text/plain; version=0.0.4")
		fmt.Fprint(w, page())
	}))
	t.Cleanup(s.Close)
	return strings.TrimPrefix(s.URL, "http://")
}

func TestPipe(t *testing.T) {
	s := newServer(t, Config{CollectorMetrics: serveMetrics(t, func() string { return strings.Replace(ours, "ACCEPTED", "800", 1) })})
	var got pipeAnswer
	s.get("pipe", nil, &got)
	if got.Error != nil || got.Collector == nil || got.Collector.Version != "v1.2.3" || got.Collector.Name != "collector" || got.Collector.Over != 0 {
		t.Fatalf("%+v", got)
	}
	totals := func(figures map[string]*figure) map[string]string {
		out := map[string]string{}
		for name, f := range figures {
			out[name] = "not reported"
			if f != nil {
				out[name] = fmt.Sprint(f.Total)
			}
		}
		return out
	}
	otlp, xraySDK := got.Collector.Receivers[1], got.Collector.Receivers[0]
	if diff := cmp.Diff(map[string]string{"accepted": "800", "refused": "3", "failed": "0", "datagrams": "not reported"},
		totals(map[string]*figure{"accepted": otlp.Accepted, "refused": otlp.Refused, "failed": otlp.Failed, "datagrams": otlp.Datagrams})); diff != "" {
		t.Errorf("otlp: %s", diff)
	}
	if xraySDK.ID != "awsxray" || xraySDK.Datagrams.Total != 13 || xraySDK.Accepted.Total != 0 || xraySDK.Dropped["socket"] != 2 || len(xraySDK.Lacks) != 0 {
		t.Errorf("awsxray: %+v", xraySDK)
	}
	if got.Collector.Refused == nil || got.Collector.Refused.Total != 0 {
		t.Errorf("the memory limiter: %+v", got.Collector.Refused)
	}
	x, n := got.Collector.Pipes[0], got.Collector.Pipes[1]
	if diff := cmp.Diff(map[string]string{"sent": "835", "failed": "0", "overflown": "0", "retried": "0", "throttled": "11", "trimmed": "0"},
		totals(map[string]*figure{"sent": x.Sent, "failed": x.Failed, "overflown": x.Overflown, "retried": x.Retried, "throttled": x.Throttled, "trimmed": x.Trimmed})); diff != "" {
		t.Errorf("awsxray: %s", diff)
	}
	if x.Backend != "AWS X-Ray" || *x.Queue != (queue{250, 1000}) || *x.InFlight != 2 || x.Dropped["refused"] != 4 || *x.Latency != 0.01 || len(x.Lacks) != 0 {
		t.Errorf("awsxray: %+v", x)
	}
	if n.Backend != "New Relic" || n.Failed.Total != 7 || n.Overflown.Total != 5 || n.Retried != nil || n.InFlight != nil || n.Dropped != nil ||
		!slices.Equal(n.Lacks, []string{"retries", "throttling", "drops by reason", "requests in flight"}) {
		t.Errorf("newrelic: %+v", n)
	}
}

// TestPipeOfADOT holds that what a collector does not count is named, not zero.
func TestPipeOfADOT(t *testing.T) {
	s := newServer(t, Config{CollectorMetrics: serveMetrics(t, func() string { return adot })})
	var got pipeAnswer
	s.get("pipe", nil, &got)
	x, off := got.Collector.Pipes[0], got.Collector.Pipes[1]
	if x.Sent.Total != 90 || x.Failed.Total != 10 || x.Queue != nil || x.Overflown != nil || x.Throttled != nil || x.Dropped != nil ||
		!slices.Equal(x.Lacks, []string{"queue", "retries", "throttling", "drops by reason", "requests in flight", "documents unprocessed by code", "documents trimmed", "time of a request"}) {
		t.Errorf("%+v", x)
	}
	if !off.Off || off.Exporter != "debug/off" || len(off.Lacks) != 0 {
		t.Errorf("%+v", off)
	}
	if r := got.Collector.Receivers[0]; r.Accepted.Total != 100 || r.Failed != nil || !slices.Equal(r.Lacks, []string{"failures"}) {
		t.Errorf("%+v", r)
	}
	if got.Collector.Refused != nil || got.Collector.Uptime != nil || !slices.Equal(got.Collector.Lacks, []string{"uptime", "memory", "what the memory limiter refused"}) {
		t.Errorf("%+v", got.Collector)
	}
}

// TestPipeBeforeTheFirstSpan holds that what is counted from the first span on is
// not said to lack before.
func TestPipeBeforeTheFirstSpan(t *testing.T) {
	s := newServer(t, Config{CollectorMetrics: serveMetrics(t, func() string {
		return `# TYPE otelcol_exporter_queue_capacity gauge
otelcol_exporter_queue_capacity{data_type="traces",exporter="awsxray"} 1000
# TYPE otelcol_process_uptime_seconds_total counter
otelcol_process_uptime_seconds_total 3
# TYPE otelcol_process_memory_rss gauge
otelcol_process_memory_rss 3e7
# TYPE otelcol_receiver_awsxray_received_datagrams counter
otelcol_receiver_awsxray_received_datagrams{receiver="awsxray"} 0
`
	})})
	var got pipeAnswer
	s.get("pipe", nil, &got)
	if c := got.Collector; c == nil || slices.Contains(c.Lacks, "what the memory limiter refused") || len(c.Pipes) != 1 || len(c.Pipes[0].Lacks) != 0 || c.Pipes[0].Sent.Total != 0 {
		t.Errorf("%+v", c)
	}
}

// TestScraper reads rates between scrapes, keeps what it read when the collector
// goes away, and begins anew when another one comes.
func TestScraper(t *testing.T) {
	accepted, broken := 100, false
	address := serveMetrics(t, func() string {
		if broken {
			return "<html>"
		}
		return strings.Replace(ours, "ACCEPTED", fmt.Sprint(accepted), 1)
	})
	now := time.Unix(1000, 0)
	s := newScraper(address, func() time.Time { return now })
	read := func(forward time.Duration, n int) collectorState {
		t.Helper()
		now, accepted = now.Add(forward), n
		scrapes, err := s.read(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return collectorStateOf(scrapes)
	}
	if state := read(0, 100); state.Receivers[1].Accepted.Rate != nil {
		t.Errorf("a rate of one scrape: %+v", state.Receivers[1].Accepted)
	}
	if state := read(500*time.Millisecond, 900); state.Receivers[1].Accepted.Total != 100 {
		t.Errorf("read twice in less than a second: %+v", state.Receivers[1].Accepted)
	}
	state := read(10*time.Second, 205)
	if f := state.Receivers[1].Accepted; f.Rate == nil || *f.Rate != 10 || state.Over != 10.5 || len(state.Pipes[0].History) != 1 || *state.Pipes[0].History[0].Queue != 0.25 {
		t.Errorf("%+v over %v, %+v", f, state.Over, state.Pipes[0].History)
	}
	if state := read(time.Minute, 805); state.Over != 0 || state.Receivers[1].Accepted.Rate != nil {
		t.Errorf("a rate over a minute: %+v", state)
	}
	broken = true
	now = now.Add(5 * time.Second)
	scrapes, err := s.read(t.Context())
	if err == nil || len(scrapes) != 3 || !strings.Contains(err.Error(), "--collector-metrics") {
		t.Errorf("%d scrapes, %v", len(scrapes), err)
	}
	broken = false
	if state := read(5*time.Second, 1); len(state.Pipes[0].History) != 0 {
		t.Errorf("another process continues: %+v", state.Pipes[0].History)
	}
	for range 200 {
		read(time.Second, accepted+1)
	}
	if len(s.kept) != keptScrapes {
		t.Errorf("%d scrapes are kept", len(s.kept))
	}
}

func TestPipeUnreachable(t *testing.T) {
	for name, tt := range map[string]struct{ metrics, title, detail string }{
		"not named":   {"", "No metrics of a collector are known", "--collector-metrics"},
		"unreachable": {"127.0.0.1:1", "The collector's metrics cannot be read", "http://127.0.0.1:1/metrics does not answer"},
		"another":     {serveMetrics(t, func() string { return "hello" }) + "/other", "The collector's metrics cannot be read", "404"},
	} {
		var got pipeAnswer
		newServer(t, Config{CollectorMetrics: tt.metrics}).get("pipe", nil, &got)
		if got.Collector != nil || got.Error == nil || got.Error.Title != tt.title || !strings.Contains(got.Error.Detail, tt.detail) {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

// TestRefusedAndAgents: what X-Ray Local knows beside traces.
func TestRefusedAndAgents(t *testing.T) {
	s := newServer(t, Config{})
	for path, body := range map[string]string{
		"/TraceSegments":    `{"TraceSegmentDocuments":["{\"name\":\"<b>\"}"]}`,
		"/TelemetryRecords": `{"Hostname":"ip-10-0-0-1","ResourceARN":"arn:aws:ecs:x","TelemetryRecords":[{"Timestamp":1,"SegmentsReceivedCount":5,"SegmentsSentCount":4,"SegmentsRejectedCount":1,"BackendConnectionErrors":{"TimeoutCount":2}}]}`,
	} {
		w := httptest.NewRecorder()
		s.api.ServeHTTP(w, httptest.NewRequest("POST", path, strings.NewReader(body)))
		if w.Code != http.StatusOK {
			t.Fatal(path, w.Code, w.Body)
		}
	}
	var got pipeAnswer
	s.get("pipe", nil, &got)
	if got.Refused.All != 1 || got.Refused.Newest[0].Code != "MissingId" || got.Refused.Newest[0].Means != "it has no id" || got.Refused.Newest[0].Size != 14 {
		t.Errorf("%+v", got.Refused)
	}
	if len(got.Agents) != 1 || got.Agents[0].Name != "ip-10-0-0-1" || got.Agents[0].Resource != "arn:aws:ecs:x" || got.Agents[0].Received != 5 ||
		got.Agents[0].Sent != 4 || got.Agents[0].Rejected != 1 || got.Agents[0].Errors != 2 || got.Agents[0].ErrorsBy["timeout"] != 2 || got.Agents[0].LastSeen == 0 {
		t.Errorf("%+v", got.Agents)
	}
	var original struct{ Document string }
	s.get("pipe/refused", url.Values{"number": {"1"}}, &original)
	if original.Document != `{"name":"<b>"}` {
		t.Errorf("%q", original.Document)
	}
	s.problem("pipe/refused", url.Values{"number": {"7"}}, http.StatusNotFound)
	s.problem("pipe/refused", url.Values{"number": {"x"}}, http.StatusBadRequest)
}

func TestSamplingRules(t *testing.T) {
	s := newServer(t, Config{})
	do := func(method, query, body string, status int) (got rulesAnswer) {
		t.Helper()
		w := s.do(method, "/console/api/pipe/rules"+query, body)
		if w.Code != status {
			t.Fatalf("%s %s: %d %s", method, body, w.Code, w.Body)
		}
		_ = json.Unmarshal(w.Body.Bytes(), &got) // a problem is none
		return got
	}
	got := do("POST", "", `{"create":true,"name":"checkout","priority":10,"fixedRate":0.5,"reservoir":2,"path":"/checkout","boost":{"maxRate":0.9,"cooldown":5}}`, 200)
	if len(got.Rules) != 2 || got.Rules[0].Name != "checkout" || got.Rules[0].Host != "*" || got.Rules[0].Path != "/checkout" || got.Rules[0].Boost.MaxRate != 0.9 || !got.Rules[1].Default {
		t.Fatalf("%+v", got.Rules)
	}
	rule := got.Rules[0]
	rule.FixedRate, rule.Method = 0.25, "POST"
	body, err := json.Marshal(rule)
	if err != nil {
		t.Fatal(err)
	}
	got = do("POST", "", string(body), 200)
	if r := got.Rules[0]; r.FixedRate != 0.25 || r.Method != "POST" || r.Boost == nil || r.Path != "/checkout" {
		t.Errorf("%+v", r)
	}
	if got = do("POST", "", `{"name":"Default","priority":10000,"fixedRate":1,"reservoir":7,"host":"*"}`, 200); got.Rules[1].FixedRate != 1 || got.Rules[1].Reservoir != 7 {
		t.Errorf("%+v", got.Rules[1])
	}
	for _, bad := range []string{`{"create":true,"name":"checkout","priority":1}`, `{"name":"nobody","priority":1}`, `{"name":"checkout","priority":0}`, `{"name":"checkout","priority":1,"fixedRate":2}`, `{"name":""}`, `{`} {
		do("POST", "", bad, 400)
	}
	s.reportSampling("checkout", 40, 12, 3)
	got = do("GET", "", "", 200)
	if r := got.Rules[0]; r.Matched != 40 || r.Sampled != 12 || r.Borrowed != 3 || len(r.Trend) != got.Points || slices.IndexFunc(r.Trend, func(p trendPoint) bool { return p == trendPoint{40, 12, 3} }) < 0 {
		t.Errorf("%+v", r)
	}
	if got = do("DELETE", "?name=checkout", "", 200); len(got.Rules) != 1 {
		t.Errorf("%+v", got.Rules)
	}
	do("DELETE", "?name=Default", "", 400)
}

// reportSampling is what a service does every ten seconds.
func (s *server) reportSampling(rule string, matched, sampled, borrowed int) {
	s.t.Helper()
	w := httptest.NewRecorder()
	s.api.ServeHTTP(w, httptest.NewRequest("POST", "/SamplingTargets", strings.NewReader(fmt.Sprintf(
		`{"SamplingStatisticsDocuments":[{"RuleName":%q,"ClientID":"0123456789abcdef01234567","Timestamp":%d,"RequestCount":%d,"SampledCount":%d,"BorrowCount":%d}]}`,
		rule, time.Now().Unix(), matched, sampled, borrowed))))
	if w.Code != http.StatusOK {
		s.t.Fatal(w.Code, w.Body)
	}
}
