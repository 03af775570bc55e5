package layout

import (
	"cmp"
	"slices"
)

// A Node is what is to be placed. Ids should be unique; nodes that share one are
// told apart by their order.
type Node struct {
	ID            string
	Width, Height float64 // more than 0
	First         bool    // stands in the first column if nothing leads to it: a client
}

// An Edge leads from a node to another, or to itself; both are indexes of Nodes.
// There may be several between the same nodes.
type Edge struct {
	From, To int
}

// Graph is what Compute places. Edges must lead from and to nodes that are there.
type Graph struct {
	Nodes []Node
	Edges []Edge
}

// Options say how much space there is to be between. The unit is that of the
// nodes' sizes.
type Options struct {
	ColumnGap float64 // between columns: where edges turn
	RowGap    float64 // between the nodes of a column, and edges that pass them
	Grid      float64 // places are multiples of this; 0 for anywhere
	MaxRows   int     // nodes in a column, beyond which some go to a later one; 0 for any number
}

// A Point is a place. Y grows downwards.
type Point struct {
	X, Y float64
}

// A Place is where a node stands.
type Place struct {
	Point      // of the node's middle
	Column int // 0 is the leftmost
	Row    int // among the nodes of the column, from the top
}

// A Route is the way of an edge: from the side of one node to that of another,
// through the columns between. It has an even number of points, two for each
// column that it leaves and enters; of an edge to the node itself it has two, at
// its right side.
type Route struct {
	Points []Point
	Back   bool // leads from right to left
}

// Layout is the result: a place for each node and a route for each edge, at the
// same index.
type Layout struct {
	Width, Height float64
	Nodes         []Place
	Edges         []Route
	Crossings     int // of edges, apart from what nodes hide
}

// Compute places a graph. It takes some milliseconds for 200 nodes and 400
// edges.
func Compute(g Graph, o Options) *Layout {
	s := newSketch(g)
	s.turnCircles()
	s.assignColumns()
	if o.MaxRows > 0 {
		s.limitColumns(o.MaxRows)
	}
	s.insertPasses()
	s.order()
	s.align(o)
	return s.finish(g, o)
}

// A vertex is a node, or the place where an edge passes a column.
type vertex struct {
	node          int // index in Graph.Nodes; -1 for a pass
	name          string
	width, height float64
	column, row   int
	y             float64 // of the middle; while the rows are found, where it wants to be
	left, right   []int   // neighbours in the columns beside
	component     int
}

func (v *vertex) pass() bool { return v.node < 0 }

// A sketch is a layout in the making.
type sketch struct {
	vertices []vertex
	links    []link
	columns  [][]int // vertices, from the top
	cross    int
}

// A link is an edge of the graph that is not a loop, from left to right.
type link struct {
	edge     int // index in Graph.Edges
	from, to int
	turned   bool
	passes   []int // vertices, from left to right
}

func newSketch(g Graph) *sketch {
	s := &sketch{vertices: make([]vertex, len(g.Nodes))}
	for i, n := range g.Nodes {
		s.vertices[i] = vertex{node: i, name: n.ID, width: n.Width, height: n.Height, column: -1}
		if n.First {
			s.vertices[i].column = 0 // see turnCircles
		}
	}
	for i, e := range g.Edges {
		if e.From != e.To {
			s.links = append(s.links, link{edge: i, from: e.From, to: e.To})
		}
	}
	slices.SortStableFunc(s.links, func(a, b link) int {
		return cmp.Or(s.compare(a.from, b.from), s.compare(a.to, b.to))
	})
	return s
}

// compare orders nodes by their ids.
func (s *sketch) compare(a, b int) int {
	return cmp.Or(cmp.Compare(s.vertices[a].name, s.vertices[b].name), cmp.Compare(a, b))
}

// outgoing returns the indexes of the links that leave each vertex, in order.
func (s *sketch) outgoing() [][]int {
	out := make([][]int, len(s.vertices))
	for i, l := range s.links {
		out[l.from] = append(out[l.from], i)
	}
	return out
}

// turnCircles turns around the links that lead back to where a walk along the
// links came from. The walk begins at the clients, then at what nothing leads
// to, then anywhere.
func (s *sketch) turnCircles() {
	entered := make([]int, len(s.vertices))
	for _, l := range s.links {
		entered[l.to]++
	}
	starts := make([]int, len(s.vertices))
	for i := range starts {
		starts[i] = i
	}
	rank := func(v int) int {
		switch {
		case s.vertices[v].column == 0: // a client
			return 0
		case entered[v] == 0:
			return 1
		}
		return 2
	}
	slices.SortFunc(starts, func(a, b int) int { return cmp.Or(cmp.Compare(rank(a), rank(b)), s.compare(a, b)) })
	out := s.outgoing()
	const open, done = 1, 2
	state := make([]int, len(s.vertices))
	var walk func(v int)
	walk = func(v int) {
		state[v] = open
		for _, i := range out[v] {
			switch l := &s.links[i]; state[l.to] {
			case open:
				l.turned = true
			case 0:
				walk(l.to)
			}
		}
		state[v] = done
	}
	for _, v := range starts {
		if state[v] == 0 {
			walk(v)
		}
	}
	for i := range s.links {
		if l := &s.links[i]; l.turned {
			l.from, l.to = l.to, l.from
		}
	}
}

// assignColumns gives each node the column after the last that leads to it. What
// nothing leads to, and is no client, goes right before what it leads to.
func (s *sketch) assignColumns() {
	waiting := make([]int, len(s.vertices))
	first := make([]bool, len(s.vertices))
	for i := range s.vertices {
		first[i], s.vertices[i].column = s.vertices[i].column == 0, 0
	}
	for _, l := range s.links {
		waiting[l.to]++
	}
	var ready []int
	source := make([]bool, len(s.vertices))
	for v, n := range waiting {
		if n == 0 {
			ready = append(ready, v)
			source[v] = true
		}
	}
	out := s.outgoing()
	for len(ready) > 0 {
		v := ready[0]
		ready = ready[1:]
		for _, i := range out[v] {
			to := s.links[i].to
			s.vertices[to].column = max(s.vertices[to].column, s.vertices[v].column+1)
			if waiting[to]--; waiting[to] == 0 {
				ready = append(ready, to)
			}
		}
	}
	for v := range s.vertices {
		if source[v] && !first[v] && len(out[v]) > 0 {
			nearest := s.vertices[s.links[out[v][0]].to].column
			for _, i := range out[v] {
				nearest = min(nearest, s.vertices[s.links[i].to].column)
			}
			s.vertices[v].column = nearest - 1
		}
	}
}

// insertPasses lets links go from column to column, and fills the columns.
func (s *sketch) insertPasses() {
	connect := func(from, to int) {
		s.vertices[from].right = append(s.vertices[from].right, to)
		s.vertices[to].left = append(s.vertices[to].left, from)
	}
	for i := range s.links {
		l := &s.links[i]
		previous := l.from
		for column := s.vertices[l.from].column + 1; column < s.vertices[l.to].column; column++ {
			s.vertices = append(s.vertices, vertex{node: -1, column: column,
				name: s.vertices[l.from].name + "\x00" + s.vertices[l.to].name})
			l.passes = append(l.passes, len(s.vertices)-1)
			connect(previous, len(s.vertices)-1)
			previous = len(s.vertices) - 1
		}
		connect(previous, l.to)
	}
	for v := range s.vertices {
		for len(s.columns) <= s.vertices[v].column {
			s.columns = append(s.columns, nil)
		}
		column := s.vertices[v].column
		s.columns[column] = append(s.columns[column], v)
	}
}
