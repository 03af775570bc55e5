package index

import (
	"strconv"

	"github.com/bragg-tracing/bragg/pkg/xraylocal/filter"
)

// planService plans service(…) { … }: the node that it names, how requests of
// it ended, and what else the block asks of any segment.
func planService(e *filter.Service) need {
	var needs []need
	var name *string
	if s := e.Node; s != nil {
		name = s.Name
		if s.Name != nil {
			needs = append(needs, bits{term(termService, *s.Name), "service " + strconv.Quote(*s.Name)})
		}
		if s.Type != nil && *s.Type != "" {
			needs = append(needs, bits{term(termType, *s.Type), "a service of type " + strconv.Quote(*s.Type)})
		}
	}
	return both(append(needs, planBlock(e.Filter, name))...)
}

// planEdge plans edge(…, …) { … }: caller and callee, by name.
func planEdge(e *filter.Edge) need {
	var needs []need
	from, to := e.Source.Name, e.Destination.Name
	switch {
	case from != nil && to != nil:
		needs = append(needs, bits{term(termEdge, *from, *to), "a call of " + strconv.Quote(*to) + " by " + strconv.Quote(*from)})
	case from != nil:
		needs = append(needs, bits{term(termCaller, *from), "a call by " + strconv.Quote(*from)})
	case to != nil:
		needs = append(needs, bits{term(termCallee, *to), "a call of " + strconv.Quote(*to)})
	}
	return both(append(needs, planBlock(e.Filter, nil))...)
}

// planBlock plans what the block of a node asks for, of which name is the name
// if it is given, or that of an edge. What a segment's own column would answer
// is left to who evaluates: columns are the root segment's.
func planBlock(e filter.Expr, name *string) need {
	plan := func(e filter.Expr) need { return planBlock(e, name) }
	switch e := e.(type) {
	case *filter.And:
		return both(planList(e.Terms, plan)...)
	case *filter.Or:
		return either(planList(e.Terms, plan))
	case *filter.Bare:
		return planBlockBare(e.Field, name)
	case *filter.Comparison:
		switch {
		case e.Keyword == filter.Annotation:
			return planAnnotation(e)
		case e.Value.Kind == filter.Bool && e.Value.Bool == (e.Op == filter.Equals) && (e.Op == filter.Equals || e.Op == filter.NotEquals):
			return planBlockBare(e.Field, name)
		case e.Keyword == filter.User && e.Value.Kind == filter.String:
			return planString(e)
		}
	}
	return nil
}

func planBlockBare(f filter.Field, name *string) need {
	switch f.Keyword {
	case filter.Error, filter.Fault, filter.Throttle:
		word := string(f.Keyword)
		if name == nil {
			return bits{term(termAnyOutcome, word), "a service with " + word}
		}
		return bits{term(termOutcome, *name, word), "service " + strconv.Quote(*name) + " with " + word}
	case filter.Annotation, filter.User:
		return planSet(f)
	default:
		return nil
	}
}
