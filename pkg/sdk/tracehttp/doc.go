// Package tracehttp traces net/http servers and clients so that AWS X-Ray and
// New Relic both show the right nodes and names. It is otelhttp, set up for
// that, and what otelhttp leaves out: the route of a request that a ServeMux
// finds, panics as faults, the answer's X-Amzn-Trace-Id, query strings without
// credentials.
//
//	http.ListenAndServe(addr, tracehttp.Handler(mux))
//	client := tracehttp.Client(nil)
package tracehttp

import (
	"net/http"

	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"

	"github.com/bragg-tracing/bragg/pkg/sdk/instrument"
)

// Option changes how requests are traced. Those of servers do nothing for
// clients, and the other way round.
type Option func(*config)

type config struct {
	providers  instrument.Providers
	filter     func(*http.Request) bool
	route      func(*http.Request) string
	public     func(*http.Request) bool
	peer       func(*http.Request) string
	noResponse bool
}

func newConfig(opts []Option) *config {
	c := &config{}
	for _, o := range opts {
		o(c)
	}
	c.providers = instrument.OrGlobal(c.providers)
	return c
}

// options are those that servers and clients have in common.
func (c *config) options() []otelhttp.Option {
	opts := []otelhttp.Option{
		otelhttp.WithTracerProvider(c.providers.TracerProvider()),
		otelhttp.WithMeterProvider(c.providers.MeterProvider()),
		otelhttp.WithPropagators(c.providers.Propagator()),
	}
	if c.filter != nil {
		opts = append(opts, otelhttp.WithFilter(c.filter))
	}
	return opts
}

// WithProviders says where spans and metrics go: a *telemetry.SDK or a
// *telemetrytest.Recorder. The default is OpenTelemetry's globals.
func WithProviders(p instrument.Providers) Option {
	return func(c *config) { c.providers = p }
}

// WithFilter traces only the requests for which f returns true. f is called
// concurrently.
func WithFilter(f func(*http.Request) bool) Option {
	return func(c *config) { c.filter = f }
}

// WithRoute gives a server the route of a request that has been handled, such
// as "/loans/{id}", for routers other than http.ServeMux. "" stands for none.
func WithRoute(f func(*http.Request) string) Option {
	return func(c *config) { c.route = f }
}

// WithPublicEndpoint makes a server begin a new trace, linked to the caller's,
// for requests for which f returns true: those of callers that must not choose
// the trace id or the sampling decision.
func WithPublicEndpoint(f func(*http.Request) bool) Option {
	return func(c *config) { c.public = f }
}

// WithoutResponseHeader leaves X-Amzn-Trace-Id out of a server's answers.
func WithoutResponseHeader() Option {
	return func(c *config) { c.noResponse = true }
}

// WithPeer names what a client calls: X-Ray's node, and peer.service. Without
// it the node is the host. "" stands for the host, too.
func WithPeer(f func(*http.Request) string) Option {
	return func(c *config) { c.peer = f }
}

// WithPeerName is WithPeer for a client that calls one service.
func WithPeerName(name string) Option {
	return WithPeer(func(*http.Request) string { return name })
}
