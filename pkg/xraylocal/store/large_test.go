package store

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/bragg-tracing/bragg/pkg/xraylocal/filter/eval"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/servicegraph"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/store/index"
)

// TestLargeTrace holds that a trace of which nothing is kept beside its documents
// is found, filtered and drawn like any other.
func TestLargeTrace(t *testing.T) {
	s := newStore(t)
	put(t, s, document(t, 1, 1, 100, `"user":"alice",`))
	var docs []Document
	for id := 2; id <= index.MaxEntities+5; id++ {
		docs = append(docs, document(t, 1, id, 100, fmt.Sprintf(`"parent_id":%q,`, spanID(1))))
	}
	put(t, s, docs...)
	put(t, s, document(t, 2, 1, 100, ""))
	where := index.Condition{Where: fmt.Sprintf("(flags & %d OR (s0 & 1 = 1 AND s0 & 1 = 0))", index.Unindexed)}
	page, err := s.Find(t.Context(), Query{End: 1e9, Limit: 5, Where: where})
	if err != nil || len(page.Refs) != 1 || page.Refs[0].TraceID != traceID(1) {
		t.Fatalf("%+v, %v", page, err)
	}
	m := servicegraph.NewMerger(servicegraph.Always)
	graphs := 0
	_, err = s.Graphs(t.Context(), GraphQuery{By: BySpan, From: 50, To: 150}, func(shape, values []byte) error {
		graphs++
		return m.Add(shape, values)
	})
	if err != nil || graphs != 2 {
		t.Fatalf("%d graphs, %v", graphs, err)
	}
	if nodes := len(m.Map().Nodes); nodes != index.MaxEntities+6 { // n1 to the last, and the client of n1
		t.Errorf("%d nodes", nodes)
	}
}

