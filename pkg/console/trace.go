package console

import (
	"context"
	"net/http"
	"strings"
	"sync"

	"github.com/bragg-tracing/bragg/pkg/segment"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/assembly"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/client"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/timeline"
)

// traceRoutes serves one trace: its rows in columns, and what is known of a
// row when somebody looks at it.
func (c *console) traceRoutes(mux *http.ServeMux) {
	mux.HandleFunc("GET /console/api/trace/{id}", answer(c.trace))
	mux.HandleFunc("GET /console/api/trace/{id}/segment/{segment}", answer(c.traceSegment))
	mux.HandleFunc("GET /console/api/trace/{id}/span/{segment}", answer(c.traceSpan))
	mux.HandleFunc("GET /console/api/trace/{id}/search", answer(c.traceSearch))
	mux.HandleFunc("GET /console/api/trace/{id}/map", answer(c.traceMap))
	mux.HandleFunc("GET /console/api/trace/{id}/export", c.traceExport)
}

// A laidOut is a trace with its timeline.
type laidOut struct {
	id      string
	limited bool // X-Ray left segments out
	line    *timeline.Timeline
	rows    []timeline.Row // folded
	index   map[string]int // of rows, by id
}

// A traceCache keeps the traces that were opened last, so that a look at a row
// does not read all of a large trace again. Opening the trace itself does.
type traceCache struct {
	mu  sync.Mutex
	all []*laidOut // the latest first
}

// Bounds of the cache.
const (
	cachedTraces = 8
	cachedRows   = 200_000 // of all traces but the latest
)

func (c *traceCache) get(id string) *laidOut {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, t := range c.all {
		if t.id == id {
			return t
		}
	}
	return nil
}

func (c *traceCache) put(t *laidOut) {
	c.mu.Lock()
	defer c.mu.Unlock()
	kept, rows := []*laidOut{t}, len(t.rows)
	for _, old := range c.all {
		if rows += len(old.rows); old.id != t.id && len(kept) < cachedTraces && rows <= cachedRows {
			kept = append(kept, old)
		}
	}
	c.all = kept
}

// read returns a trace, as it is now if fresh is set.
func (c *console) read(ctx context.Context, given string, fresh bool) (*laidOut, error) {
	id, err := client.TraceID(given)
	if err != nil {
		return nil, badRequest("This is no trace id", err.Error())
	}
	if !fresh {
		if t := c.traces.get(id); t != nil {
			return t, nil
		}
	}
	t := &laidOut{id: id}
	documents, err := c.documents(ctx, t)
	if err != nil {
		return nil, err
	}
	t.line = timeline.Build(documents)
	t.rows = t.line.Fold()
	t.index = make(map[string]int, len(t.rows))
	for i := len(t.rows) - 1; i >= 0; i-- {
		t.index[t.rows[i].ID] = i
		if folded := t.rows[i].Folded; folded != nil {
			t.index[folded.ID] = i
		}
	}
	c.traces.put(t)
	return t, nil
}

// documents reads those of t.
func (c *console) documents(ctx context.Context, t *laidOut) ([]*segment.Document, error) {
	if c.tracer == nil {
		trace, err := client.GetTrace(ctx, c.xray, t.id)
		if err != nil {
			return nil, err
		}
		t.limited = trace.LimitExceeded
		return trace.Documents, nil
	}
	trace, err := c.tracer.Trace(ctx, t.id)
	if err != nil {
		return nil, err
	}
	if trace == nil {
		return nil, client.ErrNotFound
	}
	return trace.Segments, nil
}

