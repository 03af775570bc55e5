package assembly

import (
	"cmp"
	"iter"
	"math"
	"slices"

	"github.com/bragg-tracing/bragg/pkg/segment"
)

// A Trace is what X-Ray shows of a trace. It is not safe for concurrent
// mutation; its documents are its own, but share maps and other leaves with
// the documents that it was made of, which must not be changed in place.
type Trace struct {
	ID       string
	Segments []*segment.Document // sent ones and inferred ones, oldest first
	Orphans  []*segment.Document // subsegments sent on their own whose parent is not there: not visible
}

// Assemble puts a trace together. Each document must have been accepted by
// segment.Validate, and ids should be unique among docs; where they are not,
// children go to the first. Segments and subsegments are ordered by start time,
// so the result does not depend on the order of docs.
func Assemble(id string, docs []*segment.Document) *Trace {
	t := &Trace{ID: id}
	children := make(map[string][]*segment.Document) // sent on their own, by parent
	for _, doc := range docs {
		if doc.Type == segment.TypeSubsegment {
			children[doc.ParentID] = append(children[doc.ParentID], clone(doc))
		} else {
			t.Segments = append(t.Segments, clone(doc))
		}
	}
	sortByStart(t.Segments)
	for _, seg := range t.Segments {
		adopt(seg, children)
	}
	for _, left := range children {
		t.Orphans = append(t.Orphans, left...)
	}
	sortByStart(t.Orphans)
	t.Segments = append(t.Segments, infer(t)...)
	sortByStart(t.Segments)
	return t
}

// adopt hangs under doc, at any depth, the children that belong there, and
// takes them out of the map: so a cycle of parents ends where it is entered.
func adopt(doc *segment.Document, children map[string][]*segment.Document) {
	if own, ok := children[doc.ID]; ok {
		delete(children, doc.ID)
		for _, child := range own {
			child.Type, child.ParentID, child.TraceID = "", "", ""
		}
		doc.Subsegments = append(doc.Subsegments, own...)
	}
	sortByStart(doc.Subsegments)
	for _, sub := range doc.Subsegments {
		adopt(sub, children)
	}
}

// clone copies the tree of a document as far as assembly changes it, without
// http.request.traced, which X-Ray does not give back.
func clone(doc *segment.Document) *segment.Document {
	c := *doc
	if c.HTTP != nil && c.HTTP.Request != nil && c.HTTP.Request.Traced {
		request := *c.HTTP.Request
		request.Traced = false
		c.HTTP = &segment.HTTP{Request: &request, Response: c.HTTP.Response}
		if request == (segment.HTTPRequest{}) {
			c.HTTP.Request = nil
		}
	}
	c.Subsegments = nil
	for _, sub := range doc.Subsegments {
		c.Subsegments = append(c.Subsegments, clone(sub))
	}
	return &c
}

func sortByStart(docs []*segment.Document) {
	slices.SortStableFunc(docs, func(a, b *segment.Document) int {
		return cmp.Or(cmp.Compare(a.StartTime, b.StartTime), cmp.Compare(a.ID, b.ID))
	})
}

// An Entity is one visible segment or subsegment at its place in the trace.
type Entity struct {
	*segment.Document
	ParentID string            // of a segment as it was sent, of a subsegment as it was assembled
	Segment  *segment.Document // the segment that holds it: itself, for a segment
}

// IsSegment reports whether the entity is a segment, not a subsegment.
func (e Entity) IsSegment() bool { return e.Document == e.Segment }

// All iterates over the visible entities, a parent before its subsegments.
func (t *Trace) All() iter.Seq[Entity] {
	return func(yield func(Entity) bool) {
		for _, seg := range t.Segments {
			if !walk(seg, seg.ParentID, seg, yield) {
				return
			}
		}
	}
}

func walk(doc *segment.Document, parent string, seg *segment.Document, yield func(Entity) bool) bool {
	if !yield(Entity{Document: doc, ParentID: parent, Segment: seg}) {
		return false
	}
	for _, sub := range doc.Subsegments {
		if !walk(sub, doc.ID, seg, yield) {
			return false
		}
	}
	return true
}

// Root returns the segment that has no parent, the oldest if there are several,
// or nil.
func (t *Trace) Root() *segment.Document {
	for _, seg := range t.Segments {
		if seg.ParentID == "" {
			return seg
		}
	}
	return nil
}

// Partial reports whether something in the trace names a parent that is not
// there.
func (t *Trace) Partial() bool {
	if len(t.Orphans) > 0 {
		return true
	}
	ids := make(map[string]bool)
	for e := range t.All() {
		ids[e.ID] = true
	}
	return slices.ContainsFunc(t.Segments, func(seg *segment.Document) bool {
		return seg.ParentID != "" && !ids[seg.ParentID]
	})
}

// Complete reports whether every visible entity has ended.
func (t *Trace) Complete() bool {
	for e := range t.All() {
		if e.EndTime == nil {
			return false
		}
	}
	return true
}

// Start returns the earliest start of a segment that was sent, in seconds since
// the epoch, or 0 if there is none.
func (t *Trace) Start() float64 {
	for _, seg := range t.Segments {
		if !seg.Inferred {
			return seg.StartTime
		}
	}
	return 0
}

// Duration returns the seconds from the first start to the last end of the
// visible entities, in-progress ones counted with their start. ok is false if
// that is negative, or if nothing is visible: X-Ray then gives null.
func (t *Trace) Duration() (seconds float64, ok bool) {
	first, last := math.Inf(1), math.Inf(-1)
	for e := range t.All() {
		first = min(first, e.StartTime)
		if e.EndTime != nil {
			last = max(last, *e.EndTime)
		} else {
			last = max(last, e.StartTime)
		}
	}
	if last < first {
		return 0, false
	}
	return Seconds(last - first), true
}

// Seconds rounds a difference of times to microseconds, which takes away what
// the subtraction of epoch seconds in floating point adds.
func Seconds(difference float64) float64 { return math.Round(difference*1e6) / 1e6 }
