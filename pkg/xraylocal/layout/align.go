package layout

import "math"

// alignments is how often the columns are moved towards their neighbours: on one
// side, then on the other, and at last, so many times, on both.
const (
	alignments = 24
	both       = 12
)

// align sets the heights at which vertices stand. Their order and distances are
// kept; within that, each column is as near to its neighbours as it can be, by
// the sum of squares.
func (s *sketch) align(o Options) {
	for _, column := range s.columns {
		y := 0.0
		for i, v := range column {
			if i > 0 {
				y += s.distance(column[i-1], v, o)
			}
			s.vertices[v].y = y
		}
	}
	for i := range alignments {
		for c := range s.columns {
			column, side := s.columns[c], -1
			if i%2 == 1 {
				column, side = s.columns[len(s.columns)-1-c], 1
			}
			if i >= alignments-both {
				side = 0
			}
			s.settle(column, o, func(v int) (float64, float64) { return s.wanted(v, side) })
		}
	}
	s.stack(o)
	s.straighten(o)
}

// stack moves the parts that nothing connects together: each as far up as those
// above it let it.
func (s *sketch) stack(o Options) {
	parts := 0
	for i := range s.vertices {
		parts = max(parts, s.vertices[i].component+1)
	}
	for part := range parts {
		shift := math.Inf(-1)
		top := math.Inf(1)
		for _, column := range s.columns {
			for i, v := range column {
				if s.vertices[v].component != part {
					continue
				}
				top = min(top, s.vertices[v].y-s.vertices[v].height/2)
				if i > 0 && s.vertices[column[i-1]].component < part {
					above := column[i-1]
					shift = max(shift, s.vertices[above].y+s.distance(above, v, o)-s.vertices[v].y)
				}
			}
		}
		if math.IsInf(shift, -1) {
			shift = -top
		}
		for i := range s.vertices {
			if s.vertices[i].component == part {
				s.vertices[i].y += shift
			}
		}
	}
}

// straighten puts what hangs on one neighbour alone, at an end of the graph, at
// that one's height if there is room.
func (s *sketch) straighten(o Options) {
	const stay = 1e6
	ends := func(column []int, here, beyond, back func(*vertex) []int) {
		s.settle(column, o, func(v int) (float64, float64) {
			own := &s.vertices[v]
			if len(here(own)) == 1 && len(beyond(own)) == 0 && len(back(&s.vertices[here(own)[0]])) == 1 {
				return s.vertices[here(own)[0]].y, 1
			}
			return own.y, stay
		})
	}
	left, right := func(v *vertex) []int { return v.left }, func(v *vertex) []int { return v.right }
	for c := range s.columns {
		ends(s.columns[c], left, right, right)
		ends(s.columns[len(s.columns)-1-c], right, left, left)
	}
}

// distance is that of the middles of neighbours in a column.
func (s *sketch) distance(a, b int, o Options) float64 {
	gap := o.RowGap
	if s.vertices[a].pass() && s.vertices[b].pass() {
		gap /= 2
	}
	if s.vertices[a].component != s.vertices[b].component {
		gap *= 2
	}
	return (s.vertices[a].height+s.vertices[b].height)/2 + gap
}

// settle moves the vertices of a column to where they are wanted.
func (s *sketch) settle(column []int, o Options, wanted func(v int) (y, weight float64)) {
	// With the distances taken off, the order alone remains to be kept: that is
	// isotonic regression, by pooling neighbours that want to pass each other.
	type pool struct {
		sum, weight float64
		size        int
	}
	var pools []pool
	offset := 0.0
	for i, v := range column {
		if i > 0 {
			offset += s.distance(column[i-1], v, o)
		}
		y, weight := wanted(v)
		pools = append(pools, pool{(y - offset) * weight, weight, 1})
		for n := len(pools); n > 1 && pools[n-2].sum/pools[n-2].weight > pools[n-1].sum/pools[n-1].weight; n = len(pools) {
			last := pools[n-1]
			pools = pools[:n-1]
			p := &pools[n-2]
			p.sum, p.weight, p.size = p.sum+last.sum, p.weight+last.weight, p.size+last.size
		}
	}
	i, offset := 0, 0.0
	for _, p := range pools {
		for range p.size {
			if i > 0 {
				offset += s.distance(column[i-1], column[i], o)
			}
			s.vertices[column[i]].y = p.sum/p.weight + offset
			i++
		}
	}
}

