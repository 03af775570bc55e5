package telemetry

import (
	"log/slog"

	"github.com/aws/aws-sdk-go-v2/aws"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/bragg-tracing/bragg/pkg/sdk/propagation"
	"github.com/bragg-tracing/bragg/pkg/sdk/redact"
	"github.com/bragg-tracing/bragg/pkg/sdk/sampling"
	"github.com/bragg-tracing/bragg/pkg/sdk/sigv4"
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
	withoutLogs    bool
	exporters      []string
	redaction      redact.Config

	xraySampling    bool
	samplingOptions []sampling.Option
	headerRule      *propagation.Rule
	credentials     aws.CredentialsProvider
	detectors       []resource.Detector
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
	c.logger = hideSecrets(c.logger)
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
//
// A sampler that looks at the parent, like OpenTelemetry's ParentBased, also
// honours what an X-Amzn-Trace-Id header leaves to this service: see
// [sampling.Deferring].
func WithSampler(s sdktrace.Sampler) Option {
	return optionFunc(func(c *config) { c.sampler, c.xraySampling = s, false })
}

// WithXRaySampling decides by the sampling rules of AWS X-Ray, as
// OTEL_TRACES_SAMPLER=xray does, and follows the caller's decision where there
// is one. The options come after what OTEL_TRACES_SAMPLER_ARG and
// AWS_XRAY_DAEMON_ADDRESS say; see [sampling.NewRemote].
func WithXRaySampling(opts ...sampling.Option) Option {
	return optionFunc(func(c *config) { c.xraySampling, c.samplingOptions = true, opts })
}

// WithTraceHeaders sets the rule for requests that have both a traceparent and
// an X-Amzn-Trace-Id header. The default is [propagation.Nearest]. The variable
// BRAGG_TRACE_HEADERS (nearest, traceparent, xray) does the same.
func WithTraceHeaders(rule propagation.Rule) Option {
	return optionFunc(func(c *config) { c.headerRule = &rule })
}

// WithExporters names the exporters of spans, as OTEL_TRACES_EXPORTER does:
//
//	otlp      a collector, see WithEndpoint; the default
//	xray      X-Ray's OTLP endpoint in AWS_REGION, requests signed
//	newrelic  New Relic, in the region of the key in NEW_RELIC_LICENSE_KEY
//	xrayudp   the X-Ray daemon at AWS_XRAY_DAEMON_ADDRESS, as in AWS Lambda
//	console   standard output
//	none      none
//
// Several at once get the same spans, each from a queue of its own: one that is
// slow or away does not hold up the others.
func WithExporters(names ...string) Option {
	return optionFunc(func(c *config) { c.exporters = names })
}

// WithRedaction changes what is redacted in spans and log records before they
// are exported; see package redact, and its README.md for the default.
// redact.Off() redacts nothing. BRAGG_REDACT wins over Only of the option,
// and what BRAGG_REDACT_KEYS and BRAGG_REDACT_PARAMETERS name adds up with its
// Keys and Parameters.
//
// Processors of [WithSpanProcessor] see spans as they were recorded.
func WithRedaction(r redact.Config) Option {
	return optionFunc(func(c *config) { c.redaction = r })
}

// WithAWSCredentials sets the credentials for requests to X-Ray itself, usually
// the Credentials of an aws.Config. Without it, those of the environment are
// taken: see [sigv4.Credentials].
func WithAWSCredentials(p aws.CredentialsProvider) Option {
	return optionFunc(func(c *config) { c.credentials = p })
}

// awsCredentials returns the option's credentials or the environment's.
func (c *config) awsCredentials() aws.CredentialsProvider {
	if c.credentials == nil {
		c.credentials = sigv4.Credentials()
	}
	return c.credentials
}

// WithDetectors adds detectors of resource attributes to those for AWS's
// services, over whose attributes theirs win. Each gets a second, at the same
// time as the others. Several of these options add up.
func WithDetectors(d ...resource.Detector) Option {
	return optionFunc(func(c *config) { c.detectors = append(c.detectors, d...) })
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

// WithoutLogs turns logs off, as OTEL_LOGS_EXPORTER=none does.
func WithoutLogs() Option {
	return optionFunc(func(c *config) { c.withoutLogs = true })
}
