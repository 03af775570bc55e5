package collector

import (
	"context"
	"errors"
	"testing"

	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.uber.org/zap"
)

// TestBufferTakesSegmentsWhileThePipelineIsBusy: the receiver must never wait,
// and what was taken arrives in order.
func TestBufferTakesSegmentsWhileThePipelineIsBusy(t *testing.T) {
	busy := make(chan struct{})
	var got []int
	next, err := consumer.NewTraces(func(_ context.Context, traces ptrace.Traces) error {
		<-busy
		got = append(got, traces.SpanCount())
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	b := newBuffer(next, zap.NewNop())
	taken := 0
	for ; ; taken++ {
		if err := b.ConsumeTraces(t.Context(), tracesOf(taken%7)); err != nil {
			if !errors.Is(err, errBufferFull) {
				t.Fatal(err)
			}
			break
		}
	}
	if taken < bufferSize {
		t.Errorf("took %d segments, want at least %d", taken, bufferSize)
	}
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	if err := b.close(canceled); !errors.Is(err, context.Canceled) {
		t.Errorf("close of a busy buffer returned %v", err)
	}
	close(busy)
	if err := b.close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if len(got) != taken {
		t.Fatalf("handed on %d segments of %d", len(got), taken)
	}
	for i, n := range got {
		if n != i%7 {
			t.Fatalf("segment of %d spans came as number %d", n, i)
		}
	}
	if err := b.ConsumeTraces(t.Context(), tracesOf(1)); err == nil {
		t.Error("a closed buffer took a segment")
	}
}

// tracesOf returns traces with n empty spans.
func tracesOf(n int) ptrace.Traces {
	traces := ptrace.NewTraces()
	spans := traces.ResourceSpans().AppendEmpty().ScopeSpans().AppendEmpty().Spans()
	spans.EnsureCapacity(n)
	for range n {
		spans.AppendEmpty()
	}
	return traces
}
