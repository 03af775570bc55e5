package summary

import (
	"slices"

	"github.com/bragg-tracing/bragg/pkg/segment"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/assembly"
)

// Causes are the root causes of a trace.
type Causes struct {
	Fault        []Cause
	Error        []Cause // throttles among them
	ResponseTime []SlowCause
}

// A Cause is the way from where a fault or error was first seen to where it came
// from. It marshals as the API's FaultRootCause and ErrorRootCause.
type Cause struct {
	Services        []CauseService
	ClientImpacting bool // the way begins at the root of the trace
}

// A CauseService is a service on the way, with the way inside of it.
type CauseService struct {
	CauseServiceID
	EntityPath []CauseEntity
	Inferred   bool
}

// A CauseServiceID names a service. Its Type is "" where others are null: a
// client of the API that reads root causes, Grafana's data source for X-Ray,
// does not look before it reads the type
// (https://github.com/grafana/x-ray-datasource/blob/main/pkg/datasource/getAnalytics.go).
type CauseServiceID struct {
	Name      string
	Names     []string
	Type      string
	AccountID *string `json:"AccountId"`
}

// A CauseEntity is a segment or subsegment on the way.
type CauseEntity struct {
	Name       string
	Exceptions []Exception
	Remote     bool // the entity is a call of another service
}

// An Exception is one that an entity tells of.
type Exception struct {
	Name    string // its type
	Message *string
}

// CausesOf finds the root causes of a trace. X-Ray documents what they consist
// of, not how it finds them; the rules are those of its answers:
//
//   - One way per failure that began on its own: from the root, if that failed,
//     and from each segment that failed without being reached so.
//   - A way follows entities that failed, down to the deepest that tells of an
//     exception, or to a service that sent nothing and is inferred from a call
//     that failed: such a one is preferred. Flags alone are no cause.
//   - A cause that is the id of an exception leads to its owner at once.
//   - Among equals the first by start time and id is taken. X-Ray's choice is
//     not known.
//
// See https://docs.aws.amazon.com/xray/latest/devguide/xray-api-gettingdata.html.
func CausesOf(t *assembly.Trace) Causes {
	var c Causes
	failed, faulty := false, false
	for e := range t.All() {
		o := assembly.OutcomeOf(e.Document)
		faulty = faulty || o.Fault
		failed = failed || o.Error || o.Throttle
	}
	root := t.Root()
	slow := root != nil && root.EndTime != nil && *root.EndTime > root.StartTime
	if !failed && !faulty && !slow {
		return c
	}
	tree := newTree(t)
	if faulty {
		c.Fault = tree.causes(func(o assembly.Outcome) bool { return o.Fault })
	}
	if failed {
		c.Error = tree.causes(func(o assembly.Outcome) bool { return o.Error || o.Throttle })
	}
	if slow {
		c.ResponseTime = tree.slow(root)
	}
	return c
}

// A tree is a trace as one tree of entities, segments under what called them.
type tree struct {
	trace    *assembly.Trace
	callees  map[string][]*segment.Document // segments by parent
	parent   map[*segment.Document]*segment.Document
	byID     map[string]*segment.Document
	throwers map[string]*segment.Document // by id of an exception
	segments map[*segment.Document]bool
}

func newTree(t *assembly.Trace) *tree {
	tr := &tree{
		trace:    t,
		callees:  make(map[string][]*segment.Document),
		parent:   make(map[*segment.Document]*segment.Document),
		byID:     make(map[string]*segment.Document),
		throwers: make(map[string]*segment.Document),
		segments: make(map[*segment.Document]bool),
	}
	for e := range t.All() {
		if tr.byID[e.ID] == nil {
			tr.byID[e.ID] = e.Document
		}
		for _, sub := range e.Subsegments {
			tr.parent[sub] = e.Document
		}
		if e.Cause != nil {
			for _, x := range e.Cause.Exceptions {
				if x.ID != "" && tr.throwers[x.ID] == nil {
					tr.throwers[x.ID] = e.Document
				}
			}
		}
	}
	for _, seg := range t.Segments {
		tr.segments[seg] = true
		if caller := tr.byID[seg.ParentID]; seg.ParentID != "" && caller != nil {
			tr.callees[seg.ParentID] = append(tr.callees[seg.ParentID], seg)
			tr.parent[seg] = caller
		}
	}
	return tr
}

// children returns subsegments and called segments of an entity, by start time.
// Of two entities with one id the first has the segments.
func (t *tree) children(doc *segment.Document) []*segment.Document {
	if t.byID[doc.ID] != doc || len(t.callees[doc.ID]) == 0 {
		return doc.Subsegments
	}
	return append(append([]*segment.Document(nil), doc.Subsegments...), t.callees[doc.ID]...)
}

