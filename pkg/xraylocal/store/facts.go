package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/bragg-tracing/bragg/pkg/xraylocal/filter/eval"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/servicegraph"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/store/index"
)

// Facts calls f with the facts of every trace that q selects by ByStart, newest
// start first; q.By, Limit and Token are not looked at. Those that are kept are
// not made anew: a million traces take some seconds. F may keep nothing that it is
// given, and must not call the Store. Facts ends with the error that f returns, or
// when it is later than until, unless that is zero: Covered tells of how many of
// the range's traces the answer is then, those included that do not match.
func (s *Store) Facts(ctx context.Context, q Query, until time.Time, f func(*index.Facts) error) (Covered, error) {
	tx, err := s.read.BeginTx(ctx, nil)
	if err != nil {
		return Covered{}, fmt.Errorf("read facts: %w", err)
	}
	defer tx.Rollback() // it only read
	r := factReader{q: q, tx: tx, until: until, f: f}
	if err := tx.QueryRowContext(ctx, `SELECT coalesce(`+inNamespace("?")+`, -1)`, s.namespace).Scan(&r.namespace); err != nil {
		return Covered{}, fmt.Errorf("read facts: %w", err)
	}
	err = r.run(ctx)
	if err != nil && !errors.Is(err, errLate) {
		return Covered{}, fmt.Errorf("read facts: %w", err)
	}
	covered, err := r.covered(ctx, err != nil)
	if err != nil {
		return Covered{}, fmt.Errorf("count traces: %w", err)
	}
	return covered, nil
}

type factReader struct {
	q         Query
	tx        *sql.Tx
	namespace int64
	until     time.Time
	f         func(*index.Facts) error

	rows int     // that were looked at
	at   float64 // the start of the last
}

func (r *factReader) run(ctx context.Context) error {
	c := &clause{}
	c.add(`h.namespace = ? AND h.start BETWEEN ? AND ?`, r.namespace, r.q.Start, r.q.End)
	if r.q.Where.Where != "" {
		c.add(r.q.Where.Where, r.q.Where.Args...)
	}
	// The graph is for who asks about more than facts. Facts of a trace of which
	// the entry is none may be of when it was smaller.
	graph := `NULL, NULL`
	if r.q.Known != nil {
		graph = `(SELECT body FROM shapes WHERE num = t.shape), t.graph`
	}
	from := `heads h LEFT JOIN facts f ON f.trace = h.trace`
	if r.q.Known != nil {
		from += ` JOIN traces t ON t.num = h.trace`
	}
	rows, err := r.tx.QueryContext(ctx, fmt.Sprintf(`SELECT h.trace, h.start, CASE WHEN h.flags & %d THEN NULL ELSE f.body END, %s
		FROM %s WHERE %s ORDER BY h.start DESC, h.trace DESC`, index.Unindexed, graph, from, c.text), c.args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	var num int64
	var body, shape, values sql.RawBytes
	for rows.Next() {
		var start float64
		if err := rows.Scan(&num, &start, &body, &shape, &values); err != nil {
			return err
		}
		if r.late() {
			return errLate
		}
		if err := r.look(ctx, num, body, shape, values); err != nil {
			return err
		}
		r.rows, r.at = r.rows+1, start
		if err := ctx.Err(); err != nil { // rows end some time later
			return err
		}
	}
	return rows.Err()
}

// late reports whether the time is over.
func (r *factReader) late() bool {
	return !r.until.IsZero() && r.rows > 0 && r.rows%lookAtClock == 0 && time.Now().After(r.until)
}

// look calls f with the facts of a trace that matches.
func (r *factReader) look(ctx context.Context, num int64, body, shape, values []byte) error {
	v := eval.Maybe
	if r.q.Known == nil && r.q.Match == nil {
		v = eval.Yes
	}
	if r.q.Known != nil && body != nil && shape != nil {
		var err error
		if v, err = r.q.Known(shape, values, body); err != nil {
			return fmt.Errorf("trace number %d: %w", num, err)
		}
	}
	if v == eval.No {
		return nil
	}
	if v == eval.Yes && body != nil {
		facts, err := index.ReadFacts(body)
		if err != nil {
			return fmt.Errorf("trace number %d: %w", num, err)
		}
		if facts.Whole() {
			return r.f(&facts)
		}
	}
	return r.read(ctx, num, v == eval.Yes)
}

// read puts a trace together of which too little is kept.
func (r *factReader) read(ctx context.Context, num int64, known bool) error {
	trace, err := readNumber(ctx, r.tx, num)
	if err != nil {
		return err
	}
	if !r.until.IsZero() && time.Now().After(r.until) {
		return errLate
	}
	if !known && r.q.Match != nil && !r.q.Match(trace) {
		return nil
	}
	entry := index.Of(trace.Trace, servicegraph.Of(trace.Trace, trace.Received))
	facts, err := index.ReadFacts(index.AppendFacts(nil, trace.Trace, &entry))
	if err != nil {
		return fmt.Errorf("trace %s: %w", trace.ID, err)
	}
	return r.f(&facts)
}

// covered counts the traces of the range.
func (r *factReader) covered(ctx context.Context, late bool) (c Covered, err error) {
	const count = `SELECT count(*) FROM heads WHERE namespace = ? AND start BETWEEN ? AND ?`
	if err := r.tx.QueryRowContext(ctx, count, r.namespace, r.q.Start, r.q.End).Scan(&c.All); err != nil {
		return c, err
	}
	if c.Looked = c.All; !late {
		return c, nil
	}
	if r.rows == 0 {
		return Covered{0, c.All}, nil
	}
	if err := r.tx.QueryRowContext(ctx, count, r.namespace, max(r.at, r.q.Start), r.q.End).Scan(&c.Looked); err != nil {
		return c, err
	}
	return Covered{min(c.Looked, c.All-1), c.All}, nil // one is left at least
}
