package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/bragg-tracing/bragg/pkg/xraylocal/filter/eval"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/store/index"
)

// A TimeRange says what of a trace has to lie in the time range of a Query.
type TimeRange int

// What Query.By can be.
const (
	ByStart   TimeRange = iota // the start of its first segment
	ByReceipt                  // the arrival of a document that it still has, End excluded
	BySpan                     // any time between the start of its first segment and the end of its last
)

// A Query selects traces of which a segment has arrived. Start and End are
// seconds since the epoch, both included but for ByReceipt.
type Query struct {
	By         TimeRange
	Start, End float64
	// Where leaves out traces that Match would not match, without reading them:
	// what package index makes of an expression. The zero one leaves out none.
	Where index.Condition
	// Known, if not nil, decides on a trace that is left by what is kept beside
	// its documents; facts may be nil. Those that it says Yes to are not put
	// together, if what is kept has all of a summary. It is asked by ByStart
	// alone, and may keep nothing that it is given.
	Known func(shape, values, facts []byte) (eval.Verdict, error)
	// Match decides on each trace on which Known did not; nil takes all. It must
	// not call the Store.
	Match func(*Trace) bool
	Limit int    // of traces in a page; must be positive
	Token string // Next of the page before; "" for the first
}

// A Ref is one trace of a page.
type Ref struct {
	TraceID  string
	Start    float64   // seconds since the epoch, as it was when the first page was read
	Begin    float64   // the same, as it is now
	Matched  time.Time // ByReceipt: the latest arrival in the range
	Revision int
	Trace    *Trace       // as it is now; nil if Facts say what a summary does
	Facts    *index.Facts // nil if Trace is not
}

// A Page is part of what a Query selects, newest start first.
type Page struct {
	Refs      []Ref
	Processed int    // traces of the range that this page has passed, those included that did not match
	Next      string // token of the next page; "" on the last
}

// ErrToken is returned for a Query.Token that Find did not make.
var ErrToken = errors.New("malformed page token")

// patience is how long Find looks for what fills a page. What it has found by
// then is the page, and may be nothing; the next goes on from there.
const patience = 5 * time.Second

// Find returns one page of traces. All pages of one Query show the traces and
// their order as they were when the first was read, whatever arrives meanwhile:
// none comes twice, and none of them is left out. Whether one matches is judged
// by what it is when its page is read.
func (s *Store) Find(ctx context.Context, q Query) (Page, error) {
	tx, err := s.read.BeginTx(ctx, nil)
	if err != nil {
		return Page{}, fmt.Errorf("find traces: %w", err)
	}
	defer tx.Rollback() // it only read
	pos := position{start: math.MaxFloat64, num: math.MaxInt64}
	if q.Token != "" {
		if pos, err = parseToken(q.Token); err != nil {
			return Page{}, err
		}
	} else if err := tx.QueryRowContext(ctx, `SELECT seq FROM clock`).Scan(&pos.seq); err != nil {
		return Page{}, fmt.Errorf("find traces: %w", err)
	}
	f := finder{q: q, tx: tx, from: pos, pos: pos}
	if err := tx.QueryRowContext(ctx, `SELECT coalesce(`+inNamespace("?")+`, -1)`, s.namespace).Scan(&f.namespace); err != nil {
		return Page{}, fmt.Errorf("find traces: %w", err)
	}
	if err := f.run(ctx); err != nil {
		return Page{}, fmt.Errorf("find traces: %w", err)
	}
	return f.page, nil
}

// A finder fills one page.
type finder struct {
	q         Query
	tx        *sql.Tx
	namespace int64
	from, pos position
	page      Page
}

// A candidate is a trace that may match.
type candidate struct {
	num   int64
	start float64
	id    []byte

	// If Query.Known is to be asked:
	revision             int
	now                  sql.NullFloat64 // where it stands now
	shape, values, facts []byte
}

// chunk is how many candidates are fetched before their documents are read, the
// first time; four times as many then.
const chunk = 128

