package main

import (
	"context"
	"io"
	"net"
	"net/http"
	"sync/atomic"

	"github.com/bragg-tracing/bragg/pkg/sdk/spanfeed"
	"github.com/bragg-tracing/bragg/pkg/sdk/xraysdk/strategy/sampling"
	"github.com/bragg-tracing/bragg/pkg/sdk/xraysdk/xray"
	"github.com/bragg-tracing/bragg/pkg/sdk/xraysdk/xraylog"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracegrpc"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"google.golang.org/grpc"
)

// ours is xraysdk with OpenTelemetry's batch processor.
type ours struct {
	fixture
	processor sdktrace.SpanProcessor
	server    *grpc.Server
	sampled   context.Context
	ignored   context.Context
	handler   http.Handler
	client    *http.Client
	lost      atomic.Int64
}

type ourDecision bool

func (d ourDecision) ShouldTrace(*sampling.Request) *sampling.Decision {
	return &sampling.Decision{Sample: bool(d)}
}

// nowhere is an exporter that does nothing.
type nowhere struct{}

func (nowhere) ExportSpans(context.Context, []sdktrace.ReadOnlySpan) error { return nil }
func (nowhere) Shutdown(context.Context) error                             { return nil }

func newOurs() (*ours, error) {
	xray.SetLogger(xraylog.NewDefaultLogger(io.Discard, xraylog.LogLevelError))
	o := &ours{fixture: newFixture()}
	o.process(nowhere{})
	configured := func(sampled bool) context.Context {
		ctx, _ := xray.ContextWithConfig(context.Background(), xray.Config{SamplingStrategy: ourDecision(sampled)})
		return ctx
	}
	o.sampled, o.ignored = configured(true), configured(false)
	o.handler = xray.HandlerWithContext(o.sampled, xray.NewFixedSegmentNamer("bench"), answer)
	o.client = xray.Client(&http.Client{Transport: transport{}})
	return o, nil
}

func (o *ours) process(exporter sdktrace.SpanExporter) {
	o.processor = sdktrace.NewBatchSpanProcessor(exporter)
	spanfeed.Set(&spanfeed.Feed{
		Resource:   resource.NewSchemaless(attribute.String("service.name", "bench")),
		Processors: []sdktrace.SpanProcessor{o.processor},
	})
}

// export exports spans from now on, to a server that reads them.
func (o *ours) export() error {
	o.close()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	o.server = grpc.NewServer(grpc.ForceServerCodecV2(discard{}))
	ptraceotlp.RegisterGRPCServer(o.server, &sink{})
	go func() { _ = o.server.Serve(listener) }()
	exporter, err := otlptracegrpc.New(context.Background(), otlptracegrpc.WithInsecure(), otlptracegrpc.WithEndpoint(listener.Addr().String()))
	if err != nil {
		return err
	}
	o.process(&counting{exporter, &o.lost})
	return nil
}

// counting counts the spans that an exporter could not export.
type counting struct {
	sdktrace.SpanExporter
	lost *atomic.Int64
}

func (c *counting) ExportSpans(ctx context.Context, spans []sdktrace.ReadOnlySpan) error {
	err := c.SpanExporter.ExportSpans(ctx, spans)
	if err != nil {
		c.lost.Add(int64(len(spans)))
	}
	return err
}

func (o *ours) close() {
	_ = o.processor.Shutdown(context.Background())
	if o.server != nil {
		o.server.Stop()
	}
}

func (o *ours) flush() { _ = o.processor.ForceFlush(context.Background()) }

func (o *ours) operation(name string) func() {
	switch name {
	case "root":
		return func() { o.tree(o.sampled, 0) }
	case "root_10":
		return func() { o.tree(o.sampled, 10) }
	case "unsampled_root":
		return func() { o.tree(o.ignored, 0) }
	case "unsampled_root_10":
		return func() { o.tree(o.ignored, 10) }
	case "handler":
		return func() { o.serve(o.handler) }
	}
	return func() {
		ctx, seg := xray.BeginSegment(o.sampled, "bench")
		call(ctx, o.client)
		seg.Close(nil)
	}
}

func (o *ours) tree(ctx context.Context, subsegments int) {
	ctx, seg := xray.BeginSegment(ctx, "bench")
	for range subsegments {
		_, sub := xray.BeginSubsegment(ctx, "part")
		sub.Close(nil)
	}
	seg.Close(nil)
}
