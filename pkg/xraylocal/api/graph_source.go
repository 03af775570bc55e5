package api

import (
	"cmp"
	"context"
	"math"

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
			return err
		}
	}
	if own := callerOf(ctx).filter; own != "" {
		if err := add(&own); err != nil {
			return err
		}
	}
	switch len(terms) {
	case 0:
		by := store.ByReceipt
		if w.By == servicegraph.ByDocument {
			by = store.ByStart
		}
		return h.storeOf(ctx).Graphs(ctx, by, float64(w.From)/1e6, float64(w.To)/1e6, f)
	case 1:
		return h.eachMatching(ctx, w, terms[0], f)
	default:
		return h.eachMatching(ctx, w, &filter.And{Terms: terms}, f)
	}
}

// longest is how long a trace may last, in seconds, so that a range of document
// time finds all of it that a filter lets through.
const longest = 6 * 60 * 60

// eachMatching is eachGraph for the traces that match an expression.
func (h *Handler) eachMatching(ctx context.Context, w servicegraph.Window, matching filter.Expr, f func(shape, values []byte) error) error {
	q := store.Query{By: store.ByReceipt, Start: float64(w.From) / 1e6, End: float64(w.To+1) / 1e6, Where: index.Plan(matching)}
	if w.By == servicegraph.ByDocument {
		q.By, q.Start = store.ByStart, q.Start-longest
	}
	var shape, values []byte
	var failure error
	// All is done while the store looks, and nothing is taken along: a page that
	// would hold the traces would have to be small, and there are many.
	q.Limit = 1
	q.Match = func(t *store.Trace) bool {
		view := eval.NewView(t.Trace, t.Received)
		if failure == nil && view.Matches(matching) {
			g := view.Graph()
			shape, values = g.AppendShape(shape[:0]), g.AppendValues(values[:0])
			failure = f(shape, values)
		}
		return false
	}
	for {
		page, err := h.storeOf(ctx).Find(ctx, q)
		if err := cmp.Or(err, failure); err != nil {
			return err
		}
		if q.Token = page.Next; q.Token == "" {
			return nil
		}
	}
}
