package store

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/bragg-tracing/bragg/pkg/segment"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/assembly"
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
	rows, err := s.read.QueryContext(ctx, `
		SELECT t.trace_id, d.id, d.duplicates, d.body
		FROM documents d JOIN traces t ON t.num = d.trace
		WHERE t.namespace = `+inNamespace("?")+` ORDER BY d.trace, d.id`, s.namespace)
	if err != nil {
		return fmt.Errorf("read entities: %w", err)
	}
	defer rows.Close()
	var trace stored
	for rows.Next() {
		var traceID, id string
		var duplicates int
		var body sql.RawBytes
		if err := rows.Scan(&traceID, &id, &duplicates, &body); err != nil {
			return fmt.Errorf("read entities: %w", err)
		}
		doc, err := segment.Decode(body)
		if err != nil {
			return fmt.Errorf("document %s of trace %s: %w", id, traceID, err)
		}
		if traceID != trace.id {
			if err := trace.entities(f); err != nil {
				return err
			}
			trace = stored{id: traceID, duplicates: make(map[string]int)}
		}
		trace.docs = append(trace.docs, doc)
		trace.duplicates[id] = duplicates
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("read entities: %w", err)
	}
	return trace.entities(f)
}

// A stored is what is stored of one trace.
type stored struct {
	id         string
	docs       []*segment.Document
	duplicates map[string]int // by id of a document
}

func (t *stored) entities(f func(Entity) error) error {
	trace := assembly.Assemble(t.id, t.docs)
	index := make(map[string]int)
	var all []Entity
	add := func(e Entity) {
		if i, again := index[e.ID]; again {
			all[i].Duplicates++
			return
		}
		index[e.ID] = len(all)
		e.TraceID, e.Duplicates = t.id, t.duplicates[e.ID]
		all = append(all, e)
	}
	for e := range trace.All() {
		add(Entity{ID: e.ID, ParentID: e.ParentID, Name: e.Name, Segment: e.IsSegment(), Inferred: e.Inferred})
	}
	for _, doc := range trace.Orphans {
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
	row := s.read.QueryRowContext(ctx, `
		SELECT (SELECT count(*) FROM traces WHERE namespace = n.num), count(d.num), coalesce(sum(duplicates), 0)
		FROM (SELECT `+inNamespace("?")+` AS num) n
		LEFT JOIN traces t ON t.namespace = n.num LEFT JOIN documents d ON d.trace = t.num`, s.namespace)
	if err := row.Scan(&st.Traces, &st.Documents, &st.Duplicates); err != nil {
		return Stats{}, fmt.Errorf("count documents: %w", err)
	}
	return st, nil
}
