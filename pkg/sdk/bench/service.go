package main

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	contrib "go.opentelemetry.io/contrib/propagators/aws/xray"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracegrpc"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/metric/noop"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	collectortrace "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"google.golang.org/grpc"

	"github.com/bragg-tracing/bragg/pkg/sdk/telemetry"
	"github.com/bragg-tracing/bragg/pkg/sdk/tracehttp"
)

// service is one side of a case.
type service struct {
	request func()
	flush   func() error
	close   func()

	requests   int  // of a round; 0 is the constant
	goroutines bool // a request runs in several
}

// setup is OpenTelemetry as one side has it.
type setup struct {
	provider   trace.TracerProvider
	propagator propagation.TextMapPropagator
	flush      func() error
	close      func()
}

// byHand is what the guides of OpenTelemetry and AWS say to write.
func byHand(address string) (setup, error) {
	ctx := context.Background()
	exporter, err := otlptracegrpc.New(ctx, otlptracegrpc.WithEndpoint(address), otlptracegrpc.WithInsecure())
	if err != nil {
		return setup{}, err
	}
	provider := sdktrace.NewTracerProvider(
		sdktrace.WithBatcher(exporter),
		sdktrace.WithIDGenerator(contrib.NewIDGenerator()),
		sdktrace.WithResource(resource.NewSchemaless(attribute.String("service.name", "bench"))),
	)
	return setup{
		provider:   provider,
		propagator: propagation.NewCompositeTextMapPropagator(contrib.Propagator{}, propagation.TraceContext{}, propagation.Baggage{}),
		flush:      func() error { return provider.ForceFlush(ctx) },
		close:      func() { _ = provider.Shutdown(ctx) },
	}, nil
}

// ours is one call.
func ours(address string) (setup, error) {
	ctx := context.Background()
	sdk, err := telemetry.Start(ctx, telemetry.WithoutGlobals(), telemetry.WithServiceName("bench"), telemetry.WithEndpoint("http://"+address),
		telemetry.WithoutMetrics(), telemetry.WithoutLogs())
	if err != nil {
		return setup{}, err
	}
	return setup{
		provider:   sdk.TracerProvider(),
		propagator: sdk.Propagator(),
		flush:      func() error { return sdk.Flush(ctx) },
		close:      func() { _ = sdk.Shutdown(ctx) },
	}, nil
}

// TracerProvider, MeterProvider and Propagator make a setup what instrumentation
// takes.
func (s setup) TracerProvider() trace.TracerProvider { return s.provider }

func (s setup) MeterProvider() metric.MeterProvider { return noop.NewMeterProvider() }

func (s setup) Propagator() propagation.TextMapPropagator { return s.propagator }

// collector takes spans and forgets them.
type collector struct {
	collectortrace.UnimplementedTraceServiceServer
}

func (collector) Export(context.Context, *collectortrace.ExportTraceServiceRequest) (*collectortrace.ExportTraceServiceResponse, error) {
	return &collectortrace.ExportTraceServiceResponse{}, nil
}

// startCollector starts one on a port of this machine.
func startCollector() (address string, stop func(), err error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	server := grpc.NewServer()
	collectortrace.RegisterTraceServiceServer(server, collector{})
	go func() { _ = server.Serve(l) }()
	return l.Addr().String(), server.Stop, nil
}

// benchCase is one kind of request on both sides.
type benchCase struct {
	id, name     string
	byHand, ours func(address string) (*service, error)
}

const (
	traceparent = "00-6ab1c0de000000000000000000000001-00000000000000a1-01"
	xrayHeader  = "Root=1-6ab1c0de-000000000000000000000001;Parent=00000000000000a1;Sampled=1"
	albHeader   = "Root=1-6ab1c0de-000000000000000000000001"
	notSampled  = "Root=1-6ab1c0de-000000000000000000000001;Parent=00000000000000a1;Sampled=0"
)

