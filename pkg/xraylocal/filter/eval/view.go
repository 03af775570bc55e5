package eval

import (
	"cmp"
	"slices"
	"time"

	"github.com/bragg-tracing/bragg/pkg/segment"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/assembly"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/filter"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/servicegraph"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/summary"
)

// A View is a trace that can be asked. It works out what an expression asks for
// when it first does, and keeps it: build one per trace and ask it everything.
// It is for one goroutine at a time. The trace must not change meanwhile.
type View struct {
	trace    *assembly.Trace
	received func(id string) time.Time
	root     *segment.Document
	graph    *servicegraph.Graph
	causes   *summary.Causes
	ids      map[string]bool // of entities
}

// NewView returns the view of a trace. Received says when the document came
// that holds the entity with this id; it may be nil.
func NewView(t *assembly.Trace, received func(id string) time.Time) *View {
	return &View{trace: t, received: received, root: t.Root()}
}

// Graph returns the projection of the trace, which the view keeps.
func (v *View) Graph() *servicegraph.Graph {
	if v.graph == nil {
		v.graph = servicegraph.Of(v.trace, v.received)
	}
	return v.graph
}

func (v *View) rootCauses() *summary.Causes {
	if v.causes == nil {
		causes := summary.CausesOf(v.trace)
		v.causes = &causes
	}
	return v.causes
}

// Matches reports whether the trace matches an expression without groups (see
// filter.Expand). A Group matches nothing.
func (v *View) Matches(e filter.Expr) bool {
	return (&evaluation{view: v}).holds(e, v)
}

// A Match is what made an expression match: the request of a service or the
// call of an edge, or neither.
type Match struct {
	Service *servicegraph.Request // of the first service() that holds
	Edge    *servicegraph.Request // of the first edge() that holds
}

// MatchesWithin is Matches for a time range, in seconds since the epoch, both
// ends included: a segment of the trace must have ended in it, and service() and
// edge() look only at requests that did. It also returns what matched.
func (v *View) MatchesWithin(e filter.Expr, from, to float64) (Match, bool) {
	ended := slices.ContainsFunc(v.trace.Segments, func(seg *segment.Document) bool {
		return seg.EndTime != nil && from <= *seg.EndTime && *seg.EndTime <= to
	})
	if !ended {
		return Match{}, false
	}
	ev := evaluation{view: v, within: func(r *servicegraph.Request) bool {
		end := r.Document.EndTime
		return end != nil && from <= *end && *end <= to
	}}
	ok := ev.holds(e, v)
	return ev.match, ok
}

// An evaluation is one question to a view.
type evaluation struct {
	view   *View
	within func(*servicegraph.Request) bool // nil: any request
	match  Match
}

// A subject is what the fields of an expression are about.
type subject interface {
	// any reports whether is returns true for a value of the field. It stops
	// at the first that it does.
	any(f filter.Field, is func(filter.Value) bool) bool
}

func (ev *evaluation) holds(e filter.Expr, s subject) bool {
	switch e := e.(type) {
	case filter.Const:
		return bool(e)
	case *filter.And:
		for _, term := range e.Terms {
			if !ev.holds(term, s) {
				return false
			}
		}
		return true
	case *filter.Or:
		for _, term := range e.Terms {
			if ev.holds(term, s) {
				return true
			}
		}
		return false
	case *filter.Not:
		return !ev.holds(e.Term, s)
	case *filter.Bare:
		return s.any(e.Field, isSet)
	case *filter.Comparison:
		return s.any(e.Field, func(v filter.Value) bool { return compare(e, v) })
	case *filter.Service:
		return ev.service(e)
	case *filter.Edge:
		return ev.edge(e)
	case *filter.RootCause:
		return ev.rootCause(e)
	case *filter.RootCauseJSON:
		return ev.rootCauseJSON(e)
	default:
		return false
	}
}

func (ev *evaluation) service(e *filter.Service) bool {
	g := ev.view.Graph()
	for i := range g.Nodes {
		n := &g.Nodes[i]
		if e.Node != nil && !selected(e.Node, n) {
			continue
		}
		if e.Filter == nil && ev.within == nil {
			return true
		}
		if r := ev.first(n.Requests, e.Filter, n); r != nil {
			ev.match.Service = cmp.Or(ev.match.Service, r)
			return true
		}
	}
	return false
}

func (ev *evaluation) edge(e *filter.Edge) bool {
	g := ev.view.Graph()
	for i := range g.Edges {
		edge := &g.Edges[i]
		from, to := &g.Nodes[edge.From], &g.Nodes[edge.To]
		if !selected(&e.Source, from) || !selected(&e.Destination, to) {
			continue
		}
		if e.Filter == nil && ev.within == nil {
			return true
		}
		if r := ev.first(edge.Requests, e.Filter, to); r != nil {
			ev.match.Edge = cmp.Or(ev.match.Edge, r)
			return true
		}
	}
	return false
}

// first returns the first of the requests served by a node that satisfies a
// block, or nil.
func (ev *evaluation) first(requests []servicegraph.Request, block filter.Expr, node *servicegraph.Node) *servicegraph.Request {
	s := &request{view: ev.view, node: node}
	for i := range requests {
		s.Request = &requests[i]
		if (ev.within == nil || ev.within(s.Request)) && ev.inBlock(block, s) {
			return s.Request
		}
	}
	return nil
}

func (ev *evaluation) inBlock(e filter.Expr, s subject) bool { return e == nil || ev.holds(e, s) }

// selected reports whether all that the selector gives is the node's.
func selected(s *filter.Selector, n *servicegraph.Node) bool {
	return is(s.Name, n.Name) && is(s.Type, n.Type) && is(s.AccountID, n.AccountID)
}

func is(want *string, have string) bool { return want == nil || *want == have }
