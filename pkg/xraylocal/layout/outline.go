package layout

import (
	"cmp"
	"math"
	"slices"
)

// OutlineOptions say how Outline draws. The unit is any.
type OutlineOptions struct {
	Width   float64 // of the whole
	Row     float64 // height of a node's row
	Indent  float64 // how far what a node calls stands to the right of it
	Mark    float64 // diameter of what stands for a node, at the left of its row
	Lane    float64 // between two of the lanes at the right
	Deepest int     // what is deeper is not indented further
}

// mostLanes is how many lanes there are at most; then edges share the outermost.
const mostLanes = 6

// Outline places a graph for a page that is high and narrow: one node to a row, below
// the one that it is reached from in the fewest steps from where the graph begins, as
// in a table of contents. All nodes are in column 0.
//
// The route of an edge that leads from such a node to the one below has three points:
// it leaves below the mark of the one and enters the other's from the left. Each other
// edge has four points, and runs down or up in a lane at the right; where it leaves
// and enters a row, at the row's end, is for those to say who know how long its text is.
// Width of the result is without the lanes, which are between it and o.Width.
func Outline(g Graph, o OutlineOptions) *Layout {
	s := newSketch(g)
	above, depth := s.reach()
	order := s.outline(above)
	l := &Layout{Width: o.Width, Height: float64(len(order)) * o.Row, Nodes: make([]Place, len(g.Nodes)), Edges: make([]Route, len(g.Edges))}
	left := func(v int) float64 { return float64(min(depth[v], o.Deepest)) * o.Indent }
	for row, v := range order {
		l.Nodes[v] = Place{Point: Point{left(v), (float64(row) + 0.5) * o.Row}, Row: row}
	}
	drawn := make([]bool, len(g.Nodes)) // the edge that leads to it from above is
	var aside []int
	for _, i := range s.inOrder(g) {
		e := g.Edges[i]
		if e.From == e.To || above[e.To] != e.From || drawn[e.To] {
			aside = append(aside, i)
			continue
		}
		drawn[e.To] = true
		from, to := l.Nodes[e.From], l.Nodes[e.To]
		x := from.X + o.Mark/2
		l.Edges[i].Points = []Point{{x, from.Y + o.Mark/2}, {x, to.Y}, {to.X, to.Y}}
	}
	lanes := l.inLanes(g, aside, o)
	l.Width -= float64(lanes) * o.Lane
	for i := range l.Nodes {
		l.Nodes[i].X += l.Width / 2
	}
	return l
}

// reach returns from which node each is reached in the fewest steps, -1 for where a
// walk begins: at the clients and at what nothing leads to, and then at what is left.
func (s *sketch) reach() (above, depth []int) {
	n := len(s.vertices)
	above, depth = make([]int, n), make([]int, n)
	entered := make([]bool, n)
	for _, l := range s.links {
		entered[l.to] = true
	}
	out := s.outgoing()
	seen := make([]bool, n)
	var queue []int
	begin := func(v int) {
		if !seen[v] {
			seen[v], above[v] = true, -1
			queue = append(queue, v)
		}
	}
	walk := func() {
		for ; len(queue) > 0; queue = queue[1:] {
			for _, i := range out[queue[0]] {
				if to := s.links[i].to; !seen[to] {
					seen[to], above[to], depth[to] = true, queue[0], depth[queue[0]]+1
					queue = append(queue, to)
				}
			}
		}
	}
	nodes := s.byName()
	for _, v := range nodes {
		if s.vertices[v].column == 0 || !entered[v] {
			begin(v)
		}
	}
	walk()
	for _, v := range nodes {
		begin(v)
		walk()
	}
	return above, depth
}

// outline returns the nodes as they follow each other: what is below a node comes
// right after it, and of a node's own what has nothing below it first.
func (s *sketch) outline(above []int) []int {
	below := make([][]int, len(above))
	var roots, order []int
	for _, v := range s.byName() {
		if above[v] < 0 {
			roots = append(roots, v)
		} else {
			below[above[v]] = append(below[above[v]], v)
		}
	}
	var list func(nodes []int)
	list = func(nodes []int) {
		slices.SortStableFunc(nodes, func(a, b int) int { return cmp.Compare(min(len(below[a]), 1), min(len(below[b]), 1)) })
		for _, v := range nodes {
			order = append(order, v)
			list(below[v])
		}
	}
	list(roots)
	return order
}

// byName returns the nodes in the order of their ids.
func (s *sketch) byName() []int {
	nodes := make([]int, len(s.vertices))
	for i := range nodes {
		nodes[i] = i
	}
	slices.SortFunc(nodes, s.compare)
	return nodes
}

// inOrder returns the indexes of the edges in the order of the ids of their ends.
func (s *sketch) inOrder(g Graph) []int {
	edges := make([]int, len(g.Edges))
	for i := range edges {
		edges[i] = i
	}
	slices.SortStableFunc(edges, func(a, b int) int {
		return cmp.Or(s.compare(g.Edges[a].From, g.Edges[b].From), s.compare(g.Edges[a].To, g.Edges[b].To))
	})
	return edges
}

// inLanes routes edges at the right: the shorter, the further to the left. It
// returns how many lanes that takes.
func (l *Layout) inLanes(g Graph, edges []int, o OutlineOptions) int {
	type span struct{ from, to float64 }
	spanOf := func(i int) span {
		a, b := l.Nodes[g.Edges[i].From].Y, l.Nodes[g.Edges[i].To].Y
		return span{min(a, b), max(a, b)}
	}
	slices.SortStableFunc(edges, func(a, b int) int {
		x, y := spanOf(a), spanOf(b)
		return cmp.Or(cmp.Compare(x.to-x.from, y.to-y.from), cmp.Compare(x.from, y.from))
	})
	var lanes [][]span
	at := make(map[int]int, len(edges))
	for _, i := range edges {
		s := spanOf(i)
		lane := slices.IndexFunc(lanes, func(taken []span) bool {
			return !slices.ContainsFunc(taken, func(t span) bool { return s.from <= t.to && t.from <= s.to })
		})
		switch {
		case lane >= 0:
		case len(lanes) < mostLanes:
			lanes = append(lanes, nil)
			lane = len(lanes) - 1
		default:
			lane = mostLanes - 1
		}
		lanes[lane] = append(lanes[lane], s)
		at[i] = lane
	}
	for i, lane := range at {
		e := g.Edges[i]
		from, to := l.Nodes[e.From].Y, l.Nodes[e.To].Y
		// One that leaves a row and one that enters it are apart.
		from, to = from-o.Row/8, to+o.Row/8
		x := o.Width - float64(len(lanes)-1-lane)*o.Lane - o.Lane/2
		end := o.Width - float64(len(lanes))*o.Lane
		l.Edges[i] = Route{Points: []Point{{end, from}, {x, from}, {x, to}, {end, to}}, Back: math.Signbit(to - from)}
	}
	return len(lanes)
}
