package console

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
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
	// What a filter means is X-Ray's to say: New Relic is not asked for more.
	var filtered backendsAnswer
	s.get("backends", recently("filter", `service("web") { ok }`), &filtered)
	if filtered.NewRelic.Listed || filtered.Counts[onlyNewRelic] != 0 || len(filtered.Rows) != 6 {
		t.Errorf("%+v", filtered)
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
	read := func(key string) *NewRelicAccount {
		c, err := newrelic.New(newrelicConfig(newRelic.URL(), key))
		if err != nil {
			t.Fatal(err)
		}
		return &NewRelicAccount{Client: c, ID: 1, Region: licensekey.EU}
	}
	s := newServer(t, Config{NewRelic: read(newrelic.LocalUserKey)})
	seed(t, s, newRelic)
	var got backendsAnswer
	s.get("backends", recently(), &got)
	if got.NewRelic.Kind != "account" || got.NewRelic.Where != "account 1, EU" || got.NewRelic.Listed || got.NewRelic.Error != nil {
		t.Errorf("%+v", got.NewRelic)
	}
	if got.Counts[equal] != 1 || got.Counts[onlyXRay] != 1 || got.Counts[differs] != 4 || !strings.HasPrefix(got.Rows[0].Links.NewRelic, "https://one.eu.newrelic.com/") {
		t.Errorf("%v", got.Counts)
	}
	s = newServer(t, Config{NewRelic: read("NRAK-x")}) // too short for a key
	s.put(1, webDocument)
	body := s.do("GET", "/console/api/backends?"+recently().Encode(), "").Body.String()
	if !strings.Contains(body, "user key") || strings.Contains(body, "NRAK-x") {
		t.Errorf("the error must name the remedy and not the key: %s", body)
	}
}

func newrelicConfig(base, key string) newrelic.Config {
	return newrelic.Config{Endpoint: base + "/graphql", UserKey: key, Account: newrelic.LocalAccount}
}
