package api

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"math"
	"time"

	"github.com/bragg-tracing/bragg/pkg/xraylocal/filter"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/filter/eval"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/servicegraph"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/store"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/store/index"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/summary"
)

func init() {
	serve("GetTraceSummaries", (*Handler).getTraceSummaries)
}

type getTraceSummariesRequest struct {
	StartTime        *float64 `valid:"required"`
	EndTime          *float64 `valid:"required"`
	TimeRangeType    *string  `valid:"enum=TraceId|Event|Service"`
	FilterExpression *string
	NextToken        *string
	Sampling         bool
	SamplingStrategy *samplingStrategy
}

type samplingStrategy struct {
	Name  *string `valid:"enum=FixedRate|PartialScan"`
	Value *float64
}

type getTraceSummariesResponse struct {
	TraceSummaries       []*summary.Trace
	ApproximateTime      *float64 // where in the time range the page ends
	TracesProcessedCount int      // those included that do not match
	NextToken            *string
	Explanation          *summary.Explanation `json:",omitempty"` // if the caller asked for it
}

// ranges are the values of TimeRangeType.
var ranges = map[string]store.TimeRange{
	"TraceId": store.ByStart,
	"Event":   store.ByReceipt,
	"Service": store.BySpan,
}

// getTraceSummaries returns a page of summaries, newest start first. A page may
// have fewer traces than fit, or none, while there are more: a call that finds
// few among many ends early, and its NextToken goes on. Time ranges may be of
// any length.
func (h *Handler) getTraceSummaries(ctx context.Context, in *getTraceSummariesRequest) (any, error) {
	q, err := in.query()
	if err != nil {
		return nil, err
	}
	expression, err := h.expression(ctx, in.FilterExpression)
	if err != nil {
		return nil, err
	}
	begin := h.now()
	s := &selection{in: in, by: q.By, expression: expression, matches: make(map[string]eval.Match)}
	q.Where, q.Match = index.Plan(expression), s.match
	if !in.sampled() {
		q.Known = knowing(expression)
	}
	page, err := h.storeOf(ctx).Find(ctx, q)
	if errors.Is(err, store.ErrToken) {
		return nil, invalidRequest("Invalid NextToken")
	}
	if err != nil {
		return nil, err
	}
	out := getTraceSummariesResponse{
		TraceSummaries:       []*summary.Trace{},
		ApproximateTime:      in.StartTime,
		TracesProcessedCount: page.Processed,
		NextToken:            orNull(page.Next),
	}
	for _, ref := range page.Refs {
		t, err := s.summarize(ref)
		if err != nil {
			return nil, err
		}
		if !callerOf(ctx).own {
			t.SegmentCount = 0 // X-Ray does not tell
		}
		out.TraceSummaries = append(out.TraceSummaries, t)
	}
	if n := len(page.Refs); page.Next != "" && n > 0 {
		out.ApproximateTime = &page.Refs[n-1].Start
	}
	if callerOf(ctx).explain {
		out.Explanation = &summary.Explanation{
			Expression: expression.String(),
			Index:      q.Where.Needs, Statement: q.Where.Where,
			Scanned: page.Processed, Read: s.read, Matched: len(page.Refs),
			Seconds: h.now().Sub(begin).Seconds(),
		}
	}
	return out, nil
}

// query checks the request and translates what is not about the filter.
func (in *getTraceSummariesRequest) query() (store.Query, error) {
	q := store.Query{Start: *in.StartTime, End: *in.EndTime, Limit: PageSize}
	if q.End < q.Start {
		return q, invalidRequest("End time cannot be earlier than start time")
	}
	rangeType := "TraceId"
	if in.TimeRangeType != nil {
		rangeType = *in.TimeRangeType
	}
	q.By = ranges[rangeType]
	if in.NextToken != nil {
		q.Token = *in.NextToken
	}
	rate, fixed := in.fixedRate()
	switch {
	case !fixed:
	case rangeType != "Event":
		return q, invalidRequest("Cannot use FixedRate with input time range type: %s", rangeType)
	case rate < 0 || rate > 1:
		return q, invalidRequest("FixedRate needs a value between 0 and 1")
	}
	return q, nil
}

// fixedRate returns the share of traces that the caller wants to see, if there
// is to be a sample; that of a strategy without a value is none, and refused.
// A partial scan is what any page is.
func (in *getTraceSummariesRequest) fixedRate() (rate float64, ok bool) {
	s := in.SamplingStrategy
	if !in.Sampling || s == nil || s.Name == nil || *s.Name != "FixedRate" {
		return 1, false
	}
	if s.Value == nil {
		return -1, true
	}
	return *s.Value, true
}

// sampled reports whether there is to be a sample.
func (in *getTraceSummariesRequest) sampled() bool {
	_, ok := in.fixedRate()
	return ok
}

// sampledOut reports whether a trace falls out of a fixed-rate sample. The same
// traces stay in at every call, and more of them at a higher rate.
func (in *getTraceSummariesRequest) sampledOut(traceID string) bool {
	rate, ok := in.fixedRate()
	if !ok {
		return false
	}
	hash := fnv.New32a()
	_, _ = hash.Write([]byte(traceID)) // never fails
	return float64(hash.Sum32()) >= rate*(math.MaxUint32+1)
}

// A selection decides on traces.
type selection struct {
	in         *getTraceSummariesRequest
	by         store.TimeRange
	expression filter.Expr
	matches    map[string]eval.Match // of those that match, by trace id
	read       int                   // traces that were put together
}

// match decides on one trace.
func (s *selection) match(trace *store.Trace) bool {
	s.read++
	if s.in.sampledOut(trace.ID) {
		return false
	}
	view := eval.NewView(trace.Trace, trace.Received)
	if s.by != store.BySpan {
		return view.Matches(s.expression)
	}
	match, ok := view.MatchesWithin(s.expression, *s.in.StartTime, *s.in.EndTime)
	if ok {
		s.matches[trace.ID] = match
	}
	return ok
}

// summarize returns the summary of a trace that matched, with what the query
// found of it.
func (s *selection) summarize(ref store.Ref) (*summary.Trace, error) {
	if ref.Facts != nil {
		t, err := ref.Facts.Summary(ref.TraceID, ref.Begin)
		if err != nil {
			return nil, fmt.Errorf("trace %s: %w", ref.TraceID, err)
		}
		t.Revision = ref.Revision
		return t, nil
	}
	t := summary.Of(ref.Trace.Trace)
	t.Revision = ref.Revision
	matched := ref.Matched
	match := s.matches[ref.TraceID]
	if s.by == store.BySpan {
		matched = ref.Trace.LastReceived
	}
	if r := match.Edge; r != nil {
		matched = received(r, matched)
		t.MatchedEdge = summary.MatchEdge(ref.Trace.Trace, r.Document)
	}
	if r := match.Service; r != nil {
		matched = received(r, matched)
		t.MatchedService = summary.MatchService(r.Document)
	}
	if !matched.IsZero() {
		second := float64(matched.Unix())
		t.MatchedEventTime = &second
	}
	return t, nil
}

// received returns when a request came, if that is known.
func received(r *servicegraph.Request, otherwise time.Time) time.Time {
	if r.Receipt == 0 {
		return otherwise
	}
	return time.UnixMicro(r.Receipt)
}
