package chunk_test

import (
	"bytes"
	"math/rand/v2"
	"testing"

	collectortrace "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	commonpb "go.opentelemetry.io/proto/otlp/common/v1"
	resourcepb "go.opentelemetry.io/proto/otlp/resource/v1"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"github.com/bragg-tracing/bragg/pkg/sdk/internal/chunk"
)

func text(key string, n int) *commonpb.KeyValue {
	return &commonpb.KeyValue{Key: key, Value: &commonpb.AnyValue{Value: &commonpb.AnyValue_StringValue{StringValue: string(bytes.Repeat([]byte{'x'}, n))}}}
}

// traces makes spans with the given sizes, in three resources of two scopes.
func traces(sizes []int) (all []*tracepb.ResourceSpans) {
	for r := range 3 {
		rs := &tracepb.ResourceSpans{Resource: &resourcepb.Resource{Attributes: []*commonpb.KeyValue{text("r", 100*r)}}, SchemaUrl: "s"}
		for s := range 2 {
			ss := &tracepb.ScopeSpans{Scope: &commonpb.InstrumentationScope{Name: "scope", Version: string(rune('a' + s))}}
			for i := range sizes {
				if i%3 == r && i%2 == s {
					ss.Spans = append(ss.Spans, &tracepb.Span{SpanId: []byte{byte(i >> 8), byte(i)}, Attributes: []*commonpb.KeyValue{text("a", sizes[i])}})
				}
			}
			rs.ScopeSpans = append(rs.ScopeSpans, ss)
		}
		all = append(all, rs)
	}
	return all
}

func TestSplit(t *testing.T) {
	tests := []struct {
		name           string
		sizes          []int
		limits         chunk.Limits
		requests, left int
	}{
		{name: "nothing", limits: chunk.Limits{Bytes: 100}},
		{name: "all in one", sizes: []int{10, 10, 10, 10, 10, 10, 10}, limits: chunk.Limits{Bytes: 1 << 20}, requests: 1},
		{name: "by number", sizes: make([]int, 7), limits: chunk.Limits{Bytes: 1 << 20, Spans: 2}, requests: 4},
		{name: "one too large", sizes: []int{10, 5000, 10}, limits: chunk.Limits{Bytes: 3000}, requests: 1, left: 1},
		{name: "one too large for a span", sizes: []int{10, 500, 10}, limits: chunk.Limits{Bytes: 3000, SpanBytes: 100}, requests: 1, left: 1},
		{name: "each its own", sizes: []int{900, 900, 900}, limits: chunk.Limits{Bytes: 1300}, requests: 3},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			requests, left := chunk.Split(traces(tt.sizes), tt.limits)
			if len(requests) != tt.requests || left != tt.left {
				t.Errorf("%d requests, %d left out; want %d, %d", len(requests), left, tt.requests, tt.left)
			}
		})
	}
}

func TestSplitKeepsEverything(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		sizes := make([]int, random.IntN(60))
		for i := range sizes {
			sizes[i] = random.IntN(3000)
		}
		limits := chunk.Limits{Bytes: 1000 + random.IntN(8000), Spans: random.IntN(20)}
		requests, left := chunk.Split(traces(sizes), limits)
		seen := map[string]bool{}
		for _, r := range requests {
			if n := proto.Size(&collectortrace.ExportTraceServiceRequest{ResourceSpans: r}); n > limits.Bytes {
				t.Fatalf("a request of %d bytes, the limit is %d", n, limits.Bytes)
			}
			spans := 0
			for _, rs := range r {
				for _, ss := range rs.ScopeSpans {
					spans += len(ss.Spans)
					for _, span := range ss.Spans {
						i := int(span.SpanId[0])<<8 | int(span.SpanId[1])
						if ss.Scope.Version != string(rune('a'+i%2)) || len(rs.Resource.Attributes[0].Value.GetStringValue()) != 100*(i%3) || rs.SchemaUrl != "s" {
							t.Fatalf("span %d has another's scope or resource", i)
						}
						seen[string(span.SpanId)] = true
					}
				}
			}
			if limits.Spans > 0 && spans > limits.Spans || spans == 0 {
				t.Fatalf("%d spans, the limit is %d", spans, limits.Spans)
			}
		}
		if len(seen)+left != len(sizes) {
			t.Fatalf("%d spans in requests and %d left out of %d", len(seen), left, len(sizes))
		}
	}
}
