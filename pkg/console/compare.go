package console

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/bragg-tracing/bragg/pkg/xraylocal/client"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/compare"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/timeline"
)

// compareRoutes serves two traces side by side.
func (c *console) compareRoutes(mux *http.ServeMux) {
	mux.HandleFunc("GET /console/api/compare", answer(c.compare))
	mux.HandleFunc("GET /console/api/compare/choices", answer(c.choices))
	mux.HandleFunc("GET /console/api/compare/typical", answer(c.typical))
}

// A traceLine is what a list says of a trace. Times are in seconds.
type traceLine struct {
	ID         string           `json:"id"`
	Start      float64          `json:"start"`
	Duration   float64          `json:"duration"`
	InProgress bool             `json:"inProgress"`
	Outcome    timeline.Outcome `json:"outcome"`
	Request    string           `json:"request"` // method and path, or the entry service
	URL        string           `json:"url"`
	Status     int              `json:"status"` // 0 for none
	Service    string           `json:"service"`
	Services   int              `json:"services"`
}

func lineOf(s client.Summary) traceLine {
	return traceLine{
		ID: s.ID, Start: seconds(s.Start), Duration: s.Duration.Seconds(), InProgress: s.InProgress, Outcome: s.Outcome,
		Request: s.Request(), URL: s.URL, Status: s.Status, Service: s.Service, Services: s.Services,
	}
}

func seconds(t time.Time) float64 { return float64(t.UnixMicro()) / 1e6 }

// lineOfTrace is the line of a trace that was read whole.
func lineOfTrace(id string, t *timeline.Timeline) traceLine {
	line := traceLine{ID: id, Start: seconds(t.Start), Duration: t.Duration.Seconds(), Outcome: timeline.OK, Services: len(t.Services)}
	root := t.Root()
	if root == nil {
		return line
	}
	line.Outcome, line.InProgress, line.Status, line.Service, line.URL = root.Outcome, root.InProgress, root.Status, root.Service, root.URL
	line.Request = strings.TrimSpace(root.Method + " " + timeline.Path(root.URL))
	if line.Request == "" {
		line.Request = root.Name
	}
	return line
}

type choices struct {
	Traces []traceLine `json:"traces"` // newest first
	More   bool        `json:"more"`
	Empty  bool        `json:"empty"` // there is no trace at all, of any time
}

// maxChoices is how many traces there are to choose from.
const maxChoices = 200