func (f *finder) run(ctx context.Context) error {
	deadline := time.Now().Add(patience)
	for n := chunk; ; n = min(4*n, 4096) {
		candidates, err := f.candidates(ctx, n)
		if err != nil {
			return err
		}
		for i, c := range candidates {
			full := len(f.page.Refs) == f.q.Limit
			if full && f.q.Match == nil && f.q.Known == nil || i > 0 && time.Now().After(deadline) {
				f.page.Next = f.pos.token()
				return f.count(ctx)
			}
			ref, err := f.read(ctx, c)
			if err != nil {
				return err
			}
			if ref != nil && full {
				f.page.Next = f.pos.token()
				return f.count(ctx)
			}
			f.pos.start, f.pos.num = c.start, c.num
			if ref != nil {
				f.page.Refs = append(f.page.Refs, *ref)
			}
		}
		if len(candidates) < n {
			f.pos.start = math.Inf(-1)
			return f.count(ctx)
		}
	}
}

// read returns a candidate that matches, else nil.
func (f *finder) read(ctx context.Context, c candidate) (*Ref, error) {
	v := eval.Maybe
	if f.knows() {
		var err error
		var ref *Ref
		if v, ref, err = f.judge(&c); err != nil || ref != nil || v == eval.No {
			return ref, err
		}
	}
	return f.put(ctx, &c, v == eval.Yes)
}

// knows reports whether candidates come with what is kept of them.
func (f *finder) knows() bool { return f.q.Known != nil && f.q.By == ByStart }

// judge decides on a candidate by what is kept of it. It returns a Ref if that is
// all that is needed.
func (f *finder) judge(c *candidate) (eval.Verdict, *Ref, error) {
	if c.shape == nil {
		return eval.Maybe, nil, nil // facts, if there are any, are of when it was smaller
	}
	v, err := f.q.Known(c.shape, c.values, c.facts)
	if err != nil {
		return v, nil, fmt.Errorf("trace %s: %w", idText(c.id), err)
	}
	if v != eval.Yes || c.facts == nil || !c.now.Valid {
		return v, nil, nil
	}
	facts, err := index.ReadFacts(c.facts)
	if err != nil || !facts.Whole() {
		return v, nil, nil // its documents tell
	}
	return v, &Ref{TraceID: idText(c.id), Start: c.start, Begin: c.now.Float64, Revision: c.revision, Facts: &facts}, nil
}

// put puts a candidate together, and returns it if it matches, or is known to.
func (f *finder) put(ctx context.Context, c *candidate, known bool) (*Ref, error) {
	row := f.tx.QueryRowContext(ctx, `SELECT num, revision, first, last, documents FROM traces WHERE num = ?`, c.num)
	ref := &Ref{TraceID: idText(c.id), Start: c.start}
	var err error
	if ref.Trace, err = scanTrace(ctx, f.tx, row, ref.TraceID); err != nil {
		return nil, fmt.Errorf("trace %s: %w", ref.TraceID, err)
	}
	ref.Begin, ref.Revision = ref.Trace.Start(), ref.Trace.Revision
	if f.q.By == ByReceipt {
		from, to := nanoseconds(f.q.Start), nanoseconds(f.q.End)
		for _, h := range ref.Trace.state.docs {
			if at := time.Unix(0, h.receipt); h.receipt >= from && h.receipt < to && at.After(ref.Matched) {
				ref.Matched = at
			}
		}
		if ref.Matched.IsZero() {
			return nil, nil
		}
	}
	if f.q.Match != nil && !known && !f.q.Match(ref.Trace) {
		return nil, nil
	}
	return ref, nil
}

