package terminal

import (
	"slices"
	"strconv"
	"strings"

	"github.com/bragg-tracing/bragg/pkg/xraylocal/timeline"
)

// maxDepth is how deep the tree is indented. What is deeper says its depth.
func (s Screen) maxDepth() int { return s.width() / 10 }

// trees returns the lines of the tree before each row.
func (s Screen) trees(rows []timeline.Row) []string {
	last := lastSiblings(rows)
	trees := make([]string, len(rows))
	var open []bool // by depth: a sibling is still to come
	for i := range rows {
		depth := rows[i].Depth
		open = append(open[:min(depth, len(open))], !last[i])
		trees[i] = s.tree(open, depth)
	}
	return trees
}

func (s Screen) tree(open []bool, depth int) string {
	if depth == 0 {
		return ""
	}
	if depth > s.maxDepth() {
		return spaces(2*s.maxDepth()-2) + strconv.Itoa(depth) + " "
	}
	var b strings.Builder
	for _, more := range open[1:depth] {
		if more {
			b.WriteString(s.glyph("│ ", "| "))
		} else {
			b.WriteString("  ")
		}
	}
	if open[depth] {
		b.WriteString(s.glyph("├ ", "|-"))
	} else {
		b.WriteString(s.glyph("└ ", "`-"))
	}
	return b.String()
}

// lastSiblings reports for each row whether no sibling follows.
func lastSiblings(rows []timeline.Row) []bool {
	last := make([]bool, len(rows))
	var later []bool // by depth: a row at this depth follows, below the same parent
	for i, r := range slices.Backward(rows) {
		for len(later) <= r.Depth {
			later = append(later, false)
		}
		last[i] = !later[r.Depth]
		later[r.Depth] = true
		later = later[:r.Depth+1]
	}
	return last
}
