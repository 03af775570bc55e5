package terminal

import (
	"cmp"
	"io"
	"slices"
	"strings"

	"github.com/bragg-tracing/bragg/pkg/xraylocal/servicemap"
)

// writeMapTree writes a map as a tree of calls. What was drawn above with what
// it calls is not drawn again.
func (s Screen) writeMapTree(out io.Writer, m *servicemap.Map) error {
	t := mapTree{Screen: s, m: m, calls: make([][]int, len(m.Nodes)), drawn: make([]bool, len(m.Nodes))}
	entered := make([]int, len(m.Nodes))
	for i, e := range m.Edges {
		t.calls[e.From] = append(t.calls[e.From], i)
		if e.From != e.To {
			entered[e.To]++
		}
	}
	roots := make([]int, len(m.Nodes))
	for i := range roots {
		roots[i] = i
	}
	rank := func(i int) int {
		if m.Nodes[i].Kind == servicemap.Client {
			return -1
		}
		return min(entered[i], 1)
	}
	slices.SortStableFunc(roots, func(a, b int) int { return cmp.Compare(rank(a), rank(b)) })
	for _, i := range roots {
		if !t.drawn[i] { // of a circle that nobody enters, the first
			t.node(i, &m.Nodes[i].Figures, "", "")
		}
	}
	t.align()
	for _, l := range t.lines {
		t.b.WriteString(l)
	}
	_, err := io.WriteString(out, t.b.String())
	return err
}

// A mapTree is a tree of calls that is being drawn.
type mapTree struct {
	Screen
	m     *servicemap.Map
	calls [][]int // edges, by the node that they leave
	drawn []bool
	rows  []treeRow
	lines []string
	b     strings.Builder
}

type treeRow struct {
	branch, name string
	mark         mark
	again        bool
	figures      *servicemap.Figures
}

// node adds a node as somebody calls it, and what it calls.
func (t *mapTree) node(i int, figures *servicemap.Figures, branch, below string) {
	n := &t.m.Nodes[i]
	name := clean(n.Name)
	if n.Kind == servicemap.Client {
		name = "clients of " + name
	}
	again := t.drawn[i] && len(t.calls[i]) > 0
	t.rows = append(t.rows, treeRow{branch, name, markOf(figures.Outcome(), figures.Total == 0), again, figures})
	if t.drawn[i] {
		return
	}
	t.drawn[i] = true
	for k, edge := range t.calls[i] {
		e := &t.m.Edges[edge]
		fork, on := t.glyph("├─ ", "|- "), t.glyph("│  ", "|  ")
		if k == len(t.calls[i])-1 {
			fork, on = t.glyph("╰─ ", "`- "), "   "
		}
		t.node(e.To, &e.Figures, below+fork, below+on)
	}
}

// align writes the figures of all rows beside the longest name.
func (t *mapTree) align() {
	figures := make([][3]string, len(t.rows)) // traffic, latency, trouble
	var widths [2]int
	names := 0
	for i, r := range t.rows {
		figures[i][0] = r.figures.Traffic()
		if r.figures.Total > 0 {
			figures[i][1], figures[i][2] = r.figures.Latency(), r.figures.Trouble()
		}
		if t.ASCII {
			figures[i][1] = strings.ReplaceAll(figures[i][1], "µ", "u")
		}
		for k := range widths {
			widths[k] = max(widths[k], columns(figures[i][k]))
		}
		names = max(names, columns(r.branch)+2+columns(r.name)+2)
	}
	const leastTrouble, leastNames = 12, 17
	names = min(names, max(t.width()-widths[0]-widths[1]-leastTrouble-6, leastNames))
	const leastName = 6
	for i, r := range t.rows {
		if branch := []rune(r.branch); len(branch) > names-leastName { // too deep: the outer levels go
			r.branch = t.glyph("…", "~") + string(branch[len(branch)-max(names-leastName, 1)+1:])
		}
		name := t.cut(r.name, names-columns(r.branch)-2)
		if r.again {
			name = t.cut(r.name, names-columns(r.branch)-4) + " " + t.glyph("↑", "^")
		}
		line := t.paint(dim, r.branch) + t.drawMark(r.mark) + " " + t.paint(bold, left(name, names-columns(r.branch)-2))
		line += "  " + t.paint(dim, right(figures[i][0], widths[0])+"  "+right(figures[i][1], widths[1]))
		if trouble := t.cutList(figures[i][2], t.width()-names-widths[0]-widths[1]-6); trouble != "" {
			line += "  " + t.paint(troubleStyle(r.figures), trouble)
		}
		t.lines = append(t.lines, strings.TrimRight(line, " ")+"\n")
	}
}
