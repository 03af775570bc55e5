package analytics

import "github.com/bragg-tracing/bragg/pkg/xraylocal/filter"

// Rest returns the expression of all traces that one does not match.
func Rest(expression string) string { return "!(" + expression + ")" }

// given says what of two sets follows from how they were chosen.
type given struct {
	dimensions map[Dimension]bool
	services   map[string]bool    // names
	follows    map[Dimension]bool // root causes of what was chosen: findings, but after those that explain them
	times      bool               // by response times
}

// has reports whether the sets were chosen by a value.
func (g *given) has(d Dimension, value string) bool {
	return g.dimensions[d] || d == Service && g.services[value]
}

// givenBy reads filter expressions. One that cannot be parsed gives nothing.
func givenBy(expressions []string) given {
	g := given{dimensions: make(map[Dimension]bool), services: make(map[string]bool), follows: make(map[Dimension]bool)}
	for _, text := range expressions {
		if e, err := filter.Parse(text); err == nil {
			g.read(e, true)
		}
	}
	return g
}

// read notes what an expression speaks of: of the whole trace, or of one service
// or call.
func (g *given) read(e filter.Expr, whole bool) {
	switch e := e.(type) {
	case *filter.And:
		for _, term := range e.Terms {
			g.read(term, whole)
		}
	case *filter.Or:
		for _, term := range e.Terms {
			g.read(term, whole)
		}
	case *filter.Not:
		g.read(e.Term, whole)
	case *filter.Bare:
		g.field(e.Field, whole)
	case *filter.Comparison:
		g.field(e.Field, whole)
	case *filter.Service:
		g.service(e.Node)
		g.read(e.Filter, false)
	case *filter.Edge:
		g.service(&e.Source)
		g.service(&e.Destination)
		g.read(e.Filter, false)
	case *filter.RootCause:
		g.dimensions[map[filter.Cause]Dimension{
			filter.FaultCause: FaultCause, filter.ErrorCause: ErrorCause, filter.ResponseTimeCause: ResponseTimeCause,
		}[e.Cause]] = true
	case *filter.RootCauseJSON:
		g.dimensions[FaultCause], g.dimensions[ErrorCause], g.dimensions[ResponseTimeCause] = true, true, true
	}
}

func (g *given) service(s *filter.Selector) {
	if s != nil && s.Name != nil {
		g.services[*s.Name] = true
	}
}

func (g *given) field(f filter.Field, whole bool) {
	switch f.Keyword {
	case filter.Annotation:
		g.dimensions[Annotation+Dimension("."+f.Key)] = true
	case filter.User:
		g.dimensions[User] = true
	case filter.OK, filter.Error, filter.Fault, filter.Throttle:
		g.follows[FaultCause], g.follows[ErrorCause] = true, true
		if whole {
			g.dimensions[Status] = true
		}
	case filter.ResponseTime, filter.Duration:
		g.follows[ResponseTimeCause] = true
		g.times = g.times || whole
	}
	if !whole {
		return
	}
	switch f.Keyword {
	case filter.HTTPStatus:
		g.dimensions[Status] = true
	case filter.HTTPURL:
		g.dimensions[URL] = true
	case filter.HTTPMethod:
		g.dimensions[Method] = true
	}
}
