package console

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/bragg-tracing/bragg/pkg/sdk/licensekey"
	"github.com/bragg-tracing/bragg/pkg/segment"
	"github.com/bragg-tracing/bragg/pkg/verify"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/api"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/client"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/timeline"
)

// backendsRoutes serves what arrived in which backend.
func (c *console) backendsRoutes(mux *http.ServeMux) {
	c.newRelic = newRelicOf(c.cfg)
	mux.HandleFunc("GET /console/api/backends", answer(c.backends))
	mux.HandleFunc("GET /console/api/backends/trace", answer(c.backendsTrace))
}

// How many traces are compared for a list at first and at each step further, and
// at most: of an account of New Relic each costs a query.
const (
	stepCompared        = 100
	maxCompared         = 2000
	stepComparedAccount = 20
	maxComparedAccount  = 400
	comparers           = 4
)

// arriving is how long after its end a trace may differ because it is on its
// way.
const arriving = 10 * time.Second

// The states of a trace, those that need looking at first.
const (
	onlyXRay     = "only X-Ray"
	onlyNewRelic = "only New Relic"
	differs      = "differs"
	unread       = "unread" // New Relic could not be asked
	onItsWay     = "arriving"
	equal        = "equal"
)

var stateOrder = []string{onlyXRay, onlyNewRelic, differs, unread, onItsWay, equal}

// A backendsAnswer says what of the traces of a time range is where.
type backendsAnswer struct {
	NewRelic newRelicSide   `json:"newRelic"`
	Rows     []backendRow   `json:"rows"`     // what differs first, then the newest
	Counts   map[string]int `json:"counts"`   // traces by state
	Compared int            `json:"compared"` // traces of X-Ray, the newest
	More     bool           `json:"more"`     // older traces were not compared
	Empty    bool           `json:"empty"`    // no rows, and X-Ray has no trace at all, of any time
	Step     int            `json:"step"`     // so many more may be asked for, by ?limit=
	Most     int            `json:"most"`     // and so many in all
}

type newRelicSide struct {
	Kind  string   `json:"kind"` // "sink", "account", or "" if none is named
	Where string   `json:"where"`
	Error *problem `json:"error,omitempty"`
	// Listed says whether traces that only New Relic has were looked for.
	Listed bool `json:"listed"`
}

// A backendRow compares what the two have of one trace.
type backendRow struct {
	traceLine
	State           string `json:"state"`
	XRay            int    `json:"xray"`            // segments and subsegments
	NewRelic        int    `json:"newRelic"`        // spans
	Made            int    `json:"made"`            // of X-Ray's, those that it or the exporter made
	MissingXRay     int    `json:"missingXRay"`     // span ids
	MissingNewRelic int    `json:"missingNewRelic"` // likewise
	Duplicates      int    `json:"duplicates"`      // of either
	Differing       int    `json:"differing"`       // spans with a difference that is a fault
	Cause           cause  `json:"cause"`
	Links           links  `json:"links"`
}

// links lead to the trace in the backends themselves.
type links struct {
	AWS      string `json:"aws"`
	NewRelic string `json:"newRelic"`
	NRQL     string `json:"nrql"`
}

// A pairing is one trace in both backends.
type pairing struct {
	id             string // X-Ray's form
	line           traceLine
	xray, newRelic verify.View
	duplicates     int // in New Relic
	result         verify.Result
	err            error // of reading New Relic
}

