package api

import (
	"context"
	"math"
	"time"

	"github.com/bragg-tracing/bragg/pkg/xraylocal/filter"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/filter/eval"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/servicegraph"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/store"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/store/index"
)

// window returns what lies between two times in seconds since the epoch, both
// included, by the time that this server counts by.
func (h *Handler) window(start, end float64) servicegraph.Window {
	return servicegraph.Window{By: h.cfg.TimeBasis, From: microseconds(start), To: microseconds(end)}
}

// microseconds turns seconds since the epoch, of a request, into microseconds.
// What is beyond any time that is stored stays beyond.
func microseconds(seconds float64) int64 {
	const most = 1e12
	return int64(math.Round(min(max(seconds, -most), most) * 1e6))
}

// eachGraph calls f with the encoded graph of every trace that may have requests
// in the window, is of the group, if that is not nil, and matches the caller's
// filter. F must not call the store, nor keep what it is given.
func (h *Handler) eachGraph(ctx context.Context, w servicegraph.Window, group *group, f func(shape, values []byte) error) error {
	_, err := h.patientGraphs(ctx, w, group, 0, f)
	return err
}

// patientGraphs is eachGraph for a caller whose patience may end, unless it is 0,
// and who gets a part then: of how much that is, is returned.
func (h *Handler) patientGraphs(ctx context.Context, w servicegraph.Window, group *group, patience time.Duration, f func(shape, values []byte) error) (store.Covered, error) {
	var terms []filter.Expr
	add := func(expression *string) error {
		e, err := h.expression(ctx, expression)
		if err == nil && e != filter.Const(true) {
			terms = append(terms, e)
		}
		return err
	}
	if group != nil {
		if err := add(group.FilterExpression); err != nil {
			return store.Covered{}, err
		}
	}
	if own := callerOf(ctx).filter; own != "" {
		if err := add(&own); err != nil {
			return store.Covered{}, err
		}
	}
	q := store.GraphQuery{By: store.ByReceipt, From: float64(w.From) / 1e6, To: float64(w.To) / 1e6}
	if w.By == servicegraph.ByDocument {
		q.By = store.BySpan
	}
	switch len(terms) {
	case 0:
	case 1:
		q.Filter = matching(terms[0])
	default:
		q.Filter = matching(&filter.And{Terms: terms})
	}
	if patience > 0 {
		q.Until = time.Now().Add(patience)
	}
	return h.storeOf(ctx).Graphs(ctx, q, f)
}

// knowing judges traces by what the store knows of them beside their documents.
func knowing(e filter.Expr) func(shape, values, facts []byte) (eval.Verdict, error) {
	if e == filter.Const(true) {
		return func(_, _, _ []byte) (eval.Verdict, error) { return eval.Yes, nil }
	}
	return matching(e).Facts
}

// matching lets the traces through that match an expression. Of most it is told by
// what the store knows beside their documents.
func matching(e filter.Expr) *store.GraphFilter {
	var walker servicegraph.Walker
	return &store.GraphFilter{
		Shape: func(shape []byte) (eval.Verdict, error) {
			g, err := walker.Shape(shape)
			if err != nil {
				return eval.Maybe, err
			}
			return (&eval.Known{Shape: g}).Judge(e), nil
		},
		Facts: func(shape, values, encoded []byte) (eval.Verdict, error) {
			g, err := walker.Shape(shape)
			if err != nil {
				return eval.Maybe, err
			}
			known := eval.Known{Shape: g, Requests: values}
			if encoded != nil {
				facts, err := index.ReadFacts(encoded)
				if err != nil {
					return eval.Maybe, err
				}
				known.Facts = &facts
			}
			return known.Judge(e), nil
		},
		Trace: func(t *store.Trace) bool { return eval.NewView(t.Trace, t.Received).Matches(e) },
	}
}
