package store

import (
	"context"
	"database/sql"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
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
	var num, first, last int64
	trace := new(Trace)
	row := tx.QueryRowContext(ctx, `SELECT num, revision, first_receipt, last_receipt FROM traces
		WHERE trace_id = ? AND namespace = `+inNamespace("?2"), id, namespace)
	if err := row.Scan(&num, &trace.Revision, &first, &last); err != nil {
		return nil, err
	}
	trace.FirstReceived, trace.LastReceived = time.Unix(0, first), time.Unix(0, last)
	rows, err := tx.QueryContext(ctx, `SELECT receipt, body FROM documents WHERE trace = ? ORDER BY num`, num)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var docs []*segment.Document
	var receipts []int64
	for rows.Next() {
		var body sql.RawBytes
		var receipt int64
		if err := rows.Scan(&receipt, &body); err != nil {
			return nil, err
		}
		receipts = append(receipts, receipt)
		doc, err := segment.Decode(body)
		if err != nil {
			return nil, err
		}
		docs = append(docs, doc)
	}
	trace.Trace = assembly.Assemble(id, docs)
	trace.receipts = sync.OnceValue(func() map[string]time.Time { return receiptsOf(trace.Trace, docs, receipts) })
	return trace, rows.Err()
}

// receiptsOf maps each entity to the arrival of the document that holds it.
func receiptsOf(trace *assembly.Trace, docs []*segment.Document, receipts []int64) map[string]time.Time {
	byID := make(map[string]time.Time)
	var note func(doc *segment.Document, at time.Time)
	note = func(doc *segment.Document, at time.Time) {
		if _, again := byID[doc.ID]; !again {
			byID[doc.ID] = at
		}
		for _, sub := range doc.Subsegments {
			note(sub, at)
		}
	}
	for i, doc := range docs {
		note(doc, time.Unix(0, receipts[i]))
	}
	for _, seg := range trace.Segments {
		if seg.Inferred {
			byID[seg.ID] = byID[seg.ParentID]
		}
	}
	return byID
}

// Raw returns the documents of a trace as they were sent, in the order of their
// first arrival; none if the trace is not stored.
func (s *Store) Raw(ctx context.Context, traceID string) ([][]byte, error) {
	rows, err := s.read.QueryContext(ctx, `
		SELECT d.body FROM documents d JOIN traces t ON t.num = d.trace 
		WHERE t.trace_id = ?1 AND t.namespace = `+inNamespace("?2")+` ORDER BY d.num`, traceID, s.namespace)
	if err != nil {
		return nil, fmt.Errorf("read documents of %s: %w", traceID, err)
	}
	defer rows.Close()
	var docs [][]byte
	for rows.Next() {
		var body []byte
		if err := rows.Scan(&body); err != nil {
			return nil, fmt.Errorf("read documents of %s: %w", traceID, err)
		}
		docs = append(docs, body)
	}
	return docs, rows.Err()
}

// A TimeRange says what of a trace has to lie in the time range of a Query.
type TimeRange int

// What Query.By can be.
const (
	ByStart   TimeRange = iota // the start of its first segment
	ByReceipt                  // the arrival of a document that it still has, End excluded
	ByEnd                      // the end of its last segment
)

// A Query selects traces of which a segment has arrived. Start and End are
// seconds since the epoch, both included but for ByReceipt.
type Query struct {
	By         TimeRange
	Start, End float64
	Limit      int    // of traces in a page; must be positive
	Token      string // Next of the page before; "" for the first
}

// A Ref is one trace of a page.
type Ref struct {
	TraceID string
	Start   float64   // seconds since the epoch, as it was when the first page was read
	Matched time.Time // ByReceipt: the latest arrival in the range
}

// A Page is part of what a Query selects, newest start first.
type Page struct {
	Refs []Ref
	Next string // token of the next page; "" on the last
}

// ErrToken is returned for a Query.Token that Find did not make.
var ErrToken = errors.New("malformed page token")

