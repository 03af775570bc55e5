package terminal

import (
	"cmp"
	"io"
	"math"
	"slices"
	"strings"

	"github.com/bragg-tracing/bragg/pkg/xraylocal/layout"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/servicemap"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/timeline"
)

// leastColumn is the narrowest column of nodes that can be read.
const leastColumn = 14

// WriteMap draws a service map: each node with how it fared, its traffic and its
// mean response time, and lines to what it calls. A map that is too wide for the
// screen comes as a tree of calls.
func (s Screen) WriteMap(out io.Writer, m *servicemap.Map) error {
	d := s.newMapDrawing(m)
	if !d.fit() {
		return s.writeMapTree(out, m)
	}
	d.draw()
	_, err := io.WriteString(out, d.String())
	return err
}

// A mapDrawing is a map on its way to be drawn: node columns of text, with gaps
// between in which lines turn.
type mapDrawing struct {
	Screen
	m      *servicemap.Map
	l      *layout.Layout
	top    int
	widths []int // of the columns
	gaps   []gap // after each column but the last
	canvas canvas
}

func (s Screen) newMapDrawing(m *servicemap.Map) *mapDrawing {
	g := layout.Graph{}
	for i := range m.Nodes {
		g.Nodes = append(g.Nodes, layout.Node{ID: m.Nodes[i].ID, Width: 1, Height: 1, First: m.Nodes[i].Kind == servicemap.Client})
	}
	for i := range m.Edges {
		g.Edges = append(g.Edges, layout.Edge{From: m.Edges[i].From, To: m.Edges[i].To})
	}
	// What is below a node's name is in the gap between rows.
	d := &mapDrawing{Screen: s, m: m, l: layout.Compute(g, layout.Options{ColumnGap: 1, RowGap: 3, Grid: 1})}
	d.measure()
	return d
}

// row is that of a place, counted from the highest node or line.
func (d *mapDrawing) row(y float64) int { return int(y) - d.top }

// measure finds the columns' widths and the tracks of the gaps.
func (d *mapDrawing) measure() {
	d.top = math.MaxInt
	for _, p := range d.l.Nodes {
		d.top = min(d.top, int(p.Y))
	}
	for i, r := range d.l.Edges {
		if d.m.Edges[i].From == d.m.Edges[i].To {
			continue
		}
		for _, p := range r.Points {
			d.top = min(d.top, int(p.Y))
		}
	}
	for i, p := range d.l.Nodes {
		for len(d.widths) <= p.Column {
			d.widths = append(d.widths, 0)
		}
		for _, line := range d.nodeLines(&d.m.Nodes[i], math.MaxInt) {
			d.widths[p.Column] = max(d.widths[p.Column], columns(line)+2)
		}
	}
	d.gaps = make([]gap, max(len(d.widths)-1, 0))
	for i := range d.m.Edges {
		for _, leg := range d.legs(i) {
			d.gaps[leg.column].add(leg)
		}
	}
	for i := range d.gaps {
		d.gaps[i].assign()
	}
}

// fit narrows the widest columns until the drawing fits the screen.
func (d *mapDrawing) fit() bool {
	total := 0
	for _, g := range d.gaps {
		total += g.width()
	}
	for _, w := range d.widths {
		total += w
	}
	for ; total > d.width(); total-- {
		widest := slices.Index(d.widths, slices.Max(d.widths))
		if d.widths[widest] <= leastColumn {
			return false
		}
		d.widths[widest]--
	}
	return true
}

// nodeLines returns the lines of a node, without its mark: its name, its traffic
// and, if some of it went wrong, how much.
func (d *mapDrawing) nodeLines(n *servicemap.Node, width int) []string {
	name := clean(n.Name)
	if n.Kind == servicemap.Client {
		name = "clients"
	}
	lines := []string{d.cut(name, width)}
	if n.Total == 0 {
		return append(lines, d.cut(n.Traffic(), width))
	}
	figures := d.ascii(n.Traffic() + " · " + n.Latency())
	if columns(figures) > width {
		figures = n.Traffic()
	}
	lines = append(lines, d.cut(figures, width))
	if trouble := n.Trouble(); trouble != "" {
		lines = append(lines, d.cutList(trouble, min(width, troubleColumns)))
	}
	return lines
}

// cutList leaves out what does not fit of a list, from its end.
func (s Screen) cutList(list string, width int) string {
	for columns(list) > width {
		i := strings.LastIndex(list, ", ")
		if i < 0 {
			return s.cut(list, width)
		}
		list = list[:i]
	}
	return list
}

// troubleColumns is up to which width more than the worst outcome is written.
const troubleColumns = 18

// ascii writes own text with what the screen has.
func (d *mapDrawing) ascii(text string) string {
	if d.ASCII {
		text = strings.NewReplacer("·", "-", "µ", "u").Replace(text)
	}
	return text
}

// A leg is the part of an edge in one gap, from left to right.
type leg struct {
	column   int // on the left of the gap
	from, to int // rows
	edge     int
}

// legs returns the legs of an edge; none for a loop.
func (d *mapDrawing) legs(edge int) []leg {
	r := d.l.Edges[edge]
	if d.m.Edges[edge].From == d.m.Edges[edge].To {
		return nil
	}
	points := slices.Clone(r.Points)
	start := d.m.Edges[edge].From
	if r.Back {
		slices.Reverse(points)
		start = d.m.Edges[edge].To
	}
	var legs []leg
	for i := 0; i+1 < len(points); i += 2 {
		legs = append(legs, leg{d.l.Nodes[start].Column + i/2, d.row(points[i].Y), d.row(points[i+1].Y), edge})
	}
	return legs
}

