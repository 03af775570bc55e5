package console

import (
	"math"
	"net/http"
	"strconv"
	"time"

	"github.com/bragg-tracing/bragg/pkg/xraylocal/client"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/filter"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/layout"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/servicemap"
)

// mapRoutes serves the service map.
func (c *console) mapRoutes(mux *http.ServeMux) {
	mux.HandleFunc("GET /console/api/map", answer(c.serviceMap))
	mux.HandleFunc("GET /console/api/map/series", answer(c.mapSeries))
}

// A mapAnswer is a service map with places. X and Y are in pixels of a drawing at
// its natural size, from its top left.
type mapAnswer struct {
	Seconds float64    `json:"seconds"` // of the time range
	Dense   bool       `json:"dense"`   // nodes are rows, with labels at the right
	Outline bool       `json:"outline"` // the rows are one below the other, whose ends are at the first of Box
	Width   float64    `json:"width"`
	Height  float64    `json:"height"`
	Box     [2]float64 `json:"box"` // width and height of a node's place
	Nodes   []mapNode  `json:"nodes"`
	Edges   []mapEdge  `json:"edges"`
	// Others are the nodes that are out of focus.
	Others []mapName `json:"others"`
	// Part is of how many traces the map is, if the time did not suffice for all;
	// null if it is of all.
	Part *mapPart `json:"part"`
}

type mapPart struct {
	Looked int `json:"looked"` // traces that the map is made of
	All    int `json:"all"`    // traces that it should be made of
}

// mostPatience is how long a map takes at most, in seconds. After that it is of
// the traces that were looked at by then.
const mostPatience = 12

// patienceOf reads ?patience=, in seconds.
func patienceOf(text string) (time.Duration, error) {
	if text == "" {
		return mostPatience * time.Second, nil
	}
	seconds, err := strconv.ParseFloat(text, 64)
	if err != nil || !(seconds > 0 && seconds <= mostPatience) { // NaN is neither
		return 0, badRequest("The map cannot be made", "patience="+text+" must be seconds, at most "+strconv.Itoa(mostPatience))
	}
	return time.Duration(seconds * float64(time.Second)), nil
}

type mapName struct {
	ID      string `json:"id"`
	Name    string `json:"name"`
	Label   string `json:"label"` // shorter, to be read
	Type    string `json:"type"`
	Kind    string `json:"kind"`
	Outcome string `json:"outcome"`
}

type mapNode struct {
	mapName
	State  string  `json:"state"`
	Root   bool    `json:"root"`
	X      float64 `json:"x"` // of the middle
	Y      float64 `json:"y"`
	Size   float64 `json:"size"` // diameter of the circle
	Column int     `json:"column"`
	Row    int     `json:"row"`
	mapFigures
}

type mapEdge struct {
	ID      string       `json:"id"`
	From    string       `json:"from"` // ids of nodes
	To      string       `json:"to"`
	Link    bool         `json:"link"`
	Aliases []string     `json:"aliases"`
	Points  [][2]float64 `json:"points"`
	Back    bool         `json:"back"`
	Outcome string       `json:"outcome"`
	mapFigures
}

type mapFigures struct {
	Filter   string  `json:"filter"` // what it means in the filter language
	OK       int64   `json:"ok"`
	Error    int64   `json:"error"`
	Throttle int64   `json:"throttle"`
	Fault    int64   `json:"fault"`
	Total    int64   `json:"total"`
	Rate     float64 `json:"rate"` // per second
	Mean     float64 `json:"mean"` // seconds
	P50      float64 `json:"p50"`
	P90      float64 `json:"p90"`
	P95      float64 `json:"p95"`
	P99      float64 `json:"p99"`
	Traffic  string  `json:"traffic"` // the rate in words
	Trouble  string  `json:"trouble"` // the shares that did not end well
	Spread   spread  `json:"spread"`
}

// A spread is a histogram of response times: limits of the bins in seconds, and
// how many requests are in each. Of no requests, it has no bins.
type spread struct {
	Edges  []float64 `json:"edges"`
	Counts []int64   `json:"counts"`
}

