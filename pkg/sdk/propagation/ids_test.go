package propagation_test

import (
	"context"
	"encoding/binary"
	"testing"
	"time"

	contrib "go.opentelemetry.io/contrib/propagators/aws/xray"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	xray "github.com/bragg-tracing/bragg/pkg/sdk/propagation"
)

func TestIDs(t *testing.T) {
	traces, spans := map[trace.TraceID]bool{}, map[trace.SpanID]bool{}
	for range 10000 {
		before := time.Now().Unix()
		traceID, spanID := xray.IDGenerator{}.NewIDs(t.Context())
		if at := int64(binary.BigEndian.Uint32(traceID[:4])); at < before || at > time.Now().Unix() {
			t.Fatalf("%s began at %d, now is %d", traceID, at, before)
		}
		if !spanID.IsValid() || traces[traceID] || spans[spanID] {
			t.Fatalf("%s, %s: invalid or seen before", traceID, spanID)
		}
		traces[traceID], spans[spanID] = true, true
	}
	// Every bit of the random part is 0 sometimes and 1 sometimes.
	var or, and trace.TraceID
	for i := range and {
		and[i] = 0xff
	}
	for traceID := range traces {
		for i := range traceID {
			or[i] |= traceID[i]
			and[i] &= traceID[i]
		}
	}
	for i := 4; i < 16; i++ {
		if or[i] != 0xff || and[i] != 0 {
			t.Errorf("byte %d: bits %08b are never 1, %08b never 0", i, ^or[i], and[i])
		}
	}
	if n := testing.AllocsPerRun(100, func() { _, _ = xray.IDGenerator{}.NewIDs(context.Background()) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkNewIDs(b *testing.B) {
	for name, g := range map[string]sdktrace.IDGenerator{"ours": xray.IDGenerator{}, "contrib": contrib.NewIDGenerator()} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					_, _ = g.NewIDs(context.Background())
				}
			})
		})
	}
}
