package tracehttp

import (
	"fmt"
	"net/http"
	"runtime/debug"
	"strings"

	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"github.com/bragg-tracing/bragg/pkg/sdk/propagation"
)

// Handler traces the requests that next answers: a server span each, named
// "METHOD route", child of the caller's span. Put the whole http.ServeMux
// inside, or each of its handlers.
//
// A panic of next is recorded as a fault and goes on.
func Handler(next http.Handler, opts ...Option) http.Handler {
	return Middleware(opts...)(next)
}

// Middleware is Handler for routers that take middlewares. Its instruments are
// made once, however many handlers it wraps.
func Middleware(opts ...Option) func(http.Handler) http.Handler {
	c := newConfig(opts)
	o := c.options()
	if c.public != nil {
		o = append(o, otelhttp.WithPublicEndpointFn(c.public))
	}
	outer := otelhttp.NewMiddleware("", o...)
	return func(next http.Handler) http.Handler { return outer(&handler{next, c}) }
}

// handler runs inside the span.
type handler struct {
	next http.Handler
	*config
}

func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	span := trace.SpanFromContext(r.Context())
	if !h.noResponse {
		setResponseHeader(w.Header(), r, span.SpanContext())
	}
	defer func() {
		route := h.setRoute(span, r)
		if p := recover(); p != nil {
			if route != "" { // otelhttp gives the name only to requests that end well
				span.SetName(r.Method + " " + route)
			}
			recordPanic(span, p)
			span.End() // before the SDK, at the end of a panicking goroutine, records the panic again, without its stack
			panic(p)
		}
	}()
	h.next.ServeHTTP(w, r)
}

// setResponseHeader tells the caller its trace, as the X-Ray SDK does.
func setResponseHeader(header http.Header, r *http.Request, span trace.SpanContext) {
	if !span.IsValid() {
		return
	}
	request, _ := propagation.ParseHeader(r.Header.Get(propagation.HeaderName)) // one that cannot be read asks for nothing
	header.Set(propagation.HeaderName, propagation.ResponseHeader(request, span))
}

// setRoute sets http.route once a ServeMux has found it, which otelhttp does
// only for the name; and both for other routers.
func (h *handler) setRoute(span trace.Span, r *http.Request) string {
	route := routeOf(r.Pattern)
	if h.route != nil {
		if found := h.route(r); found != "" {
			route = found
			span.SetName(r.Method + " " + found)
		}
	}
	if route != "" {
		span.SetAttributes(attribute.String("http.route", route))
	}
	return route
}

// routeOf is the path of a ServeMux pattern "[METHOD ][HOST]/[PATH]".
func routeOf(pattern string) string {
	if i := strings.IndexByte(pattern, '/'); i >= 0 {
		return pattern[i:]
	}
	return ""
}

func recordPanic(span trace.Span, p any) {
	if p == http.ErrAbortHandler { //nolint:errorlint // net/http compares, too
		span.SetStatus(codes.Error, "the handler aborted the response")
		return
	}
	message := fmt.Sprint(p)
	span.AddEvent("exception", trace.WithAttributes(
		attribute.String("exception.type", "panic"),
		attribute.String("exception.message", message),
		attribute.String("exception.stacktrace", string(debug.Stack()))))
	span.SetAttributes(attribute.Int("http.response.status_code", http.StatusInternalServerError), attribute.String("error.type", "panic"))
	span.SetStatus(codes.Error, "panic: "+message)
}
