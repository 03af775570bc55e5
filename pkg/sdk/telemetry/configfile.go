package telemetry

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"go.opentelemetry.io/otel/log"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	braggpropagation "github.com/bragg-tracing/bragg/pkg/sdk/propagation"
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

// ConfigFile is what Start hands to the package that reads configuration files.
type ConfigFile struct {
	Content  []byte             // YAML, with ${VARIABLES} in it
	Resource *resource.Resource // detected and given by options; what the file says of the resource wins

	// TracerProviderOptions are the X-Ray id generator and the processors of
	// the options. The file's sampler comes after them.
	TracerProviderOptions []sdktrace.TracerProviderOption
}

// ConfiguredSDK is what a configuration file makes. None of it may be nil.
type ConfiguredSDK struct {
	TracerProvider trace.TracerProvider
	MeterProvider  metric.MeterProvider
	LoggerProvider log.LoggerProvider
	Propagator     propagation.TextMapPropagator
	Shutdown       func(context.Context) error
}

// readConfigFile is the registered reader, nil without one.
var readConfigFile func(context.Context, ConfigFile) (ConfiguredSDK, error)

// RegisterConfigFile sets who reads the file that OTEL_CONFIG_FILE names. The
// package telemetry/otelconf calls it when it is imported; it must not be
// called later than in an init function.
func RegisterConfigFile(read func(context.Context, ConfigFile) (ConfiguredSDK, error)) {
	readConfigFile = read
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
	file := ConfigFile{
		Content:               content,
		Resource:              s.resource,
		TracerProviderOptions: []sdktrace.TracerProviderOption{sdktrace.WithIDGenerator(braggpropagation.IDGenerator{})},
	}
	for _, p := range c.processors {
		file.TracerProviderOptions = append(file.TracerProviderOptions, sdktrace.WithSpanProcessor(p))
	}
	configured, err := readConfigFile(ctx, file)
	if err != nil {
		return fmt.Errorf("%s=%s: %w", configFileVariable, path, err)
	}
	s.tracerProvider, s.meterProvider = configured.TracerProvider, configured.MeterProvider
	s.loggerProvider, s.propagator = configured.LoggerProvider, configured.Propagator
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
	for _, provider := range []any{p.sdk.TracerProvider, p.sdk.MeterProvider, p.sdk.LoggerProvider} {
		if f, ok := provider.(interface{ ForceFlush(context.Context) error }); ok {
			errs = append(errs, f.ForceFlush(ctx))
		}
	}
	return errors.Join(errs...)
}

// Shutdown implements part.
func (p configuredPart) Shutdown(ctx context.Context) error { return p.sdk.Shutdown(ctx) }
