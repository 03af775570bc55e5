package eval

import (
	"github.com/bragg-tracing/bragg/pkg/xraylocal/assembly"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/filter"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/servicegraph"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/store/index"
)

// A Verdict is what can be said of an expression without a trace's documents.
type Verdict int8

// The verdicts. What is Maybe has to be asked of a View.
const (
	No Verdict = iota
	Maybe
	Yes
)

func verdict(is bool) Verdict {
	if is {
		return Yes
	}
	return No
}

// A Known is what the store knows of a trace without its documents. What it says
// of an expression is what a View of the trace says, or Maybe. It is for one
// goroutine at a time.
type Known struct {
	// Shape is the trace's graph without its requests.
	Shape *servicegraph.Graph
	// Requests are those of the graph as they are encoded; nil if they were not
	// read.
	Requests []byte
	// Facts is nil if they were not read.
	Facts *index.Facts
}

// Judge says whether the trace matches an expression without groups.
func (k *Known) Judge(e filter.Expr) Verdict {
	switch e := e.(type) {
	case filter.Const:
		return verdict(bool(e))
	case *filter.And, *filter.Or, *filter.Not, *filter.Bare, *filter.Comparison:
		return judge(e, k.Judge, k.any)
	case *filter.Service:
		return k.service(e)
	case *filter.Edge:
		return k.edge(e)
	case *filter.RootCause, *filter.RootCauseJSON:
		return k.cause(e)
	default:
		return No
	}
}

// cause asks a view that has nothing but the root causes: their blocks ask for
// nothing else.
func (k *Known) cause(e filter.Expr) Verdict {
	if k.Facts == nil || !k.Facts.Whole() {
		return Maybe
	}
	causes, err := k.Facts.Causes()
	if err != nil {
		return Maybe
	}
	return verdict((&View{causes: &causes}).Matches(e))
}

// judge judges what combines expressions, and what asks about a field.
func judge(e filter.Expr, term func(filter.Expr) Verdict, any func(filter.Field, func(filter.Value) bool) Verdict) Verdict {
	switch e := e.(type) {
	case *filter.And:
		v := Yes
		for _, t := range e.Terms {
			if v = min(v, term(t)); v == No {
				break
			}
		}
		return v
	case *filter.Or:
		v := No
		for _, t := range e.Terms {
			if v = max(v, term(t)); v == Yes {
				break
			}
		}
		return v
	case *filter.Not:
		return Yes - term(e.Term)
	case *filter.Bare:
		return any(e.Field, isSet)
	case *filter.Comparison:
		return any(e.Field, func(v filter.Value) bool { return compare(e, v) })
	default:
		return Maybe
	}
}

// any is View.any.
func (k *Known) any(f filter.Field, is func(filter.Value) bool) Verdict {
	switch f.Keyword {
	case filter.Name, filter.Type:
		for i := range k.Shape.Nodes {
			if n := &k.Shape.Nodes[i]; n.Root {
				return verdict(service(f.Keyword, assembly.Service{Name: n.Name, Type: n.Type}, is))
			}
		}
		return No
	}
	if k.Facts == nil {
		return Maybe
	}
	flag := func(of index.Flags) bool { return k.Facts.Flags&of != 0 }
	switch f.Keyword {
	case filter.OK:
		return verdict(is(boolean(!flag(index.Error | index.Fault | index.Throttle))))
	case filter.Error:
		return verdict(is(boolean(flag(index.Error))))
	case filter.Fault:
		return verdict(is(boolean(flag(index.Fault))))
	case filter.Throttle:
		return verdict(is(boolean(flag(index.Throttle))))
	case filter.Partial:
		return verdict(is(boolean(flag(index.Partial))))
	case filter.Inferred:
		return verdict(is(boolean(flag(index.Inferred))))
	case filter.Root:
		return verdict(is(boolean(flag(index.HasRoot))))
	case filter.Duration:
		return verdict(maybe(k.Facts.Duration, is))
	case filter.ResponseTime:
		return verdict(maybe(k.Facts.Response, is))
	case filter.HTTPStatus:
		return verdict(k.Facts.Status != 0 && is(number(float64(k.Facts.Status))))
	case filter.HTTPURL, filter.HTTPMethod, filter.HTTPUserAgent, filter.HTTPClientIP:
		return verdict(one(k.Facts.Text(f.Keyword), is))
	case filter.User, filter.ResourceARN, filter.InstanceID, filter.AvailabilityZone, filter.AccountID, filter.Annotation:
		for v := range k.Facts.Values(f) {
			if is(v) {
				return Yes
			}
		}
		return No
	default:
		return Maybe
	}
}

