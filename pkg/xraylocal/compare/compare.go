package compare

import (
	"cmp"
	"slices"
	"time"

	"github.com/bragg-tracing/bragg/pkg/segment"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/timeline"
)

// Change is what became of a row of A in B.
type Change string

// The changes. A row that differs in more than one way is the first of these:
// Outcome, Count, Slower or Faster.
const (
	Alike   Change = "alike"
	Slower  Change = "slower" // by more than Least, and by more than a tenth
	Faster  Change = "faster"
	Outcome Change = "outcome" // another outcome, or another HTTP status
	Count   Change = "count"   // repeated another number of times
	Missing Change = "missing" // only in A
	Added   Change = "added"   // only in B
)

// Least is the smallest difference in time that is one.
const Least = time.Millisecond

// A Row is one row of A, of B, or of both that are matched. Repeated siblings,
// such as 48 calls of GetItem, are one row: it has RunA and RunB, A and B are the
// slowest of each, Delta and Self are of all together.
type Row struct {
	Depth      int           // 0 at the top; at most 1 deeper than the row before
	A, B       *timeline.Row // nil in the one that lacks it, not both
	RunA, RunB *Run          // nil, both, of a row that is not folded
	Change     Change
	Delta      time.Duration // how much longer B took; all of B if added, minus A if missing
	Self       time.Duration // how much more of its own time, that of no child, B took
}

// Row returns the row of A or, if that is nil, that of B.
func (r *Row) Row() *timeline.Row { return cmp.Or(r.A, r.B) }

// A Comparison is two traces over each other.
type Comparison struct {
	A, B    time.Duration // of the traces
	Rows    []Row         // in draw order: depth first, in the order of A, added ones where B has them
	Changes map[Change]int
}

// Traces compares two traces, each of its documents as BatchGetTraces returns
// them. It takes O(n log n) for n documents.
func Traces(a, b []*segment.Document) *Comparison {
	ta, tb := timeline.Build(a), timeline.Build(b)
	c := &Comparison{A: ta.Duration, B: tb.Duration, Changes: make(map[Change]int)}
	c.align(grow(ta.Fold()), grow(tb.Fold()), 0, true)
	for i := range c.Rows {
		c.Changes[c.Rows[i].Change]++
	}
	return c
}

// Blame returns the rows that made the difference in time, those first that took
// most more of their own time, at most n; only rows of at least Least.
func (c *Comparison) Blame(n int) []*Row {
	var rows []*Row
	for i := range c.Rows {
		if c.Rows[i].Self >= Least {
			rows = append(rows, &c.Rows[i])
		}
	}
	slices.SortStableFunc(rows, func(a, b *Row) int { return cmp.Compare(b.Self, a.Self) })
	return rows[:min(n, len(rows))]
}

// Differing says of each row whether it differs, or is above one that does.
func (c *Comparison) Differing() []bool {
	differing := make([]bool, len(c.Rows))
	depth := -1 // of the row below which the next one is
	for i := len(c.Rows) - 1; i >= 0; i-- {
		r := &c.Rows[i]
		if r.Change != Alike || r.Depth == depth {
			differing[i] = true
			depth = max(r.Depth-1, -1)
		}
		if r.Depth < depth {
			depth = r.Depth
		}
	}
	return differing
}

// align appends the rows of two lists of siblings. The first ones of the top are
// matched whatever they are.
func (c *Comparison) align(a, b []*node, depth int, top bool) {
	a, b = fold(a, b)
	waiting := make(map[key][]int) // indexes into b, in order
	for j, n := range b {
		waiting[n.key()] = append(waiting[n.key()], j)
	}
	partner := make([]int, len(a)) // index into b, or -1
	matched := make([]bool, len(b))
	for i, n := range a {
		partner[i] = -1
		if left := waiting[n.key()]; len(left) > 0 {
			partner[i], waiting[n.key()] = left[0], left[1:]
			matched[left[0]] = true
		}
	}
	if top && len(a) > 0 && len(b) > 0 && partner[0] < 0 && !matched[0] {
		partner[0], matched[0] = 0, true
	}
	next := 0 // of b, to be added
	add := func(limit int) {
		for ; next < limit; next++ {
			if !matched[next] {
				c.only(b[next], depth, Added)
			}
		}
	}
	for i, n := range a {
		if partner[i] < 0 {
			c.only(n, depth, Missing)
			continue
		}
		add(partner[i])
		c.pair(n, b[partner[i]], depth)
	}
	add(len(b))
}

// pair appends two rows that are matched, and what is below them.
func (c *Comparison) pair(a, b *node, depth int) {
	before, after := a.duration(), b.duration()
	row := Row{Depth: depth, A: a.row, B: b.row, RunA: a.run, RunB: b.run, Change: Alike, Delta: after - before, Self: b.self - a.self}
	switch {
	case endsOtherwise(a, b):
		row.Change = Outcome
	case a.run != nil && a.run.Count != b.run.Count:
		row.Change = Count
	case row.Delta >= Least && row.Delta > before/10:
		row.Change = Slower
	case row.Delta <= -Least && -row.Delta > before/10:
		row.Change = Faster
	}
	c.Rows = append(c.Rows, row)
	c.align(a.children, b.children, depth+1, false)
}

// endsOtherwise says whether the outcomes differ: of repeated ones, how many are not ok.
func endsOtherwise(a, b *node) bool {
	if a.run != nil {
		return a.run.Failed != b.run.Failed
	}
	return a.row.Outcome != b.row.Outcome || a.row.Status != b.row.Status
}

// only appends a row that one trace has, and what is below it.
func (c *Comparison) only(n *node, depth int, change Change) {
	row := Row{Depth: depth, Change: change}
	if n.run != nil {
		row.RunA, row.RunB = &Run{}, &Run{}
	}
	if change == Added {
		row.B, row.RunB, row.Delta, row.Self = n.row, n.run, n.duration(), n.self
	} else {
		row.A, row.RunA, row.Delta, row.Self = n.row, n.run, -n.duration(), -n.self
	}
	c.Rows = append(c.Rows, row)
	children, _ := fold(n.children, nil)
	for _, child := range children {
		c.only(child, depth+1, change)
	}
}
