package demo

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

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
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if err := s.Flush(ctx); err != nil {
		t.Fatal(err)
	}
}

func TestDump(t *testing.T) {
	s, c, rec := startStack(t, nil)
	for _, sc := range Scenarios() {
		status, trace, body := send(t, s, sc, nil)
		fmt.Println(sc, status, trace, body)
	}
	flush(t, s)
	for _, a := range c.await(t, rec) {
		fmt.Println(a.traceID[:8], a.spanID, a.parentID, a.service, a.kind, a.name, a.status, a.attributes, len(a.exceptions))
	}
}
