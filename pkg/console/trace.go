package console

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/bragg-tracing/bragg/pkg/xraylocal/client"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/timeline"
)

const (
	timeFormat = "2006-01-02 15:04:05.000 MST"

	maxRows   = 1000 // a browser is slow with more; the rest is had as JSON
	maxIndent = 24   // steps of indentation that the style sheet has
	palette   = 16   // colours of services that the style sheet has
)

// tracePage is the timeline of one trace.
type tracePage struct {
	ID       string
	Title    string
	Mark     mark
	Status   int
	Start    string
	Duration time.Duration
	Segments int
	Services []service
	Ticks    []time.Duration
	Rows     []traceRow
	Hidden   int // rows beyond maxRows
	Orphans  int
	Limited  bool // X-Ray left segments out
}

// A service has one colour in all rows of a trace: by its place among the
// sorted names, so that it does not depend on what arrived first.
type service struct {
	Name  string
	Color int
}

// traceRow is a row of the timeline. X and Width place its bar.
type traceRow struct {
	timeline.Row
	Text     string // what was asked, in short
	KindWord string
	Indent   int
	Color    int
	Mark     mark
	X, Width string
	Details  details
}

func (c *console) trace(w http.ResponseWriter, r *http.Request) {
	id, ok := canonical(w, r, "")
	if !ok {
		return
	}
	trace, err := client.GetTrace(r.Context(), c.api, id)
	if err != nil {
		fail(w, r, "The trace could not be read", err)
		return
	}
	write(w, r, http.StatusOK, "trace.html", newTracePage(trace))
}

// json serves the documents as `bragg trace --json` prints them.
func (c *console) json(w http.ResponseWriter, r *http.Request) {
	id, ok := canonical(w, r, "/json")
	if !ok {
		return
	}
	trace, err := client.GetTrace(r.Context(), c.api, id)
	if err != nil {
		fail(w, r, "The trace could not be read", err)
		return
	}
	body, err := json.MarshalIndent([]*client.Trace{trace}, "", "  ")
	if err != nil {
		fail(w, r, "The trace could not be written as JSON", err)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(append(body, '\n')) // a client that has gone is nobody's error
}

// canonical returns the trace id of the path, or answers itself: a text that is
// no id with a page, an id in another form with a redirect.
func canonical(w http.ResponseWriter, r *http.Request, rest string) (string, bool) {
	given := r.PathValue("id")
	id, err := client.TraceID(given)
	switch {
	case err != nil:
		write(w, r, http.StatusBadRequest, "problem.html", problem{Title: "Not a trace id", Detail: err.Error()})
	case id != given:
		up := strings.Repeat("../", strings.Count(rest, "/"))
		w.Header().Set("Location", up+id+rest) // relative, so not by http.Redirect
		w.WriteHeader(http.StatusFound)
	default:
		return id, true
	}
	return "", false
}

func newTracePage(trace *client.Trace) tracePage {
	t := timeline.Build(trace.Documents)
	page := tracePage{
		ID: trace.ID, Start: t.Start.Format(timeFormat), Duration: t.Duration,
		Segments: t.Segments, Limited: trace.LimitExceeded,
	}
	if root := t.Root(); root != nil {
		page.Mark, page.Status = markOf(root.Outcome, root.InProgress), root.Status
		page.Title = strings.TrimSpace(root.Method + " " + root.URL)
		if page.Title == "" {
			page.Title = root.Name
		}
	}
	for i := range 5 {
		page.Ticks = append(page.Ticks, t.Duration*time.Duration(i)/4)
	}
	rows := t.Fold()
	if len(rows) > maxRows {
		page.Hidden = len(rows) - maxRows
		rows = rows[:maxRows]
	}
	page.addRows(t, rows)
	return page
}

func (p *tracePage) addRows(t *timeline.Timeline, rows []timeline.Row) {
	for _, name := range t.Services {
		p.Services = append(p.Services, service{name, len(p.Services) % palette})
	}
	for _, r := range rows {
		row := traceRow{
			Row: r, Text: r.Request(), KindWord: kindWord(&r),
			Indent: min(r.Depth, maxIndent), Color: p.color(r.Service),
			Mark: markOf(r.Outcome, r.InProgress),
			X:    percent(r.Offset, t.Duration), Width: percent(r.Duration, t.Duration),
			Details: newDetails(&r, t.Start),
		}
		if row.Text == row.Name {
			row.Text = ""
		}
		if row.Orphan {
			p.Orphans++
		}
		p.Rows = append(p.Rows, row)
	}
}

// color returns the colour of a service; what is not one of the trace's has the
// last.
func (p *tracePage) color(name string) int {
	i, ok := slices.BinarySearchFunc(p.Services, name, func(s service, name string) int { return strings.Compare(s.Name, name) })
	if !ok {
		return palette - 1
	}
	return p.Services[i].Color
}

// kindWord says what a row stands for, where that is not plain to see.
func kindWord(r *timeline.Row) string {
	switch {
	case r.Orphan:
		return "parent missing"
	case r.Kind == timeline.Inferred || r.Folded != nil:
		return "inferred"
	case r.Kind == timeline.Segment:
		return "segment"
	case r.Namespace != "":
		return "call"
	default:
		return ""
	}
}
