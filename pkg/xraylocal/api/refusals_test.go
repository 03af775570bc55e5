package api_test

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/bragg-tracing/bragg/pkg/segment"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/api"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/store"
)

func newHandler(t *testing.T) *api.Handler {
	t.Helper()
	s, err := store.OpenInMemory()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return api.New(api.Config{Store: s, Logger: slog.New(slog.DiscardHandler), Strict: true})
}

// TestRefusals holds that what is not taken is remembered with its reason and
// as it came.
func TestRefusals(t *testing.T) {
	h := newHandler(t)
	body := `{"TraceSegmentDocuments":["{\"id\":\"00000000000000d1\",\"trace_id\":\"1-00000000-000000000000000000000001\",\"name\":\"a*b\",\"start_time\":1,\"end_time\":2}","{","{\"id\":\"00000000000000d2\",\"trace_id\":\"1-00000000-000000000000000000000001\",\"name\":\"ok\",\"start_time\":1,\"end_time\":2}"]}`
	h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("POST", "/TraceSegments", strings.NewReader(body)))
	r := httptest.NewRequest("POST", api.OTLPPath, strings.NewReader(`{"resourceSpans":[{"scopeSpans":[{"spans":[{"spanId":"00000000000000d3","name":"x"}]}]}]}`))
	r.Header.Set("Content-Type", "application/json")
	h.ServeHTTP(httptest.NewRecorder(), r)

	got, all := h.Refusals()
	if len(got) != 3 || all != 3 {
		t.Fatalf("%d of %d: %+v", len(got), all, got)
	}
	spans, broken, name := got[0], got[1], got[2]
	if spans.By != api.ByOTLP || spans.Count != 1 || !strings.Contains(spans.Reason, "no trace id") || spans.Number != 3 {
		t.Errorf("spans: %+v", spans)
	}
	if broken.Code != "ParseError" || broken.Document != "{" || broken.Size != 1 {
		t.Errorf("broken: %+v", broken)
	}
	if name.Code != "InvalidName" || name.By != api.ByCall || name.SegmentID != "00000000000000d1" || name.TraceID != "1-00000000-000000000000000000000001" ||
		!strings.HasPrefix(name.Document, `{"id":"00000000000000d1"`) {
		t.Errorf("name: %+v", name)
	}
}

// TestRefusalsAreBounded holds that refusals, however many and large, take a
// bounded amount of memory.
func TestRefusalsAreBounded(t *testing.T) {
	h := newHandler(t)
	large := []byte(strings.Repeat("x", 10*segment.MaxSize))
	for i := range 300 {
		h.RefuseDocument(api.ByDaemon, large, errors.New(fmt.Sprint("reason ", i)))
	}
	got, all := h.Refusals()
	if len(got) != 200 || all != 300 || got[0].Reason != "reason 299" || got[199].Reason != "reason 100" {
		t.Fatalf("%d of %d, from %q to %q", len(got), all, got[0].Reason, got[len(got)-1].Reason)
	}
	if len(got[0].Document) != segment.MaxSize || got[0].Size != len(large) {
		t.Errorf("%d bytes of %d", len(got[0].Document), got[0].Size)
	}
}
