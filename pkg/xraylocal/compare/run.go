package compare

import (
	"cmp"
	"slices"
	"time"

	"github.com/bragg-tracing/bragg/pkg/xraylocal/timeline"
)

// A Run is what siblings of one trace that do the same are together.
type Run struct {
	Count    int              // 0 in the trace that has none
	Failed   int              // of Count, those whose outcome is not OK
	Outcome  timeline.Outcome // the worst of them
	Total    time.Duration    // sum of their durations
	From, To time.Duration    // from the first start to the last end, since the start of the trace
}

// Mean returns how long one took on average, 0 if there is none.
func (r *Run) Mean() time.Duration {
	if r.Count == 0 {
		return 0
	}
	return r.Total / time.Duration(r.Count)
}

// fold makes one node of all siblings of a key, in a and in b, if either has
// timeline.LeastRepeats of them, or more; they need not follow each other. It
// stands where the first of them was. What is below them is below it, together,
// and so is folded in turn.
func fold(a, b []*node) (foldedA, foldedB []*node) {
	if max(len(a), len(b)) < timeline.LeastRepeats {
		return a, b
	}
	countA, countB := count(a), count(b)
	repeated := func(k key) bool { return max(countA[k], countB[k]) >= timeline.LeastRepeats }
	return foldSide(a, repeated), foldSide(b, repeated)
}

func count(siblings []*node) map[key]int {
	counts := make(map[key]int, len(siblings))
	for _, n := range siblings {
		counts[n.key()]++
	}
	return counts
}

func foldSide(siblings []*node, repeated func(key) bool) []*node {
	runs := make(map[key]*node)
	folded := make([]*node, 0, len(siblings))
	for _, n := range siblings {
		k := n.key()
		if !repeated(k) {
			folded = append(folded, n)
			continue
		}
		all := runs[k]
		if all == nil {
			all = &node{row: n.row, run: &Run{From: n.row.Offset, Outcome: timeline.OK}}
			runs[k] = all
			folded = append(folded, all)
		}
		all.take(n)
	}
	for _, all := range runs {
		slices.SortStableFunc(all.children, func(a, b *node) int { return cmp.Compare(a.row.Offset, b.row.Offset) })
	}
	return folded
}

// take adds a sibling to those that n stands for.
func (n *node) take(one *node) {
	n.run.Count++
	if one.row.Outcome != timeline.OK {
		n.run.Failed++
	}
	if one.row.Outcome.Worse(n.run.Outcome) {
		n.run.Outcome = one.row.Outcome
	}
	n.run.Total += one.row.Duration
	n.run.From = min(n.run.From, one.row.Offset)
	n.run.To = max(n.run.To, one.row.Offset+one.row.Duration)
	n.self += one.self
	if one.row.Duration > n.row.Duration {
		n.row = one.row
	}
	n.children = append(n.children, one.children...)
}
