package servicemap

import (
	"bufio"
	"fmt"
	"html"
	"io"
	"math"
	"strings"

	"github.com/bragg-tracing/bragg/pkg/xraylocal/layout"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/timeline"
)

// margin is around a drawing, labelLength how long names may be in it.
const (
	margin      = 48 // pixels
	labelLength = 24 // characters
)

// style has the colours of the console, for light and for dark. It has no
// variables, which not all that draw SVG know.
const style = `
    text { font: 12px system-ui, -apple-system, "Segoe UI", sans-serif; fill: #5f6b78; text-anchor: middle }
    .page { fill: #ffffff }
    .name { font-size: 13px; font-weight: 600; fill: #1c2127 }
    .label { font-size: 11px } .row { font-size: 11px; text-anchor: start }
    .halo { font-size: 11px; fill: #ffffff; stroke: #ffffff; stroke-width: 4; stroke-linejoin: round }
    .edge { fill: none; stroke: #b9c2cc; stroke-width: 1.5 }
    .link { stroke-dasharray: 5 4 }
    .icon { fill: none; stroke: #1c2127; stroke-width: 1.4; stroke-linecap: round; stroke-linejoin: round }
    .ring { fill: #ffffff; stroke: #b9c2cc; stroke-width: 4 }
    .thin { stroke-width: 1.5 } .inferred { stroke-dasharray: 3 3 } .arc { fill: none }
    .ring.ok { stroke: #2e8540 } .arrow { fill: #b9c2cc }
    .edge.error, .ring.error { stroke: #b26a00 } text.error, .arrow.error { fill: #b26a00 }
    .edge.throttle, .ring.throttle { stroke: #7b4fc9 } text.throttle, .arrow.throttle { fill: #7b4fc9 }
    .edge.fault, .ring.fault { stroke: #c0362c } text.fault, .arrow.fault { fill: #c0362c }
    @media (prefers-color-scheme: dark) {
      text { fill: #9aa6b2 } .page { fill: #14181d } .name { fill: #e6eaee } .halo { fill: #14181d; stroke: #14181d }
      .edge { stroke: #47525e } .icon { stroke: #e6eaee } .ring { fill: #14181d; stroke: #47525e } .arc { fill: none } .ring.ok { stroke: #4fae64 } .arrow { fill: #47525e }
      .edge.error, .ring.error { stroke: #e0a23c } text.error, .arrow.error { fill: #e0a23c }
      .edge.throttle, .ring.throttle { stroke: #a98bea } text.throttle, .arrow.throttle { fill: #a98bea }
      .edge.fault, .ring.fault { stroke: #ef7066 } text.fault, .arrow.fault { fill: #ef7066 }
    }
`

// WriteSVG draws the map as a page of its own, which follows the reader's choice
// of light or dark.
func (m *Map) WriteSVG(out io.Writer) error {
	l := m.Layout()
	w := bufio.NewWriter(out)
	width, height := l.Width+2*margin, l.Height+labelHeight+2*margin
	fmt.Fprintf(w, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %s %s" width="%s" height="%s" role="img" aria-label="Service map">`+"\n",
		px(width), px(height), px(width), px(height))
	fmt.Fprintf(w, "  <style>%s  </style>\n", style)
	fmt.Fprint(w, "  <defs>")
	for _, o := range []timeline.Outcome{timeline.OK, timeline.Error, timeline.Throttle, timeline.Fault} {
		fmt.Fprintf(w, `<marker id="arrow-%s" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" markerUnits="userSpaceOnUse" orient="auto"><path class="arrow %[1]s" d="M0 0.5L8 4L0 7.5z"/></marker>`, o)
	}
	fmt.Fprint(w, "</defs>\n", `  <rect class="page" width="100%" height="100%"/>`, "\n")
	for i := range m.Edges {
		if route := &l.Edges[i]; route.Back {
			for k := range route.Points {
				route.Points[k].Y += beside
			}
		}
		m.svgEdge(w, &m.Edges[i], l.Edges[i])
	}
	for i := range m.Edges {
		m.svgEdgeLabel(w, &m.Edges[i], l.Edges[i])
	}
	for i := range m.Nodes {
		m.svgNode(w, &m.Nodes[i], l.Nodes[i], l.BoxWidth)
	}
	fmt.Fprintln(w, "</svg>")
	return w.Flush()
}

// px writes a length, with at most one digit after the point.
func px(v float64) string { return trim(fmt.Sprintf("%.1f", v)) }

