package api

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/bragg-tracing/bragg/pkg/xraylocal/filter"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/store"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/store/index"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/summary"
)

// A Selection is the traces that started in a range, both ends included, in seconds
// since the epoch, and match a filter expression, "" for all.
type Selection struct {
	From, To float64
	Filter   string
}

// A SummaryPage is part of a Selection, newest start first.
type SummaryPage struct {
	Summaries []*summary.Trace
	Processed int    // traces of the range that the page has passed
	Next      string // token of what follows; "" if nothing does
}

// Summaries returns, without the detour over JSON, what GetTraceSummaries gives a
// caller without a signature who is not held to AWS's limits, in pages of up to
// limit.
func (h *Handler) Summaries(ctx context.Context, sel Selection, limit int, token string) (*SummaryPage, error) {
	ctx, expression, err := h.selected(ctx, sel)
	if err != nil {
		return nil, err
	}
	in := &getTraceSummariesRequest{StartTime: &sel.From, EndTime: &sel.To}
	s := &selection{in: in, by: store.ByStart, expression: expression}
	q := store.Query{Start: sel.From, End: sel.To, Where: index.Plan(expression), Known: knowing(expression), Match: s.match, Limit: limit, Token: token}
	page, err := h.storeOf(ctx).Find(ctx, q)
	if errors.Is(err, store.ErrToken) {
		return nil, invalidRequest("Invalid NextToken")
	}
	if err != nil {
		return nil, err
	}
	out := &SummaryPage{Processed: page.Processed, Next: page.Next}
	for _, ref := range page.Refs {
		t, err := s.summarize(ref)
		if err != nil {
			return nil, err
		}
		out.Summaries = append(out.Summaries, t)
	}
	return out, nil
}

// Facts calls f with the facts of every trace of a selection, as store.Facts does,
// for a caller without a signature, until patience ends.
func (h *Handler) Facts(ctx context.Context, sel Selection, patience time.Duration, f func(*index.Facts) error) (store.Covered, error) {
	ctx, expression, err := h.selected(ctx, sel)
	if err != nil {
		return store.Covered{}, err
	}
	q := store.Query{Start: sel.From, End: sel.To, Where: index.Plan(expression)}
	if expression != filter.Const(true) {
		m := matching(expression)
		q.Known, q.Match = m.Facts, m.Trace
	}
	return h.storeOf(ctx).Facts(ctx, q, time.Now().Add(patience), f)
}

// selected reads a selection of a caller without a signature.
func (h *Handler) selected(ctx context.Context, sel Selection) (context.Context, filter.Expr, error) {
	ctx = context.WithValue(ctx, callerKey{}, h.anybody())
	e, err := h.expression(ctx, orNull(sel.Filter))
	return ctx, e, err
}

// LinksIn returns the newest links of other traces to one, at most MostLinksIn, and
// how many there are, for a caller without a signature.
func (h *Handler) LinksIn(ctx context.Context, id string) (newest []summary.LinkIn, all int, err error) {
	return h.linksIn(context.WithValue(ctx, callerKey{}, h.anybody()), id)
}

// Refusal returns what is wrong with the call, or "" if the fault is not the
// caller's.
func (e *apiError) Refusal() string {
	if e.status >= http.StatusInternalServerError {
		return ""
	}
	return e.message
}
