package console

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/xray/types"

	"github.com/bragg-tracing/bragg/pkg/xraylocal/analytics"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/client"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/timeline"
)

// tracesRoutes serves the list of traces, and what goes in and out of it as
// files.
func (c *console) tracesRoutes(mux *http.ServeMux) {
	mux.HandleFunc("GET /console/api/traces", answer(c.list))
	mux.HandleFunc("GET /console/api/traces/counts", answer(c.counts))
	mux.HandleFunc("GET /console/api/export", c.export)
	mux.HandleFunc("POST /console/api/import", answer(c.imported))
}

// Bounds of the list.
const (
	listed     = 1000 // traces, the newest; figures and refiners are of these, until all are counted
	listBins   = 60   // of the distribution of response times
	mostValues = 12   // of a refiner
)

// A traceList is the newest traces of a time range that match, and what they
// have in common.
type traceList struct {
	Traces   []traceRow `json:"traces"` // newest first
	More     bool       `json:"more"`   // there are more than these
	Next     string     `json:"next"`   // ?cursor= of what follows; "" if nothing does, or ?limit= was given
	Empty    bool       `json:"empty"`  // there is no trace at all, of any time
	Limit    int        `json:"limit"`
	Edges    []float64  `json:"edges"`  // of the bins of response times, in seconds
	Counts   []int      `json:"counts"` // traces in each bin
	Refiners []refiner  `json:"refiners"`
}

type traceRow struct {
	ID          string   `json:"id"`
	Start       float64  `json:"start"`        // seconds since the epoch
	Duration    *float64 `json:"duration"`     // seconds; null while in progress
	Response    *float64 `json:"responseTime"` // seconds, of the root
	Outcome     string   `json:"outcome"`
	Partial     bool     `json:"partial"`
	Method      string   `json:"method"`
	URL         string   `json:"url"`
	Request     string   `json:"request"` // method and path, or a name
	Status      int      `json:"status"`
	Service     string   `json:"service"`  // the entry point
	Services    []string `json:"services"` // those that took part, sorted; clients not
	User        string   `json:"user"`
	Annotations int      `json:"annotations"`
	Segments    int      `json:"segments"` // that were sent; 0 if X-Ray does not tell
}

// A refiner is something that traces are told apart by.
type refiner struct {
	Name   string         `json:"name"`
	Values []refinerValue `json:"values"` // of most traces first
	More   int            `json:"more"`   // values that are left out
}

type refinerValue struct {
	Value  string `json:"value"`
	Count  int    `json:"count"`
	Filter string `json:"filter"` // the expression of these traces
}

// list answers a selection, of which ?limit= may ask for less: what is seen first.
// With ?cursor= the answer is what follows another, of the same selection: rows
// alone.
func (c *console) list(r *http.Request) (any, error) {
	q, err := c.selection(r)
	if err != nil {
		return nil, err
	}
	q.Limit, q.Whole, q.After = listed, true, r.FormValue("cursor")
	if n, err := strconv.Atoi(r.FormValue("limit")); err == nil && n > 0 {
		q.Limit, q.Whole = min(n, listed), false
	}
	found, err := c.find(r.Context(), q)
	if err != nil {
		return nil, err
	}
	out := &traceList{Traces: []traceRow{}, More: found.More, Next: found.Next, Limit: q.Limit,
		Edges: []float64{}, Counts: []int{}, Refiners: []refiner{}}
	set := make([]analytics.Trace, len(found.Summaries))
	for i, s := range found.Summaries {
		row := newTraceRow(s)
		row.Segments = found.Segments[row.ID]
		out.Traces = append(out.Traces, row)
		set[i] = analytics.Of(s)
	}
	if q.After != "" {
		return out, nil
	}
	if h := analytics.Histograms(set, nil, listBins); len(h.A) > 0 {
		out.Edges, out.Counts = h.Edges, h.A
	}
	out.Refiners = refine(outcomesOf(set), analytics.Compare(set, nil, analytics.Options{}).Tables,
		func(row analytics.Row) string { return row.Filter })
	if len(set) == 0 {
		if out.Empty, err = c.empty(r.Context()); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// empty says whether there is no trace at all, of any time.
func (c *console) empty(ctx context.Context) (bool, error) {
	any, err := client.Find(ctx, c.xray, client.Query{From: time.Unix(0, 0), To: c.now().Add(24 * time.Hour), Limit: 1})
	if err != nil {
		return false, err
	}
	return len(any.Summaries) == 0, nil
}

func newTraceRow(s types.TraceSummary) traceRow {
	line := client.Summarize(s)
	row := traceRow{
		ID: line.ID, Start: seconds(line.Start), Duration: s.Duration, Response: s.ResponseTime,
		Outcome: string(line.Outcome), Partial: line.Partial, Method: line.Method, URL: line.URL, Request: line.Request(),
		Status: line.Status, Service: line.Service, Services: servicesOf(s.ServiceIds),
	}
	if line.InProgress && line.Outcome == timeline.OK {
		row.Outcome = "progress"
	}
	if len(s.Users) > 0 {
		row.User = aws.ToString(s.Users[0].UserName)
	}
	for _, values := range s.Annotations {
		row.Annotations += len(values)
	}
	return row
}

// servicesOf returns the names of services, each once.
func servicesOf(ids []types.ServiceId) []string {
	names := []string{}
	for _, id := range ids {
		if aws.ToString(id.Type) != "client" {
			names = append(names, aws.ToString(id.Name))
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// outcomesOf counts the traces of each outcome.
func outcomesOf(set []analytics.Trace) map[string]int {
	counts := make(map[string]int)
	for _, t := range set {
		counts[t.Outcome]++
	}
	return counts
}

// refine makes refiners of the traces of each outcome and value; filterOf tells the
// expression of those that have a value.
func refine(byOutcome map[string]int, tables []analytics.Table, filterOf func(analytics.Row) string) []refiner {
	refiners := []refiner{}
	outcome := refiner{Name: "outcome"}
	for _, o := range outcomes {
		if n := byOutcome[string(o)]; n > 0 {
			outcome.Values = append(outcome.Values, refinerValue{string(o), n, string(o)})
		}
	}
	if len(outcome.Values) > 0 {
		refiners = append(refiners, outcome)
	}
	for _, table := range tables {
		one := refiner{Name: string(table.Dimension)}
		for _, row := range table.Rows {
			if row.Value == analytics.None {
				continue
			}
			if len(one.Values) == mostValues {
				one.More++
			} else if filter := filterOf(row); filter != "" {
				one.Values = append(one.Values, refinerValue{row.Value, row.A, filter})
			}
		}
		if len(one.Values) > 0 {
			refiners = append(refiners, one)
		}
	}
	return refiners
}
