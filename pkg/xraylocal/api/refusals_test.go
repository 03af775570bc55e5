package api_test

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

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
	h := api.New(api.Config{Store: s, Logger: slog.New(slog.DiscardHandler), Strict: true})
	t.Cleanup(func() {
		h.Close()
		_ = s.Close()
	})
	return h
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
	if spans.By != api.ByOTLP || spans.Count != 1 || !strings.Contains(spans.Reason, "no trace id") || spans.Number != 3 ||
		spans.SegmentID != "00000000000000d3" || !strings.Contains(spans.Document, `"spanId":"00000000000000d3"`) || spans.Size != len(spans.Document) {
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
	if len(got) != 64 || all != 300 || got[0].Reason != "reason 299" || got[63].Reason != "reason 236" { // 4 MB of 64 KB
		t.Fatalf("%d of %d, from %q to %q", len(got), all, got[0].Reason, got[len(got)-1].Reason)
	}
	if len(got[0].Document) != segment.MaxSize || got[0].Size != len(large) {
		t.Errorf("%d bytes of %d", len(got[0].Document), got[0].Size)
	}
}

// TestRefusalsAreKept holds that what was refused is there after a restart, with
// its original, within bounds of number and age.
func TestRefusalsAreKept(t *testing.T) {
	dir := t.TempDir()
	now := time.Now()
	run := func(f func(*api.Handler)) {
		s, err := store.Open(dir, store.WithRetention(time.Hour, 0))
		if err != nil {
			t.Fatal(err)
		}
		h := api.New(api.Config{Store: s, Logger: slog.New(slog.DiscardHandler), Strict: true, Now: func() time.Time { return now }})
		f(h)
		h.Close()
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	check := func(all, first, last int) {
		run(func(h *api.Handler) {
			t.Helper()
			got, n := h.Refusals()
			if n != all || len(got) != first-last+1 || got[0].Number != first || got[len(got)-1].Number != last {
				t.Errorf("%d kept of %d: %+v", len(got), n, got)
			} else if want := fmt.Sprintf("{%d", first-1); got[0].Document != want || got[0].Size != len(want) || got[0].Code != "ParseError" {
				t.Errorf("kept %+v", got[0])
			}
		})
	}
	refuse := func(from, to int) {
		run(func(h *api.Handler) {
			for i := from; i < to; i++ {
				h.RefuseDocument(api.ByDaemon, fmt.Appendf(nil, "{%d", i), errors.New("no JSON"))
			}
		})
	}
	refuse(0, 3)
	check(3, 3, 1)
	refuse(3, 300)
	check(300, 300, 101)
	now = now.Add(59 * time.Minute)
	refuse(300, 301)
	check(301, 301, 102)
	now = now.Add(2 * time.Minute) // the others are older than traces may be
	check(301, 301, 301)
}

// TestRefusedSpansAreBounded holds that of a call with many refused spans some
// are told apart and the rest is counted.
func TestRefusedSpansAreBounded(t *testing.T) {
	h := newHandler(t)
	spans := strings.Repeat(`{"spanId":"00000000000000d3","name":"x"},`, 120)
	r := httptest.NewRequest("POST", api.OTLPPath, strings.NewReader(`{"resourceSpans":[{"scopeSpans":[{"spans":[`+strings.TrimSuffix(spans, ",")+`]}]}]}`))
	r.Header.Set("Content-Type", "application/json")
	h.ServeHTTP(httptest.NewRecorder(), r)
	got, all := h.Refusals()
	if len(got) != 51 || all != 51 || got[50].Count != 70 || got[50].Size != 0 || got[0].Count != 1 {
		t.Errorf("%d of %d: the last %+v", len(got), all, got[len(got)-1])
	}
}
