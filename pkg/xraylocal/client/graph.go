package client

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/xray"
	"github.com/aws/aws-sdk-go-v2/service/xray/types"
	"github.com/aws/smithy-go/middleware"
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
	// Patience is how long an answer may take; then it is of a part of the traces,
	// which Covered tells. 0: as long as it needs.
	Patience time.Duration
}

// Covered says of how many traces a service graph or a series is made.
type Covered struct {
	Looked int // traces that were looked at
	All    int // traces that should have been; as many, if the graph is whole
}

// Whole reports whether nothing was left out.
func (c Covered) Whole() bool { return c.Looked >= c.All }

// ServiceGraph returns the nodes of a service graph, and of how many traces it is.
func ServiceGraph(ctx context.Context, api GraphAPI, q GraphQuery) ([]types.Service, Covered, error) {
	in := &xray.GetServiceGraphInput{StartTime: &q.From, EndTime: &q.To}
	if q.Group != "" {
		in.GroupName = &q.Group
	}
	var covered Covered
	out, err := api.GetServiceGraph(ctx, in, q.filtered, q.patient(&covered))
	if err != nil {
		return nil, Covered{}, fmt.Errorf("get the service graph: %w", err)
	}
	return out.Services, covered, nil
}

// patient asks for an answer within the patience, and has the answer tell of how
// much it is.
func (q *GraphQuery) patient(covered *Covered) func(*xray.Options) {
	return func(o *xray.Options) {
		if q.Patience > 0 {
			o.APIOptions = append(o.APIOptions, smithyhttp.AddHeaderValue(servicegraph.PatienceHeader, fmt.Sprint(q.Patience.Seconds())), covered.read)
		}
	}
}

// read keeps what an answer's header says: the SDK does not know of it. Any other
// X-Ray has none, and is whole.
func (c *Covered) read(stack *middleware.Stack) error {
	return stack.Deserialize.Add(middleware.DeserializeMiddlewareFunc("Covered", func(ctx context.Context, in middleware.DeserializeInput, next middleware.DeserializeHandler) (middleware.DeserializeOutput, middleware.Metadata, error) {
		out, metadata, err := next.HandleDeserialize(ctx, in)
		if resp, ok := out.RawResponse.(*smithyhttp.Response); ok && err == nil {
			_, _ = fmt.Sscanf(resp.Header.Get(servicegraph.CoveredHeader), "%d/%d", &c.Looked, &c.All)
		}
		return out, metadata, err
	}), middleware.After)
}

// filtered asks for a graph or series of the traces that match the filter.
func (q *GraphQuery) filtered(o *xray.Options) {
	if q.Filter != "" {
		o.APIOptions = append(o.APIOptions, smithyhttp.AddHeaderValue(servicegraph.FilterHeader, url.QueryEscape(q.Filter)))
	}
}

// SeriesAPI is what reading time series needs of X-Ray's API.
type SeriesAPI interface {
	GetTimeSeriesServiceStatistics(context.Context, *xray.GetTimeSeriesServiceStatisticsInput, ...func(*xray.Options)) (*xray.GetTimeSeriesServiceStatisticsOutput, error)
}

// A Period is what a node or edge did in a part of the time.
type Period struct {
	Start                             time.Time
	OK, Error, Throttle, Fault, Total int64
	Seconds                           float64 // response times, added up
}

// longSeries is from how long a range on series have periods of five minutes.
const longSeries = 3 * time.Hour

// Series returns what the services or edges did that a selector means, such as
// service("web") or edge("web", "api"): the periods of q's range, oldest first,
// those without requests left out, how long each is, and of how many traces they
// are.
func Series(ctx context.Context, api SeriesAPI, q GraphQuery, selector string) ([]Period, time.Duration, Covered, error) {
	period := time.Minute
	if q.To.Sub(q.From) > longSeries {
		period = 5 * time.Minute
	}
	to := q.To.Add(period) // the API leaves out the period that has not ended
	in := &xray.GetTimeSeriesServiceStatisticsInput{StartTime: &q.From, EndTime: &to, EntitySelectorExpression: &selector, Period: aws.Int32(int32(period.Seconds()))}
	if q.Group != "" {
		in.GroupName = &q.Group
	}
	var covered Covered
	out, err := api.GetTimeSeriesServiceStatistics(ctx, in, q.filtered, q.patient(&covered))
	if err != nil {
		return nil, 0, Covered{}, fmt.Errorf("get a time series: %w", err)
	}
	series := []Period{}
	for _, b := range slices.Backward(out.TimeSeriesServiceStatistics) {
		p := Period{Start: aws.ToTime(b.Timestamp).Add(-period)}
		if s := b.ServiceSummaryStatistics; s != nil {
			p.add(s.OkCount, s.ErrorStatistics, s.FaultStatistics, s.TotalCount, s.TotalResponseTime)
		}
		if s := b.EdgeSummaryStatistics; s != nil {
			p.add(s.OkCount, s.ErrorStatistics, s.FaultStatistics, s.TotalCount, s.TotalResponseTime)
		}
		if p.Total > 0 {
			series = append(series, p)
		}
	}
	return series, period, covered, nil
}

func (p *Period) add(ok *int64, errors *types.ErrorStatistics, faults *types.FaultStatistics, total *int64, seconds *float64) {
	p.OK, p.Total, p.Seconds = aws.ToInt64(ok), aws.ToInt64(total), aws.ToFloat64(seconds)
	if errors != nil {
		p.Error, p.Throttle = aws.ToInt64(errors.OtherCount), aws.ToInt64(errors.ThrottleCount)
	}
	if faults != nil {
		p.Fault = aws.ToInt64(faults.TotalCount)
	}
}
