package api_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/xray"
)

// BenchmarkBatchGetTraces reads one trace of 6 documents through the SDK.
func BenchmarkBatchGetTraces(b *testing.B) {
	_, client := newServer(b)
	ctx := context.Background()
	if _, err := client.PutTraceSegments(ctx, &xray.PutTraceSegmentsInput{TraceSegmentDocuments: sample}); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		out, err := client.BatchGetTraces(ctx, &xray.BatchGetTracesInput{TraceIds: []string{front}})
		if err != nil || len(out.Traces) != 1 {
			b.Fatal(err)
		}
	}
}

// BenchmarkPutTraceSegments puts 50 documents a call through the SDK.
func BenchmarkPutTraceSegments(b *testing.B) {
	_, client := newServer(b)
	ctx := context.Background()
	n := 0
	for b.Loop() {
		docs := make([]string, 50)
		for i := range docs {
			docs[i] = fmt.Sprintf(`{"trace_id":"1-00000000-%024x","id":"%016x","name":"web","start_time":%f,"end_time":%f}`, n/10, n+1, t0, t0+1)
			n++
		}
		out, err := client.PutTraceSegments(ctx, &xray.PutTraceSegmentsInput{TraceSegmentDocuments: docs})
		if err != nil || len(out.UnprocessedTraceSegments) != 0 {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "documents/s")
}