// candidates returns the next n candidates, newest start first.
func (f *finder) candidates(ctx context.Context, n int) ([]candidate, error) {
	query, args := f.statement()
	rows, err := f.tx.QueryContext(ctx, query, append(args, n)...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []candidate
	for rows.Next() {
		var c candidate
		to := []any{&c.num, &c.start, &c.id}
		if f.knows() {
			to = append(to, &c.revision, &c.now, &c.values, &c.shape, &c.facts)
		}
		if err := rows.Scan(to...); err != nil {
			return nil, err
		}
		all = append(all, c)
	}
	return all, rows.Err()
}

// statement selects, from the next position on, where traces stand now and where
// they stood when the first page was read.
func (f *finder) statement() (query string, args []any) {
	head, moved := &clause{}, &clause{}
	for _, c := range []*clause{head, moved} {
		c.add(`h.namespace = ? AND h.since <= ?`, f.namespace, f.pos.seq)
		if f.pos.start != math.MaxFloat64 {
			c.add(`h.start <= ? AND (h.start, h.trace) < (?, ?)`, f.pos.start, f.pos.start, f.pos.num)
		}
	}
	moved.add(`h.until > ?`, f.pos.seq)
	from := `heads h JOIN traces t ON t.num = h.trace`
	if f.q.By == ByStart {
		for _, c := range []*clause{head, moved} {
			c.add(`h.start BETWEEN ? AND ?`, f.q.Start, f.q.End)
		}
	} else {
		span := f.span()
		from = `traces t CROSS JOIN heads h ON h.namespace = t.namespace AND h.start = t.start AND h.trace = t.num`
		head.add(`t.num IN (`+span.text+`)`, span.args...)
		moved.add(`t.num IN (`+span.text+`)`, span.args...)
	}
	if f.q.Where.Where != "" {
		head.add(f.q.Where.Where, f.q.Where.Args...)
	}
	query = `SELECT num, at, id FROM (SELECT t.num AS num, h.start AS at, t.id AS id FROM ` + from + ` WHERE ` + head.text + `
		UNION ALL SELECT t.num, h.start, t.id FROM moved h JOIN traces t ON t.num = h.trace WHERE ` + moved.text + `)
		ORDER BY at DESC, num DESC LIMIT ?`
	if f.knows() {
		query = `SELECT c.num, c.at, c.id, t.revision, t.start, t.graph, (SELECT body FROM shapes WHERE num = t.shape), f.body
			FROM (` + query + `) c JOIN traces t ON t.num = c.num LEFT JOIN facts f ON f.trace = c.num ORDER BY c.at DESC, c.num DESC`
	}
	return query, append(head.args, moved.args...)
}

// span selects the numbers of traces of which documents came, or which ran, in
// the range of the query.
func (f *finder) span() *clause {
	if f.q.By == BySpan {
		return spanning(`num`, ``, f.namespace, documentSpan, f.q.Start, f.q.End)
	}
	return spanning(`num`, ``, f.namespace, receiptSpan, nanoseconds(f.q.Start), nanoseconds(f.q.End))
}

// A clause is part of a statement, with its arguments.
type clause struct {
	text string
	args []any
}

func (c *clause) add(text string, args ...any) {
	if c.text != "" {
		c.text += " AND "
	}
	c.text += text
	c.args = append(c.args, args...)
}

// count says how many traces of the range the page has passed.
func (f *finder) count(ctx context.Context) error {
	f.page.Processed = len(f.page.Refs)
	if f.q.Where.Where == "" && f.q.Match == nil && f.q.Known == nil {
		return nil
	}
	if f.q.By != ByStart {
		span := f.span()
		args := append(span.args, f.from.start, f.from.num, f.pos.start, f.pos.num, f.pos.seq)
		return f.tx.QueryRowContext(ctx, `SELECT count(*)
			FROM traces t CROSS JOIN heads h ON h.namespace = t.namespace AND h.start = t.start AND h.trace = t.num
			WHERE t.num IN (`+span.text+`) AND (h.start, h.trace) < (?, ?) AND (h.start, h.trace) >= (?, ?) AND h.since <= ?`, args...).Scan(&f.page.Processed)
	}
	c := &clause{}
	// The bounds of start say again what the pairs below do: those are no range of
	// the key to SQLite.
	c.add(`namespace = ? AND start BETWEEN ? AND ? AND since <= ?`, f.namespace,
		max(f.q.Start, f.pos.start), min(f.q.End, f.from.start), f.pos.seq)
	if f.from.start != math.MaxFloat64 {
		c.add(`(start, trace) < (?, ?)`, f.from.start, f.from.num)
	}
	if f.page.Next != "" {
		c.add(`(start, trace) >= (?, ?)`, f.pos.start, f.pos.num)
	}
	return f.tx.QueryRowContext(ctx, `SELECT count(*) FROM heads WHERE `+c.text, c.args...).Scan(&f.page.Processed)
}

func nanoseconds(seconds float64) int64 {
	whole, fraction := math.Modf(seconds)
	if math.Abs(whole) > math.MaxInt64/2/1e9 {
		return int64(math.Copysign(math.MaxInt64/2, whole))
	}
	return int64(whole)*1e9 + int64(math.Round(fraction*1e6))*1e3
}
