package telemetry

import (
	"log/slog"

	"go.opentelemetry.io/otel/attribute"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// Option changes how Start builds an SDK. The package's With functions make
// the options; the last one of a kind wins, unless its comment says that they
// add up.
type Option interface {
	apply(*config)
}

type optionFunc func(*config)

func (f optionFunc) apply(c *config) { f(c) }

// config is what the options say, before the environment has its word.
type config struct {
	serviceName    string
	serviceVersion string
	attributes     []attribute.KeyValue
	withoutGlobals bool
	endpoint       string
	processors     []sdktrace.SpanProcessor
	sampler        sdktrace.Sampler
	queueSize      int
	logger         *slog.Logger
	withoutMetrics bool
}

func newConfig(opts []Option) config {
	var c config
	for _, o := range opts {
		if o != nil {
			o.apply(&c)
		}
	}
	if c.logger == nil {
		c.logger = slog.Default()
	}
	return c
}

// WithServiceName names the service: service.name, which both backends group
// by. See the package comment for OTEL_SERVICE_NAME's part.
func WithServiceName(name string) Option {
	return optionFunc(func(c *config) { c.serviceName = name })
}

// WithServiceVersion sets service.version. Without it the main module's
// version is taken, or the commit that the binary was built from.
func WithServiceVersion(version string) Option {
	return optionFunc(func(c *config) { c.serviceVersion = version })
}

// WithResourceAttributes adds attributes to the resource, which every span and
// metric carries. Several of these options add up.
func WithResourceAttributes(attrs ...attribute.KeyValue) Option {
	return optionFunc(func(c *config) { c.attributes = append(c.attributes, attrs...) })
}

// WithoutGlobals leaves OpenTelemetry's globals alone: the caller passes
// [SDK.TracerProvider], [SDK.MeterProvider] and [SDK.Propagator] to its
// instrumentation. Several such SDKs work independently in one process.
func WithoutGlobals() Option {
	return optionFunc(func(c *config) { c.withoutGlobals = true })
}

// WithEndpoint sets the base URL of the OTLP endpoint, usually a collector's:
// http://host:4317 for gRPC or http://host:4318 for http/protobuf (see
// OTEL_EXPORTER_OTLP_PROTOCOL), where /v1/traces and /v1/metrics are appended.
// https means TLS. Start refuses a URL of another scheme or without a host.
func WithEndpoint(url string) Option {
	return optionFunc(func(c *config) { c.endpoint = url })
}

// WithSpanProcessor adds a processor that sees spans before the batch
// processor does; the SDK shuts it down. Several of these options add up, in
// their order. The processor runs in the service's goroutines: it must be fast.
func WithSpanProcessor(p sdktrace.SpanProcessor) Option {
	return optionFunc(func(c *config) {
		if p != nil {
			c.processors = append(c.processors, p)
		}
	})
}

// WithSampler decides which traces are recorded. Without it, and without
// OTEL_TRACES_SAMPLER, the caller's decision is followed, and a trace that
// starts here is recorded.
func WithSampler(s sdktrace.Sampler) Option {
	return optionFunc(func(c *config) { c.sampler = s })
}

// WithSpanQueueSize sets how many ended spans may wait for export; what comes
// beyond is dropped and counted, see [SDK.DroppedSpans]. The default is 2048.
// Values below 1 are ignored.
func WithSpanQueueSize(n int) Option {
	return optionFunc(func(c *config) { c.queueSize = n })
}

// WithLogger sets where the SDK reports what it cannot return: a failed
// export, at most once a minute, and what it passed over at the start. The
// default is slog.Default at the time of Start.
func WithLogger(l *slog.Logger) Option {
	return optionFunc(func(c *config) { c.logger = l })
}

// WithoutMetrics turns metrics off, as OTEL_METRICS_EXPORTER=none does.
func WithoutMetrics() Option {
	return optionFunc(func(c *config) { c.withoutMetrics = true })
}