// mapBins is how many bins a histogram of the map has.
const mapBins = 40

// serviceMap answers the map of a time range and filter; with focus, the id of a
// node, only what is at most hops away from it.
func (c *console) serviceMap(r *http.Request) (any, error) {
	q, err := c.selection(r)
	if err != nil {
		return nil, err
	}
	hops := 1
	if text := r.FormValue("hops"); text != "" {
		if hops, err = strconv.Atoi(text); err != nil || hops < 0 {
			return nil, badRequest("The map cannot be focused", "hops="+text+" must be a number, 0 or more")
		}
	}
	patience, err := patienceOf(r.FormValue("patience"))
	if err != nil {
		return nil, err
	}
	services, covered, err := client.ServiceGraph(r.Context(), c.xray, client.GraphQuery{From: q.From, To: q.To, Filter: q.Filter, Patience: patience})
	if err != nil {
		return nil, err
	}
	whole := servicemap.New(services, q.To.Sub(q.From))
	shown := whole
	if focus := r.FormValue("focus"); focus != "" {
		if near := whole.Around(hops, focus); len(near.Nodes) > 0 {
			shown = near
		}
	}
	out := drawn(shown, r.FormValue("screen"))
	if !covered.Whole() {
		out.Part = &mapPart{covered.Looked, covered.All}
	}
	out.Others = []mapName{}
	if shown != whole {
		near := make(map[string]bool)
		for i := range shown.Nodes {
			near[shown.Nodes[i].ID] = true
		}
		for i := range whole.Nodes {
			if n := &whole.Nodes[i]; !near[n.ID] {
				out.Others = append(out.Others, nameOf(n))
			}
		}
	}
	return out, nil
}

// placed places a map for a screen: "narrow" is that of a phone, "medium" of a tablet,
// all else is wide. Names can be read where there is room for them: on a narrow screen
// in an outline, which is high; many of them also on one of medium width.
func placed(m *servicemap.Map, screen string) (l *servicemap.Drawing, outline bool) {
	switch {
	case screen == "narrow":
		return m.Outline(364), true
	case screen == "medium" && m.Dense():
		return m.Outline(640), true
	}
	return m.Layout(), false
}

func drawn(m *servicemap.Map, screen string) *mapAnswer {
	l, outline := placed(m, screen)
	size := m.Size
	if outline {
		size = func(*servicemap.Node) float64 { return servicemap.RowCircle }
	}
	out := &mapAnswer{Seconds: m.Seconds, Dense: outline || m.Dense(), Outline: outline, Width: l.Width, Height: l.Height, Box: [2]float64{l.BoxWidth, l.BoxHeight},
		Nodes: make([]mapNode, len(m.Nodes)), Edges: make([]mapEdge, len(m.Edges))}
	for i := range m.Nodes {
		n, at := &m.Nodes[i], l.Nodes[i]
		out.Nodes[i] = mapNode{mapName: nameOf(n), State: n.State, Root: n.Root, X: round(at.X, 10), Y: round(at.Y, 10), Size: size(n),
			Column: at.Column, Row: at.Row, mapFigures: figuresOf(&n.Figures, n.Filter)}
	}
	for i := range m.Edges {
		e := &m.Edges[i]
		from, to := m.Nodes[e.From].ID, m.Nodes[e.To].ID
		id := from + " → " + to
		if e.Link {
			id += " (link)" // there may be calls beside
		}
		out.Edges[i] = mapEdge{ID: id, From: from, To: to, Link: e.Link, Aliases: e.Aliases, Points: points(l.Edges[i]), Back: l.Edges[i].Back,
			Outcome: string(e.Outcome()), mapFigures: figuresOf(&e.Figures, e.Filter)}
	}
	return out
}

func nameOf(n *servicemap.Node) mapName {
	return mapName{n.ID, n.Name, n.Label(), n.Type, string(n.Kind), string(n.Outcome())}
}

