package api

import (
	"context"
	"fmt"
)

// An operation answers a request body with a value to marshal. An error that is
// not an *apiError is the service's own fault.
type operation func(h *Handler, ctx context.Context, body []byte) (any, error)

// operations are those that are served, by path. Each file that has some calls
// serve for them when the program starts; after that the map does not change.
var operations = make(map[string]operation)

// requests make an empty request of each operation, by path.
var requests = make(map[string]func() any)

// serve adds the operation of this name: f answers the decoded request, which
// fulfils the constraints in the tags of its fields, see validate. Who called is
// in the context, see callerOf.
func serve[In any](name string, f func(h *Handler, ctx context.Context, in *In) (any, error)) {
	path, ok := paths[name]
	if _, twice := operations[path]; !ok || twice {
		panic(fmt.Sprintf("operation %s at %q: X-Ray does not have it, or it is served twice", name, path))
	}
	requests[path] = func() any { return new(In) }
	operations[path] = func(h *Handler, ctx context.Context, body []byte) (any, error) {
		in := new(In)
		if fast, ok := any(in).(fastRequest); ok && fast.readFast(body) {
			return f(h, ctx, in)
		}
		if err := unmarshal(body, in); err != nil {
			return nil, err
		}
		if err := validate(in); err != nil {
			return nil, err
		}
		return f(h, ctx, in)
	}
}

// paths are those of X-Ray's 38 operations, each of which is a POST.
// https://docs.aws.amazon.com/xray/latest/api/API_Operations.html
var paths = map[string]string{
	"BatchGetTraces":                 "/Traces",
	"CancelTraceRetrieval":           "/CancelTraceRetrieval",
	"CreateGroup":                    "/CreateGroup",
	"CreateSamplingRule":             "/CreateSamplingRule",
	"DeleteGroup":                    "/DeleteGroup",
	"DeleteResourcePolicy":           "/DeleteResourcePolicy",
	"DeleteSamplingRule":             "/DeleteSamplingRule",
	"GetEncryptionConfig":            "/EncryptionConfig",
	"GetGroup":                       "/GetGroup",
	"GetGroups":                      "/Groups",
	"GetIndexingRules":               "/GetIndexingRules",
	"GetInsight":                     "/Insight",
	"GetInsightEvents":               "/InsightEvents",
	"GetInsightImpactGraph":          "/InsightImpactGraph",
	"GetInsightSummaries":            "/InsightSummaries",
	"GetRetrievedTracesGraph":        "/GetRetrievedTracesGraph",
	"GetSamplingRules":               "/GetSamplingRules",
	"GetSamplingStatisticSummaries":  "/SamplingStatisticSummaries",
	"GetSamplingTargets":             "/SamplingTargets",
	"GetServiceGraph":                "/ServiceGraph",
	"GetTimeSeriesServiceStatistics": "/TimeSeriesServiceStatistics",
	"GetTraceGraph":                  "/TraceGraph",
	"GetTraceSegmentDestination":     "/GetTraceSegmentDestination",
	"GetTraceSummaries":              "/TraceSummaries",
	"ListResourcePolicies":           "/ListResourcePolicies",
	"ListRetrievedTraces":            "/ListRetrievedTraces",
	"ListTagsForResource":            "/ListTagsForResource",
	"PutEncryptionConfig":            "/PutEncryptionConfig",
	"PutResourcePolicy":              "/PutResourcePolicy",
	"PutTelemetryRecords":            "/TelemetryRecords",
	"PutTraceSegments":               "/TraceSegments",
	"StartTraceRetrieval":            "/StartTraceRetrieval",
	"TagResource":                    "/TagResource",
	"UntagResource":                  "/UntagResource",
	"UpdateGroup":                    "/UpdateGroup",
	"UpdateIndexingRule":             "/UpdateIndexingRule",
	"UpdateSamplingRule":             "/UpdateSamplingRule",
	"UpdateTraceSegmentDestination":  "/UpdateTraceSegmentDestination",
}

// names are the keys of paths by their values.
var names = func() map[string]string {
	names := make(map[string]string, len(paths))
	for name, path := range paths {
		names[path] = name
	}
	return names
}()

// IsPath reports whether X-Ray takes calls at a path.
func IsPath(path string) bool { return names[path] != "" || path == OTLPPath }
