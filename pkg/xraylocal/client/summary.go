package client

import (
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/xray/types"

	"github.com/bragg-tracing/bragg/pkg/xraylocal/timeline"
)

// A Summary is a line in a list of traces.
type Summary struct {
	ID         string
	Start      time.Time
	Duration   time.Duration // 0 when InProgress
	InProgress bool          // some segment has not ended
	Partial    bool          // some parent is not in the trace
	Outcome    timeline.Outcome
	Method     string
	URL        string
	Status     int    // 0 when the root has no HTTP response
	Service    string // the entry point's name; "" when there is no root
	Services   int    // how many services took part, inferred ones included, clients not
}

// Summarize reads what X-Ray says of a trace.
func Summarize(s types.TraceSummary) Summary {
	out := Summary{
		ID:         aws.ToString(s.Id),
		Start:      aws.ToTime(s.StartTime),
		InProgress: s.Duration == nil,
		Partial:    aws.ToBool(s.IsPartial),
		Outcome:    timeline.OK,
		Services:   countServices(s.ServiceIds),
	}
	// Within the range of time.Duration; what is beyond is no request.
	out.Duration = time.Duration(min(max(aws.ToFloat64(s.Duration), 0), 9e9) * 1e9)
	switch {
	case aws.ToBool(s.HasThrottle):
		out.Outcome = timeline.Throttle
	case aws.ToBool(s.HasFault):
		out.Outcome = timeline.Fault
	case aws.ToBool(s.HasError):
		out.Outcome = timeline.Error
	}
	if s.Http != nil {
		out.Method, out.URL = aws.ToString(s.Http.HttpMethod), aws.ToString(s.Http.HttpURL)
		out.Status = int(aws.ToInt32(s.Http.HttpStatus))
	}
	if s.EntryPoint != nil {
		out.Service = aws.ToString(s.EntryPoint.Name)
	}
	return out
}

// Request returns the method and path of the request, or the name of the entry
// service if it was no HTTP request.
func (s *Summary) Request() string {
	if r := strings.TrimSpace(s.Method + " " + timeline.Path(s.URL)); r != "" {
		return r
	}
	if s.Service != "" {
		return s.Service
	}
	return "(no root yet)"
}

func countServices(ids []types.ServiceId) int {
	names := make(map[string]bool, len(ids))
	for _, id := range ids {
		if aws.ToString(id.Type) != "client" {
			names[aws.ToString(id.Name)] = true
		}
	}
	return len(names)
}
