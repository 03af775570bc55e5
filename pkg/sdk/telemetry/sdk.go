package telemetry

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/go-logr/logr"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/log"
	lognoop "go.opentelemetry.io/otel/log/noop"
	"go.opentelemetry.io/otel/metric"
	metricnoop "go.opentelemetry.io/otel/metric/noop"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	"go.opentelemetry.io/otel/trace"
	tracenoop "go.opentelemetry.io/otel/trace/noop"

	"github.com/bragg-tracing/bragg/pkg/sdk/redact"
	"github.com/bragg-tracing/bragg/pkg/sdk/spanfeed"
)

// SDK is a running OpenTelemetry SDK. All methods may be called concurrently,
// before and after Shutdown, and on a nil *SDK, which records nothing.
type SDK struct {
	tracerProvider trace.TracerProvider
	meterProvider  metric.MeterProvider
	loggerProvider log.LoggerProvider
	propagator     propagation.TextMapPropagator
	resource       *resource.Resource
	redactor       *redact.Redactor // nil if nothing is redacted

	queues    []*spanQueue
	logQueues []*logQueue
	workers   []worker
	sampler   closer // of X-Ray's rules; nil for another
	exports   *exports
	parts     []part         // in the order of their start
	feed      *spanfeed.Feed // for instrumentation that makes spans itself, if globals are set
	stop      stopper
}

// worker is a queue whose goroutine may outlive the Shutdown of its provider,
// when the context of that ended before.
type worker struct {
	closer
	done <-chan struct{}
	left func() // counts what was given up in the queue, after done
}

// closer has a goroutine that the SDK owns.
type closer interface {
	Shutdown(context.Context) error
}

// part is a provider that holds data back, which the SDK owns.
type part interface {
	ForceFlush(context.Context) error
	Shutdown(context.Context) error
}

// Start starts OpenTelemetry for a service: see the package comment for what
// it reads from the environment. It does not wait for a collector; on AWS it
// asks the metadata endpoints of the machine, for a second at most.
//
// An error means that the SDK was not started: a malformed WithEndpoint, an
// export to New Relic without a license key that fits, one to X-Ray without a
// region, or a configuration file that cannot be used. The *SDK is then nil and
// still safe to use. Everything else that is wrong is reported to the
// logger and passed over.
//
// The caller owns the SDK and must call Shutdown, which sends what is queued.
// ctx bounds Start alone.
func Start(ctx context.Context, opts ...Option) (*SDK, error) {
	c := newConfig(opts)
	s, err := start(ctx, &c)
	if err != nil {
		return nil, fmt.Errorf("start telemetry: %w", err)
	}
	if !c.withoutGlobals {
		otel.SetTextMapPropagator(s.propagator)
		otel.SetTracerProvider(s.tracerProvider)
		otel.SetMeterProvider(s.meterProvider)
		otel.SetLoggerProvider(s.loggerProvider)
	}
	return s, nil
}

func start(ctx context.Context, c *config) (*SDK, error) {
	s := &SDK{
		tracerProvider: tracenoop.NewTracerProvider(),
		meterProvider:  metricnoop.NewMeterProvider(),
		loggerProvider: lognoop.NewLoggerProvider(),
		resource:       resource.Empty(),
		exports:        newExports(c.logger),
		stop:           stopper{done: make(chan struct{})},
	}
	var errs []error
	s.propagator, errs = newPropagator(variableList("OTEL_PROPAGATORS"), headerRule(c))
	c.warn(errs...)
	if variableTrue("OTEL_SDK_DISABLED") {
		return s, nil
	}
	s.redactor = newRedactor(c)
	path := variable(configFileVariable)
	var p *plan
	if path == "" {
		var err error
		if p, err = newPlan(c); err != nil {
			return nil, err
		}
	}
	if !c.withoutGlobals {
		otel.SetErrorHandler(&report{logger: c.logger, message: "telemetry error"})
		otel.SetLogger(logr.FromSlogHandler(c.logger.Handler()))
	}
	var err error
	if s.resource, err = newResource(ctx, c); err != nil {
		c.logger.Warn("telemetry resource incomplete", "error", err)
	}
	if path != "" {
		err = s.startConfigured(ctx, c, path)
	} else {
		err = s.startSignals(ctx, c, p)
	}
	if err != nil {
		return nil, errors.Join(err, s.Shutdown(ctx))
	}
	return s, nil
}

// startSignals makes the three providers as environment and options say.
func (s *SDK) startSignals(ctx context.Context, c *config, p *plan) error {
	if name, _ := s.resource.Set().Value("service.name"); strings.HasPrefix(name.AsString(), unknownService) {
		c.warn(errors.New("the service has no name; set OTEL_SERVICE_NAME or use WithServiceName"))
	}
	if err := s.startTraces(ctx, c, p); err != nil {
		return err
	}
	if err := s.startMetrics(ctx, p); err != nil {
		return err
	}
	return s.startLogs(ctx, p)
}

// warn reports what was passed over, one line for each error.
func (c *config) warn(errs ...error) {
	for _, err := range errs {
		if err != nil {
			c.logger.Warn("telemetry setting passed over", "error", err)
		}
	}
}

// TracerProvider returns the provider of tracers.
func (s *SDK) TracerProvider() trace.TracerProvider {
	if s == nil {
		return tracenoop.NewTracerProvider()
	}
	return s.tracerProvider
}

// MeterProvider returns the provider of meters.
func (s *SDK) MeterProvider() metric.MeterProvider {
	if s == nil {
		return metricnoop.NewMeterProvider()
	}
	return s.meterProvider
}

// LoggerProvider returns the provider of loggers, for a bridge of a logging
// library. It is OpenTelemetry's, not where the SDK itself reports: that is
// WithLogger.
func (s *SDK) LoggerProvider() log.LoggerProvider {
	if s == nil {
		return lognoop.NewLoggerProvider()
	}
	return s.loggerProvider
}

// Propagator returns the propagator that reads and writes the headers chosen
// by OTEL_PROPAGATORS: traceparent, baggage and X-Amzn-Trace-Id by default.
// For requests with both trace headers see [WithTraceHeaders].
func (s *SDK) Propagator() propagation.TextMapPropagator {
	if s == nil {
		return propagation.NewCompositeTextMapPropagator()
	}
	return s.propagator
}

// Resource returns what spans and metrics say of their origin.
func (s *SDK) Resource() *resource.Resource {
	if s == nil {
		return resource.Empty()
	}
	return s.resource
}

// DroppedSpans returns how many ended spans were lost so far, as far as the
// SDK knows: those that found the queue full, and those whose export failed
// for good.
func (s *SDK) DroppedSpans() uint64 {
	if s == nil {
		return 0
	}
	n := s.exports.lost.Load()
	for _, q := range s.queues {
		n += q.dropped.Load()
	}
	return n
}

// DroppedLogRecords returns how many log records were lost so far, as
// DroppedSpans does for spans.
func (s *SDK) DroppedLogRecords() uint64 {
	if s == nil {
		return 0
	}
	n := s.exports.logs.Load()
	for _, q := range s.logQueues {
		n += q.dropped.Load()
	}
	return n
}

// DroppedDataPoints returns how many data points of metrics were in exports that
// failed for good. Those of cumulative sums and histograms are in the next
// export, too.
func (s *SDK) DroppedDataPoints() uint64 {
	if s == nil {
		return 0
	}
	return s.exports.points.Load()
}
