package timeline

import (
	"cmp"
	"slices"
	"time"
)

// A Stretch is a part of the time that a trace took, and the row that it was
// spent in: what would have had to be faster for the whole to be faster.
type Stretch struct {
	Row      int           // index of the rows
	From, To time.Duration // from the start of the timeline, From < To
}

// CriticalPath returns where the time of the row at index root went, by time:
// the stretches follow one another from its start to its end. At each moment it
// is the deepest row that the others waited for: of the callees the one that
// ended last and, before that one began, the one that ended last before that.
// What goes on after its caller has ended is not waited for.
//
// Rows are in draw order, as in Timeline.Rows. It takes O(n log n).
func CriticalPath(rows []Row, root int) []Stretch {
	if root < 0 || root >= len(rows) {
		return nil
	}
	p := path{rows: rows, children: childrenOf(rows)}
	r := &rows[root]
	p.walk(root, r.Offset, r.Offset+r.Duration)
	slices.Reverse(p.stretches)
	return p.stretches
}

// childrenOf returns the indexes of the rows directly below each row.
func childrenOf(rows []Row) [][]int {
	children := make([][]int, len(rows))
	var above []int // the rows that the next one may be below, by depth
	for i := range rows {
		above = append(above[:min(rows[i].Depth, len(above))], i)
		if n := len(above); n > 1 {
			children[above[n-2]] = append(children[above[n-2]], i)
		}
	}
	return children
}

type path struct {
	rows      []Row
	children  [][]int
	stretches []Stretch // from the end to the start
}

// walk goes through a row from a time back to another.
func (p *path) walk(row int, from, to time.Duration) {
	children := slices.Clone(p.children[row])
	end := func(i int) time.Duration { return min(p.rows[i].Offset+p.rows[i].Duration, to) }
	slices.SortFunc(children, func(a, b int) int {
		return cmp.Or(cmp.Compare(end(b), end(a)), cmp.Compare(p.rows[a].Offset, p.rows[b].Offset), cmp.Compare(a, b))
	})
	at := to
	for _, child := range children {
		start, end := max(p.rows[child].Offset, from), end(child)
		if end > at || start >= end {
			continue // it was not waited for, or took no time
		}
		p.add(row, end, at)
		p.walk(child, start, end)
		at = start
	}
	p.add(row, from, at)
}

func (p *path) add(row int, from, to time.Duration) {
	if from < to {
		p.stretches = append(p.stretches, Stretch{row, from, to})
	}
}

// SelfTimes returns how long each row did something itself: its duration without
// the time in which a row directly below it was going on.
func SelfTimes(rows []Row) []time.Duration {
	self := make([]time.Duration, len(rows))
	for i, children := range childrenOf(rows) {
		r := &rows[i]
		from, to := r.Offset, r.Offset+r.Duration
		slices.SortFunc(children, func(a, b int) int { return cmp.Compare(rows[a].Offset, rows[b].Offset) })
		self[i] = r.Duration
		at := from // up to where it is counted
		for _, c := range children {
			start, end := max(rows[c].Offset, at), min(rows[c].Offset+rows[c].Duration, to)
			if start < end {
				self[i] -= end - start
				at = end
			}
		}
	}
	return self
}

// Worst returns the worst outcome of each row and all that is below it, so that
// it shows where that is folded away.
func Worst(rows []Row) []Outcome {
	worst := make([]Outcome, len(rows))
	children := childrenOf(rows)
	for i := len(rows) - 1; i >= 0; i-- {
		worst[i] = rows[i].Outcome
		for _, c := range children[i] {
			if worst[c].Worse(worst[i]) {
				worst[i] = worst[c]
			}
		}
	}
	return worst
}