// Find returns one page of traces. All pages of one Query show the traces and
// their order as they were when the first was read, whatever arrives meanwhile:
// none comes twice, and none of them is left out.
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
	page, err := find(ctx, tx, s.namespace, q, pos)
	if err != nil {
		return Page{}, fmt.Errorf("find traces: %w", err)
	}
	return page, nil
}

// conditions are the parts of the statement that depend on Query.By. ?1 and ?2
// are the range, in nanoseconds for ByReceipt; the last column is the match.
var conditions = map[TimeRange]struct{ where, matched string }{
	ByStart: {`p.start BETWEEN ?1 AND ?2`, `0`},
	ByEnd:   {`t.end BETWEEN ?1 AND ?2`, `0`},
	ByReceipt: {
		`t.last_receipt >= ?1 AND t.first_receipt < ?2 AND
			EXISTS (SELECT 1 FROM documents d WHERE d.trace = t.num AND d.receipt >= ?1 AND d.receipt < ?2)`,
		`(SELECT max(receipt) FROM documents d WHERE d.trace = t.num AND d.receipt >= ?1 AND d.receipt < ?2)`,
	},
}

func find(ctx context.Context, tx *sql.Tx, namespace string, q Query, pos position) (Page, error) {
	c := conditions[q.By]
	var start, end any = q.Start, q.End
	if q.By == ByReceipt {
		start, end = nanoseconds(q.Start), nanoseconds(q.End)
	}
	rows, err := tx.QueryContext(ctx, `
		SELECT t.trace_id, p.start, p.trace, `+c.matched+`
		FROM places p JOIN traces t ON t.num = p.trace
		WHERE t.namespace = `+inNamespace("?7")+` AND `+c.where+` AND (p.start, p.trace) < (?4, ?5) AND p.since <= ?3 AND p.until > ?3
		ORDER BY p.start DESC, p.trace DESC LIMIT ?6`,
		start, end, pos.seq, pos.start, pos.num, q.Limit+1, namespace)
	if err != nil {
		return Page{}, err
	}
	defer rows.Close()
	var page Page
	for rows.Next() {
		var ref Ref
		var num, matched int64
		if err := rows.Scan(&ref.TraceID, &ref.Start, &num, &matched); err != nil {
			return Page{}, err
		}
		if len(page.Refs) == q.Limit {
			page.Next = pos.token()
			break
		}
		if matched != 0 {
			ref.Matched = time.Unix(0, matched)
		}
		page.Refs = append(page.Refs, ref)
		pos.start, pos.num = ref.Start, num
	}
	return page, rows.Err()
}

func nanoseconds(seconds float64) int64 {
	whole, fraction := math.Modf(seconds)
	if math.Abs(whole) > math.MaxInt64/2/1e9 {
		return int64(math.Copysign(math.MaxInt64/2, whole))
	}
	return int64(whole)*1e9 + int64(math.Round(fraction*1e6))*1e3
}

// A position is where a page ends: the trace that came last, in the order of
// transaction seq.
type position struct {
	seq   int64
	start float64
	num   int64
}

const tokenVersion = 1

func (p position) token() string {
	b := []byte{tokenVersion}
	b = binary.BigEndian.AppendUint64(b, uint64(p.seq))
	b = binary.BigEndian.AppendUint64(b, math.Float64bits(p.start))
	b = binary.BigEndian.AppendUint64(b, uint64(p.num))
	return base64.RawURLEncoding.EncodeToString(b)
}

func parseToken(token string) (position, error) {
	b, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil || len(b) != 25 || b[0] != tokenVersion {
		return position{}, ErrToken
	}
	p := position{
		seq:   int64(binary.BigEndian.Uint64(b[1:])),
		start: math.Float64frombits(binary.BigEndian.Uint64(b[9:])),
		num:   int64(binary.BigEndian.Uint64(b[17:])),
	}
	if math.IsNaN(p.start) {
		return position{}, ErrToken
	}
	return p, nil
}
