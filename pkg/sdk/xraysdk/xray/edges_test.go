package xray_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bragg-tracing/bragg/pkg/sdk/spanfeed"
	"github.com/bragg-tracing/bragg/pkg/sdk/xraysdk/header"
	"github.com/bragg-tracing/bragg/pkg/sdk/xraysdk/xray"
	"github.com/bragg-tracing/bragg/pkg/sdk/xraysdk/xraylog"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
)

// feed has segments become spans, which an exporter gets at once or in batches.
func feed(t *testing.T, processor func(sdktrace.SpanExporter) sdktrace.SpanProcessor) *tracetest.InMemoryExporter {
	t.Helper()
	exporter := tracetest.NewInMemoryExporter()
	p := processor(exporter)
	f := &spanfeed.Feed{Resource: resource.Empty(), Processors: []sdktrace.SpanProcessor{p}}
	spanfeed.Set(f)
	t.Cleanup(func() {
		spanfeed.Unset(f)
		_ = p.Shutdown(context.Background())
	})
	return exporter
}

// TestOneSegmentOfManyGoroutinesConcurrentSafe uses a segment on many goroutines
// while it is closed and exported.
func TestOneSegmentOfManyGoroutinesConcurrentSafe(t *testing.T) {
	exporter := feed(t, sdktrace.NewSimpleSpanProcessor)
	for range 20 {
		ctx, seg := xray.BeginSegment(decidedContext(t, true), "svc")
		var wg sync.WaitGroup
		for i := range 8 {
			wg.Go(func() {
				key := fmt.Sprint("k", i)
				_ = seg.AddAnnotation(key, i)
				_ = xray.AddMetadata(ctx, key, map[string]int{"n": i})
				_ = seg.AddError(errors.New(key))
				_ = xray.Capture(ctx, key, func(ctx context.Context) error {
					xray.CaptureAsync(ctx, "async", func(ctx context.Context) error { return xray.AddAnnotation(ctx, key, true) })
					return seg.AddAnnotation("last", i)
				})
				_ = seg.DownstreamHeader().String()
				_, sub := xray.BeginSubsegment(ctx, key)
				wg.Go(func() { sub.Close(nil) })
				sub.Close(errors.New("twice"))
				_ = sub.AddMetadata("late", i)
				seg.RemoveSubsegment(sub)
				if i == 3 {
					seg.Close(nil)
				}
			})
		}
		wg.Wait()
		seg.Close(nil)
	}
	if n := len(exporter.GetSpans()); n < 20*(1+8+8) {
		t.Errorf("%d spans", n)
	}
}

// TestSegmentThatIsNotUnlocked holds that one does not stop the export of others.
func TestSegmentThatIsNotUnlocked(t *testing.T) {
	xray.SetLogger(xraylog.NullLogger)
	exporter := feed(t, func(e sdktrace.SpanExporter) sdktrace.SpanProcessor { return sdktrace.NewBatchSpanProcessor(e) })
	ctx := decidedContext(t, true)
	_, locked := xray.BeginSegment(ctx, "locked")
	locked.Close(nil)
	locked.Lock()
	_, other := xray.BeginSegment(ctx, "other")
	other.Close(nil)
	processor := spanfeed.Current().Processors[0]
	if err := processor.ForceFlush(t.Context()); err != nil {
		t.Fatal(err)
	}
	spans := exporter.GetSpans()
	if len(spans) != 2 || spans[1].Name != "other" {
		t.Errorf("the spans are %v, want both", spans)
	}
}

// TestNilContext holds that a program with a nil context goes on.
func TestNilContext(t *testing.T) {
	xray.SetLogger(xraylog.NullLogger)
	var none context.Context
	ctx, seg := xray.BeginSegment(none, "svc")
	_, sub := xray.BeginSubsegment(ctx, "part")
	sub.Close(nil)
	seg.Close(nil)
	_, sub = xray.BeginSubsegment(none, "part")
	sub.Close(nil)
	_, sub = xray.BeginSubsegmentWithoutSampling(none, "part")
	sub.Close(nil)
	_, seg = xray.BeginFacadeSegment(none, "facade", header.FromString(lambdaHeader))
	seg.Close(nil)
	_ = xray.Capture(none, "part", func(context.Context) error { return nil })
	_ = xray.AddAnnotation(none, "k", "v")
	_ = xray.TraceID(none)
	_ = xray.RequestWasTraced(none)
	_ = xray.DetachContext(none)
	if _, err := xray.ContextWithConfig(none, xray.Config{}); err != nil {
		t.Error(err)
	}
}

// TestNobodyListens holds that Close does not wait for a daemon that is away.
func TestNobodyListens(t *testing.T) {
	xray.SetLogger(xraylog.NullLogger)
	conn, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	conn.Close()
	emitter, err := xray.NewDefaultEmitter(conn.LocalAddr().(*net.UDPAddr))
	if err != nil {
		t.Fatal(err)
	}
	ctx, err := xray.ContextWithConfig(context.Background(), xray.Config{Emitter: emitter, SamplingStrategy: always{}})
	if err != nil {
		t.Fatal(err)
	}
	begun := time.Now()
	for range 100 {
		_, seg := xray.BeginSegment(ctx, "svc")
		seg.Close(nil)
	}
	if took := time.Since(begun); took > 5*time.Second {
		t.Errorf("100 segments took %v", took)
	}
}

// TestClockOfATest holds that segments have the time of testing/synctest.
func TestClockOfATest(t *testing.T) {
	outside, seg := xray.BeginSegment(decidedContext(t, true), "outside")
	seg.Close(nil)
	_ = outside
	synctest.Test(t, func(t *testing.T) {
		ctx := decidedContext(t, true)
		for range 3 {
			begun := time.Now()
			_, seg := xray.BeginSegment(ctx, "svc")
			time.Sleep(time.Hour)
			seg.Close(nil)
			if start := float64(begun.UnixNano()) / 1e9; seg.StartTime != start || seg.EndTime != start+3600 {
				t.Errorf("from %f to %f, want one hour from %f", seg.StartTime, seg.EndTime, start)
			}
		}
	})
	_, seg = xray.BeginSegment(decidedContext(t, true), "outside")
	if now := float64(time.Now().Unix()); seg.StartTime < now-5 || seg.StartTime > now+5 {
		t.Errorf("started at %f, now it is %f", seg.StartTime, now)
	}
}
