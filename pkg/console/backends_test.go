package console

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bragg-tracing/bragg/pkg/newrelic"
	"github.com/bragg-tracing/bragg/pkg/newrelic/sink"
	"github.com/bragg-tracing/bragg/pkg/sdk/licensekey"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/api"
)

// newSink starts the local New Relic sink.
func newSink(t *testing.T) *sink.Sink {
	t.Helper()
	s, err := sink.Open(sink.Config{Dir: t.TempDir(), Listen: "127.0.0.1:0", Logger: slog.New(slog.NewTextHandler(io.Discard, nil))})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close(context.Background()) })
	return s
}

// spansOf is an OTLP request with the root and a call of the n-th trace.
func spansOf(n int, spans ...string) string {
	begin := base.UnixNano()
	list := strings.NewReplacer(
		"TRACE", strings.ReplaceAll(strings.TrimPrefix(traceID(n), "1-"), "-", ""),
		"@0", fmt.Sprint(begin), "@1", fmt.Sprint(begin+1e8), "@2", fmt.Sprint(begin+2e8), "@3", fmt.Sprint(begin+3e8),
	).Replace(strings.Join(spans, ","))
	return `{"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"web"}}]},"scopeSpans":[{"spans":[` + list + `]}]}]}`
}

const (
	rootSpan = `{"traceId":"TRACE","spanId":"00000000000000a1","name":"GET /","kind":2,"startTimeUnixNano":"@0","endTimeUnixNano":"@3",
		"attributes":[{"key":"http.request.method","value":{"stringValue":"GET"}},{"key":"url.full","value":{"stringValue":"http://web/"}},{"key":"http.response.status_code","value":{"intValue":"200"}}]}`
	workSpan   = `{"traceId":"TRACE","spanId":"00000000000000a2","parentSpanId":"00000000000000a1","name":"render","kind":1,"startTimeUnixNano":"@1","endTimeUnixNano":"@2","attributes":[{"key":"team","value":{"stringValue":"growth"}}]}`
	failedSpan = `{"traceId":"TRACE","spanId":"00000000000000a2","parentSpanId":"00000000000000a1","name":"render","kind":1,"startTimeUnixNano":"@1","endTimeUnixNano":"@2","status":{"code":2},"attributes":[{"key":"team","value":{"stringValue":"growth"}}]}`
)

func (s *server) toXRay(body string) {
	s.t.Helper()
	r := httptest.NewRequest("POST", api.OTLPPath, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	s.api.ServeHTTP(w, r)
	if w.Code != http.StatusOK {
		s.t.Fatalf("X-Ray Local: %d %s", w.Code, w.Body)
	}
}

func toSink(t *testing.T, s *sink.Sink, body string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), "POST", s.URL()+"/v1/traces", bytes.NewReader([]byte(body)))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("api-key", licensekey.Local)
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(resp.Body)
		t.Fatalf("sink: %d %s", resp.StatusCode, text)
	}
}

// seed puts traces in the states that there are: see TestBackends.
func seed(t *testing.T, s *server, newRelic *sink.Sink) {
	t.Helper()
	s.toXRay(spansOf(1, rootSpan, workSpan)) // equal
	toSink(t, newRelic, spansOf(1, rootSpan, workSpan))
	s.toXRay(spansOf(2, rootSpan, workSpan)) // only X-Ray
	toSink(t, newRelic, spansOf(3, rootSpan, workSpan))
	s.toXRay(spansOf(4, rootSpan, workSpan)) // a span missing in New Relic
	toSink(t, newRelic, spansOf(4, rootSpan))
	s.toXRay(spansOf(5, rootSpan)) // a span missing in X-Ray
	toSink(t, newRelic, spansOf(5, rootSpan, workSpan))
	s.toXRay(spansOf(6, rootSpan, workSpan)) // another status
	toSink(t, newRelic, spansOf(6, rootSpan, failedSpan))
	s.toXRay(spansOf(7, rootSpan)) // twice in New Relic
	toSink(t, newRelic, spansOf(7, rootSpan))
	toSink(t, newRelic, spansOf(7, rootSpan))
}

