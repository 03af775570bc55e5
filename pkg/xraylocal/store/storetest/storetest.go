// Package storetest is what every store of X-Ray documents has to do, whatever it
// keeps them in.
package storetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bragg-tracing/bragg/pkg/segment"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/store"
)

// Run runs the suite. Open returns a new, empty store; the suite closes it.
func Run(t *testing.T, open func(t *testing.T) *store.Store) {
	for _, test := range []struct {
		name string
		run  func(*testing.T, *store.Store)
	}{
		{"what was put is read back", readBack},
		{"documents in any order", anyOrder},
		{"first completion wins", firstCompletion},
		{"revisions count change sets", revisions},
		{"pages are stable while data arrives", stablePages},
		{"a query decides", queryDecides},
		{"service graphs", graphs},
		{"namespaces are apart", namespaces},
		{"resources", resources},
		{"resources are changed one after the other", resourcesConcurrently},
		{"writers and readers at once", concurrently},
		{"reset", reset},
		{"nothing works after close", closed},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := open(t)
			t.Cleanup(func() {
				if err := s.Close(); err != nil {
					t.Error(err)
				}
			})
			test.run(t, s)
		})
	}
}

func traceID(n int) string { return fmt.Sprintf("1-00000000-%024x", n) }
func id(n int) string      { return fmt.Sprintf("%016x", n) }

// document parses a document of a second, with more members.
func document(t testing.TB, trace, n int, start float64, members string) store.Document {
	t.Helper()
	if !strings.Contains(members, "in_progress") {
		members = fmt.Sprintf(`"end_time":%g,`, start+1) + members
	}
	raw := fmt.Appendf(nil, `{"trace_id":%q,"id":%q,"name":"n%d","start_time":%g,%s"x":0}`, traceID(trace), id(n), n, start, members)
	doc, err := segment.Parse(raw)
	if err != nil {
		t.Fatalf("%s: %v", raw, err)
	}
	return store.Document{Document: doc, Raw: raw}
}

func put(t testing.TB, s *store.Store, docs ...store.Document) {
	t.Helper()
	if err := s.Put(t.Context(), docs); err != nil {
		t.Fatal(err)
	}
}

func one(t testing.TB, s *store.Store, trace int) *store.Trace {
	t.Helper()
	traces, err := s.Traces(t.Context(), traceID(trace))
	if err != nil || len(traces) != 1 {
		t.Fatalf("trace %d: got %d, %v", trace, len(traces), err)
	}
	return traces[0]
}

func readBack(t *testing.T, s *store.Store) {
	docs := []store.Document{document(t, 1, 1, 100, `"metadata":{"odd":3},`), document(t, 1, 2, 100, strings.Repeat(" ", 60000))}
	put(t, s, docs...)
	raw, err := s.Raw(t.Context(), traceID(1))
	if err != nil || len(raw) != 2 || string(raw[0]) != string(docs[0].Raw) || string(raw[1]) != string(docs[1].Raw) {
		t.Errorf("%d documents, %v", len(raw), err)
	}
	if got := one(t, s, 1); len(got.Segments) != 2 || got.Received(id(2)).IsZero() || !got.Received(id(2)).Equal(got.LastReceived) {
		t.Errorf("%d segments, came %v", len(got.Segments), got.Received(id(2)))
	}
	if traces, err := s.Traces(t.Context(), traceID(9)); err != nil || len(traces) != 0 {
		t.Errorf("of a trace that is not there: %d, %v", len(traces), err)
	}
}

func anyOrder(t *testing.T, s *store.Store) {
	sub := func(n, parent int) store.Document {
		return document(t, 1, n, 101, fmt.Sprintf(`"type":"subsegment","parent_id":%q,`, id(parent)))
	}
	for _, doc := range []store.Document{sub(3, 2), sub(2, 1), document(t, 1, 1, 100, "")} {
		put(t, s, doc)
	}
	trace := one(t, s, 1)
	if len(trace.Segments) != 1 || len(trace.Orphans) != 0 || trace.Segments[0].Subsegments[0].Subsegments[0].ID != id(3) {
		t.Errorf("%d segments, %d orphans", len(trace.Segments), len(trace.Orphans))
	}
}

