package api_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/xray"
	"github.com/aws/aws-sdk-go-v2/service/xray/types"

	"github.com/bragg-tracing/bragg/pkg/segment"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/api"
)

// TestUnprocessedCodes has a document for each of the service's reasons to refuse
// one, alone and embedded in another: that refuses the whole, by the outer id.
func TestUnprocessedCodes(t *testing.T) {
	const id, trace = `"id":"00000000000000d1"`, `"trace_id":"1-00000000-000000000000000000000001"`
	const name, times = `"name":"web"`, `"start_time":1,"end_time":2`
	embed := func(members string) string {
		return "{" + strings.Join([]string{id, trace, name, times, `"subsegments":[{` + members + `}]`}, ",") + "}"
	}
	own := func(members ...string) string { return "{" + strings.Join(members, ",") + "}" }
	tests := []struct {
		document, code string
		noID, sub      bool
	}{
		{`{`, "ParseError", true, false},
		{`[]`, "ParseError", true, false},
		{own(trace, name, times), "MissingId", true, false},
		{own(`"id":"xyz"`, trace, name, times), "InvalidId", false, false},
		{own(id, trace, times), "MissingName", false, false},
		{own(id, trace, times, `"name":"a*b"`), "InvalidName", false, false},
		{own(id, trace, times, `"name":"`+strings.Repeat("n", 201)+`"`), "InvalidName", false, false},
		{own(id, name, times), "MissingTraceId", false, false},
		{own(id, name, times, `"trace_id":"1-2-3"`), "InvalidTraceId", false, false},
		{own(id, trace, name, `"end_time":2`), "MissingStartTime", false, false},
		{own(id, trace, name, `"start_time":1`), "MissingEndTime", false, false},
		{own(id, trace, name, times, `"in_progress":true`), "InProgressSegmentHasEndTime", false, false},
		{own(id, trace, name, times, `"type":"other"`), "UnknownType", false, false},
		{own(id, trace, name, times, `"type":"subsegment"`), "MissingParentId", false, true},
		{own(id, trace, name, times, `"parent_id":"p"`), "InvalidParentId", false, false},
		{own(id, trace, name, times, `"parent_id":"00000000000000d2"`, `"type":"subsegment"`, `"in_progress":true`), "InProgressSubsegmentHasEndTime", false, true},
		{own(id, trace, name, times, `"user":"`+strings.Repeat("u", segment.MaxSize)+`"`), "InvalidSegment", false, false},
		{embed(name + `,` + times), "MissingId", false, true},
		{embed(id + `,` + times), "MissingName", false, true},
		{embed(id + `,` + name), "MissingStartTime", false, true},
		{embed(id + `,` + name + `,"start_time":1`), "MissingEndTime", false, true},
		{embed(id + `,` + name + `,` + times + `,"in_progress":true`), "InProgressSubsegmentHasEndTime", false, true},
	}
	s := newService(t)
	for _, tt := range tests {
		t.Run(fmt.Sprintf("%s %.60s", tt.code, tt.document), func(t *testing.T) {
			out := must[*xray.PutTraceSegmentsOutput](t)(s.PutTraceSegments(t.Context(), &xray.PutTraceSegmentsInput{TraceSegmentDocuments: []string{tt.document}}))
			want := types.UnprocessedTraceSegment{ErrorCode: str(tt.code), Message: str("Invalid segment. ErrorCode: " + tt.code)}
			if tt.sub {
				want.Message = str("Invalid subsegment. ErrorCode: " + tt.code + ", Cause: null")
			}
			if !tt.noID {
				want.Id = str("00000000000000d1")
				if tt.code == "InvalidId" {
					want.Id = str("xyz")
				}
			}
			same(t, []types.UnprocessedTraceSegment{want}, out.UnprocessedTraceSegments)
		})
	}
	if out := must[*xray.BatchGetTracesOutput](t)(s.BatchGetTraces(t.Context(), &xray.BatchGetTracesInput{TraceIds: []string{front}})); len(out.Traces) != 0 {
		t.Error("something that was refused is stored")
	}
}

