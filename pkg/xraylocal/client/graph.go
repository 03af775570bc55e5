package client

import (
	"context"
	"fmt"
	"net/url"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/xray"
	"github.com/aws/aws-sdk-go-v2/service/xray/types"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/bragg-tracing/bragg/pkg/xraylocal/servicegraph"
)

// GraphAPI is what reading service graphs needs of X-Ray's API.
type GraphAPI interface {
	GetServiceGraph(context.Context, *xray.GetServiceGraphInput, ...func(*xray.Options)) (*xray.GetServiceGraphOutput, error)
}

// A GraphQuery says of what to make a service graph.
type GraphQuery struct {
	From, To time.Time
	Group    string // name; "" for all traces
	Filter   string // filter expression that traces match besides; "" for all
}

// ServiceGraph returns the nodes of a service graph.
func ServiceGraph(ctx context.Context, api GraphAPI, q GraphQuery) ([]types.Service, error) {
	in := &xray.GetServiceGraphInput{StartTime: &q.From, EndTime: &q.To}
	if q.Group != "" {
		in.GroupName = &q.Group
	}
	out, err := api.GetServiceGraph(ctx, in, func(o *xray.Options) {
		if q.Filter != "" {
			o.APIOptions = append(o.APIOptions, smithyhttp.AddHeaderValue(servicegraph.FilterHeader, url.QueryEscape(q.Filter)))
		}
	})
	if err != nil {
		return nil, fmt.Errorf("get the service graph: %w", err)
	}
	return out.Services, nil
}