func TestBackends(t *testing.T) {
	newRelic := newSink(t)
	s := newServer(t, Config{NewRelicSink: newRelic.URL()})
	seed(t, s, newRelic)
	var got backendsAnswer
	s.get("backends", recently(), &got)
	if got.NewRelic.Kind != "sink" || !got.NewRelic.Listed || got.NewRelic.Error != nil || got.More || len(got.Rows) != 7 {
		t.Fatalf("%+v", got)
	}
	for n, want := range map[int]struct {
		state                                        string
		xray, newRelic, missingX, missingN, dup, dif int
		cause                                        string
	}{
		1: {state: equal, xray: 2, newRelic: 2},
		2: {state: onlyXRay, xray: 2, missingN: 2, cause: "Nothing of it reached New Relic"},
		3: {state: onlyNewRelic, newRelic: 2, missingX: 2, cause: "Nothing of it reached X-Ray"},
		4: {state: differs, xray: 2, newRelic: 1, missingN: 1, cause: "1 span is missing in New Relic. The service \"web\" arrived in part"},
		5: {state: differs, xray: 1, newRelic: 2, missingX: 1, cause: "1 span is missing in X-Ray"},
		6: {state: differs, xray: 2, newRelic: 2, dif: 1, cause: "The outcome of 1 span differs"},
		7: {state: differs, xray: 1, newRelic: 2, dup: 1, cause: "New Relic has 1 span twice"},
	} {
		i := slices.IndexFunc(got.Rows, func(r backendRow) bool { return r.ID == traceID(n) })
		if i < 0 {
			t.Errorf("trace %d is not listed", n)
			continue
		}
		r := got.Rows[i]
		if r.State != want.state || r.XRay != want.xray || r.NewRelic != want.newRelic || r.MissingXRay != want.missingX ||
			r.MissingNewRelic != want.missingN || r.Duplicates != want.dup || r.Differing != want.dif || !strings.HasPrefix(r.Cause.Why, want.cause) {
			t.Errorf("trace %d: %+v", n, r)
		}
		if (r.Cause.Why == "") != (want.state == equal) || r.Start != float64(base.Unix()) || r.Request == "" {
			t.Errorf("trace %d: %+v", n, r)
		}
	}
	if last := got.Rows[6]; last.State != equal || got.Counts[equal] != 1 || got.Counts[differs] != 4 {
		t.Errorf("what is equal comes last: %+v, %v", last, got.Counts)
	}
	// What was equal is remembered, and the list is the same.
	var again backendsAnswer
	s.get("backends", recently(), &again)
	if !reflect.DeepEqual(got, again) {
		t.Errorf("first %+v\nsecond %+v", got, again)
	}
	// A filter speaks of what X-Ray has; what only New Relic has is listed all the
	// same, and of the others nothing that does not match.
	for expression, want := range map[string]int{`service("web") { ok }`: 7, `service("nobody")`: 1} {
		var filtered backendsAnswer
		s.get("backends", recently("filter", expression), &filtered)
		if !filtered.NewRelic.Listed || filtered.Counts[onlyNewRelic] != 1 || len(filtered.Rows) != want || filtered.Rows[0].State == equal {
			t.Errorf("%s: %+v", expression, filtered)
		}
	}
}

// TestBackendsGoOn compares the newest, and further ones when asked.
func TestBackendsGoOn(t *testing.T) {
	newRelic := newSink(t)
	s := newServer(t, Config{NewRelicSink: newRelic.URL()})
	span := func(n int) string { // the n-th trace begins n ms after the first
		id := strings.ReplaceAll(strings.TrimPrefix(traceID(n), "1-"), "-", "")
		begin := base.UnixNano() + int64(n)*1e6
		return fmt.Sprintf(`{"traceId":%q,"spanId":"00000000000000a1","name":"GET /","kind":2,"startTimeUnixNano":"%d","endTimeUnixNano":"%d"}`, id, begin, begin+1000)
	}
	var spans []string
	for n := 1; n <= stepCompared+30; n++ {
		spans = append(spans, span(n))
	}
	s.toXRay(spansOf(0, spans...))
	toSink(t, newRelic, spansOf(0, append(spans[20:], span(0), span(999))...)) // New Relic lacks 1 to 20, X-Ray 0 and 999
	for _, tt := range []struct {
		limit                         string
		compared, onlyXRay, onlyOther int
		more                          bool
	}{
		{"", stepCompared, 0, 1, true},
		{"7", stepCompared, 0, 1, true},
		{"200", stepCompared + 30, 20, 2, false},
		{"1000000", stepCompared + 30, 20, 2, false},
	} {
		var got backendsAnswer
		s.get("backends", recently("limit", tt.limit), &got)
		if got.Compared != tt.compared || got.More != tt.more || got.Step != stepCompared || got.Most != maxCompared ||
			got.Counts[onlyXRay] != tt.onlyXRay || got.Counts[onlyNewRelic] != tt.onlyOther {
			t.Errorf("limit %q: %d compared, more %v, %v", tt.limit, got.Compared, got.More, got.Counts)
		}
	}
}

