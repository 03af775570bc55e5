package store

import (
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/bragg-tracing/bragg/pkg/xraylocal/filter"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/filter/eval"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/store/index"
)

// older makes a database of an older version of the schema.
func older(t *testing.T, version int, fill func(db *sql.DB)) (dir string) {
	t.Helper()
	dir = t.TempDir()
	db, err := sql.Open("sqlite", filepath.Join(dir, File))
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range migrations[:version] {
		if _, err := db.Exec(m.statements); err != nil {
			t.Fatal(err)
		}
	}
	fill(db)
	if _, err := db.Exec(fmt.Sprintf("PRAGMA user_version = %d", version)); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	return dir
}

// TestMigrateToFacts holds that a database without facts and without the index by
// shape, as version 3 had it, answers as before, and that new traces have them.
func TestMigrateToFacts(t *testing.T) {
	dir := t.TempDir()
	s, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	put(t, s, document(t, 1, 1, 100, `"user":"u",`))
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite", filepath.Join(dir, File))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec(`DROP TABLE facts; DROP TABLE unfilled; DROP INDEX traces_by_shape; PRAGMA user_version = 3`); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if s, err = Open(dir); err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	put(t, s, document(t, 2, 2, 100, `"user":"u",`))
	var without, read, graphs int
	filter := &GraphFilter{
		Shape: func([]byte) (eval.Verdict, error) { return eval.Maybe, nil },
		Facts: func(_, _, facts []byte) (eval.Verdict, error) {
			if facts == nil {
				without++
				return eval.Maybe, nil
			}
			return eval.Yes, nil
		},
		Trace: func(trace *Trace) bool { read++; return trace.ID == traceID(1) },
	}
	covered, err := s.Graphs(t.Context(), GraphQuery{By: BySpan, From: 0, To: 200, Filter: filter}, func(_, _ []byte) error { graphs++; return nil })
	if err != nil || without > 1 || read != without || graphs != 2 || covered != (Covered{2, 2}) {
		t.Errorf("%d without facts, %d read, %d graphs, %+v, %v", without, read, graphs, covered, err)
	}
	if err := s.catchUp(t.Context()); err != nil { // as the background does
		t.Fatal(err)
	}
	without, read, graphs = 0, 0, 0
	_, err = s.Graphs(t.Context(), GraphQuery{By: BySpan, From: 0, To: 200, Filter: filter}, func(_, _ []byte) error { graphs++; return nil })
	if err != nil || without != 0 || read != 0 || graphs != 2 {
		t.Errorf("caught up: %d without facts, %d read, %d graphs, %v", without, read, graphs, err)
	}
}

// TestMigrateToSummaries holds that a database of which the facts lack what a
// summary says, and which has no links, as version 4 had it, answers as before, and
// that the background finds both.
func TestMigrateToSummaries(t *testing.T) {
	dir := t.TempDir()
	s, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	put(t, s, document(t, 1, 1, 100, ""))
	put(t, s, document(t, 2, 1, 100, `"user":"u",`+linking(1, 1, "old")))
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite", filepath.Join(dir, File))
	if err != nil {
		t.Fatal(err)
	}
	// In version 1 of the facts the terms follow the texts of the root, of which
	// these have none: the rest is one length and what it tells.
	if _, err := db.Exec(`UPDATE facts SET body = X'01' || substr(body, 2, 3 + 16 + 4) ||
		CASE trace WHEN 2 THEN X'010175' ELSE X'' END; DROP TABLE links; PRAGMA user_version = 4`); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if s, err = Open(dir, func(o *options) { o.every = time.Hour }); err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	put(t, s, document(t, 3, 1, 100, `"user":"u",`+linking(1, 1, "new")))
	look := func() (read, users, segments int) {
		known := Query{End: 1e6, Limit: 10, Known: func(_, _, body []byte) (eval.Verdict, error) {
			f, err := index.ReadFacts(body)
			for range f.Values(filter.Field{Keyword: filter.User}) {
				users++
			}
			return eval.Yes, err
		}}
		page, err := s.Find(t.Context(), known)
		if err != nil || len(page.Refs) != 3 {
			t.Fatalf("%+v, %v", page, err)
		}
		for _, ref := range page.Refs {
			if ref.Trace != nil {
				read++
			}
		}
		if _, err := s.Facts(t.Context(), Query{End: 1e6}, time.Time{}, func(f *index.Facts) error { segments += f.Segments(); return nil }); err != nil {
			t.Fatal(err)
		}
		return read, users, segments
	}
	// The background may have begun already: it reads what it was opened with.
	if _, users, segments := look(); users != 2 || segments != 3 {
		t.Errorf("%d users of 2, %d segments of 3", users, segments)
	}
	if err := s.catchUp(t.Context()); err != nil { // as the background does
		t.Fatal(err)
	}
	if read, users, segments := look(); read != 0 || users != 2 || segments != 3 {
		t.Errorf("caught up: %d read, %d users of 2, %d segments of 3", read, users, segments)
	}
	if diff := gocmp.Diff([]string{"03 01 01 new", "02 01 01 old"}, linkedFrom(t, s, 1)); diff != "" {
		t.Errorf("links (-want +got):\n%s", diff)
	}
}

