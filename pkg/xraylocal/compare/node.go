package compare

import (
	"time"

	"github.com/bragg-tracing/bragg/pkg/xraylocal/timeline"
)

// A node is a row with its children.
type node struct {
	row      *timeline.Row
	run      *Run // of a node that stands for many
	self     time.Duration
	children []*node
}

// grow makes trees of rows, and computes what of each is its own time.
func grow(rows []timeline.Row) []*node {
	top := &node{}
	path := []*node{top} // path[d] is the last node of depth d-1
	for i := range rows {
		n := &node{row: &rows[i]}
		path = append(path[:min(rows[i].Depth+1, len(path))], n)
		parent := path[len(path)-2]
		parent.children = append(parent.children, n)
	}
	for _, n := range top.children {
		n.measure()
	}
	return top.children
}

// measure computes the time of a row that no child covers.
func (n *node) measure() {
	begin, end := n.row.Offset, n.row.Offset+n.row.Duration
	covered, until := time.Duration(0), begin
	for _, child := range n.children { // by start
		from := max(child.row.Offset, until)
		to := min(child.row.Offset+child.row.Duration, end)
		if to > from {
			covered += to - from
			until = to
		}
		child.measure()
	}
	n.self = n.row.Duration - covered
}

// A key is what two rows must share to be matched.
type key struct {
	kind                        timeline.Kind
	name, operation, method, as string
}

func (n *node) key() key {
	r := n.row
	return key{r.Kind, r.Name, r.Operation, r.Method, r.Namespace}
}

// duration is how long the row took: of repeated ones, all together.
func (n *node) duration() time.Duration {
	if n.run != nil {
		return n.run.Total
	}
	return n.row.Duration
}