// wanted returns the mean height of a vertex's neighbours, on the left side (-1),
// the right (1) or both (0), and how much that is to count. Edges that pass want to be straight more than nodes do, and so does
// the only edge between two nodes.
func (s *sketch) wanted(v, side int) (y, weight float64) {
	const straight = 8
	n := 0.0
	own := &s.vertices[v]
	add := func(neighbours []int, only bool, back func(*vertex) []int) {
		for _, u := range neighbours {
			w := 1.0
			if only && len(back(&s.vertices[u])) == 1 {
				w = straight
			}
			y += w * s.vertices[u].y
			n += w
		}
	}
	if side <= 0 {
		add(own.left, len(own.left) == 1, func(u *vertex) []int { return u.right })
	}
	if side >= 0 {
		add(own.right, len(own.right) == 1, func(u *vertex) []int { return u.left })
	}
	switch {
	case n == 0:
		return own.y, 0.1
	case own.pass():
		return y / n, 4
	default:
		return y / n, 1
	}
}

// finish turns the sketch into a layout whose smallest coordinates are 0.
func (s *sketch) finish(g Graph, o Options) *Layout {
	l := &Layout{Nodes: make([]Place, len(g.Nodes)), Edges: make([]Route, len(g.Edges)), Crossings: s.cross}
	x, half := s.columnMiddles(o)
	if n := len(x); n > 0 {
		l.Width = x[n-1] + half[n-1]
	}
	top := math.Inf(1)
	for _, v := range s.vertices {
		top = min(top, v.y-v.height/2)
	}
	for i := range s.vertices {
		v := &s.vertices[i]
		v.y = snap(v.y-top, o.Grid)
		l.Height = max(l.Height, v.y+v.height/2)
	}
	for _, column := range s.columns {
		row := 0
		for _, v := range column {
			if n := s.vertices[v].node; n >= 0 {
				l.Nodes[n] = Place{Point{x[s.vertices[v].column], s.vertices[v].y}, s.vertices[v].column, row}
				row++
			}
		}
	}
	for i, e := range g.Edges {
		if e.From == e.To {
			n, p := g.Nodes[e.From], l.Nodes[e.From]
			l.Edges[i].Points = []Point{{p.X + n.Width/2, p.Y - n.Height/4}, {p.X + n.Width/2, p.Y + n.Height/4}}
		}
	}
	for i := range s.links {
		link := &s.links[i]
		l.Edges[link.edge] = s.route(link, x, half)
	}
	return l
}

// columnMiddles returns where the columns are, and half of their widths.
func (s *sketch) columnMiddles(o Options) (x, half []float64) {
	at := 0.0
	for _, column := range s.columns {
		width := 0.0
		for _, v := range column {
			width = max(width, s.vertices[v].width)
		}
		x, half = append(x, snap(at+width/2, o.Grid)), append(half, width/2)
		at = x[len(x)-1] + width/2 + o.ColumnGap
	}
	return x, half
}

func (s *sketch) route(l *link, x, half []float64) Route {
	from, to := &s.vertices[l.from], &s.vertices[l.to]
	points := []Point{{x[from.column] + from.width/2, from.y}}
	for _, p := range l.passes {
		v := &s.vertices[p]
		points = append(points, Point{x[v.column] - half[v.column], v.y}, Point{x[v.column] + half[v.column], v.y})
	}
	points = append(points, Point{x[to.column] - to.width/2, to.y})
	if l.turned {
		for i, j := 0, len(points)-1; i < j; i, j = i+1, j-1 {
			points[i], points[j] = points[j], points[i]
		}
	}
	return Route{Points: points, Back: l.turned}
}

func snap(v, grid float64) float64 {
	if grid <= 0 {
		return v
	}
	return math.Round(v/grid) * grid
}
