package console

import (
	"net/http"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/xray"
	"github.com/aws/aws-sdk-go-v2/service/xray/types"

	"github.com/bragg-tracing/bragg/pkg/segment"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/assembly"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/servicemap"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/timeline"
)

// A traceMapAnswer is the map of one trace, and which node each row of its
// timeline stands for.
type traceMapAnswer struct {
	mapAnswer
	// Rows are indexes of Nodes, for each row of the trace; -1 for none.
	Rows []int `json:"rows"`
}

// traceMap answers the map of one trace, as serviceMap does that of many.
func (c *console) traceMap(r *http.Request) (any, error) {
	t, err := c.read(r.Context(), r.PathValue("id"), false)
	if err != nil {
		return nil, err
	}
	var services []types.Service
	in := &xray.GetTraceGraphInput{TraceIds: []string{t.id}}
	for {
		page, err := c.xray.GetTraceGraph(r.Context(), in)
		if err != nil {
			return nil, err
		}
		services = append(services, page.Services...)
		if in.NextToken = page.NextToken; aws.ToString(in.NextToken) == "" {
			break
		}
	}
	m := servicemap.New(services, 0)
	out := drawn(m, r.FormValue("screen"))
	out.Others = []mapName{}
	return traceMapAnswer{*out, nodesOf(m, t.rows)}, nil
}

// nodesOf returns which node of its map each row of a trace stands for: that of
// its segment, or of what a subsegment called if the row has that folded into it.
func nodesOf(m *servicemap.Map, rows []timeline.Row) []int {
	index := map[assembly.Service]int{}
	for i := range m.Nodes {
		index[assembly.Service{Name: m.Nodes[i].Name, Type: m.Nodes[i].Type}] = i
	}
	find := func(doc *segment.Document) int {
		if i, ok := index[assembly.ServiceOf(doc)]; ok {
			return i
		}
		return -1
	}
	out := make([]int, len(rows))
	var segments []int // for the rows that the row is below, the nodes of their segments
	for i := range rows {
		r := &rows[i]
		segments = segments[:min(r.Depth, len(segments))]
		own := -1
		switch {
		case r.Kind != timeline.Subsegment:
			own = find(r.Document)
		case len(segments) > 0:
			own = segments[len(segments)-1]
		}
		segments = append(segments, own)
		if out[i] = own; r.Folded != nil {
			out[i] = find(r.Folded)
		}
	}
	return out
}
