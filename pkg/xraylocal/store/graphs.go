package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/bragg-tracing/bragg/pkg/xraylocal/filter/eval"
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

// spanning selects columns of the traces whose span overlaps with a range, and
// which meet a condition, which is "" or begins with AND: those that end in it or
// within an hour after it and, by an index of their own, long ones. No trace
// comes twice.
func spanning[T int64 | float64](columns, where string, namespace int64, s span, from, to T) *clause {
	hour := s.hour.(T)
	c := &clause{}
	c.add(`SELECT `+columns+` FROM traces WHERE namespace = ?`, namespace)
	c.add(s.high+` BETWEEN ? AND ?`, from, to+hour)
	c.add(s.low+` <= ? AND NOT `+s.long+where+` UNION ALL SELECT `+columns+` FROM traces WHERE `+s.long+where, to)
	c.add(`namespace = ? AND `+s.high+` >= ? AND `+s.low+` <= ?`, namespace, from, to)
	return c
}

// A GraphQuery selects service graphs.
type GraphQuery struct {
	// By and From and To, in seconds since the epoch, select the traces of which
	// something may lie in that range: a document that came then, by ByReceipt, or
	// any time between the start of the first segment and the end of the last, by
	// ByStart or BySpan.
	By       TimeRange
	From, To float64
	// Filter leaves out others; nil takes all.
	Filter *GraphFilter
	// Until is when to end, whatever is left; zero for never. Traces come newest
	// first then, as far as that costs no sorting.
	Until time.Time
}

// A GraphFilter decides on traces, by as little as it can.
type GraphFilter struct {
	// Shape decides on all traces of a shape.
	Shape func(shape []byte) (eval.Verdict, error)
	// Facts decides on one trace for which Shape says Maybe. Facts are what
	// index.AppendFacts wrote, nil if the store has none.
	Facts func(shape, values, facts []byte) (eval.Verdict, error)
	// Trace decides on one for which both say Maybe, by its documents.
	Trace func(*Trace) bool
}

// Covered says of how many of the traces that a query selects an answer is made.
// Those that a filter leaves out by their shape are in neither.
type Covered struct {
	Looked int // traces that were added, or left out
	All    int // traces that would have been
}

// Whole reports whether the answer is of everything.
func (c Covered) Whole() bool { return c.Looked >= c.All }

// errLate ends reading.
var errLate = errors.New("the time is over")

// Graphs calls f with the service graph of every trace that a query selects,
// encoded as servicegraph.Merger.Add takes it, in no order. F and the filter may
// keep nothing that they are given, and must not call the Store. Graphs ends with
// the error that one of them returns. With Until, the answer may be of a part:
// Covered tells.
func (s *Store) Graphs(ctx context.Context, q GraphQuery, f func(shape, values []byte) error) (Covered, error) {
	tx, err := s.read.BeginTx(ctx, nil)
	if err != nil {
		return Covered{}, fmt.Errorf("read service graphs: %w", err)
	}
	defer tx.Rollback() // it only read
	g := graphReader{q: q, tx: tx, shapes: make(map[int64][]byte), f: f}
	if err := tx.QueryRowContext(ctx, `SELECT coalesce(`+inNamespace("?")+`, -1)`, s.namespace).Scan(&g.namespace); err != nil {
		return Covered{}, fmt.Errorf("read service graphs: %w", err)
	}
	switch err := g.run(ctx); {
	case errors.Is(err, errLate):
		all, err := g.count(ctx)
		if err != nil {
			return Covered{}, fmt.Errorf("count service graphs: %w", err)
		}
		return Covered{g.looked, max(all, g.looked+1)}, nil // one is left at least
	case err != nil:
		return Covered{}, fmt.Errorf("read service graphs: %w", err)
	}
	return Covered{g.looked, g.looked}, nil
}

type graphReader struct {
	q         GraphQuery
	tx        *sql.Tx
	namespace int64
	shapes    map[int64][]byte
	looked    int
	counts    []*clause // select what is to be looked at, one number each
	f         func(shape, values []byte) error
}

