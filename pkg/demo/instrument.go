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

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"github.com/bragg-tracing/bragg/pkg/sdk/tracehttp"
	"github.com/bragg-tracing/bragg/pkg/sdk/xrayattr"
)

// annotate sets attributes that X-Ray indexes.
func annotate(ctx context.Context, annotations ...attribute.KeyValue) {
	trace.SpanFromContext(ctx).SetAttributes(annotations...)
}

// describe puts an object into X-Ray's metadata under a namespace.
func describe(ctx context.Context, namespace string, content map[string]any) {
	trace.SpanFromContext(ctx).SetAttributes(xrayattr.Metadata(namespace, content))
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
	traced := tracehttp.Middleware(tracehttp.WithProviders(s.sdk))
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
	return &peer{name: name, url: url, client: &http.Client{
		Timeout:   10 * time.Second,
		Transport: tracehttp.Transport(s.transport(), tracehttp.WithProviders(s.sdk), tracehttp.WithPeerName(name)),
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