func firstCompletion(t *testing.T, s *store.Store) {
	for _, members := range []string{`"in_progress":true,"user":"a",`, `"user":"b",`, `"user":"c",`, `"in_progress":true,"user":"d",`} {
		put(t, s, document(t, 1, 1, 100, members))
	}
	stats, err := s.Stats(t.Context())
	if want := (store.Stats{Traces: 1, Documents: 1, Duplicates: 1}); err != nil || stats != want {
		t.Errorf("%+v, %v", stats, err)
	}
	if user := one(t, s, 1).Segments[0].User; user != "b" {
		t.Errorf("user %q, want b", user)
	}
}

func revisions(t *testing.T, s *store.Store) {
	put(t, s, document(t, 1, 1, 100, ""), document(t, 1, 2, 100, ""))
	put(t, s, document(t, 1, 3, 100, ""))
	put(t, s, document(t, 1, 3, 100, ""))
	if r := one(t, s, 1).Revision; r != 2 {
		t.Errorf("revision %d, want 2", r)
	}
}

func ids(t *testing.T, s *store.Store, q store.Query, between func(page int)) (all []string) {
	t.Helper()
	for page := 0; ; page++ {
		p, err := s.Find(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		for _, ref := range p.Refs {
			all = append(all, ref.TraceID)
		}
		if q.Token = p.Next; q.Token == "" {
			return all
		}
		between(page)
	}
}

func stablePages(t *testing.T, s *store.Store) {
	var want []string
	for n := range 30 {
		put(t, s, document(t, n, 1, 1000+float64(n), ""))
		want = append(want, traceID(n))
	}
	slices.Reverse(want)
	got := ids(t, s, store.Query{Start: 1000, End: 2000, Limit: 4}, func(page int) {
		put(t, s, document(t, 100+page, 1, 1000, ""))                  // new, where the reader still comes by
		put(t, s, document(t, page, 2, 1500, ""))                      // an addition
		put(t, s, document(t, 29-3*page, 3, 1000+float64(page)/2, "")) // an earlier start
	})
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("traces (-want +got):\n%s", diff)
	}
	if _, err := s.Find(t.Context(), store.Query{Limit: 1, Token: "x"}); !errors.Is(err, store.ErrToken) {
		t.Errorf("token: %v", err)
	}
}

func queryDecides(t *testing.T, s *store.Store) {
	for n := range 20 {
		put(t, s, document(t, n, 1, 1000+float64(n), fmt.Sprintf(`"user":"u%d",`, n%4)))
	}
	q := store.Query{Start: 1000, End: 2000, Limit: 2, Match: func(trace *store.Trace) bool { return trace.Segments[0].User == "u3" }}
	want := []string{traceID(19), traceID(15), traceID(11), traceID(7), traceID(3)}
	if diff := cmp.Diff(want, ids(t, s, q, func(int) {})); diff != "" {
		t.Errorf("traces (-want +got):\n%s", diff)
	}
	if n := len(ids(t, s, store.Query{By: store.ByReceipt, End: 1e10, Limit: 3}, func(int) {})); n != 20 {
		t.Errorf("by receipt: %d traces, want 20", n)
	}
	if got := ids(t, s, store.Query{By: store.BySpan, Start: 1003.5, End: 1004.5, Limit: 3}, func(int) {}); len(got) != 2 {
		t.Errorf("by span: %v, want the two that ran", got)
	}
}

func graphs(t *testing.T, s *store.Store) {
	for n := range 3 {
		put(t, s, document(t, n, 1, 1000+100*float64(n), ""))
	}
	for _, test := range []struct {
		by       store.TimeRange
		from, to float64
		want     int
	}{{store.BySpan, 1000, 1100, 2}, {store.BySpan, 1250, 1260, 0}, {store.ByReceipt, 0, 1e10, 3}, {store.ByReceipt, 0, 1000, 0}} {
		n := 0
		_, err := s.Graphs(t.Context(), store.GraphQuery{By: test.by, From: test.from, To: test.to}, func(shape, values []byte) error { n++; return nil })
		if err != nil || n != test.want {
			t.Errorf("from %g to %g: %d, %v, want %d", test.from, test.to, n, err, test.want)
		}
	}
}

