package servicemap

import (
	"math"
	"slices"

	"github.com/bragg-tracing/bragg/pkg/xraylocal/layout"
)

// Sizes of a drawing, in pixels.
const (
	smallest    = 36 // diameter of a node without traffic
	largest     = 64
	clientSize  = 32
	labelHeight = 46 // of what is written below a node
	columnGap   = 132
	rowGap      = labelHeight + 20

	// Of a map of many nodes, where each is a row with its label at the right.
	rowWidth       = 172
	rowHeight      = 26
	denseColumnGap = 84
	denseRowGap    = 4
	fewRows        = 20 // a column of so many is not too high

	// Of an outline, where each node is a row of two lines, below the one that calls it.
	outlineRow    = 36
	outlineIndent = 14
	outlineLane   = 9
	deepest       = 7
)

// RowCircle is the diameter of a node that is a row.
const RowCircle = 20

// many is from how many nodes on each is a row, so that all fit on a page.
const many = 25

// Dense reports whether nodes are rows, each a small circle with its label at the
// right, in the place of circles with labels below.
func (m *Map) Dense() bool { return len(m.Nodes) >= many }

// Size returns the diameter of each node's circle, in pixels: it grows with the
// logarithm of the traffic.
func (m *Map) Size(n *Node) float64 {
	if m.Dense() {
		return RowCircle
	}
	if n.Kind == Client {
		return clientSize
	}
	var most int64 = 1
	for i := range m.Nodes {
		most = max(most, m.Nodes[i].Total)
	}
	return math.Round(smallest + (largest-smallest)*math.Log1p(float64(n.Total))/math.Log1p(float64(most)))
}

// A Drawing is where the nodes and edges of a map are on a page.
type Drawing struct {
	*layout.Layout
	// How much room a node takes, in pixels, whatever its traffic; what is
	// written below it comes on top.
	BoxWidth, BoxHeight float64
}

// Layout places the map as it is drawn on a page: the boxes of the nodes, and
// routes that end at their circles, or at the sides of rows. Traffic moves
// nothing but the ends of routes: only a node or an edge that comes or goes does.
func (m *Map) Layout() *Drawing {
	g, o := layout.Graph{}, layout.Options{ColumnGap: columnGap, RowGap: rowGap}
	if m.Dense() {
		// So many rows that the drawing has about the shape of a page.
		rows := math.Sqrt(float64(len(m.Nodes)) * (rowWidth + denseColumnGap) / (rowHeight + denseRowGap) / pageShape)
		o = layout.Options{ColumnGap: denseColumnGap, RowGap: denseRowGap, MaxRows: max(fewRows, int(rows))}
	}
	width, height := float64(largest), float64(largest)
	if m.Dense() {
		width, height = rowWidth, rowHeight
	}
	for i := range m.Nodes {
		n := layout.Node{ID: m.Nodes[i].ID, Width: width, Height: height, First: m.Nodes[i].Kind == Client}
		if n.First && !m.Dense() {
			n.Width, n.Height = clientSize, clientSize
		}
		g.Nodes = append(g.Nodes, n)
	}
	for i := range m.Edges {
		g.Edges = append(g.Edges, layout.Edge{From: m.Edges[i].From, To: m.Edges[i].To})
	}
	d := &Drawing{layout.Compute(g, o), width, height}
	if m.Dense() {
		d.fill()
	} else {
		m.meetCircles(d.Layout)
	}
	return d
}

// Outline places the map for a page that is high and so narrow: a row for each node,
// of a circle with its label at the right, below and to the right of a node that calls
// it. Edges that are no such step run at the right, where rows end at BoxWidth.
func (m *Map) Outline(width float64) *Drawing {
	g := layout.Graph{}
	for i := range m.Nodes {
		g.Nodes = append(g.Nodes, layout.Node{ID: m.Nodes[i].ID, Width: width, Height: outlineRow, First: m.Nodes[i].Kind == Client})
	}
	for i := range m.Edges {
		g.Edges = append(g.Edges, layout.Edge{From: m.Edges[i].From, To: m.Edges[i].To})
	}
	l := layout.Outline(g, layout.OutlineOptions{Width: width, Row: outlineRow, Indent: outlineIndent, Mark: RowCircle, Lane: outlineLane, Deepest: deepest})
	d := &Drawing{l, l.Width, outlineRow}
	l.Width = width
	return d
}

// A page is about so much wider than high; rows get no longer or higher than by
// this factor.
const (
	pageShape = 1.45
	stretched = 1.8
)

// fill uses the page where a drawing has another shape: labels get longer, or
// have room for a second line.
func (d *Drawing) fill() {
	wider := min(max(pageShape*d.Height/max(d.Width, 1), 1), stretched)
	higher := min(max(d.Width/max(pageShape*d.Height, 1), 1), stretched)
	stretch := func(p *layout.Point) { p.X, p.Y = p.X*wider, p.Y*higher }
	d.Width, d.BoxWidth = d.Width*wider, d.BoxWidth*wider
	d.Height, d.BoxHeight = d.Height*higher, d.BoxHeight*higher
	for i := range d.Nodes {
		stretch(&d.Nodes[i].Point)
	}
	for i := range d.Edges {
		for k := range d.Edges[i].Points {
			stretch(&d.Edges[i].Points[k])
		}
	}
}

// meetCircles lets routes end at the circles, which are smaller than the boxes.
func (m *Map) meetCircles(l *layout.Layout) {
	for i := range m.Edges {
		points := l.Edges[i].Points
		for end, node := range map[int]int{0: m.Edges[i].From, len(points) - 1: m.Edges[i].To} {
			radius := m.Size(&m.Nodes[node]) / 2
			switch middle := l.Nodes[node].X; {
			case m.Edges[i].From == m.Edges[i].To:
				points[end].X = middle + radius*0.9 // a loop leaves above and enters below the middle
				points[end].Y = l.Nodes[node].Y + math.Copysign(radius*0.44, points[end].Y-l.Nodes[node].Y)
			case points[end].X > middle:
				points[end].X = middle + radius
			default:
				points[end].X = middle - radius
			}
		}
	}
}

// Named returns the ids of the nodes with a name: a service and its clients have
// the same.
func (m *Map) Named(name string) []string {
	var ids []string
	for i := range m.Nodes {
		if m.Nodes[i].Name == name {
			ids = append(ids, m.Nodes[i].ID)
		}
	}
	return ids
}

// Around returns the part of the map that is at most so many calls away from the
// nodes with the ids, up or down. It is empty if there is no such node.
func (m *Map) Around(hops int, ids ...string) *Map {
	near := make([]int, len(m.Nodes)) // hops + 1; 0: not near
	for i := range m.Nodes {
		if slices.Contains(ids, m.Nodes[i].ID) {
			near[i] = 1
		}
	}
	for hop := 1; hop <= hops; hop++ {
		for _, e := range m.Edges {
			if near[e.From] == hop && near[e.To] == 0 {
				near[e.To] = hop + 1
			}
			if near[e.To] == hop && near[e.From] == 0 {
				near[e.From] = hop + 1
			}
		}
	}
	out := &Map{Seconds: m.Seconds, Nodes: []Node{}, Edges: []Edge{}}
	index := make([]int, len(m.Nodes))
	for i := range m.Nodes {
		if near[i] > 0 {
			index[i] = len(out.Nodes)
			out.Nodes = append(out.Nodes, m.Nodes[i])
		}
	}
	for _, e := range m.Edges {
		if near[e.From] > 0 && near[e.To] > 0 {
			e.From, e.To = index[e.From], index[e.To]
			out.Edges = append(out.Edges, e)
		}
	}
	return out
}