var cases = []benchCase{
	spans("span", "a span by hand"),
	otelHTTP("http-new", "otelhttp, no trace yet", nil),
	otelHTTP("http-w3c", "otelhttp, traceparent", http.Header{"Traceparent": {traceparent}}),
	otelHTTP("http-xray", "otelhttp, X-Amzn-Trace-Id", http.Header{"X-Amzn-Trace-Id": {xrayHeader}}),
	otelHTTP("http-both", "otelhttp, both headers", http.Header{"Traceparent": {traceparent}, "X-Amzn-Trace-Id": {xrayHeader}}),
	otelHTTP("http-unsampled", "otelhttp, not sampled", http.Header{"X-Amzn-Trace-Id": {notSampled}}),
	traceHTTP("tracehttp", "tracehttp, both headers", http.Header{"Traceparent": {traceparent}, "X-Amzn-Trace-Id": {xrayHeader}}),
	httpClient("tracehttp-client", "tracehttp, client"),
	unary("tracegrpc", "tracegrpc, client and server"),
	dynamoDB("traceaws", "traceaws, against otelaws"),
	query("tracesql", "tracesql, against otelsql"),
}

// spans is a span with a child, started by the tracer itself.
func spans(id, name string) benchCase {
	run := func(s setup) *service {
		tracer := s.provider.Tracer("bench")
		return &service{flush: s.flush, close: s.close, request: func() {
			ctx, parent := tracer.Start(context.Background(), "parent", trace.WithAttributes(attribute.String("client_id", "Enova"), attribute.Int("n", 7)))
			_, child := tracer.Start(ctx, "child")
			child.End()
			parent.End()
		}}
	}
	return sides(id, name, run, run)
}

// otelHTTP is a request through otelhttp, whose handler calls another service
// and so writes the headers.
func otelHTTP(id, name string, header http.Header) benchCase {
	run := func(s setup) *service {
		handler := otelhttp.NewHandler(callingHandler(s), "bench", otelhttp.WithTracerProvider(s.provider), otelhttp.WithMeterProvider(noop.NewMeterProvider()), otelhttp.WithPropagators(s.propagator))
		return httpService(s, handler, header)
	}
	return sides(id, name, run, run)
}

// traceHTTP is the same, with our instrumentation on our side, and by hand what
// that does beyond otelhttp: the route of the ServeMux as an attribute, and the
// answer's X-Amzn-Trace-Id.
func traceHTTP(id, name string, header http.Header) benchCase {
	hand := func(s setup) *service {
		mux := http.NewServeMux()
		mux.Handle("/carts/{id}", callingHandler(s))
		return httpService(s, otelhttp.NewHandler(routeAndAnswer(mux), "bench", otelhttp.WithTracerProvider(s.provider), otelhttp.WithMeterProvider(noop.NewMeterProvider()), otelhttp.WithPropagators(s.propagator)), header)
	}
	own := func(s setup) *service {
		mux := http.NewServeMux()
		mux.Handle("/carts/{id}", callingHandler(s))
		return httpService(s, tracehttp.Handler(mux, tracehttp.WithProviders(s)), header)
	}
	return sides(id, name, hand, own)
}

func routeAndAnswer(mux *http.ServeMux) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		span := trace.SpanFromContext(r.Context())
		id := span.SpanContext().TraceID().String()
		w.Header().Set("X-Amzn-Trace-Id", "Root=1-"+id[:8]+"-"+id[8:]+";Parent=00000000000000a1;Sampled=1")
		mux.ServeHTTP(w, r)
		_, route, _ := strings.Cut("GET "+r.Pattern, " ")
		span.SetAttributes(attribute.String("http.route", route))
	})
}

func sides(id, name string, hand, own func(setup) *service) benchCase {
	with := func(make func(string) (setup, error), run func(setup) *service) func(string) (*service, error) {
		return func(address string) (*service, error) {
			s, err := make(address)
			if err != nil {
				return nil, err
			}
			return run(s), nil
		}
	}
	return benchCase{id: id, name: name, byHand: with(byHand, hand), ours: with(ours, own)}
}

func callingHandler(s setup) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		out := propagation.HeaderCarrier(make(http.Header, 4))
		s.propagator.Inject(r.Context(), out)
		w.WriteHeader(http.StatusNoContent)
	})
}

func httpService(s setup, handler http.Handler, header http.Header) *service {
	deadline := time.Now().Add(time.Hour)
	return &service{flush: s.flush, close: s.close, request: func() {
		ctx, cancel := context.WithDeadline(context.Background(), deadline) // as a server's request has one
		defer cancel()
		r := httptest.NewRequestWithContext(ctx, http.MethodGet, "/carts/4711", nil)
		for name, values := range header {
			r.Header[name] = values
		}
		handler.ServeHTTP(httptest.NewRecorder(), r)
	}}
}
