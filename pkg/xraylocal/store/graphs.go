package store

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/bragg-tracing/bragg/pkg/xraylocal/servicegraph"
)

// A span is a pair of columns of traces between which something of each lies,
// and how much makes a span long.
type span struct {
	low, high string
	hour      any
	long      string // what the partial index has
}

var (
	receiptSpan  = span{"first", "last", int64(3600e9), "last - first > 3600000000000"}
	documentSpan = span{"start", "end", 3600.0, "end - start > 3600"}
)

// spanning selects the numbers of traces whose span overlaps with a range:
// those that end in it or within an hour after it and, by an index of their own,
// long ones.
func spanning[T int64 | float64](namespace int64, s span, from, to T) *clause {
	hour := s.hour.(T)
	c := &clause{}
	c.add(`SELECT num FROM traces WHERE namespace = ?`, namespace)
	c.add(s.high+` BETWEEN ? AND ?`, from, to+hour)
	c.add(s.low+` <= ? AND NOT `+s.long+` UNION ALL SELECT num FROM traces WHERE `+s.long, to)
	c.add(`namespace = ? AND `+s.high+` >= ? AND `+s.low+` <= ?`, namespace, from, to)
	return c
}

// Graphs calls f with the service graph of every trace of which something may
// lie in a range of time, encoded as servicegraph.Merger.Add takes it: a document
// that came then, by ByReceipt, or any time between the start of its first segment
// and the end of its last, by ByStart or BySpan. From and to are seconds since the
// epoch. The order is none. F may keep neither slice, and must not call the
// Store. Graphs ends with f's error if f returns one.
func (s *Store) Graphs(ctx context.Context, by TimeRange, from, to float64, f func(shape, values []byte) error) error {
	tx, err := s.read.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("read service graphs: %w", err)
	}
	defer tx.Rollback() // it only read
	g := graphReader{tx: tx, shapes: make(map[int64][]byte), f: f}
	if err := tx.QueryRowContext(ctx, `SELECT coalesce(`+inNamespace("?")+`, -1)`, s.namespace).Scan(&g.namespace); err != nil {
		return fmt.Errorf("read service graphs: %w", err)
	}
	var nums *clause
	if by == ByReceipt {
		nums = spanning(g.namespace, receiptSpan, nanoseconds(from), nanoseconds(to))
	} else {
		nums = spanning(g.namespace, documentSpan, from, to)
		nums.text += ` UNION ALL SELECT num FROM traces WHERE namespace = ? AND end IS NULL AND start BETWEEN ? AND ?` // in progress
		nums.args = append(nums.args, g.namespace, from, to)
	}
	if err := g.read(ctx, nums); err != nil {
		return fmt.Errorf("read service graphs: %w", err)
	}
	return nil
}

type graphReader struct {
	tx        *sql.Tx
	namespace int64
	shapes    map[int64][]byte
	large     []large
	f         func(shape, values []byte) error
}

// A large is a trace of which no graph is stored.
type large struct {
	num int64
	id  string
}

func (g *graphReader) read(ctx context.Context, nums *clause) error {
	rows, err := g.tx.QueryContext(ctx, `SELECT num, id, shape, graph FROM traces
		WHERE num IN (`+nums.text+`) AND start IS NOT NULL`, nums.args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var num int64
		var id, values sql.RawBytes
		var shape sql.NullInt64
		if err := rows.Scan(&num, &id, &shape, &values); err != nil {
			return err
		}
		if !shape.Valid {
			g.large = append(g.large, large{num, idText(append([]byte(nil), id...))})
			continue
		}
		body, err := g.shape(ctx, shape.Int64)
		if err != nil {
			return err
		}
		if err := g.f(body, values); err != nil {
			return err
		}
	}
	if err := rows.Err(); err != nil {
		return err
	}
	return g.readLarge(ctx)
}

// shape returns the body of a shape.
func (g *graphReader) shape(ctx context.Context, num int64) ([]byte, error) {
	if body, known := g.shapes[num]; known {
		return body, nil
	}
	var body []byte
	if err := g.tx.QueryRowContext(ctx, `SELECT body FROM shapes WHERE num = ?`, num).Scan(&body); err != nil {
		return nil, fmt.Errorf("shape %d: %w", num, err)
	}
	g.shapes[num] = body
	return body, nil
}

// readLarge makes the graphs that are not stored.
func (g *graphReader) readLarge(ctx context.Context) error {
	for _, l := range g.large {
		row := g.tx.QueryRowContext(ctx, `SELECT num, revision, first, last, documents FROM traces WHERE num = ?`, l.num)
		trace, err := scanTrace(ctx, g.tx, row, l.id)
		if err != nil {
			return fmt.Errorf("trace %s: %w", l.id, err)
		}
		graph := servicegraph.Of(trace.Trace, trace.Received)
		if err := g.f(graph.AppendShape(nil), graph.AppendValues(nil)); err != nil {
			return err
		}
	}
	return nil
}
