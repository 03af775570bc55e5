package verify

import (
	"context"
	"errors"
	"net/http"
	"time"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/smithy-go"

	"github.com/bragg-tracing/bragg/pkg/newrelic"
	"github.com/bragg-tracing/bragg/pkg/segment"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/client"
)

// The names of the backends.
const (
	XRay     = "X-Ray"
	NewRelic = "New Relic"
)

// A Backend is where a trace is read from.
type Backend struct {
	Name  string // XRay or NewRelic
	Where string // its endpoint, for people
	Local bool   // on this machine: it answers at once
	// Read returns what the backend has of a trace, an empty view if nothing.
	Read func(ctx context.Context, traceID string) (View, error)
	// Notes returns what the backend says of data that it took and did not
	// keep; nil if it says nothing of that.
	Notes func(ctx context.Context, since time.Duration) ([]newrelic.IntegrationError, error)
}

// XRayBackend reads from X-Ray's API, AWS's or a local one.
func XRayBackend(api client.API, where string, local bool) Backend {
	return Backend{Name: XRay, Where: where, Local: local, Read: func(ctx context.Context, traceID string) (View, error) {
		id, _ := segment.FormatTraceID(traceID)
		trace, err := client.GetTrace(ctx, api, id)
		if errors.Is(err, client.ErrNotFound) {
			return View{Name: XRay}, nil
		}
		if err != nil {
			return View{Name: XRay}, err
		}
		return XRayView(trace.Documents), nil
	}}
}

// lookBack is how far back New Relic looks for a trace: it keeps spans for
// eight days unless an account pays for more.
const lookBack = 8 * 24 * time.Hour

// NewRelicBackend reads from NerdGraph, New Relic's or the local sink's.
func NewRelicBackend(c *newrelic.Client, where string, local bool) Backend {
	return Backend{
		Name: NewRelic, Where: where, Local: local, Notes: c.IntegrationErrors,
		Read: func(ctx context.Context, traceID string) (View, error) {
			spans, err := c.Spans(ctx, traceID, lookBack)
			if err != nil {
				return View{Name: NewRelic}, err
			}
			return NewRelicView(spans), nil
		},
	}
}

// temporary says whether reading may succeed later.
func temporary(err error) bool {
	var graph *newrelic.Error
	if errors.As(err, &graph) {
		return graph.Temporary() && graph.Kind != newrelic.Unreachable
	}
	var api smithy.APIError
	if errors.As(err, &api) && api.ErrorCode() == "ThrottledException" {
		return true
	}
	var resp *awshttp.ResponseError
	return errors.As(err, &resp) && (resp.HTTPStatusCode() >= 500 || resp.HTTPStatusCode() == http.StatusTooManyRequests)
}
