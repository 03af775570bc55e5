package console

import (
	"context"
	"net/http"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/xray/types"

	"github.com/bragg-tracing/bragg/pkg/xraylocal/analytics"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/api"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/client"
)

// A tracesCount is what all traces of a selection have in common, not the newest
// alone.
type tracesCount struct {
	Traces   int       `json:"traces"` // that match
	Part     *mapPart  `json:"part"`   // of how many of the range it is, if the time did not suffice for all; null if it is of all
	Edges    []float64 `json:"edges"`  // of the bins of response times, in seconds
	Counts   []int     `json:"counts"` // traces in each bin
	Refiners []refiner `json:"refiners"`
	// Slow is the least response time of the slowest tenth, in seconds; null if
	// there are too few traces for one.
	Slow *float64 `json:"slow"`
	// Uncounted is how many values are in no refiner, for there are too many
	// different ones.
	Uncounted int `json:"uncounted"`
}

// Bounds of counting.
const (
	countsAtOnce   = 2 // the others wait
	countPatience  = 30 * time.Second
	slowestTenthOf = 20 // traces at least
)

// counts counts all traces of a selection: a million take some seconds.
func (c *console) counts(r *http.Request) (any, error) {
	q, err := c.selection(r)
	if err != nil {
		return nil, err
	}
	if c.knower == nil {
		return nil, &problem{Status: http.StatusNotFound, Title: "Traces cannot be counted", Detail: "What the console reads from is no X-Ray Local."}
	}
	select {
	case c.counting <- struct{}{}:
		defer func() { <-c.counting }()
	case <-r.Context().Done():
		return nil, r.Context().Err()
	}
	var counter analytics.Counter
	covered, err := c.knower.Facts(r.Context(), selectionOf(q), countPatience, counter.Add)
	if err != nil {
		return nil, err
	}
	out := &tracesCount{Traces: counter.Traces, Edges: []float64{}, Counts: []int{}, Uncounted: counter.Uncounted}
	if !covered.Whole() {
		out.Part = &mapPart{covered.Looked, covered.All}
	}
	if h := counter.Histogram(listBins); len(h.A) > 0 {
		out.Edges, out.Counts = h.Edges, h.A
	}
	if slow, ok := counter.Slowest(0.1, slowestTenthOf); ok {
		out.Slow = &slow
	}
	out.Refiners = refine(counter.Outcomes, counter.Tables(), counter.Filter)
	return out, nil
}

func selectionOf(q client.Query) api.Selection {
	return api.Selection{From: unix(q.From), To: unix(q.To), Filter: q.Filter}
}

// find is client.Find, without the detour over JSON if that can be.
func (c *console) find(ctx context.Context, q client.Query) (*client.List, error) {
	if c.knower == nil {
		return client.Find(ctx, c.xray, q)
	}
	list := &client.List{Segments: make(map[string]int), Next: q.After}
	for begun := false; len(list.Summaries) < q.Limit && (!begun || list.Next != ""); begun = true {
		page, err := c.knower.Summaries(ctx, selectionOf(q), q.Limit-len(list.Summaries), list.Next)
		if err != nil {
			return nil, err
		}
		for _, s := range page.Summaries {
			list.Summaries = append(list.Summaries, s.AWS())
			list.Segments[s.ID] = s.SegmentCount
		}
		list.Scanned, list.Next = list.Scanned+int64(page.Processed), page.Next
	}
	slices.SortStableFunc(list.Summaries, func(a, b types.TraceSummary) int { return b.StartTime.Compare(*a.StartTime) })
	if list.More = list.Next != ""; !q.Whole {
		list.Next = ""
	}
	return list, nil
}
