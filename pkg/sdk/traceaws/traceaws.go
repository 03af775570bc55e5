// Package traceaws traces the calls of the AWS SDK for Go v2 so that AWS X-Ray
// shows a node for each AWS service with its aws block (operation, region,
// request id, table, queue, bucket, topic, function, retries), and New Relic
// the same as attributes:
//
//	cfg, err := config.LoadDefaultConfig(ctx)
//	traceaws.Instrument(&cfg)
//	db := dynamodb.NewFromConfig(cfg)
//
// It takes the place of contrib's otelaws, which has lost its owner, and of
// the X-Ray SDK's awsv2. It imports no client of a service: what it knows of
// their inputs it reads by the names of fields.
package traceaws

import (
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/smithy-go/middleware"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"github.com/bragg-tracing/bragg/pkg/sdk/instrument"
)

// ScopeName is the instrumentation scope of the spans.
const ScopeName = "github.com/bragg-tracing/bragg/pkg/sdk/traceaws"

// Option changes how calls are traced.
type Option func(*config)

type config struct {
	providers    instrument.Providers
	attemptSpans bool
	noMessages   bool
	kinesis      bool
	attributes   func(service, operation string, input any) []attribute.KeyValue
}

// WithProviders says where spans go: a *telemetry.SDK or a
// *telemetrytest.Recorder. The default is OpenTelemetry's globals.
func WithProviders(p instrument.Providers) Option {
	return func(c *config) { c.providers = p }
}

// WithAttemptSpans makes a child span of each attempt, as the X-Ray SDK for Go
// v1 did. Without it a call is one span, with an event for each attempt that
// failed and was tried again.
func WithAttemptSpans() Option { return func(c *config) { c.attemptSpans = true } }

// WithoutMessageContext leaves messages as they are: neither is the trace put
// into those that are sent, nor is it asked for with those that are received.
func WithoutMessageContext() Option { return func(c *config) { c.noMessages = true } }

// WithKinesisContext puts the trace into Kinesis records whose data is a JSON
// object, as its member "_trace": records have no other place for it. Their
// consumers must bear an unknown member.
func WithKinesisContext() Option { return func(c *config) { c.kinesis = true } }

// WithAttributes adds attributes to the span of a call. f gets the client's
// service id, such as "DynamoDB", the operation and its input, such as
// *dynamodb.GetItemInput, which it must not change. It is called for recorded
// spans only, and concurrently.
func WithAttributes(f func(service, operation string, input any) []attribute.KeyValue) Option {
	return func(c *config) { c.attributes = f }
}

// Instrument makes the clients that are made with cfg from now on trace their
// calls.
func Instrument(cfg *aws.Config, opts ...Option) {
	cfg.APIOptions = append(slices.Clip(cfg.APIOptions), APIOption(opts...))
}

// APIOption is Instrument for the Options of one client, or of one call:
//
//	dynamodb.NewFromConfig(cfg, func(o *dynamodb.Options) {
//		o.APIOptions = append(o.APIOptions, traceaws.APIOption())
//	})
func APIOption(opts ...Option) func(*middleware.Stack) error {
	t := newTracer(opts)
	return t.addTo
}

// tracer makes the spans of a client's calls.
type tracer struct {
	*config
	trace.Tracer
	operations memo[operationKey, operation]
}

func newTracer(opts []Option) *tracer {
	c := &config{}
	for _, o := range opts {
		o(c)
	}
	c.providers = instrument.OrGlobal(c.providers)
	return &tracer{config: c, Tracer: c.providers.TracerProvider().Tracer(ScopeName)}
}

func (t *tracer) propagator() propagation.TextMapPropagator { return t.providers.Propagator() }

// addTo adds the middlewares: one around the call, one around each attempt, and
// one where the request is complete.
func (t *tracer) addTo(stack *middleware.Stack) error {
	around := middleware.InitializeMiddlewareFunc("BraggTraceCall", t.call)
	// Clients tell the context which service and operation they call, newer ones
	// before the stack runs, older ones by a middleware. Right after it, or at
	// the front, is before the input is validated: a call that fails there is
	// seen, too.
	if _, ok := stack.Initialize.Get("RegisterServiceMetadata"); ok {
		if err := stack.Initialize.Insert(around, "RegisterServiceMetadata", middleware.After); err != nil {
			return err
		}
	} else if err := stack.Initialize.Add(around, middleware.Before); err != nil {
		return err
	}
	attempt := middleware.FinalizeMiddlewareFunc("BraggTraceAttempt", t.attempt)
	if _, ok := stack.Finalize.Get("Retry"); ok {
		if err := stack.Finalize.Insert(attempt, "Retry", middleware.After); err != nil {
			return err
		}
	}
	return stack.Finalize.Add(middleware.FinalizeMiddlewareFunc("BraggTraceRequest", t.request), middleware.After)
}
