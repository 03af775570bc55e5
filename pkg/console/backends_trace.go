package console

import (
	"cmp"
	"net/http"
	"slices"
	"time"

	"github.com/bragg-tracing/bragg/pkg/verify"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/api"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/client"
)

// A backendsTrace is one trace in both backends, span by span.
type backendsTrace struct {
	backendRow
	Spans []spanPair `json:"spans"` // as a tree, in draw order
	// Error is why New Relic could not be read.
	Error *problem `json:"error,omitempty"`
}

// A spanPair is one span id. A side that lacks it is null.
type spanPair struct {
	ID       string `json:"id"`
	ParentID string `json:"parentId"`
	Depth    int    `json:"depth"`
	// State is "both", "xray" or "newRelic"; of those that X-Ray alone has,
	// Reason says why that is X-Ray's way, and is "" if it is a loss.
	State       string              `json:"state"`
	Reason      string              `json:"reason"`
	Times       int                 `json:"times"` // most that one side has it
	XRay        *spanSide           `json:"xray"`
	NewRelic    *spanSide           `json:"newRelic"`
	Differences []verify.Difference `json:"differences"`
	Faulty      bool                `json:"faulty"` // something of it is no way of the backends
}

type spanSide struct {
	Name       string  `json:"name"`
	Service    string  `json:"service"`
	Kind       string  `json:"kind"`
	Status     string  `json:"status"`
	Offset     float64 `json:"offset"` // seconds from the start of the trace, in either
	Duration   float64 `json:"duration"`
	InProgress bool    `json:"inProgress"`
}

// backendsTrace compares the trace ?id= span by span.
func (c *console) backendsTrace(r *http.Request) (any, error) {
	id, err := client.TraceID(r.FormValue("id"))
	if err != nil {
		return nil, badRequest("This is no trace id", err.Error())
	}
	p, err := c.pair(r.Context(), id)
	if err != nil {
		return nil, err
	}
	if len(p.xray.Spans) == 0 && len(p.newRelic.Spans) == 0 {
		if p.err != nil {
			return nil, p.err
		}
		return nil, client.ErrNotFound
	}
	out := backendsTrace{backendRow: c.rowOf(p, c.refusals()), Spans: p.tree()}
	if p.err != nil {
		out.Error = problemOf(p.err)
	}
	return out, nil
}

// refusals are what X-Ray Local has not taken, the newest first.
func (c *console) refusals() []api.Refusal {
	if c.insider == nil {
		return nil
	}
	newest, _ := c.insider.Refusals()
	return newest
}

// tree puts the spans of both below each other, by New Relic's parents and, of
// those that X-Ray alone has, by X-Ray's.
func (p *pairing) tree() []spanPair {
	begin := p.begin()
	xray, newRelic := sidesOf(p.xray, begin), sidesOf(p.newRelic, begin)
	parents := map[string]string{} // of X-Ray
	for _, s := range p.xray.Spans {
		parents[s.ID] = s.ParentID
	}
	children := map[string][]*spanPair{} // by parent, "" for the top
	pairs := make(map[string]*spanPair, len(p.result.BySpan))
	for _, s := range p.result.BySpan {
		pair := &spanPair{ID: s.ID, ParentID: s.ParentID, Reason: s.Reason, Differences: s.Differences, Times: max(s.Received, newRelic.times[s.ID])}
		pair.XRay, pair.NewRelic = xray.first[s.ID], newRelic.first[s.ID]
		pair.judge()
		if pair.ParentID == "" {
			pair.ParentID = parents[s.ID]
		}
		pairs[s.ID] = pair
	}
	for _, s := range p.result.BySpan {
		pair := pairs[s.ID]
		parent := pair.ParentID
		if pairs[parent] == nil || parent == s.ID {
			parent = ""
		}
		children[parent] = append(children[parent], pair)
	}
	return flatten(children, pairs)
}

// judge says in which backends it is, and whether that is as it should be.
func (s *spanPair) judge() {
	switch {
	case s.XRay != nil && s.NewRelic != nil:
		s.State, s.Reason = "both", ""
	case s.XRay != nil:
		s.State = "xray"
	default:
		s.State = "newRelic"
	}
	if s.Reason == verify.Unknown {
		s.Reason = ""
	}
	if s.Differences == nil {
		s.Differences = []verify.Difference{}
	}
	s.Faulty = s.State != "both" && s.Reason == "" || s.Times > 1 ||
		slices.ContainsFunc(s.Differences, func(d verify.Difference) bool { return d.Expected == "" })
}

// flatten returns the pairs in draw order. What is left in a circle of parents
// goes to the top.
func flatten(children map[string][]*spanPair, pairs map[string]*spanPair) []spanPair {
	out := make([]spanPair, 0, len(pairs))
	seen := make(map[string]bool, len(pairs))
	type place struct {
		pair  *spanPair
		depth int
	}
	var stack []place
	push := func(parent string, depth int) {
		list := children[parent]
		slices.SortFunc(list, func(a, b *spanPair) int {
			return cmp.Or(cmp.Compare(b.offset(), a.offset()), cmp.Compare(b.ID, a.ID)) // the last comes off first
		})
		for _, pair := range list {
			stack = append(stack, place{pair, depth})
		}
	}
	draw := func() {
		for len(stack) > 0 {
			at := stack[len(stack)-1]
			stack = stack[:len(stack)-1]
			if seen[at.pair.ID] {
				continue
			}
			seen[at.pair.ID] = true
			at.pair.Depth = at.depth
			out = append(out, *at.pair)
			push(at.pair.ID, at.depth+1)
		}
	}
	push("", 0)
	draw()
	if len(out) < len(pairs) {
		for _, list := range children {
			for _, pair := range list {
				stack = append(stack, place{pair, 0})
				draw()
			}
		}
	}
	return out
}

func (s *spanPair) offset() float64 {
	if s.NewRelic != nil {
		return s.NewRelic.Offset
	}
	return s.XRay.Offset
}

// begin is the earliest start in either backend.
func (p *pairing) begin() time.Time {
	var begin time.Time
	for _, v := range []verify.View{p.xray, p.newRelic} {
		for _, s := range v.Spans {
			if begin.IsZero() || s.Start.Before(begin) {
				begin = s.Start
			}
		}
	}
	return begin
}

// sides are a view's spans by id.
type sides struct {
	first map[string]*spanSide
	times map[string]int
}

func sidesOf(v verify.View, begin time.Time) sides {
	all := sides{make(map[string]*spanSide, len(v.Spans)), make(map[string]int, len(v.Spans))}
	for _, s := range v.Spans {
		all.times[s.ID]++
		if all.first[s.ID] != nil {
			continue
		}
		side := &spanSide{Name: s.Name, Service: s.Service, Kind: s.Kind, Status: s.Status, Offset: s.Start.Sub(begin).Seconds(), InProgress: s.InProgress}
		if !s.InProgress {
			side.Duration = s.End.Sub(s.Start).Seconds()
		}
		all.first[s.ID] = side
	}
	return all
}
