package api

import (
	"math"

	"github.com/bragg-tracing/bragg/pkg/xraylocal/servicegraph"
)

// A serviceOut is a node of a graph. Which members are null, and which only
// empty, is as the service has it.
type serviceOut struct {
	ReferenceID           int `json:"ReferenceId"`
	Name                  string
	Names                 []string
	Root                  *bool   // true or null
	AccountID             *string `json:"AccountId"`
	Type                  *string
	Region                *string
	State                 string
	StartTime             *float64
	EndTime               *float64
	Edges                 []edgeOut
	SummaryStatistics     *statisticsOut
	DurationHistogram     []histogramEntry
	ResponseTimeHistogram []histogramEntry
	HostedIn              any
	KeyAttributes         any
}

// An edgeOut leads to the node that ReferenceID is of.
type edgeOut struct {
	ReferenceID               int `json:"ReferenceId"`
	StartTime                 *float64
	EndTime                   *float64
	SummaryStatistics         statisticsOut
	ResponseTimeHistogram     []histogramEntry
	Aliases                   []aliasOut
	EdgeType                  *string
	ReceivedEventAgeHistogram []histogramEntry
}

type aliasOut struct {
	Name  string
	Names []string
	Type  *string
}

// A statisticsOut is the statistics of a node or of an edge.
type statisticsOut struct {
	OKCount         int64 `json:"OkCount"`
	ErrorStatistics struct {
		ThrottleCount, OtherCount, TotalCount int64
	}
	FaultStatistics struct {
		OtherCount, TotalCount int64
	}
	TotalCount        int64
	TotalResponseTime float64 // seconds, rounded to milliseconds
}

func statisticsOf(s servicegraph.Statistics) (out statisticsOut) {
	out.OKCount, out.TotalCount = s.OK, s.Total()
	out.ErrorStatistics.ThrottleCount, out.ErrorStatistics.OtherCount = s.Throttle, s.Error
	out.ErrorStatistics.TotalCount = s.Throttle + s.Error
	out.FaultStatistics.OtherCount, out.FaultStatistics.TotalCount = s.Fault, s.Fault
	out.TotalResponseTime = math.Round(float64(s.Time)/1e3) / 1e3
	return out
}

type histogramEntry struct {
	Value float64
	Count int64
}

// histogramOf is never null.
func histogramOf(h *servicegraph.Histogram) []histogramEntry {
	bins := h.Bins()
	entries := make([]histogramEntry, len(bins))
	for i, bin := range bins {
		entries[i] = histogramEntry(bin)
	}
	return entries
}

// A graphRenderer writes maps.
type graphRenderer struct {
	account string // of the caller: nodes that are not in another have none
	periods bool   // as in a service graph: with times and what is around them, ...
	regions bool   // ... or as in a trace graph: with regions
}

// services returns the nodes; ids count them.
func (r graphRenderer) services(m *servicegraph.Map) []serviceOut {
	out := make([]serviceOut, len(m.Nodes))
	for i := range m.Nodes {
		out[i] = r.node(i, &m.Nodes[i])
	}
	for i := range m.Edges {
		e := &m.Edges[i]
		out[e.From].Edges = append(out[e.From].Edges, r.edge(e))
	}
	return out
}

func (r graphRenderer) node(id int, n *servicegraph.MapNode) serviceOut {
	out := serviceOut{ReferenceID: id, Name: n.Name, Names: []string{n.Name}, State: n.State.String(), Edges: []edgeOut{}}
	out.Type = orNull(n.Type)
	if n.AccountID != r.account {
		out.AccountID = orNull(n.AccountID)
	}
	if n.Root {
		out.Root = &n.Root
	}
	if r.regions {
		out.Region = orNull(n.Region)
	}
	if r.periods {
		out.HostedIn, out.KeyAttributes = struct{}{}, struct{}{}
		out.StartTime, out.EndTime = secondsOf(n.Period)
	}
	if !n.Client() {
		statistics := statisticsOf(n.Served)
		out.SummaryStatistics = &statistics
		out.DurationHistogram, out.ResponseTimeHistogram = histogramOf(&n.Duration), histogramOf(&n.Response)
	}
	return out
}

func (r graphRenderer) edge(e *servicegraph.MapEdge) edgeOut {
	out := edgeOut{ReferenceID: e.To, SummaryStatistics: statisticsOf(e.Calls), Aliases: []aliasOut{}, EdgeType: orNull(e.Type.String())}
	if r.periods {
		out.StartTime, out.EndTime = secondsOf(e.Period)
	}
	if e.Type == servicegraph.Link {
		out.ReceivedEventAgeHistogram = histogramOf(&e.Age)
	} else {
		out.ResponseTimeHistogram = histogramOf(&e.Response)
	}
	for _, a := range e.Aliases {
		out.Aliases = append(out.Aliases, aliasOut{Name: a.Name, Names: []string{a.Name}, Type: orNull(a.Type)})
	}
	return out
}

func secondsOf(p servicegraph.Period) (start, end *float64) {
	s, e := float64(p.Start), float64(p.End)
	return &s, &e
}
