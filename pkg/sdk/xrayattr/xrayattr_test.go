package xrayattr

import (
	"context"
	"math"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/otel/attribute"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"
)

func values(attributes []attribute.KeyValue) map[string]any {
	m := map[string]any{}
	for _, kv := range attributes {
		m[string(kv.Key)] = kv.Value.AsInterface()
	}
	return m
}

func TestPlain(t *testing.T) {
	tests := []struct {
		name string
		in   []attribute.KeyValue
		want map[string]any
	}{
		{"none", []attribute.KeyValue{attribute.Int("n", 1)}, map[string]any{"n": int64(1)}},
		{
			"each type",
			[]attribute.KeyValue{
				Annotation("s", "x"), Annotation("b", true), Annotation("i", 1), Annotation("i32", int32(2)),
				Annotation("i64", int64(3)), Annotation("u32", uint32(4)), Annotation("f", 1.5), Annotation("f32", float32(2.5)),
			},
			map[string]any{
				"s": "x", "b": true, "i": int64(1), "i32": int64(2), "i64": int64(3), "u32": int64(4), "f": 1.5, "f32": 2.5,
				Annotations: []string{"b", "f", "f32", "i", "i32", "i64", "s", "u32"},
			},
		},
		{
			"beside a list of the span's own",
			[]attribute.KeyValue{
				attribute.String("old", "y"), attribute.StringSlice(Annotations, []string{"old", "client_id"}), Annotation("client_id", "Enova"),
			},
			map[string]any{"old": "y", "client_id": "Enova", Annotations: []string{"client_id", "old"}},
		},
		{
			"wins over the attribute of its name",
			[]attribute.KeyValue{Annotation("client_id", "Enova"), attribute.String("client_id", "other")},
			map[string]any{"client_id": "Enova", Annotations: []string{"client_id"}},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, values(Plain(tt.in))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestMetadata(t *testing.T) {
	tests := []struct {
		name  string
		value any
		want  string
	}{
		{"map", map[string]any{"version": 7}, `{"version":7}`},
		{"struct", struct {
			Version int `json:"version"`
		}{7}, `{"version":7}`},
		{"no object", []int{1, 2}, `{"value":[1,2]}`},
		{"nothing", nil, `{"value":null}`},
		{"not JSON", math.NaN(), `{"error":"not JSON: json: unsupported value: NaN"}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			kv := Metadata("credit_model", tt.value)
			if kv.Key != "aws.xray.metadata.credit_model" || kv.Value.AsString() != tt.want {
				t.Errorf("%s = %s, want %s", kv.Key, kv.Value.AsString(), tt.want)
			}
		})
	}
}

// TestAnnotationsConcurrentSafe: several goroutines annotate one span, and
// none of the annotations is lost.
func TestAnnotationsConcurrentSafe(t *testing.T) {
	memory := tracetest.NewInMemoryExporter()
	provider := sdktrace.NewTracerProvider(sdktrace.WithSyncer(Exporter(memory)))
	for range 100 {
		memory.Reset()
		_, span := provider.Tracer("").Start(context.Background(), "x", trace.WithAttributes(Annotation("start", 1)))
		var all sync.WaitGroup
		for _, key := range []string{"a", "b", "c", "d"} {
			all.Go(func() { span.SetAttributes(Annotation(key, key)) })
		}
		all.Wait()
		span.End()
		want := map[string]any{"start": int64(1), "a": "a", "b": "b", "c": "c", "d": "d", Annotations: []string{"a", "b", "c", "d", "start"}}
		if diff := cmp.Diff(want, values(memory.GetSpans()[0].Attributes)); diff != "" {
			t.Fatal(diff)
		}
	}
}

// TestSpansWithoutAnnotationsCostNothing: most spans have none.
func TestSpansWithoutAnnotationsCostNothing(t *testing.T) {
	spans := tracetest.SpanStubs{{Name: "x", Attributes: []attribute.KeyValue{attribute.Int("n", 1)}}}.Snapshots()
	if n := testing.AllocsPerRun(100, func() { plain(spans) }); n > 1 { // Attributes of a stub copies
		t.Errorf("%v allocations", n)
	}
}

// TestAddMetadataConcurrentSafe: what several goroutines add is all there, beside
// what Metadata put there.
func TestAddMetadataConcurrentSafe(t *testing.T) {
	memory := tracetest.NewInMemoryExporter()
	provider := sdktrace.NewTracerProvider(sdktrace.WithSyncer(memory))
	for range 100 {
		memory.Reset()
		_, span := provider.Tracer("").Start(context.Background(), "x")
		span.SetAttributes(Metadata("model", map[string]any{"version": 7}))
		var all sync.WaitGroup
		for _, key := range []string{"a", "b", "c"} {
			all.Go(func() { AddMetadata(span, "model", key, []string{key}) })
		}
		all.Go(func() { AddMetadata(span, "other", "nan", math.NaN()) })
		all.Wait()
		span.End()
		want := map[string]any{
			"aws.xray.metadata.model": `{"a":["a"],"b":["b"],"c":["c"],"version":7}`,
			"aws.xray.metadata.other": `{"nan":"NaN"}`,
		}
		if diff := cmp.Diff(want, values(memory.GetSpans()[0].Attributes)); diff != "" {
			t.Fatal(diff)
		}
	}
	AddMetadata(trace.SpanFromContext(context.Background()), "model", "a", 1) // not recorded
}
