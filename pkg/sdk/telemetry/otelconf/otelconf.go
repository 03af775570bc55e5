// Package otelconf lets telemetry.Start read the declarative configuration that
// OTEL_CONFIG_FILE names. It is imported for that alone:
//
//	import _ "github.com/bragg-tracing/bragg/pkg/sdk/telemetry/otelconf"
//
// The file says what is exported where, and how it is sampled and propagated;
// its format is https://github.com/open-telemetry/opentelemetry-configuration.
// To it come what a file cannot say: trace ids that X-Ray accepts, the span
// processors of options, and of the resource what is detected and given by
// options and the file does not mention. X-Ray's sampler and the exporters xray,
// newrelic and xrayudp are not in the format.
//
// The package is a module of its own, because contrib's reader of the format
// brings Prometheus, Kubernetes and three clouds.
package otelconf

import (
	"context"
	"fmt"
	"os"
	"strings"
	"sync"

	"go.opentelemetry.io/contrib/otelconf"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/resource"

	"github.com/bragg-tracing/bragg/pkg/sdk/telemetry"
)

func init() { telemetry.RegisterConfigFile(read) }

// read makes the SDK of a file.
func read(ctx context.Context, file telemetry.ConfigFile) (telemetry.ConfiguredSDK, error) {
	content, err := substitute(file.Content)
	if err != nil {
		return telemetry.ConfiguredSDK{}, err
	}
	configuration, err := otelconf.ParseYAML(content)
	if err != nil {
		return telemetry.ConfiguredSDK{}, fmt.Errorf("parse: %w", err)
	}
	addResource(configuration, file.Resource)
	sdk, err := newSDK(
		otelconf.WithContext(context.WithoutCancel(ctx)),
		otelconf.WithOpenTelemetryConfiguration(*configuration),
		otelconf.WithTracerProviderOptions(file.TracerProviderOptions...),
	)
	if err != nil {
		return telemetry.ConfiguredSDK{}, err
	}
	return telemetry.ConfiguredSDK{
		TracerProvider: sdk.TracerProvider(),
		MeterProvider:  sdk.MeterProvider(),
		LoggerProvider: sdk.LoggerProvider(),
		Propagator:     sdk.Propagator(),
		Shutdown:       sdk.Shutdown,
	}, nil
}

var starting sync.Mutex

// newSDK makes an SDK of the options alone. While OTEL_CONFIG_FILE is set,
// otelconf reads the file once more by itself and passes over the options'
// configuration, so the variable is away for that moment.
func newSDK(opts ...otelconf.ConfigurationOption) (otelconf.SDK, error) {
	starting.Lock()
	defer starting.Unlock()
	const variable = "OTEL_CONFIG_FILE"
	if path, ok := os.LookupEnv(variable); ok {
		if err := os.Unsetenv(variable); err != nil {
			return otelconf.SDK{}, err
		}
		defer os.Setenv(variable, path)
	}
	return otelconf.NewSDK(opts...)
}

// addResource adds what is known of the resource and the file does not say.
func addResource(c *otelconf.OpenTelemetryConfiguration, r *resource.Resource) {
	if c.Resource == nil {
		c.Resource = &otelconf.Resource{}
	}
	said := map[string]bool{}
	for _, a := range c.Resource.Attributes {
		said[a.Name] = true
	}
	if c.Resource.AttributesList != nil {
		for pair := range strings.SplitSeq(*c.Resource.AttributesList, ",") {
			name, _, _ := strings.Cut(pair, "=")
			said[strings.TrimSpace(name)] = true
		}
	}
	for _, kv := range r.Attributes() {
		if strings.HasPrefix(string(kv.Key), "telemetry.sdk.") || said[string(kv.Key)] {
			continue
		}
		if value, kind, ok := valueOf(kv.Value); ok {
			c.Resource.Attributes = append(c.Resource.Attributes, otelconf.AttributeNameValue{
				Name: string(kv.Key), Value: value, Type: &kind,
			})
		}
	}
}

// valueOf returns a value as the format has it, false for kinds that it has not.
func valueOf(v attribute.Value) (value any, kind otelconf.AttributeType, ok bool) {
	switch v.Type() {
	case attribute.STRING:
		return v.AsString(), otelconf.AttributeTypeString, true
	case attribute.BOOL:
		return v.AsBool(), otelconf.AttributeTypeBool, true
	case attribute.INT64:
		return int(v.AsInt64()), otelconf.AttributeTypeInt, true
	case attribute.FLOAT64:
		return v.AsFloat64(), otelconf.AttributeTypeDouble, true
	case attribute.STRINGSLICE:
		list := []any{}
		for _, s := range v.AsStringSlice() {
			list = append(list, s)
		}
		return list, otelconf.AttributeTypeStringArray, true
	}
	return nil, "", false
}