// A search follows one kind of failure through the tree.
type search struct {
	*tree
	fails func(assembly.Outcome) bool
	seen  map[*segment.Document]bool
}

func (t *tree) causes(fails func(assembly.Outcome) bool) []Cause {
	s := &search{t, fails, make(map[*segment.Document]bool)}
	var causes []Cause
	start := func(seg *segment.Document) {
		if s.seen[seg] || !s.failed(seg) {
			return
		}
		if path := s.path(seg); path != nil {
			causes = append(causes, Cause{Services: t.services(path), ClientImpacting: seg == t.trace.Root()})
		}
	}
	for _, seg := range t.trace.Segments { // callers first: what they reach does not begin on its own
		if !s.calledByFailure(seg) {
			start(seg)
		}
	}
	for _, seg := range t.trace.Segments {
		start(seg)
	}
	return causes
}

func (s *search) failed(doc *segment.Document) bool { return s.fails(assembly.OutcomeOf(doc)) }

// calledByFailure reports whether a way from another failed segment may lead
// to this one.
func (s *search) calledByFailure(seg *segment.Document) bool {
	for doc := s.parent[seg]; doc != nil && s.failed(doc); doc = s.parent[doc] {
		if s.segments[doc] {
			return true
		}
	}
	return false
}

// path returns the entities from where the failure of doc came from, up to doc
// itself; nil if nothing tells. It marks all that it looked at.
func (s *search) path(doc *segment.Document) []*segment.Document {
	if s.seen[doc] {
		return nil
	}
	s.seen[doc] = true
	if doc.Cause != nil && doc.Cause.ExceptionID != "" {
		return s.reference(doc)
	}
	if doc.Inferred {
		return []*segment.Document{doc}
	}
	var best []*segment.Document
	for _, child := range s.children(doc) {
		if !s.failed(child) {
			continue
		}
		path := s.path(child)
		if path != nil && (best == nil || inferred(path) && !inferred(best)) {
			best = path
		}
	}
	if best != nil {
		return append(best, doc)
	}
	if doc.Cause != nil && len(doc.Cause.Exceptions) > 0 {
		return []*segment.Document{doc}
	}
	return nil
}

func inferred(path []*segment.Document) bool { return path[0].Inferred }

// reference returns the entities from the owner of the exception that doc names
// up to doc, through what lies between them if the owner is below.
func (s *search) reference(doc *segment.Document) []*segment.Document {
	owner := s.throwers[doc.Cause.ExceptionID]
	if owner == nil {
		return nil
	}
	path := []*segment.Document{owner}
	for at := s.parent[owner]; owner != doc && at != doc; at = s.parent[at] {
		if at == nil || len(path) > len(s.byID) {
			path = path[:1] // not below
			break
		}
		path = append(path, at)
	}
	for _, at := range path {
		s.seen[at] = true
	}
	if owner == doc {
		return path
	}
	return append(path, doc)
}

// services turns a path around and cuts it where it enters another segment.
func (t *tree) services(path []*segment.Document) []CauseService {
	slices.Reverse(path)
	var services []CauseService
	for i, doc := range path {
		if seg := t.segmentOf(doc); i == 0 || seg != t.segmentOf(path[i-1]) {
			services = append(services, CauseService{CauseServiceID: causeServiceID(seg), Inferred: seg.Inferred, EntityPath: []CauseEntity{}})
		}
		last := &services[len(services)-1]
		last.EntityPath = append(last.EntityPath, CauseEntity{Name: doc.Name, Exceptions: exceptions(doc), Remote: t.remote(doc)})
	}
	return services
}

// segmentOf returns the segment that holds an entity.
func (t *tree) segmentOf(doc *segment.Document) *segment.Document {
	for !t.segments[doc] && t.parent[doc] != nil {
		doc = t.parent[doc]
	}
	return doc
}

func (t *tree) remote(doc *segment.Document) bool {
	return !t.segments[doc] && assembly.IsCall(doc)
}

func causeServiceID(seg *segment.Document) CauseServiceID {
	s := assembly.ServiceOf(seg)
	return CauseServiceID{Name: s.Name, Names: []string{s.Name}, Type: s.Type}
}

func exceptions(doc *segment.Document) []Exception {
	all := []Exception{}
	if doc.Cause != nil {
		for _, x := range doc.Cause.Exceptions {
			all = append(all, Exception{Name: x.Type, Message: orNull(x.Message)})
		}
	}
	return all
}
