package telemetry_test

import (
	"context"
	"runtime"
	"strings"
	"testing"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	"github.com/bragg-tracing/bragg/pkg/sdk/telemetry"
)

// TestCollectorAway records many more spans than fit while the collector does
// not answer: memory stays what the queue holds, every span is accounted for,
// and one line says so.
func TestCollectorAway(t *testing.T) {
	clearEnvironment(t)
	var log logBuffer
	sdk := start(t, telemetry.WithEndpoint(blackHole(t)), telemetry.WithLogger(log.logger()), telemetry.WithoutMetrics(), telemetry.WithoutLogs())
	text := strings.Repeat("x", 1000)
	record := func(n int) {
		for range n {
			_, span := sdk.TracerProvider().Tracer("test").Start(context.Background(), "x", trace.WithAttributes(attribute.String("text", text)))
			span.End()
		}
	}
	heap := func() uint64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	record(5000) // the queue is full
	before := heap()
	record(20000)
	if grown := int64(heap()) - int64(before); grown > 4<<20 {
		t.Errorf("the heap grew by %d bytes", grown)
	}
	if n := sdk.DroppedSpans(); n < 20000 || n > 25000 {
		t.Errorf("%d spans dropped of 25000", n)
	}
	if n := strings.Count(log.String(), "queue of ended spans is full"); n != 1 {
		t.Errorf("%d lines about drops, want one:\n%s", n, &log)
	}
}
