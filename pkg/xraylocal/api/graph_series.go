package api

import (
	"context"
	"slices"

	"github.com/bragg-tracing/bragg/pkg/xraylocal/filter"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/insights"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/servicegraph"
)

func init() {
	serve("GetTimeSeriesServiceStatistics", (*Handler).getTimeSeriesServiceStatistics)
}

// periods are those that a series can have, in seconds; the first is the default.
var periods = []int64{60, 300}

type getTimeSeriesRequest struct {
	graphRange
	EntitySelectorExpression *string `valid:"len=1..500"`
	Period                   *int64
	ForecastStatistics       bool
	NextToken                *string
}

type getTimeSeriesResponse struct {
	TimeSeriesServiceStatistics []bucketOut
	ContainsOldGroupVersions    bool // never: groups apply to the past at once
	NextToken                   *string

	coverage
}

// A bucketOut is one period: of edges or of services, or of neither if what was
// selected did nothing in it.
type bucketOut struct {
	Timestamp                 float64 // the end of the period
	EdgeSummaryStatistics     *statisticsOut
	ServiceSummaryStatistics  *statisticsOut
	ServiceForecastStatistics forecastOut
	ResponseTimeHistogram     []histogramEntry
}

type forecastOut struct {
	FaultCountHigh *int64 `json:",omitempty"`
	FaultCountLow  *int64 `json:",omitempty"`
}

// getTimeSeriesServiceStatistics returns the periods that end after StartTime
// and not after EndTime, newest first: all that have data of anything.
func (h *Handler) getTimeSeriesServiceStatistics(ctx context.Context, in *getTimeSeriesRequest) (any, error) {
	period := periods[0]
	if in.Period != nil {
		period = *in.Period
	}
	if !slices.Contains(periods, period) {
		return nil, invalidRequest("Time period must be one of [60, 300]")
	}
	if in.NextToken != nil && *in.NextToken != "" {
		return nil, invalidRequest("Invalid token %s", *in.NextToken)
	}
	var selector servicegraph.Selector
	if in.EntitySelectorExpression != nil {
		var err error
		if selector, err = entitySelector(*in.EntitySelectorExpression, callerOf(ctx).account); err != nil {
			return nil, err
		}
	}
	if in.ForecastStatistics && selector.Node == nil {
		return nil, invalidRequest("Forecast statistics need an entity selector expression that selects a service")
	}
	group, err := h.checkRange(ctx, in.graphRange)
	if err != nil {
		return nil, err
	}
	w := h.window(*in.StartTime, *in.EndTime)
	w.From, w.To = boundary(w.From, period*1e6), boundary(w.To, period*1e6)-1
	series := servicegraph.NewSeries(w, period, selector)
	out := getTimeSeriesResponse{TimeSeriesServiceStatistics: []bucketOut{}}
	if w.From <= w.To {
		if out.covered, err = h.patientGraphs(ctx, w, group, callerOf(ctx).patience, series.Add); err != nil {
			return nil, err
		}
	}
	for _, b := range series.Buckets() {
		out.TimeSeriesServiceStatistics = append(out.TimeSeriesServiceStatistics, bucketOf(b, selector.Node != nil))
	}
	if in.ForecastStatistics {
		err = h.forecast(ctx, w, group, period, selector, out.TimeSeriesServiceStatistics)
	}
	return out, err
}

// forecast adds to each period how many faults were to be expected.
func (h *Handler) forecast(ctx context.Context, w servicegraph.Window, group *group, period int64, selector servicegraph.Selector, buckets []bucketOut) error {
	w.From -= insights.Before * 1e6
	history := insights.NewHistory(w)
	if _, err := h.patientGraphs(ctx, w, group, callerOf(ctx).patience, history.Add); err != nil {
		return err
	}
	for i := range buckets {
		b := &buckets[i]
		if low, high, ok := history.Expect(selector.Node, int64(b.Timestamp), period); ok {
			b.ServiceForecastStatistics = forecastOut{FaultCountHigh: &high, FaultCountLow: &low}
		}
	}
	return nil
}

// boundary returns the start of the period that t is in.
func boundary(t, period int64) int64 { return t - ((t%period)+period)%period }

func bucketOf(b *servicegraph.Bucket, services bool) bucketOut {
	out := bucketOut{Timestamp: float64(b.End)}
	if b.Requests.Total() == 0 {
		return out
	}
	statistics := statisticsOf(b.Requests)
	if services {
		out.ServiceSummaryStatistics = &statistics
	} else {
		out.EdgeSummaryStatistics = &statistics
	}
	out.ResponseTimeHistogram = histogramOf(&b.Response)
	return out
}

// entitySelector reads an entity selector: a service or edge of the filter
// language, without a filter of its own.
func entitySelector(expression, account string) (s servicegraph.Selector, err error) {
	parsed, err := filter.Parse(expression)
	if err != nil {
		return s, invalidRequest("Invalid entity selector expression: %v", err)
	}
	matches := func(sel filter.Selector) func(servicegraph.Service) bool {
		return func(s servicegraph.Service) bool {
			id := s.AccountID
			if id == "" {
				id = account
			}
			return (sel.Name == nil || *sel.Name == s.Name) && (sel.Type == nil || *sel.Type == s.Type) &&
				(sel.AccountID == nil || *sel.AccountID == id)
		}
	}
	switch e := parsed.(type) {
	case *filter.Service:
		if e.Filter == nil {
			if e.Node == nil {
				e.Node = new(filter.Selector)
			}
			s.Node = matches(*e.Node)
			return s, nil
		}
	case *filter.Edge:
		if e.Filter == nil {
			s.From, s.To = matches(e.Source), matches(e.Destination)
			return s, nil
		}
	}
	return s, invalidRequest(`Invalid entity selector expression: it selects with service("name") or edge("from", "to"), and nothing else`)
}
