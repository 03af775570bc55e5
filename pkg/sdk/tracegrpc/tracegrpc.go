// Package tracegrpc traces gRPC servers and clients so that AWS X-Ray and New
// Relic both show the right nodes and names. It is otelgrpc, set up for that,
// and what otelgrpc leaves out: panics and health checks.
//
//	grpc.NewServer(tracegrpc.ServerOptions()...)
//	grpc.NewClient(target, append(tracegrpc.DialOptions(), …)...)
package tracegrpc

import (
	"context"
	"fmt"
	"runtime/debug"
	"strings"

	"go.opentelemetry.io/contrib/instrumentation/google.golang.org/grpc/otelgrpc"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"
	"google.golang.org/grpc"
	"google.golang.org/grpc/stats"

	"github.com/bragg-tracing/bragg/pkg/sdk/instrument"
)

// Option changes how calls are traced.
type Option func(*config)

type config struct {
	providers instrument.Providers
	filter    func(fullMethod string) bool
	peer      string
	public    bool
}

// WithProviders says where spans and metrics go: a *telemetry.SDK or a
// *telemetrytest.Recorder. The default is OpenTelemetry's globals.
func WithProviders(p instrument.Providers) Option {
	return func(c *config) { c.providers = p }
}

// WithFilter traces only the methods for which f returns true, given as
// "/shop.Cart/Add". f is called concurrently. The default, and nil,
// leaves out health checks and reflection.
func WithFilter(f func(fullMethod string) bool) Option {
	return func(c *config) { c.filter = f }
}

// WithPeerName names what a client calls: X-Ray's node, and peer.service.
// Without it the node is the gRPC service, such as shop.Cart.
func WithPeerName(name string) Option {
	return func(c *config) { c.peer = name }
}

// WithPublicEndpoint makes a server begin a new trace, linked to the caller's,
// for every call.
func WithPublicEndpoint() Option {
	return func(c *config) { c.public = true }
}

// ServerOptions are those of a server that traces unary and streaming calls: a
// server span each, child of the caller's span. A panic is recorded as a fault
// and goes on.
func ServerOptions(opts ...Option) []grpc.ServerOption {
	c := newConfig(opts)
	o := c.options()
	if c.public {
		o = append(o, otelgrpc.WithPublicEndpoint())
	}
	return []grpc.ServerOption{
		grpc.StatsHandler(otelgrpc.NewServerHandler(o...)),
		grpc.ChainUnaryInterceptor(recoverUnary),
		grpc.ChainStreamInterceptor(recoverStream),
	}
}

// DialOptions are those of a client that traces unary and streaming calls: a
// client span each, and the trace headers of the propagator.
func DialOptions(opts ...Option) []grpc.DialOption {
	c := newConfig(opts)
	o := c.options()
	if c.peer != "" {
		o = append(o, otelgrpc.WithSpanAttributes(attribute.String("peer.service", c.peer)))
	}
	return []grpc.DialOption{grpc.WithStatsHandler(otelgrpc.NewClientHandler(o...))}
}

func newConfig(opts []Option) *config {
	c := &config{}
	for _, o := range opts {
		o(c)
	}
	c.providers = instrument.OrGlobal(c.providers)
	if c.filter == nil {
		c.filter = worthTracing
	}
	return c
}

func (c *config) options() []otelgrpc.Option {
	return []otelgrpc.Option{
		otelgrpc.WithTracerProvider(c.providers.TracerProvider()),
		otelgrpc.WithMeterProvider(c.providers.MeterProvider()),
		otelgrpc.WithPropagators(c.providers.Propagator()),
		otelgrpc.WithFilter(func(info *stats.RPCTagInfo) bool { return c.filter(info.FullMethodName) }),
	}
}

// worthTracing leaves out what probes and tools call all the time.
func worthTracing(method string) bool {
	return !strings.HasPrefix(method, "/grpc.health.v1.Health/") && !strings.HasPrefix(method, "/grpc.reflection.")
}

func recoverUnary(ctx context.Context, req any, _ *grpc.UnaryServerInfo, next grpc.UnaryHandler) (any, error) {
	defer record(ctx)
	return next(ctx, req)
}

func recoverStream(srv any, stream grpc.ServerStream, _ *grpc.StreamServerInfo, next grpc.StreamHandler) error {
	defer record(stream.Context())
	return next(srv, stream)
}

// record records a panic and lets it go on. It ends the span, as nobody else
// does: gRPC takes the process down with it, unless an interceptor further out
// recovers, and otelgrpc would then show what that made of it.
func record(ctx context.Context) {
	p := recover()
	if p == nil {
		return
	}
	span := trace.SpanFromContext(ctx)
	message := fmt.Sprint(p)
	span.AddEvent("exception", trace.WithAttributes(
		attribute.String("exception.type", "panic"),
		attribute.String("exception.message", message),
		attribute.String("exception.stacktrace", string(debug.Stack()))))
	span.SetAttributes(attribute.String("error.type", "panic"), attribute.String("rpc.response.status_code", "INTERNAL"))
	span.SetStatus(codes.Error, "panic: "+message)
	span.End()
	panic(p)
}