func TestMigrate(t *testing.T) {
	for version := 1; version < shrinking; version++ {
		t.Run(fmt.Sprintf("from version %d", version), func(t *testing.T) {
			var sent []string
			dir := older(t, version, func(db *sql.DB) {
				exec := func(query string, args ...any) {
					if _, err := db.Exec(query, args...); err != nil {
						t.Fatal(err)
					}
				}
				columns := "num, trace_id, revision, first_receipt, last_receipt, start, end"
				values := "?, ?, 2, 5000000000, 6000000000, 100, 101"
				if version > 1 {
					columns, values = columns+", namespace", values+", 0"
				}
				for trace := 1; trace <= 3; trace++ {
					exec(`INSERT INTO traces (`+columns+`) VALUES (`+values+`)`, trace, traceID(trace))
					exec(`INSERT INTO places VALUES (?, 100, 1, ?)`, trace, int64(1<<63-1))
					for id := 1; id <= 2; id++ {
						doc := document(t, trace, id, float64(99+id), `"user":"u",`)
						sent = append(sent, string(doc.Raw))
						exec(`INSERT INTO documents (trace, id, segment, in_progress, start, end, receipt, versions, duplicates, body)
							VALUES (?, ?, 1, 0, 100, 101, ?, 1, ?, ?)`, trace, doc.ID, int64(4+id)*1e9, id-1, doc.Raw)
					}
				}
			})
			s, err := Open(dir)
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			put(t, s, document(t, 1, 3, 100, ""))
			var got []string
			for trace := 1; trace <= 3; trace++ {
				raw, err := s.Raw(t.Context(), traceID(trace))
				if err != nil {
					t.Fatal(err)
				}
				for _, doc := range raw[:2] {
					got = append(got, string(doc))
				}
			}
			if diff := gocmp.Diff(sent, got); diff != "" {
				t.Errorf("documents (-want +got):\n%s", diff)
			}
			stats, err := s.Stats(t.Context())
			if want := (Stats{Traces: 3, Documents: 7, Duplicates: 3}); err != nil || stats != want {
				t.Errorf("%+v, %v, want %+v", stats, err, want)
			}
			two := one(t, s, 2)
			if two.Revision != 2 || two.FirstReceived.Unix() != 5 || two.Received(spanID(2)).Unix() != 6 {
				t.Errorf("revision %d, came %v", two.Revision, two.FirstReceived)
			}
			if found := pages(t, s, Query{Start: 100, End: 100, Limit: 2}, func() {}); len(found) != 3 {
				t.Errorf("found %v", found)
			}
			var vacuum int
			if err := s.read.QueryRow("PRAGMA auto_vacuum").Scan(&vacuum); err != nil || vacuum != 2 {
				t.Errorf("auto_vacuum %d, %v", vacuum, err)
			}
			if err := errors.Join(s.Close()); err != nil {
				t.Error(err)
			}
		})
	}
}
