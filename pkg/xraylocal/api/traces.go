package api

import (
	"context"

	"github.com/bragg-tracing/bragg/pkg/segment"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/assembly"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/summary"
)

func init() {
	serve("BatchGetTraces", (*Handler).batchGetTraces)
}

type batchGetTracesRequest struct {
	TraceIDs  []string `json:"TraceIds" valid:"required" each:"valid:\"len=1..35\""`
	NextToken *string
}

type batchGetTracesResponse struct {
	Traces              []traceOut
	UnprocessedTraceIDs []string `json:"UnprocessedTraceIds"`
	NextToken           *string
}

type traceOut struct {
	ID            string `json:"Id"`
	Duration      *float64
	LimitExceeded bool
	Segments      []segmentOut

	// For callers that are not held to AWS's limits: see summary.LinkIn.
	LinkedFrom      []summary.LinkIn `json:",omitempty"` // the newest
	LinkedFromCount int              `json:",omitempty"` // of all
}

// MostLinksIn is how many links from other traces are given.
const MostLinksIn = 20

func (h *Handler) linksIn(ctx context.Context, id string) (newest []summary.LinkIn, all int, err error) {
	links, all, err := h.storeOf(ctx).LinksTo(ctx, id, MostLinksIn)
	for _, l := range links {
		newest = append(newest, summary.LinkIn{
			TraceID: l.TraceID, SegmentID: l.Entity, ID: l.ID, Kind: l.Kind, StartTime: l.Start, Request: l.Request()})
	}
	return newest, all, err
}

type segmentOut struct {
	ID       string `json:"Id"`
	Document string
}

// batchGetTraces returns traces whole. One that is not stored, or of which
// nothing is visible yet, is left out.
func (h *Handler) batchGetTraces(ctx context.Context, in *batchGetTracesRequest) (any, error) {
	if err := in.check(callerOf(ctx)); err != nil {
		return nil, err
	}
	traces, err := h.storeOf(ctx).Traces(ctx, in.TraceIDs...)
	if err != nil {
		return nil, err
	}
	out := batchGetTracesResponse{Traces: []traceOut{}, UnprocessedTraceIDs: []string{}}
	for _, trace := range traces {
		if len(trace.Segments) == 0 {
			continue
		}
		t, err := render(trace.Trace)
		if err != nil {
			return nil, err
		}
		if callerOf(ctx).own {
			if t.LinkedFrom, t.LinkedFromCount, err = h.linksIn(ctx, t.ID); err != nil {
				return nil, err
			}
		}
		out.Traces = append(out.Traces, t)
	}
	return out, nil
}

// Trace returns one trace as BatchGetTraces gives it to a caller without a
// signature, but not written as JSON, which for 50,000 segments takes a second.
// It is nil if the trace is not stored or nothing of it is visible yet. The
// documents are the caller's.
func (h *Handler) Trace(ctx context.Context, id string) (*assembly.Trace, error) {
	ctx = context.WithValue(ctx, callerKey{}, h.anybody())
	if err := checkTraceIDs([]string{id}); err != nil {
		return nil, err
	}
	traces, err := h.storeOf(ctx).Traces(ctx, id)
	if err != nil || len(traces) == 0 || len(traces[0].Segments) == 0 {
		return nil, err
	}
	return traces[0].Trace, nil
}

func (in *batchGetTracesRequest) check(c caller) error {
	if text(in.NextToken) != "" {
		return invalidRequest("NextToken is currently not supported")
	}
	if len(in.TraceIDs) > MaxTraceIDs && c.strict {
		return invalidRequest("Exceeding maximum query size: %d", MaxTraceIDs)
	}
	return checkTraceIDs(in.TraceIDs)
}

func checkTraceIDs(ids []string) error {
	seen := make(map[string]bool)
	for _, id := range ids {
		if !segment.IsTraceID(id) {
			return invalidRequest("Invalid trace id %s: incorrect id format", id)
		}
		if seen[id] {
			return invalidRequest("Containing duplicate trace ids")
		}
		seen[id] = true
	}
	return nil
}

func render(trace *assembly.Trace) (traceOut, error) {
	t := traceOut{ID: trace.ID, Segments: []segmentOut{}}
	if seconds, ok := trace.Duration(); ok {
		t.Duration = &seconds
	}
	for _, seg := range trace.Segments {
		doc, err := marshal(seg)
		if err != nil {
			return traceOut{}, err
		}
		t.Segments = append(t.Segments, segmentOut{ID: seg.ID, Document: string(doc)})
	}
	return t, nil
}
