package console

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/bragg-tracing/bragg/pkg/xraylocal/analytics"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/client"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/filter"
)

// analyticsRoutes serves what is different about two sets of traces.
func (c *console) analyticsRoutes(mux *http.ServeMux) {
	mux.HandleFunc("GET /console/api/analytics", answer(c.analytics))
}

// What is read of a set and shown of it.
const (
	analyticsTraces  = 10_000 // the latest
	analyticsBins    = 60
	analyticsBuckets = 60
	analyticsSlowest = 5
)

// An analyticsAnswer compares set B with set A. Without B it describes A.
type analyticsAnswer struct {
	A        setAnswer     `json:"a"`
	B        *setAnswer    `json:"b"`
	Limit    int           `json:"limit"`    // traces that are read of a set
	Level    float64       `json:"level"`    // a finding's adjusted p is below
	MinCount int           `json:"minCount"` // traces that a tested value has
	Tested   int           `json:"tested"`   // values, for which p is adjusted
	Times    *timesAnswer  `json:"times"`    // whether response times differ
	Findings []rowAnswer   `json:"findings"`
	Tables   []tableAnswer `json:"tables"`
	Empty    bool          `json:"empty"` // there is no trace at all, of any time
	Edges    []float64     `json:"edges"` // of the response times' bins, in seconds
	Since    float64       `json:"since"` // both sets begin here, as of one no more was read; 0 if all was
	From     float64       `json:"from"`  // of the series, in seconds since the epoch
	To       float64       `json:"to"`
}

type setAnswer struct {
	Filter   string        `json:"filter"` // complete, with the filter bar's
	Own      string        `json:"own"`    // what tells it from the other set
	Rest     bool          `json:"rest"`   // it is what the other set leaves
	From     float64       `json:"from"`
	To       float64       `json:"to"`
	Traces   int           `json:"traces"`
	More     bool          `json:"more"` // than the limit
	OK       int           `json:"ok"`
	Error    int           `json:"error"`
	Throttle int           `json:"throttle"`
	Fault    int           `json:"fault"`
	Timed    int           `json:"timed"` // traces with a response time
	Mean     float64       `json:"mean"`  // seconds
	P50      float64       `json:"p50"`
	P90      float64       `json:"p90"`
	P99      float64       `json:"p99"`
	Counts   []int         `json:"counts"` // in each bin
	Series   []bucket      `json:"series"`
	Slowest  []traceAnswer `json:"slowest"`
}

type bucket struct {
	OK       int     `json:"ok"`
	Error    int     `json:"error"`
	Throttle int     `json:"throttle"`
	Fault    int     `json:"fault"`
	Mean     float64 `json:"mean"`
}

type traceAnswer struct {
	ID      string  `json:"id"`
	Start   float64 `json:"start"`
	Seconds float64 `json:"seconds"` // response time
	Outcome string  `json:"outcome"`
	Method  string  `json:"method"`
	URL     string  `json:"url"`
	Status  int     `json:"status"`
	User    string  `json:"user"`
}

// timesAnswer says how often a trace of B took longer than one of A, and the p of
// that.
type timesAnswer struct {
	Slower float64 `json:"slower"`
	P      float64 `json:"p"`
}

type tableAnswer struct {
	Dimension string      `json:"dimension"`
	Rows      []rowAnswer `json:"rows"`
	Left      int         `json:"left"` // rows that are not here: those of fewest traces
}

type rowAnswer struct {
	Dimension  string  `json:"dimension"`
	Value      string  `json:"value"`
	Filter     string  `json:"filter"` // "" if there is none
	A          int     `json:"a"`
	B          int     `json:"b"`
	ShareA     float64 `json:"shareA"`
	ShareB     float64 `json:"shareB"`
	Difference float64 `json:"difference"`
	Given      bool    `json:"given"` // says what the sets were chosen by
	Tested     bool    `json:"tested"`
	P          float64 `json:"p"` // adjusted
}

// mostRows is how many rows of a table are sent: users may be thousands.
const mostRows = 200

// analytics compares the traces of filter that b matches with those that a does;
// a is the rest unless it is given, or has a time range of its own.
func (c *console) analytics(r *http.Request) (any, error) {
	a, b, err := c.sets(r)
	if err != nil {
		return nil, err
	}
	traces, more, err := c.readSets(r.Context(), a, b)
	if err != nil {
		return nil, err
	}
	var since float64
	if b.there && a.From.Equal(b.From) && a.To.Equal(b.To) {
		if traces[0], traces[1], since = analytics.Align(traces[0], traces[1], more[0], more[1]); since > 0 {
			a.From = time.UnixMicro(int64(since * 1e6))
			b.From = a.From
		}
	}
	report := analytics.Compare(traces[0], traces[1], analytics.Options{Chosen: []string{a.own, b.own}})
	h := analytics.Histograms(traces[0], traces[1], analyticsBins)
	out := analyticsAnswer{
		Limit: a.Limit, Level: analytics.Level, MinCount: analytics.MinCount, Tested: report.Tested,
		Findings: rowsOf(report.Findings), Tables: tablesOf(report.Tables), Edges: append([]float64{}, h.Edges...),
		Since: since, From: min(unix(a.From), unix(b.From)), To: max(unix(a.To), unix(b.To)),
	}
	if t := report.Times; t != nil {
		out.Times = &timesAnswer{t.Slower, t.P}
	}
	out.A = setOf(a, report.A, traces[0], h.A, out.From, out.To)
	out.A.More = more[0]
	if len(traces[0]) == 0 && len(traces[1]) == 0 {
		if out.Empty, err = c.empty(r.Context()); err != nil {
			return nil, err
		}
	}
	if b.there {
		set := setOf(b, report.B, traces[1], h.B, out.From, out.To)
		set.More = more[1]
		out.B = &set
	}
	return out, nil
}