func TestBackendsTrace(t *testing.T) {
	newRelic := newSink(t)
	s := newServer(t, Config{NewRelicSink: newRelic.URL(), Region: "eu-west-1"})
	seed(t, s, newRelic)
	var got backendsTrace
	s.get("backends/trace", url.Values{"id": {traceID(6)}}, &got)
	if len(got.Spans) != 2 || got.Spans[0].Depth != 0 || got.Spans[1].Depth != 1 || got.Spans[0].Faulty || !got.Spans[1].Faulty {
		t.Fatalf("%+v", got.Spans)
	}
	work := got.Spans[1]
	if work.State != "both" || work.XRay.Status != "ok" || work.NewRelic.Status != "ERROR" || work.NewRelic.Offset != 0.1 || work.XRay.Duration != 0.1 ||
		len(work.Differences) != 1 || work.Differences[0].Field != "status" {
		t.Errorf("%+v %+v %+v", work, work.XRay, work.NewRelic)
	}
	if hex := strings.ReplaceAll(traceID(6)[2:], "-", ""); !strings.Contains(got.Links.NewRelic, hex) || !strings.Contains(got.Links.NRQL, hex) ||
		got.Links.AWS != "https://eu-west-1.console.aws.amazon.com/cloudwatch/home?region=eu-west-1#xray:traces/"+traceID(6) {
		t.Errorf("%+v", got.Links)
	}
	s.get("backends/trace", url.Values{"id": {traceID(3)}}, &got)
	if len(got.Spans) != 2 || got.Spans[1].State != "newRelic" || got.Spans[1].XRay != nil || got.Request != "GET /" {
		t.Errorf("%+v", got)
	}
	s.get("backends/trace", url.Values{"id": {traceID(7)}}, &got)
	if got.Spans[0].Times != 2 || !got.Spans[0].Faulty {
		t.Errorf("%+v", got.Spans)
	}
	s.problem("backends/trace", url.Values{"id": {"1-00000001-000000000000000000000001"}}, http.StatusNotFound)
	s.problem("backends/trace", url.Values{"id": {"nonsense"}}, http.StatusBadRequest)
}

// TestBackendsTell holds that what X-Ray Local refused is the cause that is
// given, and what ended a moment ago is no difference yet.
func TestBackendsTell(t *testing.T) {
	newRelic := newSink(t)
	s := newServer(t, Config{NewRelicSink: newRelic.URL()})
	toSink(t, newRelic, spansOf(1, rootSpan))
	s.api.RefuseDocument(api.ByCall, []byte(fmt.Sprintf(`{"trace_id":%q,"id":"00000000000000a1"}`, traceID(1))), errors.New("Invalid segment. ErrorCode: MissingName"))
	var got backendsAnswer
	s.get("backends", recently(), &got)
	if len(got.Rows) != 1 || !strings.Contains(got.Rows[0].Cause.Why, "MissingName") {
		t.Errorf("%+v", got.Rows)
	}
	p := pairing{line: traceLine{Start: 1000, Duration: 1}}
	if state := p.state(time.Unix(1005, 0)); state != onItsWay {
		t.Error(state)
	}
}

// TestBackendsWithoutNewRelic: X-Ray's side is shown alone, with what to do.
func TestBackendsWithoutNewRelic(t *testing.T) {
	for name, tt := range map[string]struct {
		sink, title, detail string
	}{
		"none":        {"", "No New Relic is known", "--newrelic-sink"},
		"unreachable": {"http://127.0.0.1:1", "The New Relic sink does not answer", "bragg sink"},
	} {
		s := newServer(t, Config{NewRelicSink: tt.sink})
		s.put(1, webDocument)
		var got backendsAnswer
		s.get("backends", recently(), &got)
		if got.NewRelic.Error == nil || got.NewRelic.Error.Title != tt.title || !strings.Contains(got.NewRelic.Error.Detail, tt.detail) ||
			len(got.Rows) != 1 || got.Rows[0].State != unread || got.Rows[0].XRay != 1 {
			t.Errorf("%s: %+v", name, got)
		}
		var trace backendsTrace
		s.get("backends/trace", url.Values{"id": {traceID(1)}}, &trace)
		if trace.Error == nil || len(trace.Spans) != 1 {
			t.Errorf("%s: %+v", name, trace)
		}
	}
}