// TestLenient lifts the limits that the README lists, and no other.
func TestLenient(t *testing.T) {
	for _, strict := range []bool{true, false} {
		s, ctx := newService(t, func(cfg *api.Config) { cfg.Strict = strict }), t.Context()
		large := strings.Replace(sample[5], `"user":"ada"`, `"user":"`+strings.Repeat("u", segment.MaxSize)+`"`, 1)
		out := must[*xray.PutTraceSegmentsOutput](t)(s.PutTraceSegments(ctx, &xray.PutTraceSegmentsInput{TraceSegmentDocuments: []string{large}}))
		if (len(out.UnprocessedTraceSegments) > 0) != strict {
			t.Errorf("strict %t: a large document: %v", strict, out.UnprocessedTraceSegments)
		}
		var many, ids []string
		for n := range 51 {
			ids = append(ids, fmt.Sprintf("1-00000000-%024x", 0x1000+n))
			many = append(many, fmt.Sprintf(`{"trace_id":%q,"id":"%016x","name":"web","start_time":1,"end_time":2}`, ids[n], n+1))
		}
		_, put := s.PutTraceSegments(ctx, &xray.PutTraceSegmentsInput{TraceSegmentDocuments: many})
		_, get := s.BatchGetTraces(ctx, &xray.BatchGetTracesInput{TraceIds: ids[:6]})
		_, graph := s.GetServiceGraph(ctx, &xray.GetServiceGraphInput{StartTime: epoch(0), EndTime: epoch(6*3600 + 1)})
		for message, err := range map[string]error{
			"Exceeding maximum segment count: 50":      put,
			"Exceeding maximum query size: 5":          get,
			"Time range cannot be longer than 6 hours": graph,
		} {
			if strict {
				refuses[invalidRequest](t, err, message)
			} else if err != nil {
				t.Error(err)
			}
		}
		_, err := s.PutTraceSegments(ctx, &xray.PutTraceSegmentsInput{TraceSegmentDocuments: []string{}})
		refuses[invalidRequest](t, err, "Segments can not be empty")
	}
}

func TestTelemetry(t *testing.T) {
	s, ctx := newService(t), t.Context()
	record := func(n int32) types.TelemetryRecord {
		return types.TelemetryRecord{Timestamp: epoch(1790158400), SegmentsReceivedCount: &n, SegmentsSentCount: &n, SegmentsRejectedCount: &n, SegmentsSpilloverCount: &n,
			BackendConnectionErrors: &types.BackendConnectionErrors{TimeoutCount: &n, OtherCount: &n}}
	}
	for range 2 {
		must[*xray.PutTelemetryRecordsOutput](t)(s.PutTelemetryRecords(ctx, &xray.PutTelemetryRecordsInput{Hostname: str("host"), TelemetryRecords: []types.TelemetryRecord{record(1), record(2)}}))
	}
	s.restart()
	must[*xray.PutTelemetryRecordsOutput](t)(s.PutTelemetryRecords(ctx, &xray.PutTelemetryRecordsInput{EC2InstanceId: str("i-1"), TelemetryRecords: []types.TelemetryRecord{record(4)}}))
	agents, err := api.New(s.cfg).Agents(ctx)
	if err != nil {
		t.Fatal(err)
	}
	at := float64(s.now.Unix())
	same(t, []api.Agent{
		{Hostname: "host", LastSeen: at, Received: 6, Sent: 6, Spilled: 6, Rejected: 6, Errors: 12, ErrorsBy: map[string]int{"timeout": 6, "other": 6}},
		{EC2InstanceID: "i-1", LastSeen: at, Received: 4, Sent: 4, Spilled: 4, Rejected: 4, Errors: 8, ErrorsBy: map[string]int{"timeout": 4, "other": 4}},
	}, agents)
	_, err = s.PutTelemetryRecords(ctx, &xray.PutTelemetryRecordsInput{EC2InstanceId: str(strings.Repeat("i", 21)), TelemetryRecords: []types.TelemetryRecord{record(1)}})
	invalid(t, err, "'eC2InstanceId' failed to satisfy constraint: Member must have length less than or equal to 20")
}
