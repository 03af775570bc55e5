package api

import (
	"context"
	"fmt"
	"net/http"

	"github.com/bragg-tracing/bragg/pkg/segment"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/servicegraph"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/store"
)

// maxGraphRange is the longest range of a service graph under AWS's limits, in
// seconds.
const maxGraphRange = 6 * 60 * 60

func init() {
	serve("GetServiceGraph", (*Handler).getServiceGraph)
	serve("GetTraceGraph", (*Handler).getTraceGraph)
}

// A graphRange selects what graphs and series are made of.
type graphRange struct {
	StartTime *float64 `valid:"required"`
	EndTime   *float64 `valid:"required"`
	groupSelector
}

// check checks the range, and returns its group: nil for all traces.
func (h *Handler) checkRange(ctx context.Context, in graphRange) (*group, error) {
	switch {
	case *in.EndTime < *in.StartTime:
		return nil, invalidRequest("End time cannot be earlier than start time")
	case callerOf(ctx).strict && *in.EndTime-*in.StartTime > maxGraphRange:
		return nil, invalidRequest("Time range cannot be longer than 6 hours")
	case in.GroupName == nil && in.GroupARN == nil:
		return nil, nil
	}
	return h.findGroup(ctx, in.groupSelector)
}

type getServiceGraphRequest struct {
	graphRange
	NextToken *string
}

type getServiceGraphResponse struct {
	StartTime                *float64
	EndTime                  *float64
	Services                 []serviceOut
	ContainsOldGroupVersions bool // never: groups apply to the past at once
	NextToken                *string

	coverage
}

// A coverage is of how much an answer is.
type coverage struct{ covered store.Covered }

// headers says so.
func (c coverage) headers(h http.Header) {
	h.Set(servicegraph.CoveredHeader, fmt.Sprintf("%d/%d", c.covered.Looked, c.covered.All))
}

func (h *Handler) getServiceGraph(ctx context.Context, in *getServiceGraphRequest) (any, error) {
	if in.NextToken != nil && *in.NextToken != "" {
		return nil, invalidRequest("NextToken is currently not supported")
	}
	group, err := h.checkRange(ctx, in.graphRange)
	if err != nil {
		return nil, err
	}
	w := h.window(*in.StartTime, *in.EndTime)
	merger := servicegraph.NewMerger(w)
	covered, err := h.patientGraphs(ctx, w, group, callerOf(ctx).patience, merger.Add)
	if err != nil {
		return nil, err
	}
	out := getServiceGraphResponse{StartTime: in.StartTime, EndTime: in.EndTime, coverage: coverage{covered}}
	out.Services = graphRenderer{account: callerOf(ctx).account, periods: true}.services(merger.Map())
	return out, nil
}

type getTraceGraphRequest struct {
	TraceIDs  []string `json:"TraceIds" valid:"required" each:"valid:\"len=1..35\""`
	NextToken *string
}

type getTraceGraphResponse struct {
	Services  []serviceOut
	NextToken *string
}

// getTraceGraph returns the graph of traces; under AWS's limits, of one.
func (h *Handler) getTraceGraph(ctx context.Context, in *getTraceGraphRequest) (any, error) {
	if err := in.check(callerOf(ctx)); err != nil {
		return nil, err
	}
	traces, err := h.storeOf(ctx).Traces(ctx, in.TraceIDs...)
	if err != nil {
		return nil, err
	}
	if len(traces) == 0 {
		return nil, invalidRequest("Trace id not found")
	}
	out := getTraceGraphResponse{}
	out.Services, err = graphOf(callerOf(ctx), traces)
	return out, err
}

func (in *getTraceGraphRequest) check(c caller) error {
	switch n := len(in.TraceIDs); {
	case in.NextToken != nil && *in.NextToken != "":
		return invalidRequest("NextToken is currently not supported")
	case n == 0:
		return invalidRequest("Zero trace ids provided")
	case n > 1 && c.strict:
		return invalidRequest("Currently only one trace Id is supported")
	}
	for _, id := range in.TraceIDs {
		if !segment.IsTraceID(id) {
			return invalidRequest("Invalid traceId. ErrorCode: InvalidId")
		}
	}
	return nil
}

// graphOf returns the graph of traces as GetTraceGraph gives it.
func graphOf(c caller, traces []*store.Trace) ([]serviceOut, error) {
	merger := servicegraph.NewMerger(servicegraph.Always)
	for _, t := range traces {
		if err := merger.AddGraph(servicegraph.Of(t.Trace, t.Received)); err != nil {
			return nil, err
		}
	}
	return graphRenderer{account: c.account, regions: true}.services(merger.Map()), nil
}
