package console

import (
	"net/http"
	"strconv"
	"time"

	"github.com/bragg-tracing/bragg/pkg/xraylocal/client"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/timeline"
)

const (
	listLimit   = 100
	refreshTime = 5 // seconds
)

// ranges are how far back the list can look; the second is the default.
var ranges = []struct {
	name, title string
	length      time.Duration
}{
	{"15m", "15 min", 15 * time.Minute},
	{"1h", "1 h", time.Hour},
	{"6h", "6 h", 6 * time.Hour},
}

// listPage is the list of the latest traces.
type listPage struct {
	Ranges []rangeLink
	Range  string // title of the one that holds
	Live   bool
	Toggle string // URL that switches Live
	Traces []listRow
	More   bool // Traces are not all
	Notice string
}

type rangeLink struct {
	Title, URL string
	Current    bool
}

type listRow struct {
	client.Summary
	Title string // of the request
	Mark  mark
	Age   string
	Time  string
	Width string // of the bar, on the scale of the longest trace
}

func (p listPage) refresh() int {
	if p.Live {
		return refreshTime
	}
	return 0
}

func (c *console) list(w http.ResponseWriter, r *http.Request) {
	page, length := newListPage(r)
	now := c.now()
	summaries, more, err := client.ListTraces(r.Context(), c.api, now.Add(-length), now, listLimit)
	if err != nil {
		fail(w, r, "The list of traces could not be read", err)
		return
	}
	page.More = more
	if c.notice != nil {
		page.Notice = c.notice()
	}
	longest := time.Duration(0)
	for _, summary := range summaries {
		s := client.Summarize(summary)
		longest = max(longest, s.Duration)
		page.Traces = append(page.Traces, listRow{
			Summary: s, Title: s.Request(), Mark: markOf(s.Outcome, s.InProgress),
			Age:  timeline.FormatAge(now.Sub(s.Start)),
			Time: s.Start.UTC().Format(timeFormat),
		})
	}
	for i := range page.Traces {
		t := &page.Traces[i]
		t.Width = percent(t.Duration, longest)
	}
	write(w, r, http.StatusOK, "list.html", page)
}

// newListPage reads the query; what it does not know stands for the default.
func newListPage(r *http.Request) (listPage, time.Duration) {
	query := r.URL.Query()
	page := listPage{Live: query.Get("live") == "1"}
	current := ranges[1]
	for _, candidate := range ranges {
		if candidate.name == query.Get("range") {
			current = candidate
		}
	}
	page.Range = current.title
	for _, each := range ranges {
		page.Ranges = append(page.Ranges, rangeLink{each.title, listURL(each.name, page.Live), each.name == current.name})
	}
	page.Toggle = listURL(current.name, !page.Live)
	return page, current.length
}

func listURL(name string, live bool) string {
	if live {
		return "?range=" + name + "&live=1"
	}
	return "?range=" + name
}

// percent returns a part of a whole for an SVG attribute, "0%" to "100%".
func percent(part, whole time.Duration) string {
	if whole <= 0 {
		return "0%"
	}
	share := min(max(float64(part)/float64(whole), 0), 1)
	return strconv.FormatFloat(share*100, 'f', 3, 64) + "%"
}
