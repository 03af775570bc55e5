package api_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/xray"
	"github.com/aws/aws-sdk-go-v2/service/xray/types"
)

func TestTraceRetrieval(t *testing.T) {
	s, ctx := newService(t), t.Context()
	putSample(t, s.Client)
	ids := []string{front, orphan}
	for n := range 10 {
		id := fmt.Sprintf("1-00000000-%024x", 0x100+n)
		ids = append(ids, id)
		must[*xray.PutTraceSegmentsOutput](t)(s.PutTraceSegments(ctx, &xray.PutTraceSegmentsInput{TraceSegmentDocuments: []string{
			fmt.Sprintf(`{"trace_id":%q,"id":"00000000000000d1","name":"web","start_time":%d,"end_time":%d}`, id, 1790158400+n, 1790158401+n),
		}}))
	}
	token := must[*xray.StartTraceRetrievalOutput](t)(s.StartTraceRetrieval(ctx, &xray.StartTraceRetrievalInput{
		TraceIds: append(ids, "1-00000000-00000000000000000000dead"), StartTime: epoch(1790158400), EndTime: epoch(1790158408),
	})).RetrievalToken
	s.restart()

	var got []string
	in := &xray.ListRetrievedTracesInput{RetrievalToken: token}
	for pages := 1; ; pages++ {
		out := must[*xray.ListRetrievedTracesOutput](t)(s.ListRetrievedTraces(ctx, in))
		if out.RetrievalStatus != types.RetrievalStatusComplete || out.TraceFormat != types.TraceFormatTypeXray || len(out.Traces) > 5 {
			t.Fatalf("%s, %s, %d traces", out.RetrievalStatus, out.TraceFormat, len(out.Traces))
		}
		for _, trace := range out.Traces {
			got = append(got, *trace.Id)
			if want := must[*xray.BatchGetTracesOutput](t)(s.BatchGetTraces(ctx, &xray.BatchGetTracesInput{TraceIds: []string{*trace.Id}})).Traces[0]; len(want.Segments) != len(trace.Spans) || *want.Duration != *trace.Duration || *want.Segments[0].Document != *trace.Spans[0].Document {
				t.Errorf("trace %s: %v, want %v", *trace.Id, trace, want)
			}
		}
		if in.NextToken = out.NextToken; in.NextToken == nil {
			same(t, 3, pages)
			break
		}
	}
	same(t, ids[:11], got) // the last one starts too late, and one is not there

	must[*xray.CancelTraceRetrievalOutput](t)(s.CancelTraceRetrieval(ctx, &xray.CancelTraceRetrievalInput{RetrievalToken: token}))
	s.restart()
	out := must[*xray.ListRetrievedTracesOutput](t)(s.ListRetrievedTraces(ctx, &xray.ListRetrievedTracesInput{RetrievalToken: token}))
	if out.RetrievalStatus != types.RetrievalStatusCancelled || len(out.Traces) != 0 {
		t.Errorf("after it was cancelled: %s, %d traces", out.RetrievalStatus, len(out.Traces))
	}
	token = must[*xray.StartTraceRetrievalOutput](t)(s.StartTraceRetrieval(ctx, &xray.StartTraceRetrievalInput{TraceIds: ids, StartTime: epoch(0), EndTime: epoch(1)})).RetrievalToken
	s.now = s.now.Add(61 * time.Minute)
	if out := must[*xray.ListRetrievedTracesOutput](t)(s.ListRetrievedTraces(ctx, &xray.ListRetrievedTracesInput{RetrievalToken: token})); out.RetrievalStatus != types.RetrievalStatusTimeout {
		t.Errorf("after an hour: %s", out.RetrievalStatus)
	}
}

func TestTraceRetrievalErrors(t *testing.T) {
	s, ctx := newService(t), t.Context()
	start := func(ids []string, from, to int64) error {
		_, err := s.StartTraceRetrieval(ctx, &xray.StartTraceRetrievalInput{TraceIds: ids, StartTime: epoch(from), EndTime: epoch(to)})
		return err
	}
	refuses[invalidRequest](t, start([]string{}, 0, 1), "Zero trace ids provided")
	refuses[invalidRequest](t, start([]string{"x"}, 0, 1), "Invalid trace id x: incorrect id format")
	refuses[invalidRequest](t, start([]string{front, front}, 0, 1), "Containing duplicate trace ids")
	refuses[invalidRequest](t, start([]string{front}, 2, 1), "End time cannot be earlier than start time")
	invalid(t, start(make([]string, 101), 0, 1), "'traceIds' failed to satisfy constraint: Member must have length less than or equal to 100")

	_, err := s.ListRetrievedTraces(ctx, &xray.ListRetrievedTracesInput{RetrievalToken: str("gone")})
	refuses[*types.ResourceNotFoundException](t, err, "Resource gone not found")
	_, err = s.CancelTraceRetrieval(ctx, &xray.CancelTraceRetrievalInput{RetrievalToken: str("gone")})
	refuses[*types.ResourceNotFoundException](t, err, "Resource gone not found")
	token := must[*xray.StartTraceRetrievalOutput](t)(s.StartTraceRetrieval(ctx, &xray.StartTraceRetrievalInput{TraceIds: []string{front}, StartTime: epoch(0), EndTime: epoch(1)})).RetrievalToken
	_, err = s.ListRetrievedTraces(ctx, &xray.ListRetrievedTracesInput{RetrievalToken: token, NextToken: str("x")})
	refuses[invalidRequest](t, err, "Invalid NextToken")
	_, err = s.ListRetrievedTraces(ctx, &xray.ListRetrievedTracesInput{RetrievalToken: token, TraceFormat: "ZIPKIN"})
	invalid(t, err, "[XRAY, OTEL]")
}
