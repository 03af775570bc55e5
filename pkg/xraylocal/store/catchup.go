package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/bragg-tracing/bragg/pkg/xraylocal/servicegraph"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/store/index"
)

// What is kept beside documents is made when they come, but for two kinds of
// traces, for which the background makes it: large ones, when nothing has come
// for a while, and those that an older build has stored. Until then a query reads
// their documents, and links of the latter are not known.

// quiet is how long nothing has come of a large trace that is indexed.
const quiet = 10 * time.Second

// How many traces catching up reads before it writes.
const (
	catchUpLarge = 1 // each may have many thousands of documents
	catchUpOlder = 200
)

// catchUp makes what is missing.
func (s *Store) catchUp(ctx context.Context) error {
	before := s.options.now().Add(-quiet).UnixNano()
	for {
		late, err := s.late(ctx, catchUpLarge, `INDEXED BY traces_by_shape`, `shape IS NULL AND start IS NOT NULL AND last < ?`, before)
		if err != nil {
			return err
		}
		if len(late) == 0 {
			break
		}
		if err := s.index(ctx, late, nil); err != nil {
			return err
		}
	}
	for {
		var below int64
		if err := s.read.QueryRowContext(ctx, `SELECT coalesce(max(below), 0) FROM unfilled`).Scan(&below); err != nil {
			return fmt.Errorf("read what older builds stored: %w", err)
		}
		if below == 0 {
			return nil
		}
		late, err := s.late(ctx, catchUpOlder, `NOT INDEXED`, `num < ? AND shape IS NOT NULL ORDER BY num DESC`, below)
		if err != nil {
			return err
		}
		below = 0
		if len(late) == catchUpOlder {
			below = late[len(late)-1].num
		}
		if err := s.index(ctx, late, &below); err != nil {
			return err
		}
	}
}

// A lateTrace is one of which something is missing, as it was when it was read.
type lateTrace struct {
	num, namespace int64
	revision       int
	start          sql.NullFloat64
	id             []byte

	shape, values, facts []byte
	entry                index.Entry
	links                []link
}

// late reads some traces that meet a condition, of all namespaces, by an index.
func (s *Store) late(ctx context.Context, limit int, by, where string, arg int64) ([]*lateTrace, error) {
	rows, err := s.read.QueryContext(ctx, `SELECT num, namespace, revision, start, id FROM traces `+by+`
		WHERE namespace IN (SELECT num FROM namespaces) AND `+where+fmt.Sprintf(` LIMIT %d`, limit), arg)
	if err != nil {
		return nil, fmt.Errorf("find what is to be indexed: %w", err)
	}
	defer rows.Close()
	var all []*lateTrace
	for rows.Next() {
		t := new(lateTrace)
		if err := rows.Scan(&t.num, &t.namespace, &t.revision, &t.start, &t.id); err != nil {
			return nil, fmt.Errorf("find what is to be indexed: %w", err)
		}
		all = append(all, t)
	}
	return all, rows.Err()
}

// index makes what is missing of traces and writes it, if they are still as they
// were. Below, if not nil, is up to where older traces have been caught up with.
func (s *Store) index(ctx context.Context, late []*lateTrace, below *int64) error {
	for _, t := range late {
		if err := t.make(ctx, s.core.read); err != nil {
			return fmt.Errorf("index trace %s: %w", idText(t.id), err)
		}
	}
	return s.do(ctx, &request{change: func(t *transaction, _ int64) error {
		for _, one := range late {
			if err := t.indexLate(one); err != nil {
				return fmt.Errorf("index trace %s: %w", idText(one.id), err)
			}
		}
		if below == nil {
			return nil
		}
		return t.exec(fmt.Sprintf(`UPDATE unfilled SET below = %d`, *below))
	}})
}

func (t *lateTrace) make(ctx context.Context, q querier) error {
	row := q.QueryRowContext(ctx, `SELECT num, revision, first, last, documents FROM traces WHERE num = ?`, t.num)
	trace, err := scanTrace(ctx, q, row, idText(t.id))
	if err != nil {
		return err
	}
	for _, h := range trace.state.docs {
		t.links = appendLinks(t.links, h.Document)
	}
	graph := servicegraph.Of(trace.Trace, trace.Received)
	t.entry = index.Of(trace.Trace, graph)
	t.shape, t.values, t.facts = graph.AppendShape(nil), graph.AppendValues(nil), index.AppendFacts(nil, trace.Trace, &t.entry)
	return nil
}

func (t *transaction) indexLate(one *lateTrace) error {
	ctx := context.Background()
	var revision int
	err := t.conn.QueryRowContext(ctx, `SELECT revision FROM traces WHERE num = ?`, one.num).Scan(&revision)
	if errors.Is(err, sql.ErrNoRows) {
		return nil // deleted
	}
	if err != nil {
		return err
	}
	if err := t.writeLinks(one.namespace, one.num, one.links); err != nil {
		return err
	}
	if revision != one.revision {
		return nil // changed: then it has been indexed or waits to be
	}
	shape, err := t.shape(one.shape)
	if err != nil {
		return err
	}
	if _, err := t.conn.ExecContext(ctx, `UPDATE traces SET shape = ?, graph = ? WHERE num = ?`, shape, one.values, one.num); err != nil {
		return err
	}
	if _, err := t.newFacts.Exec(one.num, one.facts); err != nil {
		return err
	}
	return t.place(&state{num: one.num, namespace: one.namespace, placed: one.start}, one.start, one.entry)
}
