// Package tracelambda traces AWS Lambda functions so that AWS X-Ray and New
// Relic both show each invocation, with what triggered it:
//
//	func main() {
//		sdk, err := telemetry.Start(context.Background())
//		...
//		tracelambda.Start(handle, tracelambda.WithProviders(sdk))
//	}
//
// It takes the place of contrib's otellambda, which has lost its owner.
package tracelambda

import (
	"context"
	"encoding/json"
	"os"
	"sync/atomic"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambdacontext"
	"go.opentelemetry.io/otel/trace"

	"github.com/bragg-tracing/bragg/pkg/sdk/instrument"
)

// ScopeName is the instrumentation scope of the spans.
const ScopeName = "github.com/bragg-tracing/bragg/pkg/sdk/tracelambda"

// Option changes how invocations are traced.
type Option func(*config)

type config struct {
	providers  instrument.Providers
	flush      func(context.Context) error
	margin     time.Duration
	subsegment bool
	ownSampler bool
	lambda     []lambda.Option
}

// WithProviders says where spans go: a *telemetry.SDK or a
// *telemetrytest.Recorder. The default is OpenTelemetry's globals.
func WithProviders(p instrument.Providers) Option {
	return func(c *config) { c.providers = p }
}

// WithFlush sets what exports the spans of an invocation before it ends:
// afterwards Lambda may freeze the process. The default is the providers'
// Flush, or else the ForceFlush of their tracer provider.
func WithFlush(f func(context.Context) error) Option {
	return func(c *config) { c.flush = f }
}

// WithMargin sets how long before Lambda would stop an invocation its span ends
// as a timeout and is exported. The default is 200 ms; an invocation that comes
// this close to its limit is called a timeout although it may yet end. 0 turns
// that off: a timeout then leaves no span.
func WithMargin(d time.Duration) Option {
	return func(c *config) { c.margin = d }
}

// AsSubsegment makes X-Ray show an invocation as a part of the segment
// that Lambda itself sends (AWS::Lambda::Function), with active tracing on. The
// span is then of kind internal. Without it the invocation is a segment of the
// service, beside Lambda's two.
func AsSubsegment() Option { return func(c *config) { c.subsegment = true } }

// WithOwnSampling leaves the decision to the service's sampler where Lambda says
// that a trace is not sampled: it does for every invocation if active tracing
// is off. Other backends than X-Ray want this.
func WithOwnSampling() Option { return func(c *config) { c.ownSampler = true } }

// WithLambdaOptions passes options on to lambda.NewHandler and lambda.Start.
func WithLambdaOptions(opts ...lambda.Option) Option {
	return func(c *config) { c.lambda = append(c.lambda, opts...) }
}

// Start is lambda.Start with every invocation traced. It does not return.
func Start(handler any, opts ...Option) {
	c := newConfig(opts)
	lambda.StartWithOptions(wrap(handler, c), c.lambda...)
}

// Wrap returns what lambda.Start takes in the place of handler: a function that
// traces its invocations. handler is what lambda.Start takes, one that streams
// its response too. The result may be called concurrently if handler may; tests
// call lambda.NewHandler(tracelambda.Wrap(handler)).Invoke.
//
// Spans are exported when the response has been sent, so that nobody waits for
// that, and before the function is ready for its next invocation.
func Wrap(handler any, opts ...Option) any { return wrap(handler, newConfig(opts)) }

func wrap(handler any, c *config) any {
	t := &tracer{config: c, Tracer: c.providers.TracerProvider().Tracer(ScopeName), name: functionName()}
	t.warm.Store(os.Getenv("AWS_LAMBDA_INITIALIZATION_TYPE") == "provisioned-concurrency")
	call := streaming(handler)
	if call == nil {
		call = buffered(handler, c.lambda)
	}
	return func(ctx context.Context, payload json.RawMessage) (*response, error) {
		i := t.begin(ctx, payload)
		defer i.recovered()
		r, err := call(i.ctx, payload)
		if err != nil {
			i.end(nil, err)
			return nil, err
		}
		r.sent = func() { i.end(r.text, nil) }
		return r, nil
	}
}

func newConfig(opts []Option) *config {
	c := &config{margin: 200 * time.Millisecond}
	for _, o := range opts {
		o(c)
	}
	c.providers = instrument.OrGlobal(c.providers)
	if c.flush == nil {
		c.flush = flusher(c.providers)
	}
	return c
}

// flusher finds out how to export what is queued.
func flusher(p instrument.Providers) func(context.Context) error {
	if f, ok := p.(interface{ Flush(context.Context) error }); ok {
		return f.Flush
	}
	return func(ctx context.Context) error {
		if f, ok := p.TracerProvider().(interface{ ForceFlush(context.Context) error }); ok {
			return f.ForceFlush(ctx)
		}
		return nil
	}
}

func functionName() string {
	if lambdacontext.FunctionName != "" {
		return lambdacontext.FunctionName
	}
	return "function"
}

// tracer makes the spans of invocations.
type tracer struct {
	*config
	trace.Tracer
	name string
	warm atomic.Bool // there was an invocation
}
