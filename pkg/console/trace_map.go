package console

import (
	"net/http"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/xray"
	"github.com/aws/aws-sdk-go-v2/service/xray/types"

	"github.com/bragg-tracing/bragg/pkg/xraylocal/client"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/servicemap"
)

// traceMap answers the map of one trace, as serviceMap does that of many.
func (c *console) traceMap(r *http.Request) (any, error) {
	id, err := client.TraceID(r.PathValue("id"))
	if err != nil {
		return nil, badRequest("This is no trace id", err.Error())
	}
	var services []types.Service
	in := &xray.GetTraceGraphInput{TraceIds: []string{id}}
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
	out := drawn(servicemap.New(services, 0))
	out.Others = []mapName{}
	return out, nil
}
