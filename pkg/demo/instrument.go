package demo

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// annotate sets attributes that X-Ray is to index as annotations: the collector's
// awsxray exporter makes annotations of those that this list names, and
// metadata of all others. X-Ray takes keys of letters, digits and underscores.
func annotate(ctx context.Context, attributes ...attribute.KeyValue) {
	span := trace.SpanFromContext(ctx)
	keys := annotationKeys(span)
	for _, a := range attributes {
		keys = append(keys, string(a.Key))
	}
	span.SetAttributes(attributes...)
	span.SetAttributes(attribute.StringSlice("aws.xray.annotations", keys))
}

func annotationKeys(span trace.Span) []string {
	if s, ok := span.(sdktrace.ReadOnlySpan); ok {
		for _, a := range s.Attributes() {
			if a.Key == "aws.xray.annotations" {
				return a.Value.AsStringSlice()
			}
		}
	}
	return nil
}

// describe puts a JSON object into X-Ray's metadata under a namespace.
func describe(ctx context.Context, namespace string, content map[string]any) {
	document, err := json.Marshal(content)
	if err != nil {
		document = []byte(`{}`)
	}
	trace.SpanFromContext(ctx).SetAttributes(
		attribute.String("aws.xray.metadata."+namespace, string(document)))
}

// A statusError is an error that has its own HTTP status.
type statusError struct {
	status int
	err    error
}

func (e *statusError) Error() string { return e.err.Error() }
func (e *statusError) Unwrap() error { return e.err }

func failed(status int, format string, args ...any) error {
	return &statusError{status, fmt.Errorf(format, args...)}
}

// statusOf returns the HTTP status for an error: its own, else 500.
func statusOf(err error) int {
	var e *statusError
	if errors.As(err, &e) {
		return e.status
	}
	return http.StatusInternalServerError
}

// A route is a pattern of http.ServeMux with the function that answers it: with
// a status and a value for the body, or an error.
type route struct {
	pattern string
	answer  func(*http.Request) (int, any, error)
}

// routes returns the handler of a service. It traces inside the mux, where the
// route of a request is known; paths that are no route leave no trace.
func (s *service) routes(routes ...route) http.Handler {
	traced := otelhttp.NewMiddleware(s.name,
		otelhttp.WithTracerProvider(s.sdk.TracerProvider()),
		otelhttp.WithMeterProvider(s.sdk.MeterProvider()),
		otelhttp.WithPropagators(s.sdk.Propagator()))
	mux := http.NewServeMux()
	for _, r := range routes {
		mux.Handle(r.pattern, traced(s.respond(r.answer)))
	}
	return mux
}

// respond writes answers as JSON. An error is recorded on the request's span,
// where otelhttp sets the status for 5xx. Without OpenTelemetry there is none,
// and nothing is recorded.
func (s *service) respond(answer func(*http.Request) (int, any, error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, maxBody)
		// The answer says which trace it belongs to, as an AWS load balancer's does.
		s.sdk.Propagator().Inject(r.Context(), traceHeaderOnly{w.Header()})
		status, body, err := answer(r)
		if err != nil {
			status, body = statusOf(err), map[string]string{"error": err.Error()}
			recordError(r.Context(), err)
		}
		writeJSON(w, status, body)
	})
}

// recordError adds an exception event as Span.RecordError does, but with the
// type of what is at the bottom of err: the ones above only add words.
func recordError(ctx context.Context, err error) {
	cause := err
	for next := errors.Unwrap(cause); next != nil; next = errors.Unwrap(next) {
		cause = next
	}
	trace.SpanFromContext(ctx).AddEvent("exception", trace.WithAttributes(
		attribute.String("exception.type", fmt.Sprintf("%T", cause)),
		attribute.String("exception.message", err.Error())))
}

// traceHeaderOnly is a carrier that takes X-Amzn-Trace-Id and nothing else.
type traceHeaderOnly struct{ http.Header }

