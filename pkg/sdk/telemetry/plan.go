package telemetry

import (
	"cmp"
	"context"
	"fmt"

	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/bragg-tracing/bragg/pkg/sdk/xrayattr"
)

// Defaults of the batch processor, as the specification has them.
const (
	defaultQueueSize = 2048
	defaultBatchSize = 512
)

// plan says what goes where: options and environment brought together, and
// checked, before anything is started.
type plan struct {
	traces, metrics      output
	queueSize, batchSize int
	sampler              sdktrace.Sampler // nil: OTEL_TRACES_SAMPLER or its default
}

// output says where one signal goes: to none, one or several exporters.
type output struct {
	exporters   []string
	destination destination
}

func newPlan(c *config) (plan, error) {
	var p plan
	var err error
	if p.traces, err = newOutput(c, traces); err != nil {
		return p, err
	}
	if !c.withoutMetrics {
		if p.metrics, err = newOutput(c, metrics); err != nil {
			return p, err
		}
	}
	queue, err1 := variableCount("OTEL_BSP_MAX_QUEUE_SIZE")
	batch, err2 := variableCount("OTEL_BSP_MAX_EXPORT_BATCH_SIZE")
	c.warn(err1, err2)
	p.queueSize = cmp.Or(prefer(c, queue, max(c.queueSize, 0)), defaultQueueSize)
	p.batchSize = cmp.Or(batch, defaultBatchSize)
	if c.withoutGlobals || variable("OTEL_TRACES_SAMPLER") == "" {
		p.sampler = c.sampler
	}
	return p, nil
}

func newOutput(c *config, s signal) (output, error) {
	names, errs := exporterNames(s)
	c.warn(errs...)
	o := output{exporters: names}
	for _, name := range names {
		if name != "otlp" {
			continue
		}
		var err error
		if o.destination.protocol, err = protocolOf(s); err != nil {
			c.warn(err)
		}
		if o.destination.endpoint, err = endpointOf(c, s, o.destination.protocol); err != nil {
			return o, err
		}
		if err := checkNewRelic(s, o.destination.endpoint); err != nil {
			return o, err
		}
	}
	return o, nil
}

// startTraces makes the tracer provider and one queue for each exporter.
func (s *SDK) startTraces(ctx context.Context, c *config, p plan) error {
	opts := []sdktrace.TracerProviderOption{
		sdktrace.WithIDGenerator(newIDGenerator()),
		sdktrace.WithResource(s.resource),
	}
	if p.sampler != nil {
		opts = append(opts, sdktrace.WithSampler(p.sampler))
	}
	for _, processor := range c.processors {
		opts = append(opts, sdktrace.WithSpanProcessor(processor))
	}
	for _, name := range p.traces.exporters {
		exporter, err := newSpanExporter(ctx, name, p.traces.destination)
		if err != nil {
			return fmt.Errorf("span exporter %s: %w", name, err)
		}
		queue := newSpanQueue(&spanExporter{SpanExporter: xrayattr.Exporter(exporter), exports: s.exports}, p.queueSize, p.batchSize)
		s.queues = append(s.queues, queue)
		opts = append(opts, sdktrace.WithSpanProcessor(queue))
	}
	provider := sdktrace.NewTracerProvider(opts...)
	s.tracerProvider = provider
	s.parts = append(s.parts, provider)
	return nil
}

// startMetrics makes the meter provider and one reader for each exporter,
// without an exporter nothing.
func (s *SDK) startMetrics(ctx context.Context, p plan) error {
	opts := []sdkmetric.Option{sdkmetric.WithResource(s.resource)}
	for _, name := range p.metrics.exporters {
		exporter, err := newMetricExporter(ctx, name, p.metrics.destination)
		if err != nil {
			return fmt.Errorf("metric exporter %s: %w", name, err)
		}
		reader := sdkmetric.NewPeriodicReader(&metricExporter{Exporter: exporter, exports: s.exports})
		opts = append(opts, sdkmetric.WithReader(reader))
	}
	if len(p.metrics.exporters) == 0 {
		return nil
	}
	provider := sdkmetric.NewMeterProvider(opts...)
	s.meterProvider = provider
	s.parts = append(s.parts, provider)
	return nil
}
