package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/bragg-tracing/bragg/pkg/segment"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/filter/eval"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/store/index"
)

// TestFactsInTime holds that every trace of a range is counted, or that the answer
// says of how many it is.
func TestFactsInTime(t *testing.T) {
	s := newStore(t)
	const traces = 3 * lookAtClock
	var docs []Document
	for n := range traces {
		docs = append(docs, document(t, n, 1, float64(100+n), ""))
	}
	put(t, s, docs...)
	whole := Query{Start: 0, End: 1e6}
	never := whole
	never.Known = func(_, _, _ []byte) (eval.Verdict, error) { return eval.No, nil }
	for _, tt := range []struct {
		name   string
		q      Query
		until  time.Time
		want   Covered
		called int
	}{
		{"at leisure", whole, time.Time{}, Covered{traces, traces}, traces},
		{"in time", whole, time.Now().Add(time.Hour), Covered{traces, traces}, traces},
		{"late", whole, time.Now().Add(-time.Second), Covered{lookAtClock, traces}, lookAtClock},
		{"of a range", Query{Start: 110, End: 119}, time.Time{}, Covered{10, 10}, 10},
		{"none matches", never, time.Time{}, Covered{traces, traces}, 0},
		{"none there", Query{Start: 1, End: 2}, time.Time{}, Covered{}, 0},
		{"none indexed as asked", Query{End: 1e6, Where: index.Condition{Where: "status = 200"}}, time.Time{}, Covered{traces, traces}, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			called := 0
			covered, err := s.Facts(t.Context(), tt.q, tt.until, func(*index.Facts) error { called++; return nil })
			if err != nil || covered != tt.want || called != tt.called {
				t.Errorf("%+v of %d calls, %v; want %+v of %d", covered, called, err, tt.want, tt.called)
			}
		})
	}
	n, err := cancelled(t, func(ctx context.Context, each func() error) error {
		_, err := s.Facts(ctx, whole, time.Time{}, func(*index.Facts) error { return each() })
		return err
	})
	if !errors.Is(err, context.Canceled) || n != 10 {
		t.Errorf("%d after the caller had gone, %v", n, err)
	}
}

// TestFactsOfALargeTrace holds that a trace which has grown too large to be indexed
// at once is counted as it is, not as it was.
func TestFactsOfALargeTrace(t *testing.T) {
	s := newStore(t)
	put(t, s, document(t, 1, 1, 100, ""))
	var docs []Document
	for id := 2; id <= index.MaxEntities+5; id++ {
		docs = append(docs, document(t, 1, id, 100, fmt.Sprintf(`"parent_id":%q,`, spanID(1))))
	}
	put(t, s, docs...)
	segments := func() (n int) {
		if _, err := s.Facts(t.Context(), Query{End: 1e6}, time.Time{}, func(f *index.Facts) error { n += f.Segments(); return nil }); err != nil {
			t.Fatal(err)
		}
		return n
	}
	if n := segments(); n != index.MaxEntities+5 {
		t.Errorf("%d segments", n)
	}
	page, err := s.Find(t.Context(), Query{End: 1e6, Limit: 1, Known: func(_, _, _ []byte) (eval.Verdict, error) { return eval.Yes, nil }})
	if err != nil || len(page.Refs) != 1 || page.Refs[0].Trace == nil || len(page.Refs[0].Trace.Segments) != index.MaxEntities+5 {
		t.Errorf("found %+v, %v", page, err)
	}
}

// TestFindByFacts holds that a page is the same whether traces are decided on by
// what is kept of them or by their documents, also while they move.
func TestFindByFacts(t *testing.T) {
	s := newStore(t)
	for n := range 20 {
		put(t, s, document(t, n, 1, float64(1000+n%7), fmt.Sprintf(`"user":"u%d",`, n%2)))
	}
	known := Query{End: 1e6, Limit: 4, Known: func(_, _, facts []byte) (eval.Verdict, error) {
		f, err := index.ReadFacts(facts)
		for term := range f.Terms() {
			if term.Value().Text == "u1" {
				return eval.Yes, err
			}
		}
		return eval.No, err
	}}
	match := Query{End: 1e6, Limit: 4, Match: func(t *Trace) bool {
		return slices.ContainsFunc(t.Segments, func(d *segment.Document) bool { return d.User == "u1" })
	}}
	read := func(q Query) (found []string) {
		for {
			page, err := s.Find(t.Context(), q)
			if err != nil {
				t.Fatal(err)
			}
			for _, ref := range page.Refs {
				found = append(found, fmt.Sprint(ref.TraceID, ref.Start, ref.Begin, ref.Revision))
			}
			found = append(found, fmt.Sprint(page.Processed))
			if q.Token = page.Next; q.Token == "" {
				return found
			}
		}
	}
	first, err := s.Find(t.Context(), known)
	if err != nil || first.Next == "" || first.Refs[0].Facts == nil || first.Refs[0].Trace != nil {
		t.Fatalf("%+v, %v", first, err)
	}
	for n := range 20 { // those that are not listed yet move
		put(t, s, document(t, n, 2, float64(900+n), ""))
	}
	known.Token, match.Token = first.Next, first.Next
	got, want := read(known), read(match)
	if fmt.Sprint(got) != fmt.Sprint(want) || len(got) != 6+2 {
		t.Errorf("by facts %q\nby documents %q", got, want)
	}
}
