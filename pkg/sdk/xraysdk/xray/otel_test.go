package xray_test

import (
	"context"
	"testing"

	"github.com/bragg-tracing/bragg/pkg/sdk/spanfeed"
	"github.com/bragg-tracing/bragg/pkg/sdk/xraysdk/xray"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"
)

func sampledContext(t *testing.T) context.Context {
	t.Helper()
	ctx, err := xray.ContextWithConfig(context.Background(), xray.Config{SamplingStrategy: always{}})
	if err != nil {
		t.Fatal(err)
	}
	return ctx
}

// parents is the name of each span's parent, by the span's name.
func parents(spans tracetest.SpanStubs) map[string]string {
	byID := map[trace.SpanID]string{}
	for _, s := range spans {
		byID[s.SpanContext.SpanID()] = s.Name
	}
	list := map[string]string{}
	for _, s := range spans {
		list[s.Name] = byID[s.Parent.SpanID()]
	}
	return list
}

// TestNesting holds that segments and spans are children of each other in any
// order, with the SDK that the feed is of and with one that is only global.
func TestNesting(t *testing.T) {
	for _, fed := range []bool{true, false} {
		exporter := tracetest.NewInMemoryExporter()
		processor := sdktrace.NewSimpleSpanProcessor(exporter)
		provider := sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(processor))
		otel.SetTracerProvider(provider)
		if fed {
			spanfeed.Set(&spanfeed.Feed{Resource: resource.Empty(), Processors: []sdktrace.SpanProcessor{processor}})
		}
		tracer := provider.Tracer("test")

		ctx, segment := xray.BeginSegment(sampledContext(t), "segment")
		ctx, span := tracer.Start(ctx, "span")
		ctx, sub := xray.BeginSubsegment(ctx, "subsegment")
		_, inner := tracer.Start(ctx, "inner")
		inner.End()
		sub.Close(nil)
		span.End()
		segment.Close(nil)

		ctx, outer := tracer.Start(sampledContext(t), "outer")
		_, joined := xray.BeginSegment(ctx, "joined")
		joined.Close(nil)
		_, part := xray.BeginSubsegment(ctx, "part")
		part.Close(nil)
		outer.End()

		spanfeed.Set(nil)
		otel.SetTracerProvider(noop.NewTracerProvider())
		got := parents(exporter.GetSpans())
		for child, parent := range map[string]string{
			"segment": "", "span": "segment", "subsegment": "span", "inner": "subsegment", "outer": "", "joined": "outer", "part": "outer",
		} {
			if p, ok := got[child]; !ok || p != parent {
				t.Errorf("fed %v: the parent of %s is %q (there: %v), want %q", fed, child, p, ok, parent)
			}
		}
	}
}
