package api

import (
	"context"
	"strconv"

	"github.com/bragg-tracing/bragg/pkg/xraylocal/insights"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/servicegraph"
)

func init() {
	serve("GetInsightImpactGraph", (*Handler).getInsightImpactGraph)
}

type getInsightEventsRequest struct {
	insightRequest
	MaxResults *int    `valid:"range=1..50"`
	NextToken  *string `valid:"len=1..2000"`
}

type getInsightEventsResponse struct {
	InsightEvents []insightEventOut
	NextToken     *string
}

type insightEventOut struct {
	Summary                                 string
	EventTime                               int64
	ClientRequestImpactStatistics           impactOut
	RootCauseServiceRequestImpactStatistics impactOut
	TopAnomalousServices                    []anomalousOut
}

// getInsightEvents returns how an insight stood at several times, newest first.
func (h *Handler) getInsightEvents(ctx context.Context, in *getInsightEventsRequest) (any, error) {
	i, _, err := h.findInsight(ctx, *in.InsightID)
	if err != nil {
		return nil, err
	}
	byTime := make(map[string]insights.Event)
	var times []string
	for _, e := range i.Events {
		key := strconv.FormatInt(e.Time, 10)
		times, byTime[key] = append(times, key), e
	}
	times, next, err := page(times, in.NextToken, orSize(in.MaxResults, eventsPage))
	if err != nil {
		return nil, err
	}
	out := getInsightEventsResponse{InsightEvents: []insightEventOut{}, NextToken: next}
	for _, key := range times {
		e := byTime[key]
		out.InsightEvents = append(out.InsightEvents, insightEventOut{
			Summary: e.Summary, EventTime: e.Time,
			ClientRequestImpactStatistics:           impactOf(e.Clients),
			RootCauseServiceRequestImpactStatistics: impactOf(e.Root),
			TopAnomalousServices:                    callerOf(ctx).anomalous(e.Anomalous),
		})
	}
	return out, nil
}

type getInsightImpactGraphRequest struct {
	insightRequest
	StartTime *float64 `valid:"required"`
	EndTime   *float64 `valid:"required"`
	NextToken *string  `valid:"len=1..2000"`
}

type getInsightImpactGraphResponse struct {
	InsightID             string `json:"InsightId"`
	StartTime             *float64
	EndTime               *float64
	ServiceGraphStartTime *float64
	ServiceGraphEndTime   *float64
	Services              []impactService
	NextToken             *string
}

type impactService struct {
	ReferenceID int `json:"ReferenceId"`
	Type        *string
	Name        string
	Names       []string
	AccountID   *string `json:"AccountId"`
	Edges       []impactEdge
}

type impactEdge struct {
	ReferenceID int `json:"ReferenceId"`
}

// getInsightImpactGraph returns the services that the insight is of, and those
// that had to do with it because they call one, clients included.
func (h *Handler) getInsightImpactGraph(ctx context.Context, in *getInsightImpactGraphRequest) (any, error) {
	if in.NextToken != nil {
		return nil, errToken // the graph is always given whole
	}
	if _, err := h.checkRange(ctx, graphRange{StartTime: in.StartTime, EndTime: in.EndTime}); err != nil {
		return nil, err
	}
	i, g, err := h.findInsight(ctx, *in.InsightID)
	if err != nil {
		return nil, err
	}
	w := h.window(*in.StartTime, *in.EndTime)
	merger := servicegraph.NewMerger(w)
	if err := h.eachGraph(ctx, w, g, merger.Add); err != nil {
		return nil, err
	}
	m := merger.Map()
	return getInsightImpactGraphResponse{
		InsightID: i.ID, StartTime: in.StartTime, EndTime: in.EndTime,
		ServiceGraphStartTime: in.StartTime, ServiceGraphEndTime: in.EndTime,
		Services: callerOf(ctx).impactServices(m, impacted(m, i)),
	}, nil
}

// impacted returns which nodes of a map have to do with an insight.
func impacted(m *servicegraph.Map, i *insights.Insight) []bool {
	chosen := make([]bool, len(m.Nodes))
	var open []int
	for n := range m.Nodes {
		for _, a := range i.Anomalous {
			if m.Nodes[n].Service == a.Service {
				chosen[n] = true
				open = append(open, n)
			}
		}
	}
	for len(open) > 0 {
		n := open[len(open)-1]
		open = open[:len(open)-1]
		for _, e := range m.Edges {
			if e.To == n && !chosen[e.From] {
				chosen[e.From] = true
				open = append(open, e.From)
			}
		}
	}
	return chosen
}

func (c caller) impactServices(m *servicegraph.Map, chosen []bool) []impactService {
	out := []impactService{}
	index := make(map[int]int) // in out, by that in the map
	for n := range m.Nodes {
		if chosen[n] {
			id := c.nodeID(m.Nodes[n].Service)
			index[n] = len(out)
			out = append(out, impactService{ReferenceID: len(out), Type: id.Type, Name: id.Name, Names: id.Names, AccountID: id.AccountID, Edges: []impactEdge{}})
		}
	}
	for _, e := range m.Edges {
		if chosen[e.From] && chosen[e.To] {
			from := &out[index[e.From]]
			from.Edges = append(from.Edges, impactEdge{index[e.To]})
		}
	}
	return out
}
