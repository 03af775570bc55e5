package telemetry

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"

	"github.com/google/uuid"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/resource"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"

	"github.com/bragg-tracing/bragg/pkg/sdk/detect"
)

const unknownService = "unknown_service"

// modulePath names this module in a binary's build info.
const modulePath = "github.com/bragg-tracing/bragg/pkg/sdk"

// newResource describes the process. Layers, the later over the earlier: what
// is generated, what AWS's services say, then environment and options in the
// order of the package comment. It returns a resource in any case, and what went
// wrong.
func newResource(ctx context.Context, c *config) (*resource.Resource, error) {
	generated, err1 := resource.New(ctx,
		resource.WithAttributes(generatedAttributes()...),
		resource.WithTelemetrySDK(),
		resource.WithHost(),
		resource.WithProcessPID(),
		resource.WithProcessRuntimeName(),
		resource.WithProcessRuntimeVersion(),
	)
	detected, err2 := detectAll(ctx, c)
	environment, err3 := resource.New(ctx, resource.WithFromEnv())
	layers := []*resource.Resource{generated, detected, resource.NewSchemaless(c.resourceAttributes()...), environment}
	if c.withoutGlobals {
		layers[2], layers[3] = layers[3], layers[2]
	}
	merged := resource.Empty()
	errs := []error{err1, err2, err3}
	for _, layer := range layers {
		// A conflict of schema URLs leaves the attributes of both.
		m, err := resource.Merge(merged, layer)
		errs = append(errs, err)
		if m != nil {
			merged = m
		}
	}
	return merged, errors.Join(errs...)
}

// detectAll runs the detectors that OTEL_RESOURCE_DETECTORS names (all of them
// without it), and those of the options.
func detectAll(ctx context.Context, c *config) (*resource.Resource, error) {
	var chosen []detect.Detector
	names := variableList("OTEL_RESOURCE_DETECTORS")
	for _, d := range detect.All() {
		if len(names) == 0 || slices.Contains(names, "all") || slices.Contains(names, d.Name()) || slices.Contains(names, "aws."+d.Name()) {
			chosen = append(chosen, d)
		}
	}
	for _, d := range c.detectors {
		chosen = append(chosen, detect.From(d))
	}
	return detect.Run(ctx, chosen...)
}

// resourceAttributes are those that the options name.
func (c *config) resourceAttributes() []attribute.KeyValue {
	attrs := append([]attribute.KeyValue(nil), c.attributes...)
	if c.serviceName != "" {
		attrs = append(attrs, semconv.ServiceName(c.serviceName))
	}
	if c.serviceVersion != "" {
		attrs = append(attrs, semconv.ServiceVersion(c.serviceVersion))
	}
	return attrs
}

// generatedAttributes are the defaults that everything else overrides.
// telemetry.sdk.* stays OpenTelemetry's own: New Relic makes a service entity
// only of telemetry.sdk.name=opentelemetry.
func generatedAttributes() []attribute.KeyValue {
	service, distro := versions()
	attrs := []attribute.KeyValue{
		semconv.ServiceName(defaultServiceName()),
		semconv.ServiceInstanceID(uuid.NewString()),
		semconv.TelemetryDistroName("bragg"),
		semconv.TelemetryDistroVersion(distro),
	}
	if service != "" {
		attrs = append(attrs, semconv.ServiceVersion(service))
	}
	return attrs
}

// defaultServiceName is the specification's name for a service without one. In
// Lambda the function's name is as good as any.
// https://opentelemetry.io/docs/specs/semconv/resource/#service
func defaultServiceName() string {
	if name := variable("AWS_LAMBDA_FUNCTION_NAME"); name != "" {
		return name
	}
	if len(os.Args) == 0 || os.Args[0] == "" {
		return unknownService
	}
	return unknownService + ":" + filepath.Base(os.Args[0])
}

// versions returns the version of the program, else the commit that it was
// built from, else "", and the version of this module.
func versions() (service, distro string) {
	distro = "devel"
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "", distro
	}
	for _, m := range append(info.Deps, &info.Main) {
		if m.Path == modulePath && m.Version != "" && m.Version != "(devel)" {
			distro = m.Version
		}
	}
	if v := info.Main.Version; v != "" && v != "(devel)" {
		return v, distro
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			return s.Value, distro
		}
	}
	return "", distro
}
