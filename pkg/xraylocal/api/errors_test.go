package api_test

import (
	"errors"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/xray"
	"github.com/aws/aws-sdk-go-v2/service/xray/types"

	"github.com/bragg-tracing/bragg/pkg/xraylocal/api"
)

func TestSDKErrors(t *testing.T) {
	_, client := newServer(t)
	_, err := client.BatchGetTraces(t.Context(), &xray.BatchGetTracesInput{TraceIds: []string{"nonsense"}})
	var invalid *types.InvalidRequestException
	if !errors.As(err, &invalid) || invalid.ErrorMessage() != "Invalid trace id nonsense: incorrect id format" {
		t.Errorf("got %v", err)
	}
	if _, err := client.PutTelemetryRecords(t.Context(), &xray.PutTelemetryRecordsInput{
		TelemetryRecords: []types.TelemetryRecord{{Timestamp: at(t0), SegmentsReceivedCount: aws.Int32(3)}}, Hostname: aws.String("h"),
	}); err != nil {
		t.Error(err)
	}
}

func TestRawErrors(t *testing.T) {
	url, _ := newServer(t)
	many := strings.TrimSuffix(strings.Repeat(`"{}",`, 51), ",")
	const trace = `"1-00000000-000000000000000000000001"`
	tests := []struct {
		name, method, path, body string
		status                   int
		shape, answer            string
	}{
		{"no list", "POST", "/TraceSegments", `{}`, 400, "ValidationException", `{"message":"1 validation error detected: Value null at 'traceSegmentDocuments' failed to satisfy constraint: Member must not be null"}`},
		{"null list", "POST", "/TraceSegments", `{"TraceSegmentDocuments":null}`, 400, "ValidationException", `{"message":"1 validation error detected: Value null at 'traceSegmentDocuments' failed to satisfy constraint: Member must not be null"}`},
		{"empty list", "POST", "/TraceSegments", `{"TraceSegmentDocuments":[]}`, 400, "InvalidRequestException", `{"Message":"Segments can not be empty"}`},
		{"51 documents", "POST", "/TraceSegments", `{"TraceSegmentDocuments":[` + many + `]}`, 400, "InvalidRequestException", `{"Message":"Exceeding maximum segment count: 50"}`},
		{"document is a number", "POST", "/TraceSegments", `{"TraceSegmentDocuments":[42]}`, 400, "SerializationException", `{"Message":"NUMBER_VALUE can not be converted to a String"}`},
		{"null document", "POST", "/TraceSegments", `{"TraceSegmentDocuments":[null]}`, 200, "", `{"UnprocessedTraceSegments":[{"Id":null,"ErrorCode":"ParseError","Message":"Invalid segment. ErrorCode: ParseError"}]}`},
		{"not JSON", "POST", "/TraceSegments", `{`, 400, "SerializationException", `{"Message":"the request body is not JSON"}`},
		{"body too large", "POST", "/TraceSegments", strings.Repeat(" ", api.MaxBody+1), 413, "RequestEntityTooLargeException", `{"Message":"Request body exceeds 16777216 bytes"}`},

		{"no trace ids", "POST", "/Traces", ``, 400, "ValidationException", `{"message":"1 validation error detected: Value null at 'traceIds' failed to satisfy constraint: Member must not be null"}`},
		{"empty trace ids", "POST", "/Traces", `{"TraceIds":[]}`, 200, "", `{"Traces":[],"UnprocessedTraceIds":[],"NextToken":null}`},
		{"unknown trace", "POST", "/Traces", `{"TraceIds":[` + trace + `]}`, 200, "", `{"Traces":[],"UnprocessedTraceIds":[],"NextToken":null}`},
		{"six traces", "POST", "/Traces", `{"TraceIds":["1","2","3","4","5","6"]}`, 400, "InvalidRequestException", `{"Message":"Exceeding maximum query size: 5"}`},
		{"twice the same", "POST", "/Traces", `{"TraceIds":[` + trace + `,` + trace + `]}`, 400, "InvalidRequestException", `{"Message":"Containing duplicate trace ids"}`},
		{"token", "POST", "/Traces", `{"TraceIds":[` + trace + `],"NextToken":"x"}`, 400, "InvalidRequestException", `{"Message":"NextToken is currently not supported"}`},

		{"no start", "POST", "/TraceSummaries", `{"EndTime":1}`, 400, "ValidationException", `{"message":"1 validation error detected: Value null at 'startTime' failed to satisfy constraint: Member must not be null"}`},
		{"end before start", "POST", "/TraceSummaries", `{"StartTime":2,"EndTime":1}`, 400, "InvalidRequestException", `{"Message":"End time cannot be earlier than start time"}`},
		{"filter", "POST", "/TraceSummaries", `{"StartTime":1,"EndTime":2,"FilterExpression":"ok AND     respones > 5"}`, 400, "InvalidRequestException", `{"Message":"Invalid filter expression: column 12: unknown keyword 'respones', did you mean responsetime? (an annotation is written annotation.respones)"}`},
		{"filter of another type", "POST", "/TraceSummaries", `{"StartTime":1,"EndTime":2,"FilterExpression":5}`, 400, "SerializationException", `{"Message":"NUMBER_VALUE can not be converted to a String"}`},
		{"filter with an unknown group", "POST", "/TraceSummaries", `{"StartTime":1,"EndTime":2,"FilterExpression":"group.name = \"x\""}`, 400, "InvalidRequestException", `{"Message":"Invalid filter expression: group.name = \"x\": group not found"}`},
		{"unknown strategy", "POST", "/TraceSummaries", `{"StartTime":1,"EndTime":2,"SamplingStrategy":{"Name":"Invalid","Value":0.5}}`, 400, "ValidationException", `{"message":"1 validation error detected: Value 'Invalid' at 'samplingStrategy.name' failed to satisfy constraint: Member must satisfy enum value set: [FixedRate, PartialScan]"}`},
		{"strategy without members", "POST", "/TraceSummaries", `{"StartTime":1,"EndTime":2,"Sampling":true,"SamplingStrategy":{}}`, 200, "", `{"TraceSummaries":[],"ApproximateTime":1,"TracesProcessedCount":0,"NextToken":null}`},
		{"partial scan of any value", "POST", "/TraceSummaries", `{"StartTime":1,"EndTime":2,"Sampling":true,"SamplingStrategy":{"Name":"PartialScan","Value":1.1}}`, 200, "", `{"TraceSummaries":[],"ApproximateTime":1,"TracesProcessedCount":0,"NextToken":null}`},
		{"fixed rate without value", "POST", "/TraceSummaries", `{"StartTime":1,"EndTime":2,"TimeRangeType":"Event","Sampling":true,"SamplingStrategy":{"Name":"FixedRate"}}`, 400, "InvalidRequestException", `{"Message":"FixedRate needs a value between 0 and 1"}`},
		{"fixed rate not asked for", "POST", "/TraceSummaries", `{"StartTime":1,"EndTime":2,"SamplingStrategy":{"Name":"FixedRate","Value":-1}}`, 200, "", `{"TraceSummaries":[],"ApproximateTime":1,"TracesProcessedCount":0,"NextToken":null}`},
		{"unknown range type", "POST", "/TraceSummaries", `{"StartTime":1,"EndTime":2,"TimeRangeType":"X"}`, 400, "ValidationException", `{"message":"1 validation error detected: Value 'X' at 'timeRangeType' failed to satisfy constraint: Member must satisfy enum value set: [TraceId, Event, Service]"}`},
		{"foreign token", "POST", "/TraceSummaries", `{"StartTime":1,"EndTime":2,"NextToken":"x"}`, 400, "InvalidRequestException", `{"Message":"Invalid NextToken"}`},
		{"fixed rate by trace id", "POST", "/TraceSummaries", `{"StartTime":1,"EndTime":2,"Sampling":true,"SamplingStrategy":{"Name":"FixedRate","Value":0.5}}`, 400, "InvalidRequestException", `{"Message":"Cannot use FixedRate with input time range type: TraceId"}`},
		{"no traces", "POST", "/TraceSummaries", `{"StartTime":1,"EndTime":2.5}`, 200, "", `{"TraceSummaries":[],"ApproximateTime":1,"TracesProcessedCount":0,"NextToken":null}`},

		{"telemetry", "POST", "/TelemetryRecords", `{"TelemetryRecords":[{"Timestamp":1.5}]}`, 200, "", `{}`},
		{"telemetry without time", "POST", "/TelemetryRecords", `{"TelemetryRecords":[{}]}`, 400, "ValidationException", `{"message":"1 validation error detected: Value null at 'telemetryRecords.1.member.timestamp' failed to satisfy constraint: Member must not be null"}`},

		{"GET", "GET", "/Traces", ``, 405, "MethodNotAllowedException", `{"Message":"GET /Traces: every operation of X-Ray is a POST"}`},
		{"no such path", "POST", "/Nothing", `{}`, 404, "UnknownOperationException", `{"Message":"X-Ray has no operation at POST /Nothing"}`},
	}
	client := &http.Client{Transport: &http.Transport{}}
	defer client.CloseIdleConnections()
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			req, err := http.NewRequestWithContext(t.Context(), tt.method, url+tt.path, strings.NewReader(tt.body))
			if err != nil {
				t.Fatal(err)
			}
			res, err := client.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			defer res.Body.Close()
			body, err := io.ReadAll(res.Body)
			if err != nil {
				t.Fatal(err)
			}
			if res.StatusCode != tt.status || res.Header.Get("x-amzn-errortype") != tt.shape || string(body) != tt.answer {
				t.Errorf("got %d %s %s\nwant %d %s %s", res.StatusCode, res.Header.Get("x-amzn-errortype"), body, tt.status, tt.shape, tt.answer)
			}
			if res.Header.Get("Content-Type") != "application/json" || res.Header.Get("X-Content-Type-Options") != "nosniff" {
				t.Errorf("headers %v", res.Header)
			}
			if id := res.Header.Get("x-amzn-RequestId"); !regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`).MatchString(id) {
				t.Errorf("request id %q", id)
			}
		})
	}
}

// TestThrottling: beyond the rate every operation answers ThrottledException, which
// the SDK knows, and a second later all is well.
func TestThrottling(t *testing.T) {
	s := newService(t, func(cfg *api.Config) { cfg.CallsPerSecond = 2 })
	once := func(o *xray.Options) { o.RetryMaxAttempts = 1 }
	call := func() error {
		_, err := s.GetGroups(t.Context(), &xray.GetGroupsInput{}, once)
		return err
	}
	if err := errors.Join(call(), call()); err != nil {
		t.Fatal(err)
	}
	if err := call(); !errors.As(err, new(*types.ThrottledException)) {
		t.Errorf("the third call in a second: %v", err)
	}
	s.now = s.now.Add(time.Second)
	if err := call(); err != nil {
		t.Errorf("a second later: %v", err)
	}
}