func (k *Known) service(e *filter.Service) Verdict {
	return k.some(e.Filter,
		func(i int) bool { return e.Node == nil || selected(e.Node, &k.Shape.Nodes[i]) },
		func(int) bool { return false })
}

func (k *Known) edge(e *filter.Edge) Verdict {
	return k.some(e.Filter, func(int) bool { return false }, func(i int) bool {
		edge := &k.Shape.Edges[i]
		return selected(&e.Source, &k.Shape.Nodes[edge.From]) && selected(&e.Destination, &k.Shape.Nodes[edge.To])
	})
}

// some judges whether a request of a node or an edge that is chosen satisfies a
// block.
func (k *Known) some(block filter.Expr, node, edge func(i int) bool) Verdict {
	var nodes, edges []bool
	any := false
	for i := range k.Shape.Nodes {
		nodes = append(nodes, node(i))
		any = any || nodes[i]
	}
	for i := range k.Shape.Edges {
		edges = append(edges, edge(i))
		any = any || edges[i]
	}
	switch {
	case !any:
		return No
	case block == nil:
		return Yes
	case k.Requests == nil:
		return Maybe
	}
	v := No
	ask := func(n *servicegraph.Node, r *servicegraph.Request) { v = max(v, (&knownRequest{k, n, r}).judge(block)) }
	err := servicegraph.Requests(k.Shape, k.Requests,
		func(i int, r *servicegraph.Request) {
			if nodes[i] {
				ask(&k.Shape.Nodes[i], r)
			}
		},
		func(i int, r *servicegraph.Request) {
			if edges[i] {
				ask(&k.Shape.Nodes[k.Shape.Edges[i].To], r)
			}
		})
	if err != nil {
		return Maybe
	}
	return v
}

// A knownRequest is a request of which the document was not read.
type knownRequest struct {
	*Known
	node *servicegraph.Node
	r    *servicegraph.Request
}

func (q *knownRequest) judge(e filter.Expr) Verdict { return judge(e, q.judge, q.any) }

// any is request.any.
func (q *knownRequest) any(f filter.Field, is func(filter.Value) bool) Verdict {
	switch f.Keyword {
	case filter.OK, filter.Error, filter.Fault, filter.Throttle:
		return q.ended(f.Keyword, is)
	case filter.Root:
		if !q.node.Root {
			return verdict(is(boolean(false)))
		}
	case filter.Inferred:
		return verdict(is(boolean(q.node.Inferred())))
	case filter.Duration:
		return verdict(!q.r.InProgress && is(number(assembly.Seconds(float64(q.r.LastEnd-q.r.Start)/1e6))))
	case filter.Name, filter.Type:
		return verdict(service(f.Keyword, assembly.Service{Name: q.node.Name, Type: q.node.Type}, is))
	case filter.AccountID:
		return verdict(one(q.node.AccountID, is))
	case filter.ResponseTime:
		return q.took(is)
	case filter.User, filter.Annotation: // inferred segments have none
		if q.Known.any(f, is) == No {
			return No
		}
	}
	return Maybe
}

// ended judges by the one outcome under which a request counts: it may have a
// lesser one besides.
func (q *knownRequest) ended(k filter.Keyword, is func(filter.Value) bool) Verdict {
	var has bool
	switch o := q.r.Outcome; k {
	case filter.OK:
		has = o == servicegraph.OK
	case filter.Throttle:
		has = o == servicegraph.Throttle
	case filter.Fault:
		if o == servicegraph.Throttle {
			return Maybe
		}
		has = o == servicegraph.Fault
	case filter.Error:
		if o == servicegraph.Fault {
			return Maybe
		}
		has = o == servicegraph.Error
	}
	return verdict(is(boolean(has)))
}

// slackMicroseconds is by how much the difference of two rounded times may be
// off the rounded difference.
const slackMicroseconds = 2

// took judges by the response time, unless rounding could decide: the document
// has it more precisely.
func (q *knownRequest) took(is func(filter.Value) bool) Verdict {
	if q.r.InProgress {
		return No
	}
	took := q.r.Duration()
	if took <= slackMicroseconds || q.r.Start <= 0 || q.r.End >= 1e17 {
		return Maybe // it may have ended before it began, or have been cut to what a graph can hold
	}
	first := is(number(assembly.Seconds(float64(took-slackMicroseconds) / 1e6)))
	for d := took - slackMicroseconds + 1; d <= took+slackMicroseconds; d++ {
		if is(number(assembly.Seconds(float64(d)/1e6))) != first {
			return Maybe
		}
	}
	return verdict(first)
}
