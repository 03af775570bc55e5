// Package otelconf lets telemetry.Start read the declarative configuration that
// OTEL_CONFIG_FILE names. It is imported for that alone:
//
//	import _ "github.com/bragg-tracing/bragg/pkg/sdk/telemetry/otelconf"
//
// The file says what is exported where, and how it is sampled and propagated;
// its format is https://github.com/open-telemetry/opentelemetry-configuration.
// Where the format has room for components of a distribution, it takes those of
// this one:
//
//	tracer_provider:
//	  processors:
//	    - batch: {exporter: {xray: {}}}     # also newrelic and xrayudp
//	  sampler:
//	    xray: {endpoint: "http://localhost:2000", polling_interval: 300}
//	propagator:
//	  composite: [{tracecontext: {}}, {xray: {}}, {baggage: {}}]
//
// The exporters have no settings in the file: theirs are AWS_REGION,
// NEW_RELIC_LICENSE_KEY and AWS_XRAY_DAEMON_ADDRESS, as without it. The sampler
// may also be the root of parent_based, which is the same, as it follows the
// caller's decision in any case; endpoint and polling_interval (seconds) may be
// missing. xray beside tracecontext follows BRAGG_TRACE_HEADERS, and all
// samplers honour what an X-Amzn-Trace-Id header leaves to this service.
//
// To the file come what it cannot say: trace ids that X-Ray accepts, the span
// processors of options, and of the resource what is detected and given by
// options and the file does not mention. Queues are bounded and counted as
// without a file.
//
// The package is a module of its own, because contrib's reader of the format
// brings Prometheus, Kubernetes and three clouds.
package otelconf

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"

	"go.opentelemetry.io/contrib/otelconf"
	"go.opentelemetry.io/otel/propagation"
	"go.yaml.in/yaml/v3"

	"github.com/bragg-tracing/bragg/pkg/sdk/telemetry"
)

func init() { telemetry.RegisterConfigFile(read) }

// read makes what the file says. Contrib makes metrics, logs and the propagators
// that are not ours; it has no place for other samplers, exporters and queues,
// so the tracer provider is made here from what it parsed.
func read(ctx context.Context, file *telemetry.ConfigFile) (telemetry.ConfiguredSDK, error) {
	ctx = context.WithoutCancel(ctx) // it bounds the start, not what runs afterwards
	content, err := substitute(file.Content)
	if err != nil {
		return telemetry.ConfiguredSDK{}, err
	}
	model, err := otelconf.ParseYAML(content)
	if err != nil {
		return telemetry.ConfiguredSDK{}, fmt.Errorf("parse: %w", err)
	}
	var ours components
	if err := yaml.Unmarshal(content, &ours); err != nil {
		return telemetry.ConfiguredSDK{}, fmt.Errorf("parse: %w", err)
	}
	r, err := mergeResource(model, file.Resource)
	if err != nil {
		return telemetry.ConfiguredSDK{}, err
	}
	propagator, others := file.Propagator(ours.Propagator.names())
	model.Propagator = nil
	if len(others) > 0 {
		model.Propagator = &otelconf.Propagator{CompositeList: join(others)}
	}
	disabled := model.Disabled != nil && *model.Disabled
	traces := model.TracerProvider
	model.TracerProvider = nil
	sdk, err := newSDK(otelconf.WithContext(ctx), otelconf.WithOpenTelemetryConfiguration(*model))
	if err != nil {
		return telemetry.ConfiguredSDK{}, err
	}
	if traces != nil && !disabled {
		if err := addTraces(ctx, file, r, traces, &ours); err != nil {
			return telemetry.ConfiguredSDK{}, errors.Join(err, sdk.Shutdown(ctx))
		}
	}
	if len(others) > 0 {
		propagator = propagation.NewCompositeTextMapPropagator(sdk.Propagator(), propagator)
	}
	return telemetry.ConfiguredSDK{
		MeterProvider:  sdk.MeterProvider(),
		LoggerProvider: sdk.LoggerProvider(),
		Propagator:     propagator,
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
