package api

import (
	"context"
	"errors"
	"hash/fnv"
	"math"

	"github.com/bragg-tracing/bragg/pkg/xraylocal/store"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/summary"
)

func init() {
	serve("GetTraceSummaries", (*Handler).getTraceSummaries)
}

type getTraceSummariesRequest struct {
	StartTime        *float64
	EndTime          *float64
	TimeRangeType    *string
	FilterExpression *string
	NextToken        *string
	Sampling         bool
	SamplingStrategy *struct {
		Name  string
		Value *float64
	}
}

type getTraceSummariesResponse struct {
	TraceSummaries       []*summary.Trace
	ApproximateTime      *float64
	TracesProcessedCount int
	NextToken            *string
}

// ranges are the values of TimeRangeType.
var ranges = map[string]store.TimeRange{
	"TraceId": store.ByStart,
	"Event":   store.ByReceipt,
	"Service": store.ByEnd,
}

// getTraceSummaries returns a page of summaries, newest start first. Unlike
// the console of X-Ray it takes a time range of any length.
func (h *Handler) getTraceSummaries(ctx context.Context, in *getTraceSummariesRequest) (any, error) {
	q, err := in.query()
	if err != nil {
		return nil, err
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
		TracesProcessedCount: len(page.Refs),
		NextToken:            orNull(page.Next),
	}
	if n := len(page.Refs); page.Next != "" {
		out.ApproximateTime = &page.Refs[n-1].Start
	}
	var ids []string
	matched := make(map[string]*float64)
	for _, ref := range page.Refs {
		if in.sampledOut(ref.TraceID) {
			continue
		}
		ids = append(ids, ref.TraceID)
		if !ref.Matched.IsZero() {
			second := float64(ref.Matched.Unix())
			matched[ref.TraceID] = &second
		}
	}
	traces, err := h.storeOf(ctx).Traces(ctx, ids...)
	if err != nil {
		return nil, err
	}
	for _, trace := range traces {
		s := summary.Of(trace.Trace)
		s.Revision, s.MatchedEventTime = trace.Revision, matched[trace.ID]
		out.TraceSummaries = append(out.TraceSummaries, s)
	}
	return out, nil
}

// query checks the request and translates it.
func (in *getTraceSummariesRequest) query() (store.Query, error) {
	q := store.Query{Limit: PageSize}
	switch {
	case in.StartTime == nil:
		return q, missing("startTime")
	case in.EndTime == nil:
		return q, missing("endTime")
	case *in.EndTime < *in.StartTime:
		return q, invalidRequest("End time cannot be earlier than start time")
	case in.FilterExpression != nil && *in.FilterExpression != "":
		return q, invalidRequest("Filter expressions are not supported by this build of X-Ray Local yet: call without FilterExpression")
	}
	q.Start, q.End = *in.StartTime, *in.EndTime
	rangeType := "TraceId"
	if in.TimeRangeType != nil {
		rangeType = *in.TimeRangeType
	}
	var ok bool
	if q.By, ok = ranges[rangeType]; !ok {
		return q, validation("1 validation error detected: Value '" + rangeType +
			"' at 'timeRangeType' failed to satisfy constraint: Member must satisfy enum value set: [TraceId, Event, Service]")
	}
	if in.NextToken != nil {
		q.Token = *in.NextToken
	}
	return q, in.checkSampling(rangeType)
}

// checkSampling looks at the strategy only if sampling is asked for.
func (in *getTraceSummariesRequest) checkSampling(rangeType string) error {
	if !in.Sampling || in.SamplingStrategy == nil {
		return nil
	}
	switch s := in.SamplingStrategy; s.Name {
	case "", "PartialScan":
		return nil
	case "FixedRate":
		if rangeType != "Event" {
			return invalidRequest("Cannot use FixedRate with input time range type: %s", rangeType)
		}
		if s.Value == nil || *s.Value < 0 || *s.Value > 1 {
			return invalidRequest("FixedRate needs a value between 0 and 1")
		}
		return nil
	default:
		return invalidRequest("Unknown sampling strategy: %s", s.Name)
	}
}

// sampledOut reports whether a trace falls out of a fixed-rate sample. The same
// traces stay in at every call, and more of them at a higher rate.
func (in *getTraceSummariesRequest) sampledOut(traceID string) bool {
	if !in.Sampling || in.SamplingStrategy == nil || in.SamplingStrategy.Name != "FixedRate" {
		return false
	}
	hash := fnv.New32a()
	_, _ = hash.Write([]byte(traceID)) // never fails
	return float64(hash.Sum32()) >= *in.SamplingStrategy.Value*(math.MaxUint32+1)
}