func (g *graphReader) run(ctx context.Context) error {
	const columns, facts = `shape, graph, NULL, num`, `shape, graph, (SELECT body FROM facts WHERE trace = num), num`
	parts := []graphPart{{g.rows(columns, `shape IS NOT NULL`), g.f}}
	g.counts = []*clause{g.rows(`1`, `shape IS NOT NULL`), g.large(`1`)}
	if g.q.Filter != nil {
		yes, maybe, all, err := g.judgeShapes(ctx)
		if err != nil {
			return err
		}
		parts = []graphPart{{g.ofShapes(yes, all, columns), g.f}, {g.ofShapes(maybe, all, facts), nil}}
		g.counts = []*clause{g.ofShapes(yes, all, `1`), g.ofShapes(maybe, all, `1`), g.large(`1`)}
	}
	for _, p := range parts {
		if err := g.read(ctx, p.rows, p.f); err != nil {
			return err
		}
	}
	return g.readLarge(ctx)
}

// A graphPart is rows, and what to do with their graphs; nil decides first.
type graphPart struct {
	rows *clause
	f    func(shape, values []byte) error
}

// count returns how many traces there are to look at.
func (g *graphReader) count(ctx context.Context) (all int, err error) {
	for _, c := range g.counts {
		if c == nil {
			continue
		}
		var n int
		if err := g.tx.QueryRowContext(ctx, `SELECT count(*) FROM (`+c.text+`)`, c.args...).Scan(&n); err != nil {
			return 0, err
		}
		all += n
	}
	return all, nil
}

// judgeShapes returns the numbers of the shapes of which all traces match, and
// of which some may, and how many shapes there are.
func (g *graphReader) judgeShapes(ctx context.Context) (yes, maybe []int64, all int, err error) {
	rows, err := g.tx.QueryContext(ctx, `SELECT num, body FROM shapes`)
	if err != nil {
		return nil, nil, 0, err
	}
	defer rows.Close()
	for ; rows.Next(); all++ {
		var num int64
		var body sql.RawBytes
		if err := rows.Scan(&num, &body); err != nil {
			return nil, nil, 0, err
		}
		switch v, err := g.q.Filter.Shape(body); {
		case err != nil:
			return nil, nil, 0, fmt.Errorf("shape %d: %w", num, err)
		case v == eval.Yes:
			yes = append(yes, num)
		case v == eval.Maybe:
			maybe = append(maybe, num)
		}
	}
	return yes, maybe, all, rows.Err()
}

// fewShapes is up to how many shapes are looked for one by one, in the index that
// has the traces of each.
const fewShapes = 1000

// ofShapes selects columns of those traces of the range that have one of some
// shapes; nil if there are none.
func (g *graphReader) ofShapes(shapes []int64, all int, columns string) *clause {
	if len(shapes) == 0 {
		return nil
	}
	if len(shapes) == all {
		return g.rows(columns, `shape IS NOT NULL`)
	}
	list, _ := json.Marshal(shapes) // numbers alone: it cannot fail
	among := `shape IN (SELECT value FROM json_each('` + string(list) + `'))`
	if len(shapes) > fewShapes || g.q.By != ByReceipt {
		return g.rows(columns, among)
	}
	c := &clause{}
	c.add(`SELECT `+columns+` FROM traces INDEXED BY traces_by_shape WHERE namespace = ?`, g.namespace)
	c.add(among)
	c.add(`last >= ? AND first <= ?`, nanoseconds(g.q.From), nanoseconds(g.q.To))
	return c
}

// rows selects columns of the traces of the range that meet a condition. If the
// time may not suffice, they come newest first, as the indexes have them.
func (g *graphReader) rows(columns, where string) *clause {
	if where != "" {
		where = ` AND ` + where
	}
	var order string
	if by := g.span().high; !g.q.Until.IsZero() {
		columns, order = columns+`, `+by+` AS at`, ` ORDER BY at DESC`
	}
	if g.q.By == ByReceipt {
		c := spanning(columns, where, g.namespace, receiptSpan, nanoseconds(g.q.From), nanoseconds(g.q.To))
		c.text += order
		return c
	}
	c := spanning(columns, where, g.namespace, documentSpan, g.q.From, g.q.To)
	c.text += ` UNION ALL SELECT ` + columns + ` FROM traces WHERE namespace = ? AND end IS NULL AND start BETWEEN ? AND ?` + where + order // in progress
	c.args = append(c.args, g.namespace, g.q.From, g.q.To)
	return c
}