// TestBackendsByNerdGraph reads the sink as New Relic is read.
func TestBackendsByNerdGraph(t *testing.T) {
	newRelic := newSink(t)
	graph := withFacets(t, newRelic)
	read := func(key string) *NewRelicAccount {
		c, err := newrelic.New(newrelicConfig(graph, key))
		if err != nil {
			t.Fatal(err)
		}
		return &NewRelicAccount{Client: c, ID: 1, Region: licensekey.EU}
	}
	s := newServer(t, Config{NewRelic: read(newrelic.LocalUserKey)})
	seed(t, s, newRelic)
	var got backendsAnswer
	s.get("backends", recently(), &got)
	if got.NewRelic.Kind != "account" || got.NewRelic.Where != "account 1, EU" || !got.NewRelic.Listed || got.NewRelic.Error != nil || got.Step != stepComparedAccount {
		t.Errorf("%+v", got)
	}
	if got.Counts[equal] != 1 || got.Counts[onlyXRay] != 1 || got.Counts[onlyNewRelic] != 1 || got.Counts[differs] != 4 || !strings.HasPrefix(got.Rows[0].Links.NewRelic, "https://one.eu.newrelic.com/") {
		t.Errorf("%v %+v", got.Counts, got.NewRelic.Error)
	}
	s = newServer(t, Config{NewRelic: read("NRAK-x")}) // too short for a key
	s.put(1, webDocument)
	body := s.do("GET", "/console/api/backends?"+recently().Encode(), "").Body.String()
	if !strings.Contains(body, "user key") || strings.Contains(body, "NRAK-x") {
		t.Errorf("the error must name the remedy and not the key: %s", body)
	}
}

// withFacets serves the sink's NerdGraph and, beside, which traces there are,
// which that does not answer: those of the sink, and one of an id that no time
// is in.
func withFacets(t *testing.T, s *sink.Sink) string {
	target, err := url.Parse(s.URL())
	if err != nil {
		t.Fatal(err)
	}
	forward := httputil.NewSingleHostReverseProxy(target)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		r.Body = io.NopCloser(bytes.NewReader(body))
		var query struct{ Variables struct{ NRQL string } }
		if err := json.Unmarshal(body, &query); err != nil || !strings.Contains(query.Variables.NRQL, "FACET") {
			r.Host = target.Host
			forward.ServeHTTP(w, r)
			return
		}
		want := regexp.MustCompile(`^SELECT latest\(timestamp\) FROM Span FACET trace\.id SINCE (\d{13}) UNTIL (\d{13}) LIMIT MAX$`)
		if !want.MatchString(query.Variables.NRQL) {
			t.Errorf("NRQL %s", query.Variables.NRQL)
		}
		list, err := http.Get(s.URL() + "/traces?limit=100&" + url.Values{"from": {fmt.Sprint(base.Unix() - 100)}, "to": {fmt.Sprint(base.Unix() + 100)}}.Encode())
		if err != nil {
			t.Error(err)
			return
		}
		defer list.Body.Close()
		var stored struct{ Traces []sink.Trace }
		if err := json.NewDecoder(list.Body).Decode(&stored); err != nil {
			t.Error(err)
		}
		rows := []map[string]any{{"facet": strings.Repeat("f", 32), "trace.id": strings.Repeat("f", 32), "latest.timestamp": 1}}
		for _, trace := range stored.Traces {
			rows = append(rows, map[string]any{"facet": trace.TraceID, "trace.id": trace.TraceID, "latest.timestamp": 1})
		}
		_ = json.NewEncoder(w).Encode(map[string]any{"data": map[string]any{"actor": map[string]any{"account": map[string]any{"nrql": map[string]any{"results": rows}}}}})
	}))
	t.Cleanup(server.Close)
	return server.URL
}

func newrelicConfig(base, key string) newrelic.Config {
	return newrelic.Config{Endpoint: base + "/graphql", UserKey: key, Account: newrelic.LocalAccount}
}
