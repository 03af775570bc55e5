package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/bragg-tracing/bragg/pkg/segment"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/assembly"
)

// A Trace is a stored trace, put together.
type Trace struct {
	*assembly.Trace
	Revision      int       // how many change sets were accepted; starts at 1
	FirstReceived time.Time // when the first document came
	LastReceived  time.Time // when the last one that was accepted came

	receipts func() map[string]time.Time // by id of an entity
	state    *state
}

// Received returns when the document came that holds the entity with this id,
// at any depth. For an inferred segment that is the document of the call. It is
// zero if the trace has no such entity.
func (t *Trace) Received(id string) time.Time { return t.receipts()[id] }

// Traces returns the traces with these ids, in X-Ray's form, that are stored,
// in the order of ids. A trace of which no segment has arrived has no Segments.
func (s *Store) Traces(ctx context.Context, ids ...string) ([]*Trace, error) {
	tx, err := s.read.BeginTx(ctx, nil)
	if err != nil {
		return nil, fmt.Errorf("read traces: %w", err)
	}
	defer tx.Rollback() // it only read
	var traces []*Trace
	for _, id := range ids {
		trace, err := readTrace(ctx, tx, s.namespace, id)
		if errors.Is(err, sql.ErrNoRows) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("read trace %s: %w", id, err)
		}
		traces = append(traces, trace)
	}
	return traces, nil
}

func readTrace(ctx context.Context, tx *sql.Tx, namespace, id string) (*Trace, error) {
	row := tx.QueryRowContext(ctx, `SELECT num, revision, first, last, documents FROM traces
		WHERE id = ? AND namespace = `+inNamespace("?2"), idBytes(id), namespace)
	return scanTrace(ctx, tx, row, id)
}

// scanTrace puts together the trace of a row: num, revision, first, last,
// documents.
func scanTrace(ctx context.Context, q querier, row *sql.Row, id string) (*Trace, error) {
	var documents int
	st := &state{id: id}
	if err := row.Scan(&st.num, &st.revision, &st.first, &st.last, &documents); err != nil {
		return nil, err
	}
	st.docs = make([]*held, 0, documents)
	if err := readParts(ctx, q, st); err != nil {
		return nil, err
	}
	trace := &Trace{
		Trace:    assembly.Assemble(id, st.documents()),
		Revision: st.revision, FirstReceived: time.Unix(0, st.first), LastReceived: time.Unix(0, st.last),
		state: st,
	}
	trace.receipts = sync.OnceValue(func() map[string]time.Time { return st.receipts(trace.Trace) })
	return trace, nil
}

// Raw returns the documents of a trace as they were sent, in the order of their
// first arrival; none if the trace is not stored.
func (s *Store) Raw(ctx context.Context, traceID string) ([][]byte, error) {
	tx, err := s.read.BeginTx(ctx, nil)
	if err != nil {
		return nil, fmt.Errorf("read documents of %s: %w", traceID, err)
	}
	defer tx.Rollback() // it only read
	var num int64
	err = tx.QueryRowContext(ctx, `SELECT num FROM traces WHERE id = ? AND namespace = `+inNamespace("?2"), idBytes(traceID), s.namespace).Scan(&num)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read documents of %s: %w", traceID, err)
	}
	docs, err := rawDocuments(ctx, tx, num)
	if err != nil {
		return nil, fmt.Errorf("read documents of %s: %w", traceID, err)
	}
	return docs, nil
}

func rawDocuments(ctx context.Context, q querier, num int64) ([][]byte, error) {
	first, last := partsOf(num)
	rows, err := q.QueryContext(ctx, `SELECT body FROM parts WHERE num BETWEEN ? AND ? ORDER BY num`, first, last)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var docs [][]byte
	at := make(map[string]int)
	for rows.Next() {
		var body sql.RawBytes
		if err := rows.Scan(&body); err != nil {
			return nil, err
		}
		err := decodePart(body, func(e entry) error {
			if e.duplicate {
				return nil
			}
			doc, err := segment.Decode(e.raw)
			if err != nil {
				return err
			}
			if i, again := at[doc.ID]; again { // it replaced one in progress
				docs[i] = e.raw
				return nil
			}
			at[doc.ID] = len(docs)
			docs = append(docs, e.raw)
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return docs, rows.Err()
}
