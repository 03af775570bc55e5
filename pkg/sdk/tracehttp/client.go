package tracehttp

import (
	"net/http"
	"strings"

	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"
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
		if query, changed := redact(r.URL.RawQuery); changed {
			u := *r.URL
			u.RawQuery, u.User = query, nil
			span.SetAttributes(attribute.String("url.full", u.String()))
		}
	}
	return t.base.RoundTrip(r)
}

// secrets are the parameters of signed URLs that let whoever reads them in.
// https://opentelemetry.io/docs/specs/semconv/registry/attributes/url/ names the
// first four; the rest are those of AWS's presigned URLs and of tokens.
var secrets = []string{
	"awsaccesskeyid", "signature", "sig", "x-goog-signature",
	"x-amz-signature", "x-amz-credential", "x-amz-security-token",
	"access_token", "id_token", "refresh_token", "token", "api_key", "apikey", "key", "password", "client_secret", "code",
}

// redact replaces the values of secrets in a query.
func redact(query string) (_ string, changed bool) {
	if query == "" {
		return "", false
	}
	parts := strings.Split(query, "&")
	for i, part := range parts {
		name, _, ok := strings.Cut(part, "=")
		if ok && isSecret(name) {
			parts[i], changed = name+"=REDACTED", true
		}
	}
	return strings.Join(parts, "&"), changed
}

func isSecret(name string) bool {
	for _, s := range secrets {
		if strings.EqualFold(name, s) {
			return true
		}
	}
	return false
}
