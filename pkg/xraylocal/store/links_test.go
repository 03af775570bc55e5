package store

import (
	"fmt"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
)

// linking is the member links of a document.
func linking(trace, id int, kind string) string {
	return fmt.Sprintf(`"links":[{"trace_id":%q,"id":%q,"attributes":{"link.type":%q}}],`, traceID(trace), spanID(id), kind)
}

// linkedFrom returns what links to a trace, as "trace entity id kind".
func linkedFrom(t *testing.T, s *Store, trace int) (links []string) {
	t.Helper()
	found, all, err := s.LinksTo(t.Context(), traceID(trace), 100)
	if err != nil || all != len(found) {
		t.Fatal(len(found), all, err)
	}
	for _, l := range found {
		links = append(links, fmt.Sprintf("%s %s %s %s", l.TraceID[len(l.TraceID)-2:], l.Entity[14:], l.ID[14:], l.Kind))
	}
	return links
}

func TestLinksTo(t *testing.T) {
	s := newStore(t)
	put(t, s, document(t, 1, 1, 100, ""))
	put(t, s, document(t, 2, 1, 200, linking(1, 1, "message")))
	put(t, s, document(t, 3, 1, 300, `"subsegments":[{"id":"00000000000000aa","name":"x","start_time":300,"end_time":301,`+linking(1, 2, "span")+`"y":0}],`))
	put(t, s, document(t, 3, 2, 301, linking(3, 1, "own"))) // to the same trace: no other
	put(t, s, document(t, 4, 1, 400, linking(9, 1, "early")))
	put(t, s.In("another"), document(t, 5, 1, 500, linking(1, 1, "elsewhere")))
	if diff := gocmp.Diff([]string{"03 aa 02 span", "02 01 01 message"}, linkedFrom(t, s, 1)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if diff := gocmp.Diff([]string{"04 01 01 early"}, linkedFrom(t, s, 9)); diff != "" {
		t.Errorf("to what has not come (-want +got):\n%s", diff)
	}
	if got := linkedFrom(t, s, 3); got != nil {
		t.Errorf("its own: %v", got)
	}
	newest, all, err := s.LinksTo(t.Context(), traceID(1), 1)
	if err != nil || all != 2 || len(newest) != 1 || newest[0].Start != 300 || newest[0].Facts == nil || newest[0].Facts.Segments() != 2 {
		t.Errorf("%+v of %d, %v", newest, all, err)
	}
	if err := s.Reset(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := linkedFrom(t, s, 1); got != nil {
		t.Errorf("after a reset: %v", got)
	}
}

// TestLinksOfWhatWasReplaced holds that the links of a document in progress are
// gone when another has come for it, and only those.
func TestLinksOfWhatWasReplaced(t *testing.T) {
	s := newStore(t)
	put(t, s, document(t, 2, 1, 200, `"in_progress":true,`+linking(1, 1, "first")), document(t, 2, 2, 200, linking(1, 1, "other")))
	put(t, s, document(t, 2, 1, 200, linking(1, 2, "second")))
	put(t, s, document(t, 2, 1, 200, linking(1, 3, "a duplicate")))
	if diff := gocmp.Diff([]string{"02 01 02 second", "02 02 01 other"}, linkedFrom(t, s, 1)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestLinksEndWithTheirTrace holds that retention deletes links.
func TestLinksEndWithTheirTrace(t *testing.T) {
	clock := newClock(1000)
	s, err := OpenInMemory(withClock(clock.now), WithRetention(time.Minute, 0), func(o *options) { o.every = time.Hour })
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	put(t, s, document(t, 2, 1, 200, linking(1, 1, "old")))
	clock.set(1050)
	put(t, s, document(t, 3, 1, 300, linking(1, 1, "new")))
	clock.set(1070)
	if err := s.retainOnce(t.Context()); err != nil {
		t.Fatal(err)
	}
	if diff := gocmp.Diff([]string{"03 01 01 new"}, linkedFrom(t, s, 1)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	var left int
	if err := s.read.QueryRow(`SELECT count(*) FROM links`).Scan(&left); err != nil || left != 1 {
		t.Errorf("%d links are stored, %v", left, err)
	}
}
