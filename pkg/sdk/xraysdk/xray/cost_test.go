package xray_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"runtime"
	"sync/atomic"
	"testing"

	"github.com/bragg-tracing/bragg/pkg/sdk/spanfeed"
	"github.com/bragg-tracing/bragg/pkg/sdk/xraysdk/strategy/sampling"
	"github.com/bragg-tracing/bragg/pkg/sdk/xraysdk/xray"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// decided is a strategy that allocates nothing.
type decided struct{ decision *sampling.Decision }

func (d decided) ShouldTrace(*sampling.Request) *sampling.Decision { return d.decision }

func decidedContext(t *testing.T, sample bool) context.Context {
	t.Helper()
	ctx, err := xray.ContextWithConfig(context.Background(), xray.Config{SamplingStrategy: decided{&sampling.Decision{Sample: sample}}})
	if err != nil {
		t.Fatal(err)
	}
	return ctx
}

// idle is a transport that answers at once, on a connection that was idle.
type idle struct{}

func (idle) RoundTrip(r *http.Request) (*http.Response, error) {
	if t := httptrace.ContextClientTrace(r.Context()); t != nil {
		t.GetConn("api.example.com:80")
		t.GotConn(httptrace.GotConnInfo{Reused: true, WasIdle: true})
		t.WroteRequest(httptrace.WroteRequestInfo{})
		t.GotFirstResponseByte()
	}
	return &http.Response{StatusCode: http.StatusOK, Body: http.NoBody}, nil
}

// TestAllocations holds what segments may cost.
func TestAllocations(t *testing.T) {
	if raceDetector {
		t.Skip("the race detector allocates too, and empties pools")
	}
	spanfeed.Set(&spanfeed.Feed{Resource: resource.Empty()})
	defer spanfeed.Set(nil)
	sampled, unsampled := decidedContext(t, true), decidedContext(t, false)
	ctx, segment := xray.BeginSegment(sampled, "segment")
	defer segment.Close(nil)
	ignored, _ := xray.BeginSegment(unsampled, "ignored")
	handler := xray.HandlerWithContext(sampled, xray.NewFixedSegmentNamer("s"), http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusOK)
	}))
	request := httptest.NewRequest(http.MethodGet, "http://api.example.com/orders/7", nil)
	client := xray.Client(&http.Client{Transport: idle{}})
	for _, c := range []struct {
		name      string
		budget    float64
		operation func()
	}{
		{"segment", 6, func() { _, s := xray.BeginSegment(sampled, "s"); s.Close(nil) }},
		{"subsegment", 3, func() { _, s := xray.BeginSubsegment(ctx, "s"); s.Close(nil) }},
		{"unsampled segment", 1, func() { _, s := xray.BeginSegment(unsampled, "s"); s.Close(nil) }},
		{"unsampled subsegment", 1, func() { _, s := xray.BeginSubsegment(ignored, "s"); s.Close(nil) }},
		{"handler", 29, func() { handler.ServeHTTP(httptest.NewRecorder(), request) }},
		{"client", 29, func() {
			ctx, s := xray.BeginSegment(sampled, "s")
			r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://api.example.com/orders/7", nil)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := client.Do(r); err != nil {
				t.Fatal(err)
			}
			s.Close(nil)
		}},
	} {
		if got := testing.AllocsPerRun(1000, c.operation); got > c.budget {
			t.Errorf("%s: %v allocations, want at most %v", c.name, got, c.budget)
		}
	}
}

// A counter is a processor that keeps nothing.
type counter struct {
	sdktrace.SpanProcessor
	n atomic.Int64
}

func (c *counter) OnEnd(sdktrace.ReadOnlySpan) { c.n.Add(1) }

// TestMemoryOfManySubsegments holds that a segment does not keep the parts that
// are closed: as spans they go at once, and to an emitter when there are many.
func TestMemoryOfManySubsegments(t *testing.T) {
	many := 100_000
	if raceDetector {
		many = 10_000
	}
	c := &counter{}
	t.Run("spans", func(t *testing.T) {
		spanfeed.Set(&spanfeed.Feed{Resource: resource.Empty(), Processors: []sdktrace.SpanProcessor{c}})
		defer spanfeed.Set(nil)
		bounded(t, decidedContext(t, true), many)
		if got := c.n.Load(); got != int64(many)+1 {
			t.Errorf("%d spans, want %d", got, many+1)
		}
	})
	t.Run("emitter", func(t *testing.T) {
		d := newDaemon(t)
		go func() { // let the socket's buffer not fill
			for buf := make([]byte, 1<<16); ; {
				if _, err := d.conn.Read(buf); err != nil {
					return
				}
			}
		}()
		bounded(t, d.ctx, many)
	})
}

func bounded(t *testing.T, ctx context.Context, many int) {
	t.Helper()
	ctx, segment := xray.BeginSegment(ctx, "job")
	defer segment.Close(nil)
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	for range many {
		_, sub := xray.BeginSubsegment(ctx, "part")
		sub.Close(nil)
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	if grown := int64(after.HeapAlloc) - int64(before.HeapAlloc); grown > 2<<20 {
		t.Errorf("%d closed subsegments keep %d bytes", many, grown)
	}
}
