package tracehttp

import (
	"net/http"

	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	"github.com/bragg-tracing/bragg/pkg/sdk/redact"
)

// Client returns a copy of c whose requests are traced; nil stands for
// http.DefaultClient.
func Client(c *http.Client, opts ...Option) *http.Client {
	if c == nil {
		c = http.DefaultClient
	}
	traced := *c
	traced.Transport = Transport(c.Transport, opts...)
	return &traced
}

// Transport traces the requests that base sends: a client span each, and the
// trace headers of the propagator. nil stands for http.DefaultTransport. The
// span ends when the answer's body has been read to its end or closed.
func Transport(base http.RoundTripper, opts ...Option) http.RoundTripper {
	if base == nil {
		base = http.DefaultTransport
	}
	c := newConfig(opts)
	return otelhttp.NewTransport(&transport{base, c}, append(c.options(), otelhttp.WithSpanNameFormatter(c.spanName))...)
}

// spanName is "METHOD peer".
func (c *config) spanName(_ string, r *http.Request) string {
	return r.Method + " " + c.peerOf(r)
}

func (c *config) peerOf(r *http.Request) string {
	if c.peer != nil {
		if name := c.peer(r); name != "" {
			return name
		}
	}
	return r.URL.Hostname()
}

// transport runs inside the span.
type transport struct {
	base http.RoundTripper
	*config
}

func (t *transport) RoundTrip(r *http.Request) (*http.Response, error) {
	if span := trace.SpanFromContext(r.Context()); span.IsRecording() {
		if t.peer != nil {
			if name := t.peer(r); name != "" {
				span.SetAttributes(attribute.String("peer.service", name))
			}
		}
		if query := redacted(r.URL.RawQuery); query != r.URL.RawQuery {
			u := *r.URL
			u.RawQuery, u.User = query, nil
			span.SetAttributes(attribute.String("url.full", u.String()))
		}
	}
	return t.base.RoundTrip(r)
}

// redacted is for services that set OpenTelemetry up by hand: telemetry.Start
// redacts all that is exported.
func redacted(query string) string { return redact.Default().Apply(redact.Query, query, "") }