// A traceView is a trace as the page draws it. Its rows are in columns, of one
// element to a row: 50,000 rows are then 3 MB and read in milliseconds. Times
// within the trace are in microseconds from its start.
type traceView struct {
	ID         string     `json:"id"`
	Title      string     `json:"title"`
	Outcome    string     `json:"outcome"`
	Method     string     `json:"method"`
	URL        string     `json:"url"`
	Status     int        `json:"status"`
	User       string     `json:"user"`
	Start      float64    `json:"start"` // seconds since the epoch
	Duration   int64      `json:"duration"`
	Segments   int        `json:"segments"`
	Services   []string   `json:"services"` // sorted
	Orphans    int        `json:"orphans"`
	InProgress int        `json:"inProgress"`
	Limited    bool       `json:"limited"` // X-Ray left segments out
	Links      []linkView `json:"links"`
	LinkedFrom linkedFrom `json:"linkedFrom"`

	Strings  []string     `json:"strings"` // what name and text are indexes of
	RowID    []string     `json:"rowId"`
	Depth    []int        `json:"depth"`
	Kind     []int        `json:"kind"` // see kinds
	Name     []int        `json:"name"`
	Text     []int        `json:"text"`    // what was asked, in short
	Service  []int        `json:"service"` // index of services, -1 for none
	Offset   []int64      `json:"offset"`
	Length   []int64      `json:"length"`
	Self     []int64      `json:"self"`
	Result   []int        `json:"result"` // see outcomes
	Worst    []int        `json:"worst"`  // of the row and all below it
	Flags    []int        `json:"flags"`
	Repeats  []repeatView `json:"repeats"`
	Critical [][3]int64   `json:"critical"` // row, from, to
}

// kinds and outcomes are what numbers of traceView stand for.
var (
	kinds    = []timeline.Kind{timeline.Segment, timeline.Subsegment, timeline.Inferred}
	outcomes = []timeline.Outcome{timeline.OK, timeline.Error, timeline.Throttle, timeline.Fault}
)

// Flags of a row.
const (
	flagInProgress = 1 << iota
	flagOrphan
	flagException
	flagSQL
	flagInferred // stands for a callee that sent nothing
)

// A linkView leads to another trace.
type linkView struct {
	From  string `json:"from"`  // id of the row that has it
	Trace string `json:"trace"` // in X-Ray's form
	ID    string `json:"id"`    // of the segment there
	Kind  string `json:"kind"`  // as its attributes say, or ""
}

// linkedFrom are links that other traces have to this one.
type linkedFrom struct {
	Newest []linkInView `json:"newest"`
	All    int          `json:"all"`
}

// A linkInView leads to a trace that has a link to this one.
type linkInView struct {
	Trace   string  `json:"trace"`   // in X-Ray's form
	Segment string  `json:"segment"` // that has the link, there
	ID      string  `json:"id"`      // of the row here that it links to, "" if it names none
	Kind    string  `json:"kind"`    // as its attributes say, or ""
	Start   float64 `json:"start"`   // of that trace, in seconds since the epoch
	Request string  `json:"request"` // what it served, in short, "" if that is not known
}

// linksIn returns the links from other traces.
func (c *console) linksIn(ctx context.Context, id string) (linkedFrom, error) {
	out := linkedFrom{Newest: []linkInView{}}
	if c.knower == nil {
		return out, nil
	}
	links, all, err := c.knower.LinksIn(ctx, id)
	if err != nil {
		return out, err
	}
	out.All = all
	for _, l := range links {
		out.Newest = append(out.Newest, linkInView{l.TraceID, l.SegmentID, l.ID, l.Kind, l.StartTime, l.Request})
	}
	return out, nil
}

type repeatView struct {
	Rows    []int `json:"rows"`
	From    int64 `json:"from"`
	To      int64 `json:"to"`
	Total   int64 `json:"total"`
	Slowest int   `json:"slowest"`
}

func (c *console) trace(r *http.Request) (any, error) {
	t, err := c.read(r.Context(), r.PathValue("id"), true)
	if err != nil {
		return nil, err
	}
	v := t.view()
	v.LinkedFrom, err = c.linksIn(r.Context(), t.id)
	return v, err
}

