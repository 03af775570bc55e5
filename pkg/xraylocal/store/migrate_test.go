package store

import (
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/bragg-tracing/bragg/pkg/xraylocal/filter/eval"
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
