package timeline

import (
	"hash/maphash"
	"strconv"
	"time"
)

// LeastRepeats is how many like siblings in a row are worth folding.
const LeastRepeats = 4

// A Repeat is a run of siblings that do the same, one after the other or at
// once, such as 48 calls of GetItem.
type Repeat struct {
	Rows     []int         // the siblings, by start, at least LeastRepeats
	Total    time.Duration // sum of their durations
	From, To time.Duration // from the first start to the last end
	Slowest  int           // one of Rows
}

// Repeats returns the runs of siblings that are alike: of one kind, name and
// outcome, with the same below them. Runs inside of a repeated row are among
// them. Rows are in draw order; the runs come in the order of their first rows.
func Repeats(rows []Row) []Repeat {
	children := childrenOf(rows)
	likeness := likenesses(rows, children)
	var top []int
	for i := range rows {
		if rows[i].Depth == 0 {
			top = append(top, i)
		}
	}
	first := make(map[int]Repeat)
	find := func(siblings []int) {
		for i := 0; i < len(siblings); {
			j := i + 1
			for j < len(siblings) && likeness[siblings[j]] == likeness[siblings[i]] {
				j++
			}
			if j-i >= LeastRepeats {
				first[siblings[i]] = repeat(rows, siblings[i:j])
			}
			i = j
		}
	}
	find(top)
	for _, siblings := range children {
		find(siblings)
	}
	var found []Repeat
	for i := range rows {
		if r, ok := first[i]; ok {
			found = append(found, r)
		}
	}
	return found
}

func repeat(rows []Row, siblings []int) Repeat {
	r := Repeat{Rows: siblings, From: rows[siblings[0]].Offset, Slowest: siblings[0]}
	for _, i := range siblings {
		r.Total += rows[i].Duration
		r.From, r.To = min(r.From, rows[i].Offset), max(r.To, rows[i].Offset+rows[i].Duration)
		if rows[i].Duration > rows[r.Slowest].Duration {
			r.Slowest = i
		}
	}
	return r
}

// likenesses returns a number for each row that is the same for rows that look
// alike, with all that is below them.
func likenesses(rows []Row, children [][]int) []uint64 {
	seed := maphash.MakeSeed()
	numbers := make([]uint64, len(rows))
	for i := len(rows) - 1; i >= 0; i-- {
		r := &rows[i]
		var h maphash.Hash
		h.SetSeed(seed)
		for _, part := range []string{string(r.Kind), r.Name, r.Namespace, r.Operation, r.Method, string(r.Outcome)} {
			_, _ = h.WriteString(part) // never fails
			_ = h.WriteByte(0)
		}
		if r.InProgress {
			_ = h.WriteByte(1)
		}
		for _, c := range children[i] {
			maphash.WriteComparable(&h, numbers[c])
		}
		numbers[i] = h.Sum64()
	}
	return numbers
}

// Collapse returns the rows with each run of like siblings as one row: the first,
// named "GetItem × 48", from the first start to the last end, without what is
// below. The rows given are not changed.
func Collapse(rows []Row) []Row {
	hidden := make([]bool, len(rows))
	runs := make(map[int]Repeat)
	for _, r := range Repeats(rows) {
		if hidden[r.Rows[0]] {
			continue // inside of another
		}
		runs[r.Rows[0]] = r
		last := r.Rows[len(r.Rows)-1]
		for i := r.Rows[0] + 1; i < len(rows) && (i <= last || rows[i].Depth > rows[last].Depth); i++ {
			hidden[i] = true
		}
	}
	out := make([]Row, 0, len(rows))
	for i, row := range rows {
		if hidden[i] {
			continue
		}
		if r, ok := runs[i]; ok {
			row.Name += " × " + strconv.Itoa(len(r.Rows))
			row.Offset, row.Duration = r.From, r.To-r.From
		}
		out = append(out, row)
	}
	return out
}
