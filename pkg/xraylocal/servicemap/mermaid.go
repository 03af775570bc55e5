package servicemap

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	"github.com/bragg-tracing/bragg/pkg/xraylocal/timeline"
)

// shapes are how Mermaid draws kinds.
var shapes = map[Kind][2]string{
	Client: {"([", "])"}, Database: {"[(", ")]"}, Storage: {"[(", ")]"}, Queue: {"[[", "]]"}, Topic: {"[[", "]]"},
	Function: {"{{", "}}"}, Remote: {"(", ")"}, Resource: {"(", ")"},
}

// WriteMermaid writes the map as a flowchart of Mermaid, which GitHub and many
// others draw: https://mermaid.js.org/syntax/flowchart.html.
func (m *Map) WriteMermaid(out io.Writer) error {
	w := bufio.NewWriter(out)
	fmt.Fprintln(w, "flowchart LR")
	classes := make(map[timeline.Outcome][]string)
	for i := range m.Nodes {
		n := &m.Nodes[i]
		shape, ok := shapes[n.Kind]
		if !ok {
			shape = [2]string{"[", "]"}
		}
		fmt.Fprintf(w, "  n%d%s\"%s\"%s\n", i, shape[0], strings.Join(m.mermaidLines(n), "<br/>"), shape[1])
		if o := n.Outcome(); o != timeline.OK {
			classes[o] = append(classes[o], fmt.Sprintf("n%d", i))
		}
	}
	for i := range m.Edges {
		e := &m.Edges[i]
		arrow := "-->"
		if e.Link {
			arrow = "-.->"
		}
		fmt.Fprintf(w, "  n%d %s|\"%s\"| n%d\n", e.From, arrow, figureText(&e.Figures), e.To)
	}
	for _, c := range []struct {
		outcome timeline.Outcome
		style   string
	}{
		{timeline.Fault, "stroke:#c0362c,stroke-width:3px"}, {timeline.Throttle, "stroke:#7b4fc9,stroke-width:3px"}, {timeline.Error, "stroke:#b26a00,stroke-width:3px"},
	} {
		if nodes := classes[c.outcome]; len(nodes) > 0 {
			fmt.Fprintf(w, "  classDef %s %s\n  class %s %s\n", c.outcome, c.style, strings.Join(nodes, ","), c.outcome)
		}
	}
	return w.Flush()
}

func (m *Map) mermaidLines(n *Node) []string {
	lines := []string{mermaidText(n.Name)}
	if n.Kind == Client {
		return []string{"clients of " + lines[0]}
	}
	if n.Type != "" {
		lines = append(lines, mermaidText(n.Type))
	}
	lines = append(lines, figureText(&n.Figures))
	if trouble := n.Trouble(); trouble != "" {
		lines = append(lines, mermaidText(trouble))
	}
	return lines
}

func figureText(f *Figures) string {
	if f.Total == 0 {
		return f.Traffic()
	}
	return f.Traffic() + " · " + f.Latency()
}

// mermaidText escapes what means something in a quoted label, as entities of
// Mermaid's.
func mermaidText(s string) string {
	var b strings.Builder
	for _, r := range s {
		switch {
		case r < ' ' || strings.ContainsRune("\"#;<>&`\\", r):
			fmt.Fprintf(&b, "#%d;", r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}
