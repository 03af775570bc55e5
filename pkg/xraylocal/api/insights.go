package api

import (
	"context"
	"slices"

	"github.com/bragg-tracing/bragg/pkg/xraylocal/insights"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/servicegraph"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/summary"
)

// Sizes of pages, unless the request asks for less.
const (
	insightsPage = 100
	eventsPage   = 50
)

func init() {
	serve("GetInsight", (*Handler).getInsight)
	serve("GetInsightEvents", (*Handler).getInsightEvents)
	serve("GetInsightSummaries", (*Handler).getInsightSummaries)
}

// insightsOf returns the insights of a group that there were between two times,
// newest first. The group Default, which is everything, always has some; others
// only if they are enabled.
func (h *Handler) insightsOf(ctx context.Context, g *group, start, end float64) ([]insights.Insight, error) {
	if g.Name != defaultName && !g.Insights.InsightsEnabled {
		return nil, nil
	}
	now := float64(h.now().UnixMicro()) / 1e6
	w := h.window(start-insights.Lookback, min(now, end+insights.Lookback))
	history := insights.NewHistory(w)
	if err := h.eachGraph(ctx, w, g, history.Add); err != nil {
		return nil, err
	}
	found := history.Insights(g.resource(), int64(now))
	found = slices.DeleteFunc(found, func(i insights.Insight) bool {
		return float64(i.Start) > end || !i.Active() && float64(i.End) < start
	})
	slices.Reverse(found)
	return found, nil
}

// findInsight returns an insight and its group.
func (h *Handler) findInsight(ctx context.Context, id string) (*insights.Insight, *group, error) {
	known, ok := insights.Known(id)
	if !ok {
		return nil, nil, errNoInsight
	}
	groups, err := h.groups(ctx)
	if err != nil {
		return nil, nil, err
	}
	for _, g := range groups {
		found, err := h.insightsOf(ctx, g, float64(known), float64(known))
		if err != nil {
			return nil, nil, err
		}
		for i := range found {
			if found[i].ID == id {
				return &found[i], g, nil
			}
		}
	}
	return nil, nil, errNoInsight
}

var errNoInsight = invalidRequest("Insight not found")

type insightOut struct {
	InsightID                               string `json:"InsightId"`
	GroupARN                                string
	GroupName                               string
	RootCauseServiceID                      summary.ServiceID `json:"RootCauseServiceId"`
	Categories                              []string
	State                                   string
	StartTime                               int64
	EndTime                                 *int64
	Summary                                 string
	ClientRequestImpactStatistics           impactOut
	RootCauseServiceRequestImpactStatistics impactOut
	TopAnomalousServices                    []anomalousOut
}

type impactOut struct {
	FaultCount int64
	OKCount    int64 `json:"OkCount"`
	TotalCount int64
}

type anomalousOut struct {
	ServiceID summary.ServiceID `json:"ServiceId"`
}

func (c caller) insightOut(i *insights.Insight, g *group) insightOut {
	out := insightOut{
		InsightID: i.ID, GroupARN: c.arn(g.resource()), GroupName: g.Name,
		RootCauseServiceID: c.nodeID(i.RootCause), Categories: []string{"FAULT"}, State: "ACTIVE",
		StartTime: i.Start, Summary: i.Summary,
		ClientRequestImpactStatistics:           impactOf(i.Clients),
		RootCauseServiceRequestImpactStatistics: impactOf(i.Root),
		TopAnomalousServices:                    c.anomalous(i.Anomalous),
	}
	if !i.Active() {
		out.State, out.EndTime = "CLOSED", &i.End
	}
	return out
}

func impactOf(c insights.Counts) impactOut { return impactOut{c.Fault, c.OK, c.Total} }

func (c caller) anomalous(all []insights.Anomaly) []anomalousOut {
	out := make([]anomalousOut, len(all))
	for i := range all {
		out[i].ServiceID = c.nodeID(all[i].Service)
	}
	return out
}

// nodeID identifies a node; one of the caller's account has none.
func (c caller) nodeID(s servicegraph.Service) summary.ServiceID {
	id := summary.ServiceID{Name: s.Name, Names: []string{s.Name}, Type: orNull(s.Type)}
	if s.AccountID != c.account {
		id.AccountID = orNull(s.AccountID)
	}
	return id
}

// An insightRequest names an insight.
type insightRequest struct {
	InsightID *string `json:"InsightId" valid:"required" pattern:"[0-9a-fA-F]{8}\\-[0-9a-fA-F]{4}\\-[0-9a-fA-F]{4}\\-[0-9a-fA-F]{4}\\-[0-9a-fA-F]{12}"`
}

type getInsightResponse struct{ Insight insightOut }

func (h *Handler) getInsight(ctx context.Context, in *insightRequest) (any, error) {
	i, g, err := h.findInsight(ctx, *in.InsightID)
	if err != nil {
		return nil, err
	}
	return getInsightResponse{callerOf(ctx).insightOut(i, g)}, nil
}

type getInsightSummariesRequest struct {
	groupSelector
	States     []string `valid:"len=0..1" each:"valid:\"enum=ACTIVE|CLOSED\""`
	StartTime  *float64 `valid:"required"`
	EndTime    *float64 `valid:"required"`
	MaxResults *int     `valid:"range=1..100"`
	NextToken  *string  `valid:"len=1..2000"`
}

type getInsightSummariesResponse struct {
	InsightSummaries []insightSummaryOut
	NextToken        *string
}

type insightSummaryOut struct {
	insightOut
	LastUpdateTime int64
}

func (h *Handler) getInsightSummaries(ctx context.Context, in *getInsightSummariesRequest) (any, error) {
	if *in.EndTime < *in.StartTime {
		return nil, invalidRequest("End time cannot be earlier than start time")
	}
	g, err := h.findGroup(ctx, in.groupSelector)
	if err != nil {
		return nil, err
	}
	found, err := h.insightsOf(ctx, g, *in.StartTime, *in.EndTime)
	if err != nil {
		return nil, err
	}
	byID := make(map[string]insightSummaryOut)
	var ids []string
	for i := range found {
		summary := insightSummaryOut{callerOf(ctx).insightOut(&found[i], g), found[i].Updated}
		if len(in.States) == 0 || in.States[0] == summary.State {
			ids, byID[summary.InsightID] = append(ids, summary.InsightID), summary
		}
	}
	ids, next, err := page(ids, in.NextToken, orSize(in.MaxResults, insightsPage))
	if err != nil {
		return nil, err
	}
	out := getInsightSummariesResponse{InsightSummaries: []insightSummaryOut{}, NextToken: next}
	for _, id := range ids {
		out.InsightSummaries = append(out.InsightSummaries, byID[id])
	}
	return out, nil
}

func orSize(asked *int, size int) int {
	if asked != nil {
		return *asked
	}
	return size
}
