package telemetry

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	sdklog "go.opentelemetry.io/otel/sdk/log"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/bragg-tracing/bragg/pkg/sdk/propagation"
	"github.com/bragg-tracing/bragg/pkg/sdk/redact"
	"github.com/bragg-tracing/bragg/pkg/sdk/spanfeed"
	"github.com/bragg-tracing/bragg/pkg/sdk/xrayattr"
)

// Defaults of the batch processors, as the specification has them.
const (
	defaultQueueSize = 2048
	defaultBatchSize = 512
)

// plan says what goes where: options and environment brought together, and
// checked, before anything is started.
type plan struct {
	traces, metrics, logs output
	newRelic              newRelic // if one of them names it
	queueSize, batchSize  int      // of spans

	logQueueSize, logBatchSize int
}

// output says where one signal goes: to none, one or several exporters.
type output struct {
	exporters   []string
	destination destination // of otlp
}

func newPlan(c *config) (*plan, error) {
	p := &plan{}
	for _, signal := range []struct {
		signal
		off bool
		out *output
	}{{traces, false, &p.traces}, {metrics, c.withoutMetrics, &p.metrics}, {logs, c.withoutLogs, &p.logs}} {
		if signal.off {
			continue
		}
		var err error
		if *signal.out, err = newOutput(c, signal.signal); err != nil {
			return nil, err
		}
		if slices.Contains(signal.out.exporters, exporterNewRelic) {
			if p.newRelic, err = newNewRelic(); err != nil {
				return nil, err
			}
		}
	}
	queue, err1 := variableCount("OTEL_BSP_MAX_QUEUE_SIZE")
	batch, err2 := variableCount("OTEL_BSP_MAX_EXPORT_BATCH_SIZE")
	c.warn(err1, err2)
	p.queueSize = cmp.Or(prefer(c, queue, max(c.queueSize, 0)), defaultQueueSize)
	p.batchSize = cmp.Or(batch, defaultBatchSize)
	queue, err1 = variableCount("OTEL_BLRP_MAX_QUEUE_SIZE")
	batch, err2 = variableCount("OTEL_BLRP_MAX_EXPORT_BATCH_SIZE")
	c.warn(err1, err2)
	p.logQueueSize, p.logBatchSize = cmp.Or(queue, defaultQueueSize), cmp.Or(batch, defaultBatchSize)
	return p, nil
}

func newOutput(c *config, s signal) (output, error) {
	names, errs := exporterNames(c, s)
	c.warn(errs...)
	o := output{exporters: names}
	if !slices.Contains(names, exporterOTLP) {
		return o, nil
	}
	var err error
	if o.destination.protocol, err = protocolOf(s); err != nil {
		c.warn(err)
	}
	if o.destination.endpoint, err = endpointOf(c, s, o.destination.protocol); err != nil {
		return o, err
	}
	return o, checkNewRelic(s, o.destination.endpoint)
}

// startTraces makes the tracer provider and one queue for each exporter.
func (s *SDK) startTraces(ctx context.Context, c *config, p *plan) error {
	sampler, remote, err := newSampler(c, s.resource)
	if err != nil {
		return err
	}
	if remote != nil {
		s.sampler = remote
	}
	processors := slices.Clone(c.processors)
	for _, name := range p.traces.exporters {
		exporter, err := newSpanExporter(ctx, name, p, c, s.resource)
		if err != nil {
			return fmt.Errorf("span exporter %s: %w", name, err)
		}
		processors = append(processors, s.newQueue(name, exporter, p.queueSize, p.batchSize))
	}
	s.addTracerProvider(c, processors, sdktrace.WithSampler(sampler))
	return nil
}

// newQueue puts a queue before an exporter, which the SDK counts and shuts down.
func (s *SDK) newQueue(name string, e sdktrace.SpanExporter, size, batch int, opts ...sdktrace.BatchSpanProcessorOption) sdktrace.SpanProcessor {
	redacted := redact.SpanExporter(e, s.redactor)
	queue := newSpanQueue(&spanExporter{SpanExporter: xrayattr.Exporter(redacted), name: name, exports: s.exports}, size, batch, opts...)
	s.queues = append(s.queues, queue)
	s.workers = append(s.workers, worker{queue, queue.done, queue.countLeft})
	return queue
}

// addTracerProvider makes the tracer provider of the processors, with X-Ray's
// ids and the SDK's resource.
func (s *SDK) addTracerProvider(c *config, processors []sdktrace.SpanProcessor, opts ...sdktrace.TracerProviderOption) {
	opts = append(opts, sdktrace.WithIDGenerator(propagation.IDGenerator{}), sdktrace.WithResource(s.resource))
	for _, processor := range processors {
		opts = append(opts, sdktrace.WithSpanProcessor(processor))
	}
	provider := sdktrace.NewTracerProvider(opts...)
	s.tracerProvider = provider
	s.parts = append(s.parts, provider)
	if !c.withoutGlobals {
		s.feed = &spanfeed.Feed{Resource: s.resource, Processors: processors}
		spanfeed.Set(s.feed)
	}
}

// startMetrics makes the meter provider and one reader for each exporter,
// without an exporter nothing.
func (s *SDK) startMetrics(ctx context.Context, p *plan) error {
	opts := []sdkmetric.Option{sdkmetric.WithResource(s.resource)}
	for _, name := range p.metrics.exporters {
		exporter, err := newMetricExporter(ctx, name, p)
		if err != nil {
			return fmt.Errorf("metric exporter %s: %w", name, err)
		}
		reader := sdkmetric.NewPeriodicReader(&metricExporter{Exporter: exporter, name: name, exports: s.exports})
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

// startLogs makes the logger provider and one queue for each exporter, without
// an exporter nothing.
func (s *SDK) startLogs(ctx context.Context, p *plan) error {
	opts := []sdklog.LoggerProviderOption{sdklog.WithResource(s.resource)}
	for _, name := range p.logs.exporters {
		exporter, err := newLogExporter(ctx, name, p)
		if err != nil {
			return fmt.Errorf("log exporter %s: %w", name, err)
		}
		x := &logExporter{Exporter: redact.LogExporter(exporter, s.redactor), name: name, exports: s.exports}
		queue := newLogQueue(x, p.logQueueSize, p.logBatchSize)
		s.logQueues = append(s.logQueues, queue)
		s.workers = append(s.workers, worker{queue, x.done, queue.countLeft})
		opts = append(opts, sdklog.WithProcessor(queue))
	}
	if len(p.logs.exporters) == 0 {
		return nil
	}
	provider := sdklog.NewLoggerProvider(opts...)
	s.loggerProvider = provider
	s.parts = append(s.parts, provider)
	return nil
}