func (t *laidOut) view() *traceView {
	v := &traceView{
		ID: t.id, Start: seconds(t.line.Start), Duration: t.line.Duration.Microseconds(),
		Segments: t.line.Segments, Services: t.line.Services, Limited: t.limited,
		Links: []linkView{}, Repeats: []repeatView{}, Critical: [][3]int64{},
	}
	if v.Services == nil {
		v.Services = []string{}
	}
	if root := t.line.Root(); root != nil {
		v.Method, v.URL, v.Status, v.Outcome = root.Method, root.URL, root.Status, outcomeWord(root)
		v.Title = strings.TrimSpace(root.Method + " " + timeline.Path(root.URL))
		if v.Title == "" {
			v.Title = root.Name
		}
		for i := range t.rows {
			if t.rows[i].ID == root.ID {
				v.critical(t.rows, i)
				break
			}
		}
	}
	v.columns(t.rows)
	for _, r := range timeline.Repeats(t.rows) {
		v.Repeats = append(v.Repeats, repeatView{r.Rows, r.From.Microseconds(), r.To.Microseconds(), r.Total.Microseconds(), r.Slowest})
	}
	return v
}

func (v *traceView) critical(rows []timeline.Row, root int) {
	for _, s := range timeline.CriticalPath(rows, root) {
		v.Critical = append(v.Critical, [3]int64{int64(s.Row), s.From.Microseconds(), s.To.Microseconds()})
	}
}

func (v *traceView) columns(rows []timeline.Row) {
	self, worst := timeline.SelfTimes(rows), timeline.Worst(rows)
	strings, services := newTable(), newTable()
	for _, name := range v.Services {
		services.index(name)
	}
	for i := range rows {
		r := &rows[i]
		service := -1
		if n, ok := services.known[r.Service]; ok {
			service = n
		}
		text := r.Request()
		if text == r.Name {
			text = ""
		}
		v.RowID = append(v.RowID, r.ID)
		v.Depth = append(v.Depth, r.Depth)
		v.Kind = append(v.Kind, place(kinds, r.Kind))
		v.Name = append(v.Name, strings.index(r.Name))
		v.Text = append(v.Text, strings.index(text))
		v.Service = append(v.Service, service)
		v.Offset = append(v.Offset, r.Offset.Microseconds())
		v.Length = append(v.Length, r.Duration.Microseconds())
		v.Self = append(v.Self, self[i].Microseconds())
		v.Result = append(v.Result, place(outcomes, r.Outcome))
		v.Worst = append(v.Worst, place(outcomes, worst[i]))
		v.Flags = append(v.Flags, v.flags(r))
		v.addLinks(r)
		if v.User == "" {
			v.User = r.Document.User
		}
	}
	v.Strings = strings.all
}

// flags returns a row's flags, and counts those that are worth a notice.
func (v *traceView) flags(r *timeline.Row) int {
	n := 0
	for flag, is := range map[int]bool{
		flagInProgress: r.InProgress, flagOrphan: r.Orphan,
		flagException: r.Document.Cause != nil, flagSQL: r.Document.SQL != nil,
		flagInferred: r.Kind == timeline.Inferred || r.Folded != nil,
	} {
		if is {
			n |= flag
		}
	}
	if r.InProgress {
		v.InProgress++
	}
	if r.Orphan {
		v.Orphans++
	}
	return n
}

func (v *traceView) addLinks(r *timeline.Row) {
	for _, l := range r.Document.Links {
		v.Links = append(v.Links, linkView{From: r.ID, Trace: l.TraceID, ID: l.ID, Kind: assembly.LinkKind(l)})
	}
}

// A table gives texts numbers.
type table struct {
	all   []string
	known map[string]int
}

func newTable() *table { return &table{all: []string{}, known: map[string]int{}} }

func (t *table) index(text string) int {
	n, ok := t.known[text]
	if !ok {
		n = len(t.all)
		t.known[text] = n
		t.all = append(t.all, text)
	}
	return n
}

// place returns where a value stands in a list, 0 if it does not.
func place[T comparable](list []T, value T) int {
	for i, v := range list {
		if v == value {
			return i
		}
	}
	return 0
}

// outcomeWord is the outcome of a row as the pages name them: "progress" for
// what has neither ended nor failed yet.
func outcomeWord(r *timeline.Row) string {
	if r.InProgress && r.Outcome == timeline.OK {
		return "progress"
	}
	return string(r.Outcome)
}
