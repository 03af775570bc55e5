package verify

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/bragg-tracing/bragg/pkg/sdk/propagation"
	"github.com/bragg-tracing/bragg/pkg/sdk/telemetry"
	"github.com/bragg-tracing/bragg/pkg/sdk/tracehttp"
)

// continued stands for the span that a service should make of a request with
// X-Amzn-Trace-Id, whose id nobody knows before.
const continued = "continued"

// sendHeader requests a URL as a caller that AWS X-Ray knows does, with
// X-Amzn-Trace-Id and no other header of a trace, and sends the caller's own
// span to the collector. The service's spans come from the service.
func (c Collector) sendHeader(ctx context.Context) (k Known, err error) {
	ctx, cancel := context.WithTimeout(ctx, sendTimeout)
	defer cancel()
	traceID, ids := newIDs(time.Now(), 1)
	k = Known{TraceID: hex.EncodeToString(traceID[:]), View: View{Name: "sent"}}
	target := c.Service
	var own *ownService
	if target == "" {
		if own, err = c.startService(ctx); err != nil {
			return k, err
		}
		target = own.url
	}
	k.traces = callerSpan(traceID, ids[0], target)
	caller := k.traces.ResourceSpans().At(0).ScopeSpans().At(0).Spans().At(0)
	status, err := request(ctx, target, propagation.Header{TraceID: trace.TraceID(traceID), ParentID: trace.SpanID(ids[0]), Sampling: propagation.Sampled})
	if err != nil {
		caller.Status().SetCode(ptrace.StatusCodeError)
	}
	caller.Attributes().PutInt("http.response.status_code", int64(status))
	caller.SetEndTimestamp(pcommon.NewTimestampFromTime(time.Now()))
	k.View.Spans = append(k.View.Spans, spanSent(caller, webService))
	sendSpan := c.sendGRPC
	if c.GRPC == "" {
		sendSpan = c.sendHTTP
	}
	sendErr := sendSpan(ctx, k.traces)
	if own != nil {
		spans, stopErr := own.stop(ctx, sendErr == nil)
		err = errors.Join(err, stopErr)
		k.View.Spans = append(k.View.Spans, spans...)
	} else {
		k.continues = ids[0].String()
	}
	if sendErr != nil { // which says more than the SDK does
		err = sendErr
	}
	return k, err
}

func callerSpan(traceID pcommon.TraceID, id pcommon.SpanID, target string) ptrace.Traces {
	traces := ptrace.NewTraces()
	r := traces.ResourceSpans().AppendEmpty()
	r.Resource().Attributes().PutStr("service.name", webService)
	s := r.ScopeSpans().AppendEmpty().Spans().AppendEmpty()
	s.SetTraceID(traceID)
	s.SetSpanID(id)
	s.SetName("GET")
	s.SetKind(ptrace.SpanKindClient)
	s.SetStartTimestamp(pcommon.NewTimestampFromTime(time.Now()))
	s.Attributes().PutStr("url.full", target)
	s.Attributes().PutStr("http.request.method", http.MethodGet)
	s.Attributes().PutStr("verify.path", PathHeader)
	return traces
}

func request(ctx context.Context, target string, h propagation.Header) (int, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, target, nil)
	if err != nil {
		return 0, fmt.Errorf("service %q is no URL: %w", target, err)
	}
	req.Header.Set(propagation.HeaderName, h.String())
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true, Proxy: http.ProxyFromEnvironment}}
	resp, err := client.Do(req)
	if err != nil {
		return 0, fmt.Errorf("call the service: %w", err)
	}
	defer resp.Body.Close()
	_, err = io.Copy(io.Discard, io.LimitReader(resp.Body, 1<<20))
	return resp.StatusCode, err
}

// ownService is a service in this process, with this project's SDK.
type ownService struct {
	url      string
	server   *http.Server
	sdk      *telemetry.SDK
	recorder *spanRecorder
}

func (c Collector) startService(ctx context.Context) (*ownService, error) {
	s := &ownService{recorder: &spanRecorder{}}
	endpoint := c.GRPC
	if endpoint == "" {
		endpoint = c.HTTP
	}
	sdk, err := telemetry.Start(ctx, telemetry.WithServiceName(ordersService), telemetry.WithoutGlobals(),
		telemetry.WithEndpoint(endpoint), telemetry.WithExporters("otlp"), telemetry.WithoutMetrics(), telemetry.WithoutLogs(),
		telemetry.WithDetectors(), telemetry.WithSpanProcessor(s.recorder), telemetry.WithLogger(slog.New(slog.DiscardHandler)))
	if err != nil {
		return nil, fmt.Errorf("start the SDK: %w", err)
	}
	s.sdk = sdk
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, errors.Join(err, sdk.Shutdown(ctx))
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /verify", func(w http.ResponseWriter, r *http.Request) {
		_, span := sdk.TracerProvider().Tracer("github.com/bragg-tracing/bragg/pkg/verify").Start(r.Context(), "check the header")
		span.End()
		w.WriteHeader(http.StatusNoContent)
	})
	s.url = "http://" + listener.Addr().String() + "/verify"
	s.server = &http.Server{Handler: tracehttp.Handler(mux, tracehttp.WithProviders(sdk)), ReadHeaderTimeout: sendTimeout}
	go s.server.Serve(listener) //nolint:errcheck // it ends by stop
	return s, nil
}

// stop ends the service and returns what it recorded. It waits until that is
// exported only if the collector takes spans: for one that does not, the SDK is
// more patient than somebody who looks for the cause.
func (s *ownService) stop(ctx context.Context, taken bool) ([]Span, error) {
	err := s.server.Shutdown(ctx)
	if !taken {
		gone, cancel := context.WithCancel(ctx)
		cancel()
		ctx = gone
	}
	if e := s.sdk.Shutdown(ctx); e != nil {
		err = errors.Join(err, fmt.Errorf("export the service's spans: %w", e))
	}
	return s.recorder.spans, err
}

// spanRecorder is a span processor that remembers what ended.
type spanRecorder struct {
	mu    sync.Mutex
	spans []Span
}

func (*spanRecorder) OnStart(context.Context, sdktrace.ReadWriteSpan) {}
func (*spanRecorder) Shutdown(context.Context) error                  { return nil }
func (*spanRecorder) ForceFlush(context.Context) error                { return nil }

func (r *spanRecorder) OnEnd(s sdktrace.ReadOnlySpan) {
	span := Span{
		ID: s.SpanContext().SpanID().String(), Name: s.Name(), Service: ordersService,
		Kind: s.SpanKind().String(), Start: s.StartTime(), End: s.EndTime(),
		Status:     map[codes.Code]string{codes.Unset: "UNSET", codes.Ok: "OK", codes.Error: "ERROR"}[s.Status().Code],
		Attributes: map[string]any{},
	}
	if s.Parent().HasSpanID() {
		span.ParentID = s.Parent().SpanID().String()
	}
	for _, a := range s.Attributes() {
		span.Attributes[string(a.Key)] = a.Value.AsInterface()
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.spans = append(r.spans, span)
}