// TestLargeTraceIsIndexed holds that a large trace is indexed when nothing comes of
// it any more, and again when something came.
func TestLargeTraceIsIndexed(t *testing.T) {
	var ahead atomic.Int64
	s, err := OpenInMemory(withClock(func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) }),
		func(o *options) { o.every = time.Hour })
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	const root = index.MaxEntities + 1
	graph := func() (graph string, read int) {
		filter := &GraphFilter{
			Shape: func([]byte) (eval.Verdict, error) { return eval.Maybe, nil },
			Facts: func(_, _, facts []byte) (eval.Verdict, error) {
				if f, err := index.ReadFacts(facts); err != nil || f.Flags&index.HasRoot == 0 {
					t.Errorf("facts %+v, %v", f, err)
				}
				return eval.Yes, nil
			},
			Trace: func(*Trace) bool { read++; return true },
		}
		_, err := s.Graphs(t.Context(), GraphQuery{By: BySpan, From: 50, To: 150, Filter: filter}, func(shape, values []byte) error {
			graph += string(shape) + string(values)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		return graph, read
	}
	indexed := func() int {
		page, err := s.Find(t.Context(), Query{End: 1e9, Limit: 5, Where: index.Condition{Where: fmt.Sprintf("flags & %d = 0", index.Unindexed)}})
		if err != nil {
			t.Fatal(err)
		}
		return len(page.Refs)
	}
	var docs []Document
	for id := 1; id <= root; id++ {
		parent := ""
		if id < root {
			parent = fmt.Sprintf(`"parent_id":%q,`, spanID(root))
		}
		docs = append(docs, document(t, 1, id, 100, parent))
	}
	put(t, s, docs...)
	for round := range 2 {
		before, read := graph()
		if read != 1 || indexed() != 0 {
			t.Fatalf("round %d: read %d times, %d indexed", round, read, indexed())
		}
		ahead.Add(int64(2 * quiet))
		if err := s.catchUp(t.Context()); err != nil {
			t.Fatal(err)
		}
		after, read := graph()
		if read != 0 || indexed() != 1 || after != before {
			t.Errorf("round %d: then read %d times, %d indexed, same %v", round, read, indexed(), after == before)
		}
		put(t, s, document(t, 1, root+1+round, 100, ""))
	}
}

// TestGraphsInTime holds that an answer for which there was no time says of how
// much it is, the newest first, and one that was whole that it is.
func TestGraphsInTime(t *testing.T) {
	s := newStore(t)
	const traces = 3 * lookAtClock
	var docs []Document
	for n := range traces {
		docs = append(docs, document(t, n, 1, float64(100+n), ""))
	}
	put(t, s, docs...)
	filter := &GraphFilter{
		Shape: func([]byte) (eval.Verdict, error) { return eval.Maybe, nil },
		Facts: func(_, _, _ []byte) (eval.Verdict, error) { return eval.Yes, nil },
	}
	for _, tt := range []struct {
		name   string
		until  time.Time
		filter *GraphFilter
		want   Covered
	}{
		{"late", time.Now().Add(-time.Second), nil, Covered{lookAtClock, traces}},
		{"late, filtered", time.Now().Add(-time.Second), filter, Covered{lookAtClock, traces}},
		{"in time", time.Now().Add(time.Hour), filter, Covered{traces, traces}},
		{"at leisure", time.Time{}, filter, Covered{traces, traces}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := servicegraph.NewMerger(servicegraph.Always)
			covered, err := s.Graphs(t.Context(), GraphQuery{By: BySpan, From: 0, To: 1e6, Until: tt.until, Filter: tt.filter}, m.Add)
			if err != nil || covered != tt.want || covered.Whole() != (tt.want.Looked == traces) {
				t.Fatalf("%+v, %v, want %+v", covered, err, tt.want)
			}
			nodes := m.Map().Nodes
			if last := nodes[len(nodes)-1].Period.End; last != 100+traces {
				t.Errorf("the newest is of second %d", last)
			}
		})
	}
	n, err := cancelled(t, func(ctx context.Context, each func() error) error {
		_, err := s.Graphs(ctx, GraphQuery{By: BySpan, From: 0, To: 1e6}, func(_, _ []byte) error { return each() })
		return err
	})
	if !errors.Is(err, context.Canceled) || n != 10 {
		t.Errorf("%d after the caller had gone, %v", n, err)
	}
}

// cancelled has a caller go away when it has got ten of what read gives it, and
// returns how many it got.
func cancelled(t *testing.T, read func(ctx context.Context, each func() error) error) (n int, err error) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	err = read(ctx, func() error {
		if n++; n == 10 {
			cancel()
		}
		return nil
	})
	return n, err
}

// TestRecentIsBounded holds that the writer forgets traces that are done.
func TestRecentIsBounded(t *testing.T) {
	var r recent
	r.clear()
	for n := range 10 * maxRecent {
		s := &state{id: traceID(n)}
		r.turn()
		r.put(s)
		r.added()
		if have := len(r.young) + len(r.old); have > 2*maxRecent {
			t.Fatalf("%d traces after %d", have, n)
		}
	}
}

// TestManyTracesAtOnce puts more traces in one transaction than the writer keeps,
// and adds to each of them in the same.
func TestManyTracesAtOnce(t *testing.T) {
	s := newStore(t)
	const traces = maxRecent * 3 / 2
	var docs []Document
	for id := range 2 {
		for n := range traces {
			docs = append(docs, document(t, n, id+1, 100, ""))
		}
	}
	put(t, s, docs...)
	put(t, s, document(t, 0, 3, 100, ""))
	if stats, err := s.Stats(t.Context()); err != nil || stats.Traces != traces || stats.Documents != 2*traces+1 {
		t.Errorf("%+v, %v", stats, err)
	}
	if got := one(t, s, 0); len(got.Segments) != 3 || got.Revision != 2 {
		t.Errorf("%d segments, revision %d", len(got.Segments), got.Revision)
	}
}
