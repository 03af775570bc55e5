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

// spanning selects columns of the traces whose span overlaps with a range: those
// that end in it or within an hour after it and, by an index of their own, long
// ones. No trace comes twice.
func spanning[T int64 | float64](columns string, namespace int64, s span, from, to T) *clause {
	hour := s.hour.(T)
	c := &clause{}
	c.add(`SELECT `+columns+` FROM traces WHERE namespace = ?`, namespace)
	c.add(s.high+` BETWEEN ? AND ?`, from, to+hour)
	c.add(s.low+` <= ? AND NOT `+s.long+` UNION ALL SELECT `+columns+` FROM traces WHERE `+s.long, to)
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
	if err := g.read(ctx, g.rows(`shape, graph`, by, from, to)); err != nil {
		return fmt.Errorf("read service graphs: %w", err)
	}
	if !g.missing {
		return nil
	}
	if err := g.readLarge(ctx, g.rows(`CASE WHEN shape IS NULL AND start IS NOT NULL THEN num END AS large`, by, from, to)); err != nil {
		return fmt.Errorf("make service graphs: %w", err)
	}
	return nil
}

type graphReader struct {
	tx        *sql.Tx
	namespace int64
	shapes    map[int64][]byte
	missing   bool // a trace had no graph
	f         func(shape, values []byte) error
}

// rows selects columns of the traces of a range.
func (g *graphReader) rows(columns string, by TimeRange, from, to float64) *clause {
	if by == ByReceipt {
		return spanning(columns, g.namespace, receiptSpan, nanoseconds(from), nanoseconds(to))
	}
	c := spanning(columns, g.namespace, documentSpan, from, to)
	c.text += ` UNION ALL SELECT ` + columns + ` FROM traces WHERE namespace = ? AND end IS NULL AND start BETWEEN ? AND ?` // in progress
	c.args = append(c.args, g.namespace, from, to)
	return c
}

// read reads the graphs that are stored. Rows are many: they have no column that
// is not needed.
func (g *graphReader) read(ctx context.Context, c *clause) error {
	rows, err := g.tx.QueryContext(ctx, c.text, c.args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var values sql.RawBytes
		var shape sql.NullInt64
		if err := rows.Scan(&shape, &values); err != nil {
			return err
		}
		if !shape.Valid { // see readLarge, unless none of its segments has come
			g.missing = true
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
	return rows.Err()
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

// readLarge makes the graphs that are not stored, because the traces are large.
func (g *graphReader) readLarge(ctx context.Context, c *clause) error {
	rows, err := g.tx.QueryContext(ctx, `SELECT large FROM (`+c.text+`) WHERE large IS NOT NULL`, c.args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var num int64
		if err := rows.Scan(&num); err != nil {
			return err
		}
		var id []byte
		if err := g.tx.QueryRowContext(ctx, `SELECT id FROM traces WHERE num = ?`, num).Scan(&id); err != nil {
			return err
		}
		row := g.tx.QueryRowContext(ctx, `SELECT num, revision, first, last, documents FROM traces WHERE num = ?`, num)
		trace, err := scanTrace(ctx, g.tx, row, idText(id))
		if err != nil {
			return fmt.Errorf("trace %s: %w", idText(id), err)
		}
		graph := servicegraph.Of(trace.Trace, trace.Received)
		if err := g.f(graph.AppendShape(nil), graph.AppendValues(nil)); err != nil {
			return err
		}
	}
	return rows.Err()
}
