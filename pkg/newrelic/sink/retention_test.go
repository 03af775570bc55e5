package sink

import (
	"log/slog"
	"testing"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

// numbered returns spans with the ids first to first+n-1, of one resource.
func numbered(first, n int, resource string) *request {
	td := ptrace.NewTraces()
	rs := td.ResourceSpans().AppendEmpty()
	rs.Resource().Attributes().PutStr("instance", resource)
	spans := rs.ScopeSpans().AppendEmpty().Spans()
	for i := first; i < first+n; i++ {
		span := spans.AppendEmpty()
		span.SetTraceID(pcommon.TraceID{1})
		span.SetSpanID(pcommon.SpanID{0: 1, 6: byte(i >> 8), 7: byte(i)})
	}
	return tracesRequest(td)
}

func openTest(t *testing.T, keep retention) *store {
	t.Helper()
	s, err := openStore(t.TempDir(), keep, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// number returns what a query for one number finds.
func (s *store) number(t *testing.T, query string) (n int64) {
	t.Helper()
	if err := s.read.QueryRow(query).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// eventually waits until a query finds the number.
func (s *store) eventually(t *testing.T, query string, want int64) {
	t.Helper()
	deadline := time.Now().Add(time.Minute)
	for s.number(t, query) != want {
		if time.Now().After(deadline) {
			t.Fatalf("%s: %d, want %d", query, s.number(t, query), want)
		}
		time.Sleep(5 * time.Millisecond) // the writer deletes by its own clock
	}
}

func TestTheOldestBeyondTheCapAreDeleted(t *testing.T) {
	s := openTest(t, retention{spans: 100, age: time.Hour, step: 30, every: time.Hour})
	for i := range 5 {
		if err := s.put(t.Context(), numbered(i*50, 50, string(rune('a'+i)))); err != nil {
			t.Fatal(err)
		}
	}
	s.eventually(t, "SELECT count(*) FROM spans", 100)
	if first := s.number(t, "SELECT min(num) FROM spans"); first != 151 {
		t.Errorf("the oldest kept is number %d, want 151", first)
	}
	s.eventually(t, "SELECT count(*) FROM resources", 2)
}

func TestTheOldAreDeleted(t *testing.T) {
	s := openTest(t, retention{spans: 1000, age: 200 * time.Millisecond, step: 30, every: 10 * time.Millisecond})
	for i := range 4 {
		if err := s.put(t.Context(), numbered(i*50, 50, "a")); err != nil {
			t.Fatal(err)
		}
	}
	s.eventually(t, "SELECT count(*) FROM spans", 0)
	s.eventually(t, "SELECT count(*) FROM resources", 0)
	if err := s.put(t.Context(), numbered(0, 1, "a")); err != nil {
		t.Fatal(err)
	}
	if n := s.number(t, "SELECT count(*) FROM spans JOIN resources ON digest = resource"); n != 1 {
		t.Errorf("%d spans with a resource after the deletion, want 1", n)
	}
}

func TestPruneTakesSteps(t *testing.T) {
	s := openTest(t, retention{spans: 1000, age: time.Hour, step: 1, every: time.Hour})
	if err := s.put(t.Context(), numbered(0, 100, "a")); err != nil {
		t.Fatal(err)
	}
	w := &writer{db: s.write}
	keep := retention{spans: 20, age: time.Hour, step: 30}
	for i, want := range []struct {
		left int64
		more bool
	}{{70, true}, {40, true}, {20, false}, {20, false}} {
		more, err := w.prune(keep, time.Now())
		if err != nil || more != want.more || w.spans != want.left || s.number(t, "SELECT count(*) FROM spans") != want.left {
			t.Errorf("step %d: %d left, more %t, %v; want %+v", i, w.spans, more, err, want)
		}
	}
}

func TestPutAfterClose(t *testing.T) {
	s := openTest(t, defaultRetention)
	if err := s.close(); err != nil {
		t.Fatal(err)
	}
	if err := s.put(t.Context(), numbered(0, 1, "a")); err != errClosed {
		t.Errorf("put: %v, want %v", err, errClosed)
	}
}