// choices lists the traces of the time range and filter, to choose from.
func (c *console) choices(r *http.Request) (any, error) {
	summaries, more, err := c.summaries(r, maxChoices)
	if err != nil {
		return nil, err
	}
	out := choices{Traces: []traceLine{}, More: more}
	for _, s := range summaries {
		out.Traces = append(out.Traces, lineOf(s))
	}
	if len(out.Traces) == 0 {
		if out.Empty, err = c.empty(r.Context()); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// summaries returns the newest traces that a request selects.
func (c *console) summaries(r *http.Request, limit int) (all []client.Summary, more bool, err error) {
	q, err := c.selection(r)
	if err != nil {
		return nil, false, err
	}
	q.Limit = limit
	list, err := client.Find(r.Context(), c.xray, q)
	if err != nil {
		return nil, false, err
	}
	for _, s := range list.Summaries {
		all = append(all, client.Summarize(s))
	}
	return all, list.More, nil
}

// readTrace reads the trace that a parameter names.
func (c *console) readTrace(ctx context.Context, text string) (*client.Trace, error) {
	id, err := client.TraceID(text)
	if err != nil {
		return nil, badRequest("This is no trace id", err.Error())
	}
	return client.GetTrace(ctx, c.xray, id)
}

// A typicalAnswer says which trace is typical of one, and of how many.
type typicalAnswer struct {
	traceLine
	Of int              `json:"of"`
	By compare.Likeness `json:"by"`
}

// maxAlike bounds the traces among which a typical one is looked for.
const maxAlike = 1000

// typical answers ?id= with a trace of the time range that is typical of it.
func (c *console) typical(r *http.Request) (any, error) {
	id, err := client.TraceID(r.FormValue("id"))
	if err != nil {
		return nil, badRequest("This is no trace id", err.Error())
	}
	trace, err := client.GetTrace(r.Context(), c.xray, id)
	if err != nil {
		return nil, err
	}
	of := client.Summary{ID: id}
	if root := timeline.Build(trace.Documents).Root(); root != nil {
		of.Service, of.Method, of.URL = root.Service, root.Method, root.URL
	}
	others, _, err := c.summaries(r, maxAlike)
	if err != nil {
		return nil, err
	}
	found, n, by, ok := compare.Typical(of, others)
	if !ok {
		return nil, &problem{Status: http.StatusNotFound, Title: "There is nothing to compare this trace with",
			Detail: "No other trace of the time range begins at the service " + of.Service + ". Choose a longer time range, or the other trace by hand."}
	}
	return typicalAnswer{lineOf(found), n, by}, nil
}

// A comparison is two traces over each other. Times are in seconds.
type comparison struct {
	A       traceLine              `json:"a"`
	B       traceLine              `json:"b"`
	Rows    []comparedRow          `json:"rows"`    // in draw order
	Changes map[compare.Change]int `json:"changes"` // rows by change
	Blame   []int                  `json:"blame"`   // rows that took most more of their own time
	// Services are all of both, sorted, for their colours.
	Services []string `json:"services"`
}

type comparedRow struct {
	Depth   int            `json:"depth"`
	Name    string         `json:"name"`
	Label   string         `json:"label"` // operation, or method and path; "" for none
	Service string         `json:"service"`
	Change  compare.Change `json:"change"`
	Shown   bool           `json:"shown"` // differs, or is above one that does
	Delta   float64        `json:"delta"` // how much longer B took
	Self    float64        `json:"self"`  // how much more time of no child
	A       *comparedSide  `json:"a,omitempty"`
	B       *comparedSide  `json:"b,omitempty"`
}

type comparedSide struct {
	ID         string           `json:"id"`       // of many, the slowest
	Offset     float64          `json:"offset"`   // from the start of its trace
	Duration   float64          `json:"duration"` // of many, all together
	InProgress bool             `json:"inProgress"`
	Outcome    timeline.Outcome `json:"outcome"` // of many, the worst
	Status     int              `json:"status"`
	Run        *comparedRun     `json:"run,omitempty"` // of many
}

// A comparedRun is repeated siblings as one row: "GetItem × 48".
type comparedRun struct {
	Count  int     `json:"count"`
	Failed int     `json:"failed"`
	Mean   float64 `json:"mean"`
	Span   float64 `json:"span"` // from the first start to the last end
}

// maxBlamed is how many rows are named as those that made the difference.
const maxBlamed = 5

// compare lays the trace ?b= over ?a=.
func (c *console) compare(r *http.Request) (any, error) {
	a, err := c.readTrace(r.Context(), r.FormValue("a"))
	if err != nil {
		return nil, aboutTrace("A", err)
	}
	b, err := c.readTrace(r.Context(), r.FormValue("b"))
	if err != nil {
		return nil, aboutTrace("B", err)
	}
	ta, tb := timeline.Build(a.Documents), timeline.Build(b.Documents)
	made := compare.Traces(a.Documents, b.Documents)
	out := comparison{
		A: lineOfTrace(a.ID, ta), B: lineOfTrace(b.ID, tb), Changes: made.Changes,
		Rows: make([]comparedRow, len(made.Rows)), Blame: []int{}, Services: slices.Compact(slices.Sorted(slices.Values(slices.Concat(ta.Services, tb.Services)))),
	}
	differing := made.Differing()
	place := make(map[*compare.Row]int, len(made.Rows))
	for i := range made.Rows {
		out.Rows[i] = comparedRowOf(&made.Rows[i])
		out.Rows[i].Shown = differing[i]
		place[&made.Rows[i]] = i
	}
	for _, row := range made.Blame(maxBlamed) {
		out.Blame = append(out.Blame, place[row])
	}
	return out, nil
}

// aboutTrace says which of the two an error is about.
func aboutTrace(which string, err error) error {
	p := *problemOf(err)
	p.Title = "Trace " + which + ": " + strings.ToLower(p.Title[:1]) + p.Title[1:]
	return &p
}

func comparedRowOf(row *compare.Row) comparedRow {
	either := row.Row()
	label := either.Operation
	if label == "" {
		label = strings.TrimSpace(either.Method + " " + timeline.Path(either.URL))
	}
	return comparedRow{
		Depth: row.Depth, Name: either.Name, Label: label, Service: either.Service, Change: row.Change,
		Delta: row.Delta.Seconds(), Self: row.Self.Seconds(), A: sideOf(row.A, row.RunA), B: sideOf(row.B, row.RunB),
	}
}

func sideOf(row *timeline.Row, run *compare.Run) *comparedSide {
	if row == nil {
		return nil
	}
	side := &comparedSide{
		ID: row.ID, Offset: row.Offset.Seconds(), Duration: row.Duration.Seconds(),
		InProgress: row.InProgress, Outcome: row.Outcome, Status: row.Status,
	}
	if run != nil {
		side.Offset, side.Duration, side.Outcome = run.From.Seconds(), run.Total.Seconds(), run.Outcome
		side.Run = &comparedRun{run.Count, run.Failed, run.Mean().Seconds(), (run.To - run.From).Seconds()}
	}
	return side
}