func (h traceHeaderOnly) Set(key, value string) {
	if http.CanonicalHeaderKey(key) == "X-Amzn-Trace-Id" {
		h.Header.Set(key, value)
	}
}

func (h traceHeaderOnly) Keys() []string { return nil }

func writeJSON(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(body) // an error means that the caller has gone
}

// step runs f in a span of its own. A failure has its stack recorded.
func (s *service) step(ctx context.Context, name string, f func(context.Context) error) error {
	ctx, span := s.sdk.TracerProvider().Tracer("github.com/bragg-tracing/bragg/pkg/demo").Start(ctx, name)
	defer span.End()
	err := f(ctx)
	if err != nil {
		span.RecordError(err, trace.WithStackTrace(true))
		span.SetStatus(codes.Error, err.Error())
	}
	return err
}

// A peer is another service of the demo, as a service calls it.
type peer struct {
	name   string
	url    string
	client *http.Client
}

// peer returns a traced client for the named service at url. The name is what
// X-Ray and New Relic show of the call; addresses differ from start to start.
func (s *service) peer(name, url string) *peer {
	transport := s.transport()
	return &peer{name: name, url: url, client: &http.Client{
		Timeout: 10 * time.Second,
		Transport: otelhttp.NewTransport(transport,
			otelhttp.WithTracerProvider(s.sdk.TracerProvider()),
			otelhttp.WithMeterProvider(s.sdk.MeterProvider()),
			otelhttp.WithPropagators(s.sdk.Propagator()),
			otelhttp.WithSpanNameFormatter(func(_ string, r *http.Request) string { return r.Method + " " + name }),
			otelhttp.WithSpanOptions(trace.WithAttributes(attribute.String("peer.service", name)))),
	}}
}

// transport returns a transport of the service's own. It asks no proxy: the
// demo's peers are where the configuration says.
func (s *service) transport() *http.Transport {
	t := &http.Transport{MaxIdleConnsPerHost: 64, IdleConnTimeout: time.Minute}
	s.onStop(func() error { t.CloseIdleConnections(); return nil })
	return t
}

// call sends in as JSON, unless it is nil, and reads the answer into out. An
// answer that is no success is a statusError with what the peer said.
func (p *peer) call(ctx context.Context, method, path string, in, out any) error {
	var body io.Reader
	if in != nil {
		b, err := json.Marshal(in)
		if err != nil {
			return fmt.Errorf("ask %s: %w", p.name, err)
		}
		body = bytes.NewReader(b)
	}
	r, err := http.NewRequestWithContext(ctx, method, p.url+path, body)
	if err != nil {
		return fmt.Errorf("ask %s: %w", p.name, err)
	}
	r.Header.Set("Content-Type", "application/json")
	resp, err := p.client.Do(r)
	if err != nil {
		return failed(http.StatusBadGateway, "ask %s: %w", p.name, err)
	}
	defer resp.Body.Close()
	return readAnswer(p.name, resp, out)
}

func readAnswer(name string, resp *http.Response, out any) error {
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxBody)) // to its end, where the client's span ends too
	if err != nil {
		return failed(http.StatusBadGateway, "read the answer of %s: %w", name, err)
	}
	if resp.StatusCode >= 300 {
		var said struct{ Error string }
		if json.Unmarshal(body, &said) != nil || said.Error == "" {
			said.Error = http.StatusText(resp.StatusCode)
		}
		return failed(resp.StatusCode, "%s: %s", name, said.Error)
	}
	if err := json.Unmarshal(body, out); err != nil {
		return failed(http.StatusBadGateway, "read the answer of %s: %w", name, err)
	}
	return nil
}

// decode reads a request's JSON body.
func decode(r *http.Request, into any) error {
	if err := json.NewDecoder(r.Body).Decode(into); err != nil {
		return failed(http.StatusBadRequest, "read the request: %w", err)
	}
	return nil
}

// wait returns after d, or earlier with the error of ctx.
func wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
