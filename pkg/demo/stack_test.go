package demo

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patient is a context for what has no reason to take long.
func patient(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	t.Cleanup(cancel)
	return ctx
}

// startStack starts a stack that sends to a collector of the test.
func startStack(t *testing.T, change func(*Config)) (*Stack, *testCollector, *Recorder) {
	t.Helper()
	c, recorder := startCollector(t), NewRecorder()
	cfg := Config{OTLPEndpoint: c.otlpURL, DaemonAddress: c.daemon, Recorder: recorder}
	if change != nil {
		change(&cfg)
	}
	s, err := Start(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return s, c, recorder
}

// exchange sends a request and returns the status, the trace that the answer
// names, and the answer.
func exchange(t *testing.T, r *http.Request) (int, string, map[string]any) {
	t.Helper()
	transport := &http.Transport{DisableKeepAlives: true}
	resp, err := transport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var body map[string]any
	if err := json.NewDecoder(resp.Body).Decode(&body); err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, traceOf(resp.Header), body
}

// traceOf returns the trace id of an X-Amzn-Trace-Id header, in 32 digits.
func traceOf(h http.Header) string {
	for part := range strings.SplitSeq(h.Get("X-Amzn-Trace-Id"), ";") {
		if id, ok := strings.CutPrefix(part, "Root="); ok {
			return hexTraceID(id)
		}
	}
	return ""
}

func send(t *testing.T, s *Stack, scenario Scenario, headers map[string]string) (int, string, map[string]any) {
	t.Helper()
	r, err := RequestFor(t.Context(), s.URL(), scenario, 0)
	if err != nil {
		t.Fatal(err)
	}
	for k, v := range headers {
		r.Header.Set(k, v)
	}
	return exchange(t, r)
}

func flush(t *testing.T, s *Stack) {
	t.Helper()
	if err := s.Flush(patient(t)); err != nil {
		t.Fatal(err)
	}
}

// tree draws the spans of a trace, each below its parent and in the order of
// their start.
func tree(spans []arrivedSpan, traceID string) string {
	children := map[string][]arrivedSpan{}
	known := map[string]bool{}
	for _, s := range spans {
		if s.traceID == traceID {
			known[s.spanID] = true
		}
	}
	for _, s := range spans {
		if s.traceID != traceID {
			continue
		}
		parent := s.parentID
		if !known[parent] {
			parent = ""
		}
		children[parent] = append(children[parent], s)
	}
	var out strings.Builder
	var draw func(parent, indent string)
	draw = func(parent, indent string) {
		slices.SortFunc(children[parent], func(a, b arrivedSpan) int { return cmp.Compare(a.start, b.start) })
		for _, s := range children[parent] {
			mark := ""
			if s.status == "Error" {
				mark = " !"
			}
			fmt.Fprintf(&out, "%s%s: %s%s\n", indent, s.service, s.name, mark)
			draw(s.spanID, indent+"  ")
		}
	}
	draw("", "")
	return out.String()
}

// one returns the span of a trace that the name belongs to.
func one(t *testing.T, spans []arrivedSpan, traceID, service, name string) arrivedSpan {
	t.Helper()
	for _, s := range spans {
		if s.traceID == traceID && s.service == service && s.name == name {
			return s
		}
	}
	t.Fatalf("trace %s has no span %q of %s", traceID, name, service)
	return arrivedSpan{}
}

const decided = `web: POST /apply
  web: POST applications
    applications: POST /applications
      applications: DynamoDB.GetItem
      applications: POST scoring
        scoring: POST /scores
          scoring: SELECT clients
          scoring: evaluate credit model
          scoring: INSERT scores
          scoring: POST documents
            documents: POST /documents
              documents: render document
              documents: S3.PutObject
      applications: DynamoDB.PutItem
`

const viaLegacy = `web: POST /apply
  web: POST applications
    applications: POST /applications
      applications: DynamoDB.GetItem
      applications: POST scoring
        scoring: POST /scores
          scoring: SELECT clients
          scoring: POST legacy
            legacy: legacy
              legacy: read credit file
              legacy: documents
                legacy: connect
                  legacy: dial
                legacy: request
                legacy: response
                documents: POST /documents
                  documents: render document
                  documents: S3.PutObject
          scoring: evaluate credit model
          scoring: INSERT scores
          scoring: POST documents
            documents: POST /documents
              documents: render document
              documents: S3.PutObject
      applications: DynamoDB.PutItem
`

var trees = map[Scenario]string{
	OK: decided, Slow: decided, ViaLegacy: viaLegacy,
	Throttled: strings.NewReplacer("PutItem", "PutItem !", "POST applications", "POST applications !").Replace(decided),
	Outage: strings.NewReplacer("PutItem", "PutItem !", "POST applications", "POST applications !",
		"POST /applications", "POST /applications !", "POST /apply", "POST /apply !").Replace(decided),
	Invalid: "web: POST /apply\n",
	NotFound: `web: POST /apply
  web: POST applications !
    applications: POST /applications
      applications: DynamoDB.GetItem
`,
	Fault: `web: POST /apply !
  web: POST applications !
    applications: POST /applications !
      applications: DynamoDB.GetItem
      applications: POST scoring !
        scoring: POST /scores !
          scoring: SELECT clients
          scoring: evaluate credit model !
`,
}

func TestScenarios(t *testing.T) {
	s, c, recorder := startStack(t, nil)
	type sent struct {
		scenario Scenario
		trace    string
	}
	var all []sent
	for _, scenario := range Scenarios() {
		begun := time.Now()
		status, trace, body := send(t, s, scenario, nil)
		if status != scenario.Status() {
			t.Errorf("%s: status %d, want %d: %v", scenario, status, scenario.Status(), body)
		}
		if took := time.Since(begun); scenario == Slow && took < 300*time.Millisecond {
			t.Errorf("slow took %s", took)
		}
		all = append(all, sent{scenario, trace})
	}
	flush(t, s)
	spans := c.await(t, recorder)
	for _, one := range all {
		if diff := gocmp.Diff(trees[one.scenario], tree(spans, one.trace)); diff != "" {
			t.Errorf("%s: trace (-want +got):\n%s", one.scenario, diff)
		}
	}
	if got := recorder.Traces(); got != len(all) {
		t.Errorf("%d traces, want %d", got, len(all))
	}
	if len(spans) != len(recorder.Spans()) {
		t.Errorf("%d spans arrived, %d were recorded", len(spans), len(recorder.Spans()))
	}
}