func figuresOf(f *servicemap.Figures, filter string) mapFigures {
	out := mapFigures{
		Filter: filter, OK: f.OK, Error: f.Error, Throttle: f.Throttle, Fault: f.Fault, Total: f.Total,
		Rate: f.Rate, Mean: f.Mean, P50: f.P50, P90: f.P90, P95: f.P95, P99: f.P99, Traffic: f.Traffic(), Trouble: f.Trouble(),
		Spread: spread{Edges: []float64{}, Counts: []int64{}},
	}
	if s := f.Spread(mapBins); len(s.Counts) > 0 {
		for i := range s.Edges {
			s.Edges[i] = round(s.Edges[i], 1e6)
		}
		out.Spread = spread(s)
	}
	return out
}

func points(r layout.Route) [][2]float64 {
	out := make([][2]float64, len(r.Points))
	for i, p := range r.Points {
		out[i] = [2]float64{round(p.X, 10), round(p.Y, 10)}
	}
	return out
}

// round rounds to a whole part of 1.
func round(v, parts float64) float64 { return math.Round(v*parts) / parts }

// A seriesAnswer is what a node or an edge did over time, in parts of equal length.
type seriesAnswer struct {
	Period  float64        `json:"period"` // seconds
	Start   float64        `json:"start"`  // of the first, in seconds since the epoch
	Periods []seriesPeriod `json:"periods"`
	// Part is of how many traces the series is, if the time did not suffice for all;
	// null if it is of all.
	Part *mapPart `json:"part"`
}

type seriesPeriod struct {
	OK       int64   `json:"ok"`
	Error    int64   `json:"error"`
	Throttle int64   `json:"throttle"`
	Fault    int64   `json:"fault"`
	Mean     float64 `json:"mean"` // response time in seconds; 0 without requests
}

// mapPeriods is about how many periods a series has at most.
const mapPeriods = 60

// mapSeries answers the series of the node or edge that select means.
func (c *console) mapSeries(r *http.Request) (any, error) {
	q, err := c.selection(r)
	if err != nil {
		return nil, err
	}
	selector, err := filter.Parse(r.FormValue("select"))
	if err != nil {
		return nil, err
	}
	patience, err := patienceOf(r.FormValue("patience"))
	if err != nil {
		return nil, err
	}
	series, length, covered, err := client.Series(r.Context(), c.xray, client.GraphQuery{From: q.From, To: q.To, Filter: q.Filter, Patience: patience}, typed(selector).String())
	if err != nil {
		return nil, err
	}
	out := joined(series, q.From, q.To, length)
	if !covered.Whole() {
		out.Part = &mapPart{covered.Looked, covered.All}
	}
	return out, nil
}

// typed selects by type where the expression selects by name alone: a service of
// no type, and not the clients that have its name.
func typed(e filter.Expr) filter.Expr {
	none := ""
	narrow := func(s *filter.Selector) {
		if s != nil && s.Type == nil {
			s.Type = &none
		}
	}
	switch e := e.(type) {
	case *filter.Service:
		narrow(e.Node)
	case *filter.Edge:
		narrow(&e.Source)
		narrow(&e.Destination)
	}
	return e
}

// joined puts periods together until they are few.
func joined(series []client.Period, from, to time.Time, length time.Duration) seriesAnswer {
	first := from.Truncate(length)
	count := int(to.Sub(first)/length) + 1
	each := (count + mapPeriods - 1) / mapPeriods
	out := seriesAnswer{Period: float64(each) * length.Seconds(), Start: float64(first.Unix()), Periods: make([]seriesPeriod, (count+each-1)/each)}
	for _, p := range series {
		i := int(p.Start.Sub(first)/length) / each
		if i < 0 || i >= len(out.Periods) {
			continue
		}
		o := &out.Periods[i]
		before := float64(o.OK + o.Error + o.Throttle + o.Fault)
		o.OK, o.Error, o.Throttle, o.Fault = o.OK+p.OK, o.Error+p.Error, o.Throttle+p.Throttle, o.Fault+p.Fault
		o.Mean = (o.Mean*before + p.Seconds) / (before + float64(p.Total))
	}
	return out
}
