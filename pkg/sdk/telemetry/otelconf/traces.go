package otelconf

import (
	"context"
	"errors"
	"fmt"

	"go.opentelemetry.io/contrib/otelconf"
	"go.opentelemetry.io/otel/exporters/stdout/stdouttrace"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/bragg-tracing/bragg/pkg/sdk/sampling"
	"github.com/bragg-tracing/bragg/pkg/sdk/telemetry"
	"github.com/bragg-tracing/bragg/pkg/sdk/xrayattr"
)

// addTraces makes the file's tracer provider.
func addTraces(ctx context.Context, file *telemetry.ConfigFile, r *resource.Resource, p *otelconf.TracerProvider, ours *components) error {
	opts := limits(p.Limits)
	sampler, err := newSampler(file, p.Sampler, ours)
	if err != nil {
		return fmt.Errorf("sampler: %w", err)
	}
	opts = append(opts, sdktrace.WithSampler(sampler))
	var processors []sdktrace.SpanProcessor
	for i := range p.Processors {
		processor, err := newProcessor(ctx, file, &p.Processors[i], ours, i)
		if err != nil {
			return fmt.Errorf("processor %d: %w", i+1, err)
		}
		processors = append(processors, processor)
	}
	file.SetTracerProvider(r, processors, opts...)
	return nil
}

// limits returns the file's limits of spans; those that it leaves out are the
// specification's.
func limits(l *otelconf.SpanLimits) []sdktrace.TracerProviderOption {
	if l == nil {
		return nil
	}
	limits := sdktrace.NewSpanLimits()
	for _, limit := range []struct{ from, to *int }{
		{l.AttributeCountLimit, &limits.AttributeCountLimit},
		{l.AttributeValueLengthLimit, &limits.AttributeValueLengthLimit},
		{l.EventAttributeCountLimit, &limits.AttributePerEventCountLimit},
		{l.EventCountLimit, &limits.EventCountLimit},
		{l.LinkAttributeCountLimit, &limits.AttributePerLinkCountLimit},
		{l.LinkCountLimit, &limits.LinkCountLimit},
	} {
		if limit.from != nil {
			*limit.to = *limit.from
		}
	}
	return []sdktrace.TracerProviderOption{sdktrace.WithRawSpanLimits(limits)}
}

func newProcessor(ctx context.Context, file *telemetry.ConfigFile, p *otelconf.SpanProcessor, ours *components, i int) (sdktrace.SpanProcessor, error) {
	if (p.Batch == nil) == (p.Simple == nil) {
		return nil, errors.New("want either batch or simple")
	}
	model := &otelconf.SpanExporter{}
	if p.Simple != nil {
		model = &p.Simple.Exporter
	} else {
		model = &p.Batch.Exporter
	}
	name, err := ours.exporter(i)
	if err != nil {
		return nil, err
	}
	var exporter sdktrace.SpanExporter
	if name != "" {
		exporter, err = file.SpanExporter(ctx, name)
	} else {
		name, exporter, err = newExporter(ctx, model)
	}
	if err != nil {
		return nil, err
	}
	if p.Simple != nil {
		return sdktrace.NewSimpleSpanProcessor(xrayattr.Exporter(exporter)), nil
	}
	b := p.Batch
	return file.SpanQueue(name, exporter, telemetry.SpanQueue{
		Size: value(b.MaxQueueSize), Batch: value(b.MaxExportBatchSize),
		Delay: milliseconds(b.ScheduleDelay), Timeout: milliseconds(b.ExportTimeout),
	}), nil
}

// newExporter makes one of the format's own exporters.
func newExporter(ctx context.Context, e *otelconf.SpanExporter) (name string, exporter sdktrace.SpanExporter, err error) {
	n := 0
	for _, is := range []bool{e.Console != nil, e.OTLPHttp != nil, e.OTLPGrpc != nil} {
		if is {
			n++
		}
	}
	switch {
	case n != 1:
		return "", nil, errors.New("want one exporter: otlp_grpc, otlp_http, console, xray, newrelic or xrayudp")
	case e.Console != nil:
		exporter, err = stdouttrace.New()
		return "console", exporter, err
	case e.OTLPHttp != nil:
		exporter, err = newHTTPExporter(ctx, e.OTLPHttp)
	default:
		exporter, err = newGRPCExporter(ctx, e.OTLPGrpc)
	}
	return "otlp", exporter, err
}

// newSampler makes the file's sampler, which honours decisions that a header
// leaves to this service.
func newSampler(file *telemetry.ConfigFile, s *otelconf.Sampler, ours *components) (sdktrace.Sampler, error) {
	argument, is, err := ours.xraySampler()
	if err != nil {
		return nil, err
	}
	if is {
		return file.XRaySampler(argument)
	}
	sampler, err := formatSampler(s)
	if err != nil {
		return nil, err
	}
	return sampling.Deferring(sampler), nil
}

// formatSampler makes one of the format's own samplers.
func formatSampler(s *otelconf.Sampler) (sdktrace.Sampler, error) {
	switch {
	case s == nil:
		return sdktrace.ParentBased(sdktrace.AlwaysSample()), nil
	case s.ParentBased != nil:
		return parentBased(s.ParentBased)
	case s.AlwaysOff != nil:
		return sdktrace.NeverSample(), nil
	case s.AlwaysOn != nil:
		return sdktrace.AlwaysSample(), nil
	case s.TraceIDRatioBased != nil:
		ratio := 1.0
		if s.TraceIDRatioBased.Ratio != nil {
			ratio = *s.TraceIDRatioBased.Ratio
		}
		return sdktrace.TraceIDRatioBased(ratio), nil
	}
	return nil, errors.New("want always_on, always_off, trace_id_ratio_based, parent_based or xray")
}

func parentBased(s *otelconf.ParentBasedSampler) (sdktrace.Sampler, error) {
	var root sdktrace.Sampler = sdktrace.AlwaysSample()
	var opts []sdktrace.ParentBasedSamplerOption
	var errs []error
	for _, part := range []struct {
		sampler *otelconf.Sampler
		set     func(sdktrace.Sampler)
	}{
		{s.Root, func(s sdktrace.Sampler) { root = s }},
		{s.RemoteParentSampled, func(s sdktrace.Sampler) { opts = append(opts, sdktrace.WithRemoteParentSampled(s)) }},
		{s.RemoteParentNotSampled, func(s sdktrace.Sampler) { opts = append(opts, sdktrace.WithRemoteParentNotSampled(s)) }},
		{s.LocalParentSampled, func(s sdktrace.Sampler) { opts = append(opts, sdktrace.WithLocalParentSampled(s)) }},
		{s.LocalParentNotSampled, func(s sdktrace.Sampler) { opts = append(opts, sdktrace.WithLocalParentNotSampled(s)) }},
	} {
		if part.sampler == nil {
			continue
		}
		sampler, err := formatSampler(part.sampler)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		part.set(sampler)
	}
	return sdktrace.ParentBased(root, opts...), errors.Join(errs...)
}

func value(n *int) int {
	if n == nil {
		return 0
	}
	return *n
}
