package telemetry

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"time"

	"go.opentelemetry.io/otel/log"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/bragg-tracing/bragg/pkg/sdk/sampling"
)

// configFileVariable names a declarative configuration.
// https://opentelemetry.io/docs/specs/otel/configuration/sdk/
const configFileVariable = "OTEL_CONFIG_FILE"

const maxConfigFile = 1 << 20

// errNoConfigReader names the import that OTEL_CONFIG_FILE needs. The package is
// a module of its own: reading the file takes three times the modules that a
// service compiles without it.
var errNoConfigReader = errors.New(configFileVariable + ` is set, and the program cannot read it; add the import
	_ "github.com/bragg-tracing/bragg/pkg/sdk/telemetry/otelconf"`)

// ConfigFile is what Start hands to the package that reads configuration files:
// the file, and what its traces are made of. The SDK owns what the methods
// return, flushes it and shuts it down.
type ConfigFile struct {
	Content  []byte             // YAML, with ${VARIABLES} in it
	Resource *resource.Resource // detected and given by options

	sdk    *SDK
	config *config
}

// ConfiguredSDK is what a configuration file makes beside traces. None of it
// may be nil.
type ConfiguredSDK struct {
	MeterProvider  metric.MeterProvider
	LoggerProvider log.LoggerProvider
	Propagator     propagation.TextMapPropagator
	Shutdown       func(context.Context) error
}

// SpanQueue is how an exporter's spans wait. Zero values are the defaults of
// the specification.
type SpanQueue struct {
	Size, Batch    int
	Delay, Timeout time.Duration
}

// readConfigFile is the registered reader, nil without one.
var readConfigFile func(context.Context, *ConfigFile) (ConfiguredSDK, error)

// RegisterConfigFile sets who reads the file that OTEL_CONFIG_FILE names. The
// package telemetry/otelconf calls it when it is imported; it must not be
// called later than in an init function.
func RegisterConfigFile(read func(context.Context, *ConfigFile) (ConfiguredSDK, error)) {
	readConfigFile = read
}

// SpanExporter returns one of the exporters xray, newrelic and xrayudp, with the
// settings that they have from the environment.
func (f *ConfigFile) SpanExporter(ctx context.Context, name string) (sdktrace.SpanExporter, error) {
	p := &plan{}
	switch name {
	case exporterNewRelic:
		var err error
		if p.newRelic, err = newNewRelic(); err != nil {
			return nil, err
		}
	case exporterXRay, exporterXRayUDP:
	default:
		return nil, fmt.Errorf("unknown exporter %q", name)
	}
	return newSpanExporter(ctx, name, p, f.config, f.Resource)
}

// SpanQueue puts a queue before an exporter: bounded, what it drops counted and
// reported. The name is the exporter's, for reports.
func (f *ConfigFile) SpanQueue(name string, e sdktrace.SpanExporter, q SpanQueue) sdktrace.SpanProcessor {
	var opts []sdktrace.BatchSpanProcessorOption
	if q.Delay > 0 {
		opts = append(opts, sdktrace.WithBatchTimeout(q.Delay))
	}
	if q.Timeout > 0 {
		opts = append(opts, sdktrace.WithExportTimeout(q.Timeout))
	}
	return f.sdk.newQueue(name, e, cmp.Or(q.Size, defaultQueueSize), cmp.Or(q.Batch, defaultBatchSize), opts...)
}

// XRaySampler starts a sampler by X-Ray's rules, which follows the caller's
// decision where there is one. It may be called once.
func (f *ConfigFile) XRaySampler(a sampling.Argument) (sdktrace.Sampler, error) {
	sampler, remote, err := xraySampler(f.config, f.Resource, a)
	if err != nil {
		return nil, err
	}
	f.sdk.sampler = remote
	return sampler, nil
}

// Propagator returns the propagators of the names, as OTEL_PROPAGATORS has them,
// and the names that it does not know.
func (f *ConfigFile) Propagator(names []string) (p propagation.TextMapPropagator, unknown []string) {
	var known []string
	for _, name := range names {
		if slices.Contains(knownPropagators, name) {
			known = append(known, name)
		} else {
			unknown = append(unknown, name)
		}
	}
	if len(known) == 0 {
		return propagation.NewCompositeTextMapPropagator(), unknown
	}
	p, _ = newPropagator(known, headerRule(f.config))
	return p, unknown
}

// SetTracerProvider makes the tracer provider of the processors, in their order
// and after those of options. It also sets the resource, which is to be that of
// metrics and logs.
func (f *ConfigFile) SetTracerProvider(r *resource.Resource, processors []sdktrace.SpanProcessor, opts ...sdktrace.TracerProviderOption) {
	f.sdk.resource = r
	f.sdk.addTracerProvider(f.config, append(slices.Clone(f.config.processors), processors...), opts...)
}

// startConfigured makes everything as the file says, which takes the place of
// all other OTEL_* variables.
func (s *SDK) startConfigured(ctx context.Context, c *config, path string) error {
	if readConfigFile == nil {
		return errNoConfigReader
	}
	content, err := readBounded(path)
	if err != nil {
		return fmt.Errorf("%s: %w", configFileVariable, err)
	}
	configured, err := readConfigFile(ctx, &ConfigFile{content, s.resource, s, c})
	if err != nil {
		return fmt.Errorf("%s=%s: %w", configFileVariable, path, err)
	}
	s.meterProvider, s.loggerProvider, s.propagator = configured.MeterProvider, configured.LoggerProvider, configured.Propagator
	s.parts = append(s.parts, configuredPart{configured})
	return nil
}

func readBounded(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	content, err := io.ReadAll(io.LimitReader(f, maxConfigFile+1))
	if err == nil && len(content) > maxConfigFile {
		err = fmt.Errorf("%s: more than %d bytes", path, maxConfigFile)
	}
	return content, err
}

// configuredPart lets the SDK flush and shut down what a file made.
type configuredPart struct{ sdk ConfiguredSDK }

// ForceFlush implements part.
func (p configuredPart) ForceFlush(ctx context.Context) error {
	var errs []error
	for _, provider := range []any{p.sdk.MeterProvider, p.sdk.LoggerProvider} {
		if f, ok := provider.(interface{ ForceFlush(context.Context) error }); ok {
			errs = append(errs, f.ForceFlush(ctx))
		}
	}
	return errors.Join(errs...)
}

// Shutdown implements part.
func (p configuredPart) Shutdown(ctx context.Context) error { return p.sdk.Shutdown(ctx) }