func (g *graphReader) span() span {
	if g.q.By == ByReceipt {
		return receiptSpan
	}
	return documentSpan
}

// read calls f with the graphs of rows: shape, graph, facts, num. Without f it
// decides on each first.
func (g *graphReader) read(ctx context.Context, c *clause, f func(shape, values []byte) error) error {
	if c == nil {
		return nil
	}
	rows, err := g.tx.QueryContext(ctx, c.text, c.args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	var values, facts sql.RawBytes
	var shape, num int64
	to := []any{&shape, &values, &facts, &num, new(any)}
	if columns, err := rows.Columns(); err != nil || len(columns) < len(to) {
		to = to[:len(to)-1]
	}
	for rows.Next() {
		if err := rows.Scan(to...); err != nil {
			return err
		}
		body, err := g.shape(ctx, shape)
		if err != nil {
			return err
		}
		if f != nil {
			err = f(body, values)
		} else {
			err = g.decide(ctx, num, body, values, facts)
		}
		if err != nil {
			return err
		}
		if g.looked++; g.late() {
			return errLate
		}
		if err := ctx.Err(); err != nil { // rows end some time later
			return err
		}
	}
	return rows.Err()
}

// lookAtClock is after how many traces the clock is looked at.
const lookAtClock = 256

// late reports whether the time is over.
func (g *graphReader) late() bool {
	return !g.q.Until.IsZero() && g.looked%lookAtClock == 0 && time.Now().After(g.q.Until)
}

// decide calls f with a trace's graph if the trace matches.
func (g *graphReader) decide(ctx context.Context, num int64, shape, values, facts []byte) error {
	v, err := g.q.Filter.Facts(shape, values, facts)
	if err != nil {
		return fmt.Errorf("trace number %d: %w", num, err)
	}
	if v == eval.Maybe {
		trace, err := readNumber(ctx, g.tx, num)
		if err != nil {
			return err
		}
		if !g.q.Until.IsZero() && time.Now().After(g.q.Until) {
			return errLate
		}
		v = eval.No
		if g.q.Filter.Trace(trace) {
			v = eval.Yes
		}
	}
	if v == eval.No {
		return nil
	}
	return g.f(shape, values)
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

// large selects traces of which no graph is stored. They are few: the index finds
// them at once.
func (g *graphReader) large(columns string) *clause {
	c := &clause{}
	c.add(`SELECT `+columns+` FROM traces INDEXED BY traces_by_shape WHERE namespace = ? AND shape IS NULL AND start IS NOT NULL`, g.namespace)
	if g.q.By == ByReceipt {
		c.add(`last >= ? AND first <= ?`, nanoseconds(g.q.From), nanoseconds(g.q.To))
	} else {
		c.add(`coalesce(end, start) >= ? AND start <= ?`, g.q.From, g.q.To)
	}
	return c
}

// readLarge makes the graphs that are not stored, because the traces are large.
func (g *graphReader) readLarge(ctx context.Context) error {
	c := g.large(`num`)
	rows, err := g.tx.QueryContext(ctx, c.text, c.args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var num int64
		if err := rows.Scan(&num); err != nil {
			return err
		}
		if !g.q.Until.IsZero() && time.Now().After(g.q.Until) {
			return errLate
		}
		trace, err := readNumber(ctx, g.tx, num)
		if err != nil {
			return err
		}
		g.looked++
		if g.q.Filter != nil && !g.q.Filter.Trace(trace) {
			continue
		}
		graph := servicegraph.Of(trace.Trace, trace.Received)
		if err := g.f(graph.AppendShape(nil), graph.AppendValues(nil)); err != nil {
			return err
		}
	}
	return rows.Err()
}

// readNumber puts together the trace with a number.
func readNumber(ctx context.Context, q querier, num int64) (*Trace, error) {
	var id []byte
	if err := q.QueryRowContext(ctx, `SELECT id FROM traces WHERE num = ?`, num).Scan(&id); err != nil {
		return nil, err
	}
	row := q.QueryRowContext(ctx, `SELECT num, revision, first, last, documents FROM traces WHERE num = ?`, num)
	trace, err := scanTrace(ctx, q, row, idText(id))
	if err != nil {
		return nil, fmt.Errorf("trace %s: %w", idText(id), err)
	}
	return trace, nil
}
