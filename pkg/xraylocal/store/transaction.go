package store

import (
	"database/sql"
	"errors"
	"fmt"

	"github.com/bragg-tracing/bragg/pkg/segment"
)

// A transaction is one that is being written.
type transaction struct {
	*writer
	tx   *sql.Tx
	seq  int64
	made []string // namespaces, to be forgotten if it is not committed
}

// A touched is a trace that the change set at hand adds something to.
type touched struct {
	num        int64
	start, end sql.NullFloat64 // of its segments, so far
	placed     sql.NullFloat64 // the start under which it is to be found now
	changed    bool            // something was accepted
	recompute  bool            // a segment was replaced: start and end may have shrunk
}

// changeSet writes the documents of one request: one revision of each trace
// that accepts anything.
func (t *transaction) changeSet(r *request, namespace int64) error {
	traces := make(map[string]*touched)
	for _, doc := range r.docs {
		trace := traces[doc.TraceID]
		if trace == nil {
			trace = new(touched)
			row := t.tx.Stmt(t.newTrace).QueryRow(doc.TraceID, r.receipt, namespace)
			if err := row.Scan(&trace.num, &trace.start, &trace.end); err != nil {
				return fmt.Errorf("trace %s: %w", doc.TraceID, err)
			}
			trace.placed = trace.start
			traces[doc.TraceID] = trace
		}
		if err := t.document(trace, doc, r.receipt); err != nil {
			return fmt.Errorf("document %s of trace %s: %w", doc.ID, doc.TraceID, err)
		}
	}
	for id, trace := range traces {
		if !trace.changed {
			continue
		}
		if err := t.settle(trace, r.receipt); err != nil {
			return fmt.Errorf("trace %s: %w", id, err)
		}
	}
	return nil
}

// document writes one document, or counts it as a duplicate.
func (t *transaction) document(trace *touched, doc Document, receipt int64) error {
	isSegment := doc.Type != segment.TypeSubsegment
	end := sql.NullFloat64{}
	if doc.EndTime != nil {
		end = sql.NullFloat64{Float64: *doc.EndTime, Valid: true}
	}
	var versions int
	err := t.tx.Stmt(t.newDocument).
		QueryRow(trace.num, doc.ID, isSegment, doc.InProgress, doc.StartTime, end, receipt, doc.Raw).Scan(&versions)
	if errors.Is(err, sql.ErrNoRows) { // there is a completed one
		if doc.InProgress {
			return nil
		}
		_, err := t.tx.Stmt(t.duplicate).Exec(trace.num, doc.ID)
		return err
	}
	if err != nil {
		return err
	}
	trace.changed = true
	trace.recompute = trace.recompute || versions > 1
	if isSegment {
		if !trace.start.Valid || doc.StartTime < trace.start.Float64 {
			trace.start = sql.NullFloat64{Float64: doc.StartTime, Valid: true}
		}
		if end.Valid && (!trace.end.Valid || end.Float64 > trace.end.Float64) {
			trace.end = end
		}
	}
	return nil
}

// settle writes a changed trace's row and, if its start is another, its place.
func (t *transaction) settle(trace *touched, receipt int64) error {
	if trace.recompute {
		if err := t.tx.Stmt(t.bounds).QueryRow(trace.num).Scan(&trace.start, &trace.end); err != nil {
			return err
		}
	}
	if _, err := t.tx.Stmt(t.touch).Exec(trace.num, receipt, trace.start, trace.end); err != nil {
		return err
	}
	if trace.start == trace.placed {
		return nil
	}
	if trace.placed.Valid {
		if _, err := t.tx.Stmt(t.leave).Exec(trace.num, t.seq); err != nil {
			return err
		}
	}
	if trace.start.Valid {
		if _, err := t.tx.Stmt(t.place).Exec(trace.num, trace.start.Float64, t.seq); err != nil {
			return err
		}
	}
	return nil
}

// write does what one request asks for.
func (t *transaction) write(r *request) error {
	namespace, err := t.namespaceNumber(r.namespace)
	if err != nil {
		return fmt.Errorf("namespace %s: %w", r.namespace, err)
	}
	if r.change != nil {
		return r.change(t, namespace)
	}
	return t.changeSet(r, namespace)
}

// namespaceNumber returns the number of a namespace, which it makes if need be.
func (t *transaction) namespaceNumber(name string) (num int64, err error) {
	if num, known := t.namespaces[name]; known {
		return num, nil
	}
	if err := t.tx.Stmt(t.newNamespace).QueryRow(name).Scan(&num); err != nil {
		return 0, err
	}
	t.made = append(t.made, name)
	t.namespaces[name] = num
	return num, nil
}
