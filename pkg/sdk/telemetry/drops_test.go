package telemetry_test

import (
	"context"
	"runtime"
	"strings"
	"testing"
	"time"

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

// TestLogsAndMetricsWithoutCollector: what is lost of them is counted, too.
func TestLogsAndMetricsWithoutCollector(t *testing.T) {
	clearEnvironment(t)
	t.Setenv("OTEL_BLRP_MAX_QUEUE_SIZE", "100")
	var log logBuffer
	sdk := start(t, telemetry.WithEndpoint(blackHole(t)), telemetry.WithLogger(log.logger()))
	for range 1000 {
		emit(sdk, strings.Repeat("x", 1000))
	}
	if n := sdk.DroppedLogRecords(); n < 800 || n > 900 {
		t.Errorf("%d log records dropped of 1000, of which 100 fit and 100 may be on their way", n)
	}
	count(t, sdk)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_ = sdk.Shutdown(ctx) // gives up
	if n := sdk.DroppedLogRecords(); n != 1000 {
		t.Errorf("%d log records dropped, want all", n)
	}
	if n := sdk.DroppedDataPoints(); n != 1 {
		t.Errorf("%d data points dropped, want one", n)
	}
	if n := strings.Count(log.String(), "queue of log records is full"); n != 1 {
		t.Errorf("%d lines about drops, want one:\n%s", n, &log)
	}
	emit(sdk, "late") // nobody takes it, and nobody minds
	var none *telemetry.SDK
	if none.DroppedLogRecords() != 0 || none.DroppedDataPoints() != 0 {
		t.Error("a nil SDK dropped something")
	}
}
