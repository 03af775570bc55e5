package layout

import (
	"cmp"
	"slices"
)

// limitColumns moves nodes on to later columns until none has more than rows of
// them: those first from which the fewest columns are left to go, as Coffman and
// Graham do. Clients stay; a column may be left with more of them.
func (s *sketch) limitColumns(rows int) {
	out := s.outgoing()
	left := s.lengths(out)
	for c, last := 0, s.lastColumn(); c <= last; c++ {
		var column []int
		for v := range s.vertices {
			if s.vertices[v].column == c {
				column = append(column, v)
			}
		}
		if c == 0 || len(column) <= rows {
			continue
		}
		slices.SortFunc(column, func(a, b int) int { return cmp.Or(cmp.Compare(left[b], left[a]), s.compare(a, b)) })
		for _, v := range column[rows:] {
			s.push(v, c+1, out)
		}
		last = s.lastColumn()
	}
}

// push moves a vertex to a column, and what it leads to behind it.
func (s *sketch) push(v, column int, out [][]int) {
	waiting := []int{v}
	s.vertices[v].column = max(s.vertices[v].column, column)
	for len(waiting) > 0 {
		v, waiting = waiting[0], waiting[1:]
		for _, i := range out[v] {
			to := s.links[i].to
			if s.vertices[to].column <= s.vertices[v].column {
				s.vertices[to].column = s.vertices[v].column + 1
				waiting = append(waiting, to)
			}
		}
	}
}

// lengths returns of each vertex over how many links the longest way from it leads.
func (s *sketch) lengths(out [][]int) []int {
	order := make([]int, len(s.vertices))
	for v := range order {
		order[v] = v
	}
	// Links lead to later columns: the last column comes first.
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(s.vertices[b].column, s.vertices[a].column) })
	lengths := make([]int, len(s.vertices))
	for _, v := range order {
		for _, i := range out[v] {
			lengths[v] = max(lengths[v], lengths[s.links[i].to]+1)
		}
	}
	return lengths
}

func (s *sketch) lastColumn() int {
	last := -1
	for i := range s.vertices {
		last = max(last, s.vertices[i].column)
	}
	return last
}