// A gap is where lines turn between two columns. Lines that come from one row
// share a track.
type gap struct {
	legs   []leg
	tracks map[int]int // of the row where legs begin
	count  int
}

func (g *gap) add(l leg) { g.legs = append(g.legs, l) }

// assign gives each row where turning legs begin a track, so that no two lie on
// one another.
func (g *gap) assign() {
	type bundle struct{ row, low, high int }
	bundles := make(map[int]*bundle)
	var order []*bundle
	for _, l := range g.legs {
		if l.from == l.to {
			continue
		}
		b := bundles[l.from]
		if b == nil {
			b = &bundle{l.from, l.from, l.from}
			bundles[l.from] = b
			order = append(order, b)
		}
		b.low, b.high = min(b.low, l.to), max(b.high, l.to)
	}
	// What goes down turns the later the higher it begins, what goes up the
	// earlier: then the lines of neighbours do not cross.
	slices.SortFunc(order, func(a, b *bundle) int {
		up := func(x *bundle) bool { return x.row-x.low > x.high-x.row }
		if up(a) != up(b) {
			if up(a) {
				return -1
			}
			return 1
		}
		if up(a) {
			return cmp.Compare(a.row, b.row)
		}
		return cmp.Compare(b.row, a.row)
	})
	g.tracks = make(map[int]int)
	var taken [][]*bundle
	for _, b := range order {
		track := 0
		for track < len(taken) && slices.ContainsFunc(taken[track], func(o *bundle) bool { return o.low <= b.high && b.low <= o.high }) {
			track++
		}
		if track == len(taken) {
			taken = append(taken, nil)
		}
		taken[track] = append(taken[track], b)
		g.tracks[b.row] = track
	}
	g.count = len(taken)
}

// width returns the columns of text that the gap takes: its tracks, and lines
// before and after.
func (g *gap) width() int { return max(2*g.count-1, 0) + 4 }

// draw puts everything on the canvas.
func (d *mapDrawing) draw() {
	rows := 0
	for _, p := range d.l.Nodes {
		rows = max(rows, d.row(p.Y)+3)
	}
	for i := range d.gaps {
		for _, l := range d.gaps[i].legs {
			rows = max(rows, l.from+1, l.to+1)
		}
	}
	total := 0
	lefts := make([]int, len(d.widths))
	for c, w := range d.widths {
		lefts[c] = total
		total += w
		if c < len(d.gaps) {
			total += d.gaps[c].width()
		}
	}
	d.canvas = newCanvas(total, rows)
	ends := make([]int, len(d.m.Nodes)) // where the nodes' names end
	for i := range d.m.Nodes {
		ends[i] = d.drawNode(i, lefts[d.l.Nodes[i].Column])
	}
	order := make([]int, len(d.m.Edges)) // the worst last, to be seen
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		return cmp.Compare(severity(d.m.Edges[a].Outcome()), severity(d.m.Edges[b].Outcome()))
	})
	for _, i := range order {
		d.drawEdge(i, lefts, ends)
	}
}

func severity(o timeline.Outcome) int {
	return slices.Index([]timeline.Outcome{timeline.OK, timeline.Error, timeline.Throttle, timeline.Fault}, o)
}

// drawNode writes a node, and returns where its name ends.
func (d *mapDrawing) drawNode(i, x int) int {
	n, y := &d.m.Nodes[i], d.row(d.l.Nodes[i].Y)
	mark := markOf(n.Outcome(), n.Total == 0)
	lines := d.nodeLines(n, d.widths[d.l.Nodes[i].Column]-2)
	d.canvas.text(x, y, d.glyph(mark.shape, mark.ascii), mark.style)
	for k, st := range []style{bold, dim, troubleStyle(&n.Figures)}[:len(lines)] {
		d.canvas.text(x+2, y+k, lines[k], st)
	}
	end := x + 2 + columns(lines[0])
	for j := range d.m.Edges {
		if d.m.Edges[j].From == i && d.m.Edges[j].To == i && end+2 <= x+d.widths[d.l.Nodes[i].Column] {
			d.canvas.text(end+1, y, d.glyph("↻", "@"), dim)
			end += 2
			break
		}
	}
	return end
}

// troubleStyle is how the shares of what went wrong are written.
func troubleStyle(f *servicemap.Figures) style {
	if o := f.Outcome(); o != timeline.OK {
		return marks[o].style
	}
	return dim
}

func (d *mapDrawing) drawEdge(i int, lefts, ends []int) {
	e, back := &d.m.Edges[i], d.l.Edges[i].Back
	st := troubleStyle(&e.Figures)
	left, right := e.From, e.To
	if back {
		left, right = right, left
	}
	legs := d.legs(i)
	for k, l := range legs {
		start, end := lefts[l.column]-1, lefts[l.column+1]-1 // of the line
		if k == 0 {
			start = ends[left] + 1
		}
		if k == len(legs)-1 {
			end--
		}
		turn := lefts[l.column] + d.widths[l.column] + 1 + 2*d.gaps[l.column].tracks[l.from]
		d.canvas.line(start, l.from, turn, l.from, st)
		d.canvas.line(turn, l.from, turn, l.to, st)
		d.canvas.line(turn, l.to, end, l.to, st)
	}
	if len(legs) == 0 {
		return
	}
	if back {
		d.canvas.arrow(ends[left]+1, legs[0].from, d.glyph("◂", "<"), st)
	} else {
		d.canvas.arrow(lefts[d.l.Nodes[right].Column]-2, legs[len(legs)-1].to, d.glyph("▸", ">"), st)
	}
}

// String returns the drawing, line by line.
func (d *mapDrawing) String() string { return d.canvas.render(d.Screen) }