// backends compares the newest traces of the time range and filter, ?limit= of
// them.
func (c *console) backends(r *http.Request) (any, error) {
	out := backendsAnswer{Rows: []backendRow{}, Counts: map[string]int{}, Step: stepCompared, Most: maxCompared}
	if c.newRelic != nil {
		out.NewRelic.Kind, out.NewRelic.Where = c.newRelic.kind(), c.newRelic.where()
		if out.NewRelic.Kind == "account" {
			out.Step, out.Most = stepComparedAccount, maxComparedAccount
		}
	}
	limit := out.Step
	if n, err := strconv.Atoi(r.FormValue("limit")); err == nil {
		limit = min(max(n, out.Step), out.Most)
	}
	summaries, more, err := c.summaries(r, limit)
	if err != nil {
		return nil, err
	}
	out.More, out.Compared = more, len(summaries)
	ids := make([]string, len(summaries))
	for i, s := range summaries {
		ids[i] = s.ID
	}
	if c.newRelic == nil {
		out.NewRelic.Error = problemOf(errNoNewRelic)
	} else {
		extra, err := c.onlyInNewRelic(r, limit, summaries, more)
		out.NewRelic.Listed = err == nil
		if err != nil {
			out.NewRelic.Error = problemOf(err)
		}
		ids = append(ids, extra...)
	}
	if err := c.compareBackends(r.Context(), ids, &out); err != nil {
		return nil, err
	}
	if len(out.Rows) == 0 {
		if out.Empty, err = c.empty(r.Context()); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// compareBackends makes the rows of traces.
func (c *console) compareBackends(ctx context.Context, ids []string, out *backendsAnswer) error {
	fresh, known := c.equals.split(c.now(), ids)
	pairs, err := c.pairAll(ctx, fresh)
	if err != nil {
		return err
	}
	refused := c.refusals()
	out.Rows = append(out.Rows, known...)
	for _, p := range pairs {
		if p.err != nil && out.NewRelic.Error == nil {
			out.NewRelic.Error = problemOf(p.err)
		}
		row := c.rowOf(p, refused)
		c.equals.keep(c.now(), row)
		out.Rows = append(out.Rows, row)
	}
	for _, row := range out.Rows {
		out.Counts[row.State]++
	}
	slices.SortFunc(out.Rows, func(a, b backendRow) int {
		return cmp.Or(cmp.Compare(slices.Index(stateOrder, a.State), slices.Index(stateOrder, b.State)), cmp.Compare(b.Start, a.Start), cmp.Compare(a.ID, b.ID))
	})
	return nil
}

var errNoNewRelic = &problem{Status: http.StatusNotFound, Title: "No New Relic is known",
	Detail: "Start with --newrelic-sink http://127.0.0.1:4319 for the local sink, or with --newrelic-account and a user key in NEW_RELIC_USER_KEY for New Relic itself."}

// onlyInNewRelic returns the newest traces of the time range that New Relic has
// and X-Ray has not, whatever the filter: it speaks of what X-Ray has. If X-Ray
// has more than those in have, what is older than they is left for later.
func (c *console) onlyInNewRelic(r *http.Request, limit int, have []client.Summary, more bool) ([]string, error) {
	q, err := c.selection(r)
	if err != nil {
		return nil, err
	}
	if more && len(have) > 0 {
		q.From = have[len(have)-1].Start
	}
	listed, err := c.newRelic.list(r.Context(), q.From, q.To, 4*limit)
	if err != nil {
		return nil, err
	}
	known := make(map[string]bool, len(have))
	for _, s := range have {
		known[s.ID] = true
	}
	var others []string
	for _, hex := range listed {
		if id, ok := segment.FormatTraceID(hex); ok && !known[id] {
			others = append(others, id)
		}
	}
	others, _ = c.equals.split(c.now(), others) // X-Ray has what is equal
	return c.absent(r.Context(), others, limit)
}

// absent returns those traces that X-Ray has nothing of, at most limit.
func (c *console) absent(ctx context.Context, ids []string, limit int) (missing []string, err error) {
	for _, id := range ids {
		if len(missing) == limit {
			break
		}
		trace, err := c.hasTrace(ctx, id)
		if err != nil {
			return nil, err
		}
		if !trace {
			missing = append(missing, id)
		}
	}
	return missing, nil
}

func (c *console) hasTrace(ctx context.Context, id string) (bool, error) {
	if c.tracer != nil {
		trace, err := c.tracer.Trace(ctx, id)
		return trace != nil, err
	}
	_, err := client.GetTrace(ctx, c.xray, id)
	if errors.Is(err, client.ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

// pairAll reads and compares traces, a few at a time, and keeps their order.
func (c *console) pairAll(ctx context.Context, ids []string) ([]*pairing, error) {
	pairs, errs := make([]*pairing, len(ids)), make([]error, len(ids))
	next := make(chan int)
	var readers sync.WaitGroup
	for range min(comparers, len(ids)) {
		readers.Go(func() {
			for i := range next {
				pairs[i], errs[i] = c.pair(ctx, ids[i])
			}
		})
	}
	for i := range ids {
		next <- i
	}
	close(next)
	readers.Wait()
	return pairs, errors.Join(errs...)
}

// pair reads one trace from both backends and compares what there is. New
// Relic's error is in the pairing: what X-Ray has is worth showing alone.
func (c *console) pair(ctx context.Context, id string) (*pairing, error) {
	p := &pairing{id: id, line: traceLine{ID: id}, xray: verify.XRayView(nil)}
	trace, err := client.GetTrace(ctx, c.xray, id)
	switch {
	case err == nil:
		p.xray = verify.XRayView(trace.Documents)
		p.line = lineOfTrace(id, timeline.Build(trace.Documents))
	case !errors.Is(err, client.ErrNotFound):
		return nil, err
	}
	hex, _ := segment.HexTraceID(id)
	if c.newRelic == nil {
		p.err = errNoNewRelic
	} else {
		p.newRelic, p.err = c.newRelic.view(ctx, hex)
	}
	p.newRelic.Name = verify.NewRelicView(nil).Name
	p.result = verify.Compare(p.newRelic, p.xray)
	p.duplicates = len(p.newRelic.Spans) - p.result.Spans
	if len(p.xray.Spans) == 0 && len(p.newRelic.Spans) > 0 {
		p.line = lineOfSpans(id, p.newRelic.Spans)
	}
	return p, nil
}

// lineOfSpans is the line of a trace that only New Relic has.
func lineOfSpans(id string, spans []verify.Span) traceLine {
	line := traceLine{ID: id, Outcome: timeline.OK}
	services := map[string]bool{}
	var begin, end time.Time
	var root *verify.Span
	for i := range spans {
		s := &spans[i]
		services[s.Service] = true
		if begin.IsZero() || s.Start.Before(begin) {
			begin = s.Start
		}
		if s.End.After(end) {
			end = s.End
		}
		if root == nil || root.ParentID != "" && (s.ParentID == "" || s.Start.Before(root.Start)) {
			root = s
		}
	}
	line.Start, line.Duration, line.Services = seconds(begin), end.Sub(begin).Seconds(), len(services)
	line.Request, line.Service = root.Name, root.Service
	if root.Status == "ERROR" {
		line.Outcome = timeline.Fault
	}
	return line
}

func (c *console) rowOf(p *pairing, refused []api.Refusal) backendRow {
	r := p.result
	row := backendRow{
		traceLine: p.line, XRay: len(p.xray.Spans), NewRelic: len(p.newRelic.Spans), MissingXRay: r.Missing,
		MissingNewRelic: r.Extra[verify.Unknown], Duplicates: r.Duplicates + p.duplicates, Differing: r.Differing, Links: c.linksOf(p.id),
	}
	for reason, n := range r.Extra {
		if reason != verify.Unknown {
			row.Made += n
		}
	}
	row.State = p.state(c.now())
	if row.State != equal && row.State != unread {
		row.Cause = p.causeOf(refused)
	}
	if row.State == onItsWay {
		row.Cause.Do = "It ended a moment ago: the rest may be on its way."
	}
	return row
}

func (p *pairing) state(now time.Time) string {
	end := p.line.Start + p.line.Duration
	switch {
	case p.err != nil:
		return unread
	case p.result.OK() && p.duplicates == 0 && len(p.newRelic.Spans) > 0:
		return equal
	case now.Sub(time.UnixMicro(int64(end*1e6))) < arriving:
		return onItsWay
	case len(p.newRelic.Spans) == 0:
		return onlyXRay
	case len(p.xray.Spans) == 0:
		return onlyNewRelic
	}
	return differs
}

// linksOf returns where the trace is in AWS's console and in New Relic, should
// it be there.
func (c *console) linksOf(id string) links {
	hex, _ := segment.HexTraceID(id)
	region := cmp.Or(c.cfg.Region, "us-east-1")
	aws := "console.aws.amazon.com"
	switch {
	case strings.HasPrefix(region, "cn-"):
		aws = "console.amazonaws.cn"
	case strings.HasPrefix(region, "us-gov-"):
		aws = "console.amazonaws-us-gov.com"
	}
	host, account := "one.newrelic.com", ""
	if a := c.cfg.NewRelic; a != nil {
		account = fmt.Sprintf("account=%d&", a.ID)
		if a.Region == licensekey.EU {
			host = "one.eu.newrelic.com"
		}
	}
	return links{
		AWS: fmt.Sprintf("https://%s.%s/cloudwatch/home?region=%s#xray:traces/%s",
			url.PathEscape(region), aws, url.QueryEscape(region), id),
		NewRelic: fmt.Sprintf("https://%s/distributed-tracing?%squery=%s", host, account, url.QueryEscape("trace.id = '"+hex+"'")),
		NRQL:     "SELECT * FROM Span WHERE trace.id = '" + hex + "' SINCE 8 days ago LIMIT MAX",
	}
}