func (m *Map) svgEdge(w io.Writer, e *Edge, r layout.Route) {
	class := "edge"
	if e.Link {
		class += " link"
	}
	if o := e.Outcome(); o != timeline.OK {
		class += " " + string(o)
	}
	fmt.Fprintf(w, `  <path class="%s" d="%s" marker-end="url(#arrow-%s)"><title>%s</title></path>`+"\n",
		class, path(r, e.From == e.To), e.Outcome(), html.EscapeString(m.edgeTitle(e)))
}

// beside is how far an edge that leads back stands from one that leads there.
const beside = 8

// path draws a route with curves between the columns, level where it meets them.
func path(r layout.Route, loop bool) string {
	at := func(p layout.Point) string { return px(p.X+margin) + " " + px(p.Y+margin) }
	var b strings.Builder
	b.WriteString("M" + at(r.Points[0]))
	if loop {
		a, z := r.Points[0], r.Points[1]
		fmt.Fprintf(&b, "C%s %s %s", at(layout.Point{X: a.X + 36, Y: a.Y - 14}), at(layout.Point{X: z.X + 36, Y: z.Y + 14}), at(z))
		return b.String()
	}
	for i := 1; i < len(r.Points); i++ {
		p, q := r.Points[i-1], r.Points[i]
		if i%2 == 0 { // past the nodes of a column
			b.WriteString("L" + at(q))
			continue
		}
		middle := (p.X + q.X) / 2
		fmt.Fprintf(&b, "C%s %s %s", at(layout.Point{X: middle, Y: p.Y}), at(layout.Point{X: middle, Y: q.Y}), at(q))
	}
	return b.String()
}

func (m *Map) edgeTitle(e *Edge) string {
	title := fmt.Sprintf("%s → %s: %s", m.Nodes[e.From].Name, m.Nodes[e.To].Name, figureText(&e.Figures))
	if trouble := e.Trouble(); trouble != "" {
		title += ", " + trouble
	}
	if len(e.Aliases) > 0 {
		title += " (as " + strings.Join(e.Aliases, ", ") + ")"
	}
	return title
}

// crowded is from how many edges on they have no labels.
const crowded = 60

// svgEdgeLabel writes an edge's latency before the node that it leads to.
func (m *Map) svgEdgeLabel(w io.Writer, e *Edge, r layout.Route) {
	if len(m.Edges) > crowded || e.Total == 0 || e.From == e.To || m.Nodes[e.From].Kind == Client {
		return
	}
	p, q := r.Points[len(r.Points)-2], r.Points[len(r.Points)-1]
	t := 0.62 // of the way
	s := 3*t*t - 2*t*t*t
	class := "label"
	if o := e.Outcome(); o != timeline.OK {
		class += " " + string(o)
	}
	below := -5.0
	if r.Back {
		below = 13
	}
	x, y := px(p.X+(q.X-p.X)*t+margin), px(p.Y+(q.Y-p.Y)*s+margin+below)
	fmt.Fprintf(w, `  <text class="halo" x="%s" y="%s">%s</text><text class="%s" x="%[1]s" y="%[2]s">%[3]s</text>`+"\n", x, y, e.Latency(), class)
}

func (m *Map) svgNode(w io.Writer, n *Node, p layout.Place, width float64) {
	x, y, radius := p.X+margin, p.Y+margin, m.Size(n)/2
	title := n.Name
	if n.Type != "" {
		title += " (" + n.Type + ")"
	}
	if n.Total > 0 {
		title += fmt.Sprintf(": %s, %d requests, p50 %s, p90 %s, p99 %s", n.Traffic(), n.Total, duration(n.P50), duration(n.P90), duration(n.P99))
	}
	if trouble := n.Trouble(); trouble != "" {
		title += ", " + trouble
	}
	fmt.Fprintf(w, `  <g><title>%s</title>`, html.EscapeString(title))
	if m.Dense() {
		m.svgRow(w, n, x, y, width)
		return
	}
	m.svgRing(w, n, x, y, radius-2)
	fmt.Fprintf(w, `<path class="icon" transform="translate(%s %s)" d="%s"/>`, px(x), px(y), icons[n.Kind])
	for i, line := range n.lines() {
		fmt.Fprintf(w, `<text class="%s" x="%s" y="%s">%s</text>`, line.class, px(x), px(y+radius+16+15*float64(i)), html.EscapeString(line.text))
	}
	fmt.Fprintln(w, "</g>")
}

