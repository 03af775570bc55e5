package timeline

import (
	"cmp"
	"slices"

	"github.com/bragg-tracing/bragg/pkg/segment"
)

// A forest is the documents of a trace, linked by parent.
type forest struct {
	nodes []*node
	roots []*node
}

type node struct {
	doc        *segment.Document
	start, end int64 // nanoseconds; end is start when in progress
	inProgress bool
	embedded   bool // within another document, and so below it
	orphan     bool
	drawn      bool
	parent     *node
	children   []*node
	depth      int
	service    string
}

// plant makes the forest of the documents.
func plant(docs []*segment.Document) *forest {
	f := &forest{}
	f.grow(distinct(docs))
	f.link()
	f.sort()
	return f
}

// distinct returns the documents with each id once: the first complete one,
// or the first if none is complete. Documents without an id all stay.
func distinct(docs []*segment.Document) []*segment.Document {
	at := make(map[string]int, len(docs))
	var out []*segment.Document
	for _, doc := range docs {
		if doc == nil {
			continue
		}
		i, known := at[doc.ID]
		switch {
		case !known || doc.ID == "":
			at[doc.ID] = len(out)
			out = append(out, doc)
		case out[i].EndTime == nil && doc.EndTime != nil:
			out[i] = doc
		}
	}
	return out
}

// grow makes the nodes: the documents and, at any depth, what is embedded in
// them. A document that is reached twice is taken once.
func (f *forest) grow(docs []*segment.Document) {
	seen := make(map[*segment.Document]bool, len(docs))
	for _, doc := range docs {
		if !seen[doc] {
			seen[doc] = true
			f.nodes = append(f.nodes, newNode(doc, nil))
		}
	}
	// The loop reaches what it appends: breadth first, without recursion.
	for i := 0; i < len(f.nodes); i++ {
		parent := f.nodes[i]
		for _, doc := range parent.doc.Subsegments {
			if doc != nil && !seen[doc] {
				seen[doc] = true
				f.nodes = append(f.nodes, newNode(doc, parent))
			}
		}
	}
}

func newNode(doc *segment.Document, parent *node) *node {
	n := &node{doc: doc, parent: parent, embedded: parent != nil, start: nanoseconds(doc.StartTime)}
	n.end = n.start
	if doc.EndTime != nil {
		n.end = max(n.start, nanoseconds(*doc.EndTime))
	} else {
		n.inProgress = true
	}
	return n
}

// link gives each node its place: below the document that holds it, below the
// node that its parent_id names, or at the top.
func (f *forest) link() {
	byID := make(map[string]*node, len(f.nodes))
	for _, n := range f.nodes {
		if _, taken := byID[n.doc.ID]; !taken {
			byID[n.doc.ID] = n
		}
	}
	for _, n := range f.nodes {
		if !n.embedded && n.doc.ParentID != "" {
			n.parent = byID[n.doc.ParentID]
			n.orphan = n.parent == nil
		}
		if n.parent != nil {
			n.parent.children = append(n.parent.children, n)
		} else {
			f.roots = append(f.roots, n)
		}
	}
}

// sort puts siblings in order of time. The order in which X-Ray returns
// segments means nothing, so names and ids decide between equal times.
func (f *forest) sort() {
	slices.SortFunc(f.nodes, earlier)
	slices.SortFunc(f.roots, earlier)
	for _, n := range f.nodes {
		slices.SortFunc(n.children, earlier)
	}
}

func earlier(a, b *node) int {
	return cmp.Or(
		cmp.Compare(a.start, b.start),
		cmp.Compare(a.end, b.end),
		cmp.Compare(a.doc.Name, b.doc.Name),
		cmp.Compare(a.doc.ID, b.doc.ID),
	)
}

// span returns the earliest start and the latest time known, 0 and 0 when
// there are no nodes.
func (f *forest) span() (start, end int64) {
	for i, n := range f.nodes {
		if i == 0 {
			start, end = n.start, n.end
		}
		start, end = min(start, n.start), max(end, n.end)
	}
	return start, end
}

// rows returns the rows in draw order. What no root leads to is in a circle of
// parents: its earliest document becomes a top-level row.
func (f *forest) rows(start, end int64) []Row {
	rows := make([]Row, 0, len(f.nodes))
	for _, root := range f.roots {
		rows = draw(rows, root, start, end)
	}
	for _, n := range f.nodes {
		if !n.drawn && !n.embedded {
			n.orphan = true
			rows = draw(rows, n, start, end)
		}
	}
	return rows
}

// draw appends the rows of the tree below root.
func draw(rows []Row, root *node, start, end int64) []Row {
	root.service = root.doc.Name
	stack := []*node{root}
	for len(stack) > 0 {
		n := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		if n.drawn {
			continue
		}
		n.drawn = true
		rows = append(rows, n.row(start, end))
		for _, child := range slices.Backward(n.children) {
			if child.drawn {
				continue
			}
			child.depth = n.depth + 1
			child.service = child.doc.Name
			if child.kind() == Subsegment {
				child.service = n.service
			}
			stack = append(stack, child)
		}
	}
	return rows
}

func (n *node) kind() Kind {
	switch {
	case n.embedded || n.doc.Type == segment.TypeSubsegment:
		return Subsegment
	case n.doc.Inferred:
		return Inferred
	default:
		return Segment
	}
}

// row makes the row of a node, for a timeline from start to end.
func (n *node) row(start, end int64) Row {
	doc := n.doc
	r := Row{
		Depth: n.depth, ID: doc.ID, ParentID: doc.ParentID, Kind: n.kind(),
		Name: doc.Name, Service: n.service, Origin: doc.Origin, Namespace: doc.Namespace,
		Offset: duration(n.start - start), Duration: duration(n.end - n.start),
		InProgress: n.inProgress, Outcome: OutcomeOf(doc), Orphan: n.orphan, Document: doc,
	}
	if n.parent != nil && !n.orphan {
		r.ParentID = n.parent.doc.ID
	}
	if n.inProgress {
		r.Duration = duration(end - n.start)
	}
	r.Operation, _ = doc.AWS["operation"].(string)
	if doc.HTTP != nil && doc.HTTP.Request != nil {
		r.Method, r.URL = doc.HTTP.Request.Method, doc.HTTP.Request.URL
	}
	if doc.HTTP != nil && doc.HTTP.Response != nil {
		r.Status = doc.HTTP.Response.Status
	}
	return r
}
