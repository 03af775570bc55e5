// Package telemetrytest records spans and metrics in memory and asserts what
// they are, so that a service can test its own instrumentation:
//
//	rec := telemetrytest.New(t)
//	handler := tracehttp.Handler(mux, tracehttp.WithProviders(rec))
//	...
//	rec.Span("GET /loans/{id}").Kind(trace.SpanKindServer).Has(attribute.Int("http.response.status_code", 200))
//
// A Recorder is an instrument.Providers, as *telemetry.SDK is. It changes no
// globals unless asked to, so that tests can run in parallel.
package telemetrytest

import (
	"context"
	"strings"
	"sync"
	"testing"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/propagation"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	xray "github.com/bragg-tracing/bragg/pkg/sdk/propagation"
	"github.com/bragg-tracing/bragg/pkg/sdk/xrayattr"
)

// A Recorder keeps every span that has ended. Its methods may be called
// concurrently.
type Recorder struct {
	t       testing.TB
	traces  *sdktrace.TracerProvider
	metrics *sdkmetric.MeterProvider
	reader  *sdkmetric.ManualReader

	mu    sync.Mutex
	ended []sdktrace.ReadOnlySpan
}

// New returns a Recorder that samples everything and ends with the test.
// Assertions that do not hold fail t.
func New(t testing.TB) *Recorder {
	r := &Recorder{t: t, reader: sdkmetric.NewManualReader()}
	r.traces = sdktrace.NewTracerProvider(
		sdktrace.WithSampler(sdktrace.AlwaysSample()),
		sdktrace.WithSpanProcessor(processor{r}))
	r.metrics = sdkmetric.NewMeterProvider(sdkmetric.WithReader(r.reader))
	t.Cleanup(func() {
		_ = r.traces.Shutdown(context.Background())  // it holds nothing back
		_ = r.metrics.Shutdown(context.Background()) // nor does this
	})
	return r
}

// TracerProvider returns the provider whose spans are recorded.
func (r *Recorder) TracerProvider() trace.TracerProvider { return r.traces }

// MeterProvider returns the provider whose metrics are recorded.
func (r *Recorder) MeterProvider() metric.MeterProvider { return r.metrics }

// Propagator reads and writes traceparent, X-Amzn-Trace-Id and baggage, as
// telemetry.Start's does.
func (r *Recorder) Propagator() propagation.TextMapPropagator {
	return propagation.NewCompositeTextMapPropagator(xray.New(xray.Nearest), propagation.Baggage{})
}

// SetGlobal makes the recorder OpenTelemetry's global provider until the test
// ends, for code that knows no other. Such tests must not run in parallel.
func (r *Recorder) SetGlobal() {
	traces, metrics, propagator := otel.GetTracerProvider(), otel.GetMeterProvider(), otel.GetTextMapPropagator()
	r.t.Cleanup(func() {
		otel.SetTracerProvider(traces)
		otel.SetMeterProvider(metrics)
		otel.SetTextMapPropagator(propagator)
	})
	otel.SetTracerProvider(r.traces)
	otel.SetMeterProvider(r.metrics)
	otel.SetTextMapPropagator(r.Propagator())
}

type processor struct{ r *Recorder }

func (p processor) OnStart(context.Context, sdktrace.ReadWriteSpan) {}
func (p processor) Shutdown(context.Context) error                  { return nil }
func (p processor) ForceFlush(context.Context) error                { return nil }

func (p processor) OnEnd(s sdktrace.ReadOnlySpan) {
	p.r.mu.Lock()
	defer p.r.mu.Unlock()
	p.r.ended = append(p.r.ended, s)
}

// Spans returns the spans that have ended so far, in that order: children
// before their parents.
func (r *Recorder) Spans() []*Span {
	r.mu.Lock()
	defer r.mu.Unlock()
	spans := make([]*Span, len(r.ended))
	for i, s := range r.ended {
		spans[i] = &Span{ReadOnlySpan: s, t: r.t, attributes: xrayattr.Plain(s.Attributes())}
	}
	return spans
}

// Span returns the one span with the name. It ends the test if there is none,
// or more than one.
func (r *Recorder) Span(name string) *Span {
	r.t.Helper()
	var found *Span
	var names []string
	n := 0
	for _, s := range r.Spans() {
		names = append(names, s.Name())
		if s.Name() == name {
			found, n = s, n+1
		}
	}
	if n != 1 {
		r.t.Fatalf("%d spans are named %q, want one; there are %q", n, name, names)
	}
	return found
}

// Reset forgets the spans recorded so far.
func (r *Recorder) Reset() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ended = nil
}

// Metric returns what was measured under the name so far. It ends the test if
// there is no such metric.
func (r *Recorder) Metric(name string) metricdata.Metrics {
	r.t.Helper()
	var all metricdata.ResourceMetrics
	if err := r.reader.Collect(context.Background(), &all); err != nil {
		r.t.Fatalf("collect metrics: %v", err)
	}
	var names []string
	for _, scope := range all.ScopeMetrics {
		for _, m := range scope.Metrics {
			if m.Name == name {
				return m
			}
			names = append(names, m.Name)
		}
	}
	r.t.Fatalf("there is no metric %q; there are %s", name, strings.Join(names, ", "))
	return metricdata.Metrics{}
}