func namespaces(t *testing.T, s *store.Store) {
	other := s.In("111122223333/eu-west-1")
	put(t, s, document(t, 1, 1, 100, `"user":"here",`))
	put(t, other, document(t, 1, 1, 100, `"user":"there",`))
	if a, b := one(t, s, 1), one(t, other, 1); a.Segments[0].User != "here" || b.Segments[0].User != "there" {
		t.Errorf("got %q and %q", a.Segments[0].User, b.Segments[0].User)
	}
	names, err := s.Namespaces(t.Context())
	if diff := cmp.Diff([]string{"", other.Namespace()}, names); err != nil || diff != "" {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	if got := ids(t, s.In("unused"), store.Query{End: 1e9, Limit: 1}, func(int) {}); len(got) != 0 {
		t.Errorf("in an unused namespace: %v", got)
	}
}

func resources(t *testing.T, s *store.Store) {
	ctx := t.Context()
	refusal := errors.New("too many")
	err := errors.Join(s.PutResource(ctx, "rule", "b", []byte("1")), s.PutResource(ctx, "rule", "a", []byte("2")),
		s.In("other").PutResource(ctx, "rule", "a", []byte("3")), s.DeleteResource(ctx, "rule", "b"), s.DeleteResource(ctx, "rule", "never"))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.UpdateResource(ctx, "rule", "a", func([]byte) ([]byte, error) { return nil, refusal }); !errors.Is(err, refusal) {
		t.Errorf("refused: %v", err)
	}
	all, err := s.Resources(ctx, "rule")
	if diff := cmp.Diff([]store.Resource{{Key: "a", Body: []byte("2")}}, all); err != nil || diff != "" {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	if _, err := s.Resource(ctx, "rule", "b"); !errors.Is(err, store.ErrNoResource) {
		t.Errorf("deleted: %v", err)
	}
}

func resourcesConcurrently(t *testing.T, s *store.Store) {
	const callers, calls = 4, 10
	var wg sync.WaitGroup
	for range callers {
		wg.Go(func() {
			for range calls {
				if err := s.UpdateResource(t.Context(), "counter", "n", func(old []byte) ([]byte, error) { return append(old, '.'), nil }); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if body, err := s.Resource(t.Context(), "counter", "n"); err != nil || len(body) != callers*calls {
		t.Errorf("%d changes, %v", len(body), err)
	}
}

func concurrently(t *testing.T, s *store.Store) {
	const callers, calls = 6, 10
	var wg sync.WaitGroup
	for c := range callers {
		wg.Go(func() {
			for i := range calls {
				if err := s.Put(t.Context(), []store.Document{document(t, i, c*calls+i+1, 100, "")}); err != nil {
					t.Error(err)
				}
				if _, err := s.Find(t.Context(), store.Query{End: 1e9, Limit: 3}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	for i := range calls {
		if got := one(t, s, i); len(got.Segments) != callers || got.Revision != callers {
			t.Errorf("trace %d: %d segments, revision %d, want %d", i, len(got.Segments), got.Revision, callers)
		}
	}
}

func reset(t *testing.T, s *store.Store) {
	put(t, s, document(t, 1, 1, 100, ""), document(t, 2, 1, 100, ""))
	page, err := s.Find(t.Context(), store.Query{End: 1e9, Limit: 1})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Reset(t.Context()); err != nil {
		t.Fatal(err)
	}
	put(t, s, document(t, 3, 1, 50, ""))
	if got := ids(t, s, store.Query{End: 1e9, Limit: 2, Token: page.Next}, func(int) {}); len(got) != 0 {
		t.Errorf("old token: %v", got)
	}
	if got := ids(t, s, store.Query{End: 1e9, Limit: 2}, func(int) {}); len(got) != 1 {
		t.Errorf("after reset: %v", got)
	}
}

func closed(t *testing.T, s *store.Store) {
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := s.Put(context.Background(), []store.Document{document(t, 1, 1, 100, "")}); !errors.Is(err, store.ErrClosed) {
		t.Errorf("put: %v", err)
	}
	if err := s.PutResource(context.Background(), "k", "k", nil); !errors.Is(err, store.ErrClosed) {
		t.Errorf("put resource: %v", err)
	}
}