// A chosenSet is a set as it was asked for.
type chosenSet struct {
	client.Query
	own   string
	rest  bool
	there bool
}

// sets reads filter, from, to, and of each set a, afrom and ato, b, bfrom and bto.
func (c *console) sets(r *http.Request) (a, b chosenSet, err error) {
	whole, err := c.selection(r)
	if err != nil {
		return a, b, err
	}
	read := func(name string) (chosenSet, error) {
		s := chosenSet{Query: whole, own: strings.TrimSpace(r.FormValue(name))}
		if _, err := filter.Parse(s.own); err != nil {
			return s, err
		}
		from, to := r.FormValue(name+"from"), r.FormValue(name+"to")
		if from != "" || to != "" {
			s.From, s.To, err = timesOf(cmp.Or(from, r.FormValue("from")), cmp.Or(to, r.FormValue("to")), whole)
		}
		s.there = s.own != "" || from != "" || to != ""
		return s, err
	}
	if a, err = read("a"); err != nil {
		return a, b, err
	}
	if b, err = read("b"); err != nil {
		return a, b, err
	}
	if b.there && !a.there && b.own != "" {
		a.own, a.rest = analytics.Rest(b.own), true
		a.From, a.To = b.From, b.To
	}
	a.Filter, b.Filter = both(whole.Filter, a.own), both(whole.Filter, b.own)
	a.Limit = analyticsTraces
	if n, err := strconv.Atoi(r.FormValue("limit")); err == nil && n > 0 { // what is seen first
		a.Limit = min(n, analyticsTraces)
	}
	b.Limit = a.Limit
	return a, b, nil
}

// both returns an expression that holds where both do.
func both(x, y string) string {
	switch {
	case strings.TrimSpace(x) == "":
		return y
	case strings.TrimSpace(y) == "":
		return x
	}
	return "(" + x + ") AND (" + y + ")"
}

// readSets reads both sets at the same time.
func (c *console) readSets(ctx context.Context, sets ...chosenSet) (traces [2][]analytics.Trace, more [2]bool, err error) {
	var readers sync.WaitGroup
	var errs [2]error
	for i, s := range sets {
		if i == 1 && !s.there {
			break
		}
		readers.Go(func() {
			list, err := c.find(ctx, s.Query)
			if err != nil {
				errs[i] = err
				return
			}
			more[i] = list.More
			traces[i] = make([]analytics.Trace, len(list.Summaries))
			for k, summary := range list.Summaries {
				traces[i][k] = analytics.Of(summary)
			}
		})
	}
	readers.Wait()
	return traces, more, cmp.Or(errs[0], errs[1])
}

func setOf(s chosenSet, d analytics.Set, traces []analytics.Trace, counts []int, from, to float64) setAnswer {
	out := setAnswer{
		Filter: s.Filter, Own: s.own, Rest: s.rest, From: unix(s.From), To: unix(s.To), Traces: d.Traces,
		OK: d.OK, Error: d.Error, Throttle: d.Throttle, Fault: d.Fault, Timed: d.ResponseTimes,
		Mean: d.Mean, P50: d.P50, P90: d.P90, P99: d.P99, Counts: append([]int{}, counts...), Series: []bucket{}, Slowest: slowest(traces),
	}
	for _, b := range analytics.Series(traces, from, to, analyticsBuckets) {
		out.Series = append(out.Series, bucket{b.OK, b.Error, b.Throttle, b.Fault, b.Mean})
	}
	return out
}

// slowest returns some traces of a set, to look at.
func slowest(traces []analytics.Trace) []traceAnswer {
	timed := slices.DeleteFunc(slices.Clone(traces), func(t analytics.Trace) bool { return t.ResponseTime == nil })
	slices.SortStableFunc(timed, func(a, b analytics.Trace) int { return cmp.Compare(*b.ResponseTime, *a.ResponseTime) })
	out := []traceAnswer{}
	for _, t := range timed[:min(analyticsSlowest, len(timed))] {
		out = append(out, traceAnswer{t.ID, t.Start, *t.ResponseTime, t.Outcome, t.Method, t.URL, t.Status, t.User})
	}
	return out
}

func tablesOf(tables []analytics.Table) []tableAnswer {
	out := []tableAnswer{}
	for _, t := range tables {
		shown := t.Rows
		if len(shown) > mostRows { // what differs most must not be left out
			shown = slices.Clone(shown)
			slices.SortStableFunc(shown, func(a, b analytics.Row) int {
				return cmp.Or(cmp.Compare(a.P, b.P), cmp.Compare(b.A+b.B, a.A+a.B))
			})
			shown = shown[:mostRows]
		}
		out = append(out, tableAnswer{string(t.Dimension), rowsOf(shown), len(t.Rows) - len(shown)})
	}
	return out
}

func rowsOf(rows []analytics.Row) []rowAnswer {
	out := []rowAnswer{}
	for _, r := range rows {
		out = append(out, rowAnswer{string(r.Dimension), r.Value, r.Filter, r.A, r.B, r.ShareA, r.ShareB, r.Difference, r.Given, r.Tested, r.Adjusted})
	}
	return out
}

func unix(t time.Time) float64 { return float64(t.UnixMicro()) / 1e6 }
