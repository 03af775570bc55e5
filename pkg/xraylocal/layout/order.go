package layout

import (
	"cmp"
	"slices"
)

// sweeps is how often the columns are ordered anew, each time from one side;
// patience is after how many that bettered nothing that ends.
const (
	sweeps   = 24
	patience = 6
)

// order puts the vertices of each column in an order with few crossings: by the
// middle of their neighbours on one side, then on the other, and by exchanging
// neighbours in the column; the best that was seen stays.
func (s *sketch) order() {
	s.findComponents()
	for _, column := range s.columns {
		slices.SortFunc(column, func(a, b int) int {
			return cmp.Or(cmp.Compare(s.vertices[a].component, s.vertices[b].component), s.compare(a, b))
		})
	}
	s.number()
	best, least, last := s.copyColumns(), s.crossings(), 0
	for i := 0; i < min(sweeps, last+patience) && least > 0; i++ {
		s.sweep(i%2 == 0)
		s.exchange()
		if n := s.crossings(); n < least {
			best, least, last = s.copyColumns(), n, i
		}
	}
	s.columns, s.cross = best, least
	s.number()
}

// findComponents numbers the parts of the graph that nothing connects: the
// largest first, then by the ids of their nodes.
func (s *sketch) findComponents() {
	const none = -1
	for v := range s.vertices {
		s.vertices[v].component = none
	}
	type part struct {
		members []int
		first   int // by id
	}
	var parts []part
	for v := range s.vertices {
		if s.vertices[v].component != none {
			continue
		}
		p := part{members: []int{v}, first: v}
		s.vertices[v].component = len(parts)
		for i := 0; i < len(p.members); i++ {
			u := p.members[i]
			if s.compare(u, p.first) < 0 {
				p.first = u
			}
			for _, next := range slices.Concat(s.vertices[u].left, s.vertices[u].right) {
				if s.vertices[next].component == none {
					s.vertices[next].component = len(parts)
					p.members = append(p.members, next)
				}
			}
		}
		parts = append(parts, p)
	}
	slices.SortFunc(parts, func(a, b part) int {
		return cmp.Or(cmp.Compare(len(b.members), len(a.members)), s.compare(a.first, b.first))
	})
	for i, p := range parts {
		for _, v := range p.members {
			s.vertices[v].component = i
		}
	}
}

func (s *sketch) copyColumns() [][]int {
	columns := make([][]int, len(s.columns))
	for i, column := range s.columns {
		columns[i] = slices.Clone(column)
	}
	return columns
}

// number sets the rows of all vertices.
func (s *sketch) number() {
	for _, column := range s.columns {
		for row, v := range column {
			s.vertices[v].row = row
		}
	}
}

// sweep orders each column by its neighbours in the one before, or after.
func (s *sketch) sweep(fromLeft bool) {
	for i := range s.columns {
		column := s.columns[i]
		if !fromLeft {
			column = s.columns[len(s.columns)-1-i]
		}
		for _, v := range column {
			neighbours := s.vertices[v].left
			if !fromLeft {
				neighbours = s.vertices[v].right
			}
			s.vertices[v].y = s.middle(neighbours, float64(s.vertices[v].row))
		}
		slices.SortStableFunc(column, func(a, b int) int {
			va, vb := &s.vertices[a], &s.vertices[b]
			return cmp.Or(cmp.Compare(va.component, vb.component), cmp.Compare(va.y, vb.y))
		})
		for row, v := range column {
			s.vertices[v].row = row
		}
	}
}

// middle returns the mean row of vertices, or other if there are none.
func (s *sketch) middle(vertices []int, other float64) float64 {
	if len(vertices) == 0 {
		return other
	}
	sum := 0
	for _, v := range vertices {
		sum += s.vertices[v].row
	}
	return float64(sum) / float64(len(vertices))
}

// exchange swaps neighbours in a column wherever that takes crossings away.
func (s *sketch) exchange() {
	for improved, round := true, 0; improved && round < 4; round++ {
		improved = false
		for _, column := range s.columns {
			for i := range len(column) - 1 {
				a, b := column[i], column[i+1]
				if s.vertices[a].component == s.vertices[b].component && s.between(a, b) > s.between(b, a) {
					column[i], column[i+1] = b, a
					s.vertices[a].row, s.vertices[b].row = i+1, i
					improved = true
				}
			}
		}
	}
}

// between counts the crossings of the links of two vertices if a is above b.
func (s *sketch) between(a, b int) (n int) {
	count := func(above, below []int) {
		for _, u := range above {
			for _, v := range below {
				if s.vertices[u].row > s.vertices[v].row {
					n++
				}
			}
		}
	}
	count(s.vertices[a].left, s.vertices[b].left)
	count(s.vertices[a].right, s.vertices[b].right)
	return n
}

// crossings counts all crossings: for each pair of columns, how often of two
// links the one that begins higher ends lower.
func (s *sketch) crossings() (n int) {
	for i := 1; i < len(s.columns); i++ {
		tree := make([]int, len(s.columns[i])+1) // counts of ends, as a Fenwick tree
		seen := 0
		for _, v := range s.columns[i-1] {
			ends := make([]int, 0, len(s.vertices[v].right))
			for _, to := range s.vertices[v].right {
				ends = append(ends, s.vertices[to].row)
			}
			for _, row := range ends {
				n += seen
				for j := row + 1; j > 0; j -= j & -j {
					n -= tree[j]
				}
			}
			for _, row := range ends {
				seen++
				for j := row + 1; j < len(tree); j += j & -j {
					tree[j]++
				}
			}
		}
	}
	return n
}
