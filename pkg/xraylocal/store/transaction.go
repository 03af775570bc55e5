package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"hash/fnv"

	"github.com/bragg-tracing/bragg/pkg/segment"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/assembly"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/servicegraph"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/store/index"
)

// A transaction is one that is being written.
type transaction struct {
	*writer
	seq      int64
	now      int64 // receipt of the latest request
	requests int64 // that wrote documents so far
	touched  []*state
}

// write does what one request asks for.
func (t *transaction) write(r *request) error {
	namespace, err := t.namespaceNumber(r.namespace)
	if err != nil {
		return fmt.Errorf("namespace %s: %w", r.namespace, err)
	}
	t.now = max(t.now, r.receipt)
	if r.change != nil {
		return r.change(t, namespace)
	}
	t.requests++
	for _, doc := range r.docs {
		if err := t.document(namespace, doc, r.receipt); err != nil {
			return fmt.Errorf("document %s of trace %s: %w", doc.ID, doc.TraceID, err)
		}
	}
	return nil
}

// namespaceNumber returns the number of a namespace, which it makes if need be.
func (t *transaction) namespaceNumber(name string) (num int64, err error) {
	if num, known := t.namespaces[name]; known {
		return num, nil
	}
	if err := t.newNamespace.QueryRow(name).Scan(&num); err != nil {
		return 0, err
	}
	t.namespaces[name] = num
	return num, nil
}

// document adds one document to its trace. All documents of one request that a
// trace accepts are one revision of it.
func (t *transaction) document(namespace int64, doc Document, receipt int64) error {
	trace, err := t.trace(traceKey{namespace, doc.TraceID}, receipt)
	if err != nil {
		return err
	}
	var before *segment.Document
	if h := trace.find(doc.ID); h != nil {
		before = h.Document
	}
	if !trace.accept(doc, receipt) {
		return nil
	}
	if err := t.link(trace, before, doc.Document); err != nil {
		return err
	}
	t.recent.added()
	trace.changed = true
	trace.last = max(trace.last, receipt)
	if trace.requests != t.requests {
		trace.requests = t.requests
		trace.revision++
	}
	return nil
}

// trace returns the state of a trace, new if it is not stored.
func (t *transaction) trace(key traceKey, receipt int64) (*state, error) {
	trace := t.recent.get(key)
	if trace == nil {
		var err error
		if trace, err = t.load(key, receipt); err != nil {
			return nil, err
		}
		t.recent.put(trace)
	}
	if trace.seq != t.seq {
		trace.seq, trace.requests = t.seq, 0
		trace.changed = false
		trace.entries = trace.entries[:0]
		t.touched = append(t.touched, trace)
	}
	return trace, nil
}

func (t *transaction) load(key traceKey, receipt int64) (*state, error) {
	trace := &state{namespace: key.namespace, id: key.id, first: receipt, last: receipt}
	row := t.findTrace.QueryRow(idBytes(key.id), key.namespace)
	err := row.Scan(&trace.num, &trace.revision, &trace.first, &trace.last, &trace.placed)
	if errors.Is(err, sql.ErrNoRows) {
		trace.fresh = true
		trace.num = t.next
		t.next++
		return trace, nil
	}
	if err != nil {
		return nil, err
	}
	return trace, readParts(context.Background(), t.conn, trace)
}

// querier is what reads: a connection or a transaction.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// readParts fills a state from the parts of its trace.
func readParts(ctx context.Context, q querier, trace *state) error {
	first, last := partsOf(trace.num)
	rows, err := q.QueryContext(ctx, `SELECT body FROM parts WHERE num BETWEEN ? AND ? ORDER BY num`, first, last)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var body sql.RawBytes
		if err := rows.Scan(&body); err != nil {
			return err
		}
		trace.parts++
		if err := decodePart(body, trace.replay); err != nil {
			return err
		}
	}
	return rows.Err()
}