// svgRow draws a node as a row: its circle at the left, what is written beside.
func (m *Map) svgRow(w io.Writer, n *Node, x, y, width float64) {
	left := x - width/2
	fmt.Fprintf(w, `<rect class="page" x="%s" y="%s" width="%s" height="%d" rx="4"/>`, px(left), px(y-rowHeight/2), px(width), rowHeight)
	m.svgRing(w, n, left+RowCircle/2, y, RowCircle/2-2)
	fmt.Fprintf(w, `<path class="icon" transform="translate(%s %s) scale(0.6)" d="%s"/>`, px(left+RowCircle/2), px(y), icons[n.Kind])
	lines := n.lines()
	for i, line := range lines[:min(2, len(lines))] {
		fmt.Fprintf(w, `<text class="row %s" x="%s" y="%s">%s</text>`, line.class, px(left+RowCircle+6), px(y-2+13*float64(i)), html.EscapeString(line.text))
	}
	fmt.Fprintln(w, "</g>")
}

// svgRing draws a circle whose arcs are the shares of outcomes.
func (m *Map) svgRing(w io.Writer, n *Node, x, y, radius float64) {
	class := "ring thin"
	if n.Kind != Client && n.State != "active" {
		class += " inferred"
	}
	if n.Total == 0 || n.Kind == Client {
		fmt.Fprintf(w, `<circle class="%s" cx="%s" cy="%s" r="%s"/>`, class, px(x), px(y), px(radius))
		return
	}
	fmt.Fprintf(w, `<circle class="ring ok" cx="%s" cy="%s" r="%s"/>`, px(x), px(y), px(radius))
	around := 2 * math.Pi * radius
	done := 0.0
	for _, part := range []struct {
		n     int64
		class timeline.Outcome
	}{{n.Fault, timeline.Fault}, {n.Throttle, timeline.Throttle}, {n.Error, timeline.Error}} {
		if part.n == 0 {
			continue
		}
		length := max(around*float64(part.n)/float64(n.Total), 3)
		fmt.Fprintf(w, `<circle class="ring arc %s" cx="%s" cy="%s" r="%s" stroke-dasharray="%s %s" transform="rotate(%s %s %s)"/>`,
			part.class, px(x), px(y), px(radius), px(length), px(around), px(360*done/around-90), px(x), px(y))
		done += length
	}
}

// A textLine is written below a node.
type textLine struct{ text, class string }

func (n *Node) lines() []textLine {
	if n.Kind == Client {
		return []textLine{{"clients", ""}, {n.Traffic(), ""}}
	}
	lines := []textLine{{shorten(n.Label()), "name"}}
	if n.Total == 0 {
		return append(lines, textLine{n.Traffic(), ""})
	}
	lines = append(lines, textLine{n.Traffic() + " · " + n.Latency(), ""})
	if worst, _, _ := strings.Cut(n.Trouble(), ","); worst != "" {
		class := ""
		if o := n.Outcome(); o != timeline.OK {
			class = string(o)
		}
		lines = append(lines, textLine{worst, class})
	}
	return lines
}

// shorten cuts the middle out of a long name: what tells queues and tables apart
// is mostly at the end.
func shorten(name string) string {
	runes := []rune(name)
	if len(runes) <= labelLength {
		return name
	}
	return string(runes[:labelLength/2-2]) + "…" + string(runes[len(runes)-labelLength/2-1:])
}

// icons are drawn about their middle, 18 by 18 at most.
var icons = map[Kind]string{
	Client:   "M0 -7a3.2 3.2 0 1 1 -.01 0z M-6.5 7.5c0 -4 3 -6.2 6.5 -6.2s6.5 2.2 6.5 6.2z",
	Service:  "M-7.5 -7.5h15v6h-15z M-7.5 1.5h15v6h-15z M-4.5 -4.5h1 M-4.5 4.5h1",
	Function: "M-5 -8h2.5l7 16h2.5 M-.5 -2.5l-5 10.5",
	Database: "M-7 -5c0 -3.6 14 -3.6 14 0v10c0 3.6 -14 3.6 -14 0z M-7 -5c0 3.6 14 3.6 14 0 M-7 0c0 3.6 14 3.6 14 0",
	Storage:  "M-8 -6h16l-2.5 12.5c-.3 1.5 -10.700 1.5 -11 0z M-8 -6c0 -2.500 16 -2.500 16 0c0 2.500 -16 2.500 -16 0",
	Queue:    "M-8 -5.500h16v11h-16z M-3.500 -2.500v5 M0 -2.500v5 M3.500 -2.500v5",
	Topic:    "M-5 0a2 2 0 1 1 -.01 0z M-4.500 1.500l9 -6.500 M-3.500 2h8 M-4.500 2.500l9 6.500",
	Resource: "M0 -8.500l7.500 4.250v8.500l-7.500 4.250l-7.500 -4.250v-8.500z M-7.500 -4.250l7.500 4.250l7.500 -4.250 M0 0v8.500",
	Remote:   "M0 -8a8 8 0 1 1 -.01 0z M-8 0h16 M0 -8c-4.500 4 -4.500 12 0 16c4.500 -4 4.500 -12 0 -16",
}
