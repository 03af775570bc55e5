package telemetry

import (
	"context"
	"errors"
	"fmt"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/metric"
	metricnoop "go.opentelemetry.io/otel/metric/noop"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	"go.opentelemetry.io/otel/trace"
	tracenoop "go.opentelemetry.io/otel/trace/noop"
)

// SDK is a running OpenTelemetry SDK. All methods may be called concurrently,
// before and after Shutdown, and on a nil *SDK, which records nothing.
type SDK struct {
	tracerProvider trace.TracerProvider
	meterProvider  metric.MeterProvider
	propagator     propagation.TextMapPropagator
	resource       *resource.Resource

	queues  []*spanQueue
	exports *exports
	parts   []part // in the order of their start
	stop    stopper
}

// part is a provider that holds data back, which the SDK owns.
type part interface {
	ForceFlush(context.Context) error
	Shutdown(context.Context) error
}

// Start starts OpenTelemetry for a service: see the package comment for what
// it reads from the environment. It does not wait for a collector; on ECS it
// asks the metadata endpoint, for 2 seconds at most.
//
// An error means that the SDK was not started: a malformed WithEndpoint, or an
// endpoint of New Relic without a license key that fits it. The *SDK is then
// nil and still safe to use. Everything else that is wrong is reported to the
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
	}
	return s, nil
}

func start(ctx context.Context, c *config) (*SDK, error) {
	s := &SDK{
		tracerProvider: tracenoop.NewTracerProvider(),
		meterProvider:  metricnoop.NewMeterProvider(),
		resource:       resource.Empty(),
		exports:        newExports(&report{logger: c.logger, message: "telemetry export failed, its data is lost"}),
		stop:           stopper{done: make(chan struct{})},
	}
	var errs []error
	s.propagator, errs = newPropagator(variableList("OTEL_PROPAGATORS"))
	c.warn(errs...)
	if variableTrue("OTEL_SDK_DISABLED") {
		return s, nil
	}
	plan, err := newPlan(c)
	if err != nil {
		return nil, err
	}
	if !c.withoutGlobals {
		otel.SetErrorHandler(&report{logger: c.logger, message: "telemetry error"})
	}
	s.resource, err = newResource(ctx, c)
	c.warn(err)
	if name, _ := s.resource.Set().Value("service.name"); name.AsString() == defaultServiceName() {
		c.warn(errors.New("the service has no name; set OTEL_SERVICE_NAME or use WithServiceName"))
	}
	if err := s.startTraces(ctx, c, plan); err != nil {
		return nil, errors.Join(err, s.Shutdown(ctx))
	}
	if err := s.startMetrics(ctx, plan); err != nil {
		return nil, errors.Join(err, s.Shutdown(ctx))
	}
	return s, nil
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

// Propagator returns the propagator that reads and writes the headers chosen
// by OTEL_PROPAGATORS: traceparent, baggage and X-Amzn-Trace-Id by default.
// When a request has both trace headers, traceparent counts.
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