// settle writes what the transaction changed of a trace.
func (t *transaction) settle(trace *state) error {
	if len(trace.entries) == 0 && !trace.fresh {
		return nil
	}
	if len(trace.entries) > 0 {
		first, _ := partsOf(trace.num)
		if _, err := t.newPart.Exec(first+trace.parts, t.encoder.encode(trace.entries)); err != nil {
			return err
		}
		trace.parts++
		clear(trace.entries) // let go of the documents' text
	}
	start, end := trace.bounds()
	shape, values, facts, entry, err := t.index(trace, start.Valid)
	if err != nil {
		return err
	}
	write := t.updateTrace
	if trace.fresh {
		write = t.newTrace
	}
	if _, err := write.Exec(trace.num, trace.namespace, idBytes(trace.id), trace.revision, trace.first, trace.last,
		start, end, len(trace.docs), trace.duplicates, shape, values); err != nil {
		return err
	}
	trace.fresh = false
	if !trace.changed || !start.Valid {
		return nil
	}
	if facts != nil {
		if _, err := t.newFacts.Exec(trace.num, facts); err != nil {
			return err
		}
	}
	return t.place(trace, start, entry)
}

// index makes what is kept of a trace beside its documents. Without a segment
// that is nothing, and of one that is too large nothing either.
func (t *transaction) index(trace *state, visible bool) (shape sql.NullInt64, values, facts []byte, entry index.Entry, err error) {
	if !visible || len(trace.docs) > index.MaxEntities {
		return shape, nil, nil, index.None, nil
	}
	assembled := assembly.Assemble(trace.id, trace.documents())
	graph := servicegraph.Of(assembled, trace.received(assembled))
	if shape.Int64, err = t.shape(graph.AppendShape(nil)); err != nil {
		return shape, nil, nil, index.None, err
	}
	shape.Valid = true
	entry = index.Of(assembled, graph)
	return shape, graph.AppendValues(nil), index.AppendFacts(nil, assembled, &entry), entry, nil
}

// maxShapes is how many shapes the writer remembers.
const maxShapes = 10000

// shape returns the number of a shape, which it stores if it is new.
func (t *transaction) shape(body []byte) (num int64, err error) {
	if num, known := t.shapes[string(body)]; known {
		return num, nil
	}
	hash := fnv.New64a()
	_, _ = hash.Write(body) // never fails
	sum := int64(hash.Sum64())
	err = t.findShape.QueryRow(sum, body).Scan(&num)
	if errors.Is(err, sql.ErrNoRows) {
		err = t.newShape.QueryRow(sum, body).Scan(&num)
	}
	if err != nil {
		return 0, err
	}
	if len(t.shapes) >= maxShapes {
		clear(t.shapes)
	}
	t.shapes[string(body)] = num
	return num, nil
}

// place writes where a trace is listed, and what is looked at there.
func (t *transaction) place(trace *state, start sql.NullFloat64, e index.Entry) error {
	since := t.seq
	if trace.placed.Valid {
		if err := t.leave.QueryRow(trace.namespace, trace.placed.Float64, trace.num).Scan(&since); err != nil {
			return err
		}
	}
	if trace.placed.Valid && trace.placed != start {
		if _, err := t.move.Exec(trace.namespace, trace.placed.Float64, trace.num, since, t.seq, trace.last); err != nil {
			return err
		}
		since = t.seq
	}
	trace.placed = start
	s := &e.Signature
	_, err := t.newHead.Exec(trace.namespace, start.Float64, trace.num, since, int64(e.Flags),
		int64(s[0]), int64(s[1]), int64(s[2]), int64(s[3]), int64(s[4]), int64(s[5]), int64(s[6]), int64(s[7]),
		e.Status, e.ResponseTime, e.Duration, orNull(e.Method), orNull(e.URL))
	return err
}

func orNull(s string) any {
	if s == "" {
		return nil
	}
	return s
}
