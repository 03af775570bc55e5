package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/bragg-tracing/bragg/pkg/segment"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv("STORE_TEST_CHILD"); dir != "" {
		putForever(dir)
		return
	}
	goleak.VerifyTestMain(m)
}

func newStore(t *testing.T) *Store {
	t.Helper()
	s, err := Open(filepath.Join(t.TempDir(), "data dir%?#"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func traceID(n int) string { return fmt.Sprintf("1-00000000-%024x", n) }
func spanID(n int) string  { return fmt.Sprintf("%016x", n) }

// document parses a document with the members of a complete segment, unless
// members, which is the inside of a JSON object, says otherwise.
func document(t testing.TB, trace, id int, start float64, members string) Document {
	t.Helper()
	if !strings.Contains(members, "in_progress") {
		members = fmt.Sprintf(`"end_time":%f,`, start+1) + members
	}
	raw := fmt.Appendf(nil, `{"trace_id":%q,"id":%q,"name":"n%d","start_time":%f,%s"x":0}`, traceID(trace), spanID(id), id, start, members)
	doc, err := segment.Parse(raw)
	if err != nil {
		t.Fatalf("%s: %v", raw, err)
	}
	return Document{Document: doc, Raw: raw}
}

// clock is the time of a store, that a test sets. The store's own goroutines read
// it too.
type clock struct{ seconds atomic.Int64 }

func newClock(seconds int64) *clock {
	c := new(clock)
	c.set(seconds)
	return c
}

func (c *clock) set(seconds int64) { c.seconds.Store(seconds) }
func (c *clock) now() time.Time    { return time.Unix(c.seconds.Load(), 0) }

func put(t testing.TB, s *Store, docs ...Document) {
	t.Helper()
	if err := s.Put(t.Context(), docs); err != nil {
		t.Fatal(err)
	}
}

func one(t testing.TB, s *Store, id int) *Trace {
	t.Helper()
	traces, err := s.Traces(t.Context(), traceID(id))
	if err != nil || len(traces) != 1 {
		t.Fatalf("got %d traces, %v", len(traces), err)
	}
	return traces[0]
}

func TestPutReplaces(t *testing.T) {
	const progress = `"in_progress":true,`
	tests := []struct {
		name       string
		puts       []string // members, each put on its own
		user       string   // of what stays
		revision   int
		duplicates int
	}{
		{"complete", []string{`"user":"a",`}, "a", 1, 0},
		{"complete replaces in progress", []string{progress + `"user":"a",`, `"user":"b",`}, "b", 2, 0},
		{"in progress replaces in progress", []string{progress + `"user":"a",`, progress + `"user":"b",`}, "b", 2, 0},
		{"first completion wins", []string{`"user":"a",`, `"user":"b",`, `"user":"c",`}, "a", 1, 2},
		{"in progress comes late", []string{`"user":"a",`, progress + `"user":"b",`}, "a", 1, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newStore(t)
			for _, members := range tt.puts {
				put(t, s, document(t, 1, 1, 100, members))
			}
			got := one(t, s, 1)
			stats, err := s.Stats(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if len(got.Segments) != 1 || got.Segments[0].User != tt.user || got.Revision != tt.revision || stats.Duplicates != tt.duplicates {
				t.Errorf("got %d segments, user %q, revision %d, %d duplicates", len(got.Segments), got.Segments[0].User, got.Revision, stats.Duplicates)
			}
		})
	}
}

func TestRevisionCountsChangeSets(t *testing.T) {
	s := newStore(t)
	put(t, s, document(t, 1, 1, 100, ""), document(t, 1, 2, 100, ""), document(t, 2, 1, 100, ""))
	put(t, s, document(t, 1, 3, 100, ""))
	put(t, s, document(t, 1, 3, 100, "")) // nothing new
	if r := one(t, s, 1).Revision; r != 2 {
		t.Errorf("revision of the first: %d, want 2", r)
	}
	if r := one(t, s, 2).Revision; r != 1 {
		t.Errorf("revision of the second: %d, want 1", r)
	}
}

func TestReopen(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new", "data")
	s, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	doc := document(t, 1, 1, 100, `"metadata":{"odd":3},`)
	put(t, s, doc)
	if err := errors.Join(s.Close(), s.Close()); err != nil {
		t.Fatal(err)
	}
	if err := s.Put(t.Context(), []Document{doc}); !errors.Is(err, ErrClosed) {
		t.Errorf("put after close: %v", err)
	}
	for name, want := range map[string]os.FileMode{dir: 0o700, filepath.Join(dir, File): 0o600} {
		if fi, err := os.Stat(name); err != nil || fi.Mode().Perm() != want {
			t.Errorf("%s: mode %v, %v, want %v", name, fi.Mode().Perm(), err, want)
		}
	}
	if s, err = Open(dir); err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	raw, err := s.Raw(t.Context(), traceID(1))
	if err != nil || len(raw) != 1 || string(raw[0]) != string(doc.Raw) {
		t.Errorf("got %q, %v, want the document as it was sent", raw, err)
	}
}

func TestOpenErrors(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	garbage := filepath.Join(dir, "garbage")
	if err := os.Mkdir(garbage, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(garbage, File), []byte(strings.Repeat("no database ", 1000)), 0o600); err != nil {
		t.Fatal(err)
	}
	newer := filepath.Join(dir, "newer")
	s, err := Open(newer)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite", filepath.Join(newer, File))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec("PRAGMA user_version = 99"); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	for name, dir := range map[string]string{"below a file": filepath.Join(file, "data"), "garbage": garbage, "newer schema": newer} {
		t.Run(name, func(t *testing.T) {
			_, err := Open(dir)
			var oe *OpenError
			if !errors.As(err, &oe) || oe.Dir != dir || oe.Remedy == "" {
				t.Fatalf("got %v", err)
			}
			if msg := err.Error(); !strings.Contains(msg, dir) || strings.Contains(msg, "\n") {
				t.Errorf("message %q", msg)
			}
		})
	}
}

// TestKill puts documents in a process that is killed, and looks for every one
// whose Put had returned.
func TestKill(t *testing.T) {
	dir := t.TempDir()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "STORE_TEST_CHILD="+dir)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	acknowledged := 0
	for acknowledged < 50 {
		if _, err := fmt.Fscanln(out, &acknowledged); err != nil {
			t.Fatal(err)
		}
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	for { // what it had acknowledged by then
		if _, err := fmt.Fscanln(out, &acknowledged); err != nil {
			break
		}
	}
	_ = cmd.Wait() // killed
	s, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for id := 1; id <= acknowledged; id++ {
		one(t, s, id)
	}
	put(t, s, document(t, 1, 2, 1, ""))
}

// putForever is the child of TestKill: it prints n when Put of trace n returned.
func putForever(dir string) {
	s, err := Open(dir)
	if err != nil {
		panic(err)
	}
	for n := 1; ; n++ {
		raw := fmt.Appendf(nil, `{"trace_id":%q,"id":%q,"name":"n","start_time":1,"end_time":2}`, traceID(n), spanID(1))
		doc, err := segment.Parse(raw)
		if err != nil {
			panic(err)
		}
		if err := s.Put(context.Background(), []Document{{doc, raw}}); err != nil {
			panic(err)
		}
		fmt.Println(n)
	}
}

func TestPutConcurrentSafe(t *testing.T) {
	s := newStore(t)
	const callers, calls = 16, 20
	var wg sync.WaitGroup
	for c := range callers {
		wg.Go(func() {
			for i := range calls {
				id := c*calls + i + 1
				doc := document(t, i+1, id, 100, "")
				if err := s.Put(t.Context(), []Document{doc}); err != nil {
					t.Error(err)
				}
				if _, err := s.Find(t.Context(), Query{End: 1e9, Limit: 3}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	for i := range calls {
		if got := one(t, s, i+1); len(got.Segments) != callers || got.Revision != callers {
			t.Fatalf("trace %d: %d segments, revision %d, want %d", i+1, len(got.Segments), got.Revision, callers)
		}
	}
}

func TestPutHonoursContext(t *testing.T) {
	s := newStore(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Put(ctx, []Document{document(t, 1, 1, 1, "")}); err != nil && !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestReset(t *testing.T) {
	s := newStore(t)
	for i := range 5 {
		put(t, s, document(t, i, 1, 100, ""))
	}
	page, err := s.Find(t.Context(), Query{End: 1e9, Limit: 2})
	if err != nil || len(page.Refs) != 2 {
		t.Fatalf("%v, %v", page, err)
	}
	if err := s.Reset(t.Context()); err != nil {
		t.Fatal(err)
	}
	put(t, s, document(t, 9, 1, 50, ""))
	old, err := s.Find(t.Context(), Query{End: 1e9, Limit: 2, Token: page.Next})
	if err != nil || len(old.Refs) != 0 {
		t.Errorf("old token: %v, %v", old, err)
	}
	stats, err := s.Stats(t.Context())
	if diff := cmp.Diff(Stats{Traces: 1, Documents: 1}, stats); err != nil || diff != "" {
		t.Errorf("%v %s", err, diff)
	}
}

func TestEntities(t *testing.T) {
	s := newStore(t)
	const sub = `"type":"subsegment",`
	parent := func(id int) string { return fmt.Sprintf(`"parent_id":%q,`, spanID(id)) }
	// Children first: 3 below 2 below 1; 4 calls out; 6 and 7 hang on nothing.
	put(t, s, document(t, 1, 3, 102, sub+parent(2)))
	put(t, s, document(t, 1, 2, 101, sub+parent(1)), document(t, 1, 4, 103, sub+parent(3)+`"namespace":"remote",`))
	put(t, s, document(t, 1, 6, 103, sub+parent(99)+`"subsegments":[{"id":"`+spanID(7)+`","name":"n7","start_time":1,"end_time":2}],`))
	put(t, s, document(t, 1, 1, 100, `"subsegments":[{"id":"`+spanID(5)+`","name":"n5","start_time":101,"end_time":102}],`))
	put(t, s, document(t, 1, 2, 101, sub+parent(1)), document(t, 1, 2, 101, sub+parent(1)))
	put(t, s, document(t, 2, 1, 100, ""))

	got := map[string]Entity{}
	err := s.Entities(t.Context(), func(e Entity) error {
		key := e.TraceID + "/" + e.ID
		if e.Inferred {
			key = "inferred"
			e.ID = ""
		}
		if _, twice := got[key]; twice {
			t.Errorf("%s twice", key)
		}
		got[key] = e
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]Entity{"inferred": {TraceID: traceID(1), ParentID: spanID(4), Name: "n4", Segment: true, Inferred: true}}
	for _, e := range []Entity{
		{ID: spanID(1), Name: "n1", Segment: true},
		{ID: spanID(2), ParentID: spanID(1), Name: "n2", Duplicates: 2},
		{ID: spanID(3), ParentID: spanID(2), Name: "n3"},
		{ID: spanID(4), ParentID: spanID(3), Name: "n4"},
		{ID: spanID(5), ParentID: spanID(1), Name: "n5"},
		{ID: spanID(6), ParentID: spanID(99), Name: "n6", Orphan: true},
		{ID: spanID(7), ParentID: spanID(6), Name: "n7", Orphan: true},
	} {
		e.TraceID = traceID(1)
		want[e.TraceID+"/"+e.ID] = e
	}
	want[traceID(2)+"/"+spanID(1)] = Entity{TraceID: traceID(2), ID: spanID(1), Name: "n1", Segment: true}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("entities (-want +got):\n%s", diff)
	}
	stop := errors.New("enough")
	if err := s.Entities(t.Context(), func(Entity) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("got %v, want f's error", err)
	}
}
