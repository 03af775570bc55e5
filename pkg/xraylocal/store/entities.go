package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/bragg-tracing/bragg/pkg/segment"
)

// An Entity is one segment or subsegment of a stored trace, for those who
// count: it says whether what was sent can be seen, and what is there that
// nobody sent.
type Entity struct {
	TraceID  string // X-Ray's form
	ID       string
	ParentID string // "" for a root
	Name     string
	Segment  bool // else a subsegment, at any depth
	Inferred bool // made by X-Ray Local, never sent
	// Orphan is set on a subsegment whose parent has not arrived: it is stored
	// but not visible.
	Orphan bool
	// Duplicates is how many more completed documents of this id were sent, and
	// how many more times the id occurs in the trace.
	Duplicates int
}

// Entities calls f with every entity of every stored trace, as of the moment of
// the call, each (TraceID, ID) once. It ends with f's error if f returns one.
// F may call the store's other methods.
func (s *Store) Entities(ctx context.Context, f func(Entity) error) error {
	tx, err := s.read.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("read entities: %w", err)
	}
	defer tx.Rollback() // it only read
	for after := int64(0); ; {
		var num int64
		var id []byte
		// The plus keeps SQLite from an index by namespace, in which it would look
		// through all traces for each of them.
		err := tx.QueryRowContext(ctx, `SELECT num, id FROM traces WHERE num > ? AND +namespace = `+inNamespace("?2")+` ORDER BY num LIMIT 1`,
			after, s.namespace).Scan(&num, &id)
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read entities: %w", err)
		}
		row := tx.QueryRowContext(ctx, `SELECT num, revision, first, last, documents FROM traces WHERE num = ?`, num)
		trace, err := scanTrace(ctx, tx, row, idText(id))
		if err != nil {
			return fmt.Errorf("trace %s: %w", idText(id), err)
		}
		if err := trace.entities(f); err != nil {
			return err
		}
		after = num
	}
}

func (t *Trace) entities(f func(Entity) error) error {
	index := make(map[string]int)
	var all []Entity
	add := func(e Entity) {
		if i, again := index[e.ID]; again {
			all[i].Duplicates++
			return
		}
		index[e.ID] = len(all)
		e.TraceID = t.ID
		if h := t.state.find(e.ID); h != nil {
			e.Duplicates = h.duplicates
		}
		all = append(all, e)
	}
	for e := range t.All() {
		add(Entity{ID: e.ID, ParentID: e.ParentID, Name: e.Name, Segment: e.IsSegment(), Inferred: e.Inferred})
	}
	for _, doc := range t.Orphans {
		addOrphan(add, doc, doc.ParentID)
	}
	for _, e := range all {
		if err := f(e); err != nil {
			return err
		}
	}
	return nil
}

func addOrphan(add func(Entity), doc *segment.Document, parent string) {
	add(Entity{ID: doc.ID, ParentID: parent, Name: doc.Name, Orphan: true})
	for _, sub := range doc.Subsegments {
		addOrphan(add, sub, doc.ID)
	}
}

// Stats counts what is stored.
type Stats struct {
	Traces     int // including those of which no segment has arrived
	Documents  int
	Duplicates int // completed documents that were ignored
}

// Stats returns the counts.
func (s *Store) Stats(ctx context.Context) (Stats, error) {
	var st Stats
	row := s.read.QueryRowContext(ctx, `SELECT count(*), coalesce(sum(documents), 0), coalesce(sum(duplicates), 0)
		FROM traces WHERE namespace = `+inNamespace("?"), s.namespace)
	if err := row.Scan(&st.Traces, &st.Documents, &st.Duplicates); err != nil {
		return Stats{}, fmt.Errorf("count documents: %w", err)
	}
	return st, nil
}
