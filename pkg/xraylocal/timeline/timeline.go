package timeline

import (
	"math"
	"slices"
	"time"

	"github.com/bragg-tracing/bragg/pkg/segment"
)

// Timeline is one trace, laid out.
type Timeline struct {
	Start    time.Time     // of the earliest row, UTC
	Duration time.Duration // from the earliest start to the latest end known, at least 0
	Segments int           // segments in Rows that a service sent: inferred ones are not counted
	Services []string      // the names of these segments, sorted, each once
	Rows     []Row         // in draw order: depth first, children by start time
}

// Kind says what a row stands for.
type Kind string

// The kinds of row.
const (
	Segment    Kind = "segment"    // a service's part of the request
	Subsegment Kind = "subsegment" // a piece of work within a segment
	Inferred   Kind = "inferred"   // a callee that sent nothing, as X-Ray deduces it from its caller
)

// Row is one bar of the waterfall.
type Row struct {
	Depth    int // 0 at the top level; at most 1 deeper than the row before
	ID       string
	ParentID string // of the row that this one is drawn below; as documented when Orphan
	Kind     Kind
	Name     string
	Service  string // the name of the segment that the row belongs to
	Origin   string // the type of a segment or of a folded inferred one, such as "AWS::DynamoDB::Table"

	Namespace string // of a subsegment: "aws", "remote" or ""
	Operation string // of an AWS call, such as "PutItem"
	Method    string // of an HTTP request
	URL       string
	Status    int // of the HTTP response; 0 when there is none

	Offset     time.Duration // from the start of the timeline, 0 <= Offset <= Timeline.Duration
	Duration   time.Duration // Offset + Duration <= Timeline.Duration; up to its end when InProgress
	InProgress bool
	Outcome    Outcome
	Orphan     bool // the parent is not in the trace, or only reachable in a circle

	Document *segment.Document // what the row was made from; not a copy
	Folded   *segment.Document // the inferred segment that Fold put into this row; nil for none
}

// Build lays out the documents of one trace, as BatchGetTraces returns them.
//
//   - A segment whose parent is a subsegment of another segment goes below that
//     subsegment; so does an inferred segment, and a subsegment that was sent on
//     its own.
//   - A document whose parent is not there goes to the top level, marked Orphan.
//     So does the earliest document of a circle of parents.
//   - Of two documents with one id the first complete one stays, as in X-Ray.
//   - Clocks of different machines differ: a child may begin before its parent,
//     or end after it. Rows keep their own times, and a negative duration is 0.
//
// Build does not fail and does not change docs; nil documents are skipped.
// Times have a resolution of 1 µs. It takes O(n log n) for n documents at any
// depth.
func Build(docs []*segment.Document) *Timeline {
	f := plant(docs)
	start, end := f.span()
	t := &Timeline{Start: time.Unix(0, start).UTC(), Duration: time.Duration(end - start)}
	t.Rows = f.rows(start, end)
	t.count()
	return t
}

// count fills Segments and Services.
func (t *Timeline) count() {
	for _, r := range t.Rows {
		if r.Kind == Segment {
			t.Segments++
			t.Services = append(t.Services, r.Name)
		}
	}
	slices.Sort(t.Services)
	t.Services = slices.Compact(t.Services)
}

// Root returns the row that stands for the whole request: the first top-level
// row that is no orphan, or the first row if all are orphans. It is nil when
// there are no rows.
func (t *Timeline) Root() *Row {
	for i := range t.Rows {
		if t.Rows[i].Depth == 0 && !t.Rows[i].Orphan {
			return &t.Rows[i]
		}
	}
	if len(t.Rows) > 0 {
		return &t.Rows[0]
	}
	return nil
}

// Fold returns the rows with each inferred segment folded into the subsegment
// that it was inferred from, which it only repeats: the subsegment's row gets
// its Origin, and it as Folded. An inferred segment that is not the only
// child, or has children itself, stays. The timeline is not changed.
func (t *Timeline) Fold() []Row {
	rows := make([]Row, 0, len(t.Rows))
	for i := 0; i < len(t.Rows); i++ {
		row := t.Rows[i]
		if i+1 < len(t.Rows) && foldable(t.Rows, i) {
			row.Folded, row.Origin = t.Rows[i+1].Document, t.Rows[i+1].Origin
			i++
		}
		rows = append(rows, row)
	}
	return rows
}

// foldable reports whether the row after i repeats row i.
func foldable(rows []Row, i int) bool {
	row, child := &rows[i], &rows[i+1]
	return child.Kind == Inferred && child.Depth == row.Depth+1 && row.Kind == Subsegment &&
		(i+2 == len(rows) || rows[i+2].Depth <= row.Depth)
}

// nanoseconds turns a document's time into nanoseconds since the epoch, rounded
// to microseconds: a float64 of today holds no more. What is before 1970 or
// after 2255 is moved there, so that sums and differences cannot overflow.
func nanoseconds(seconds float64) int64 {
	const latest = 9e9
	if math.IsNaN(seconds) || seconds < 0 {
		return 0
	}
	whole, fraction := math.Modf(min(seconds, latest))
	return int64(whole)*1e9 + int64(math.Round(fraction*1e6))*1e3
}
