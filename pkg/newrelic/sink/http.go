package sink

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"mime"
	"net/http"
	"strings"
	"time"

	"go.opentelemetry.io/collector/pdata/plog/plogotlp"
	"go.opentelemetry.io/collector/pdata/pmetric/pmetricotlp"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"
	"google.golang.org/grpc/codes"

	"github.com/bragg-tracing/bragg/pkg/newrelic/nerdgraph"
	"github.com/bragg-tracing/bragg/pkg/otlp"
)

// newHTTPServer serves OTLP/HTTP, gRPC over HTTP/2 without TLS, and the pages
// to read back, all on one port.
func newHTTPServer(s *Sink) *http.Server {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v1/traces", s.receive(func(ctx context.Context, decode func(otlp.Message) error) (otlp.Message, error) {
		request := ptraceotlp.NewExportRequest()
		if err := decode(request); err != nil {
			return nil, err
		}
		return ptraceotlp.NewExportResponse(), s.store.put(ctx, tracesRequest(request.Traces()))
	}))
	mux.HandleFunc("POST /v1/metrics", s.receive(func(ctx context.Context, decode func(otlp.Message) error) (otlp.Message, error) {
		request := pmetricotlp.NewExportRequest()
		if err := decode(request); err != nil {
			return nil, err
		}
		return pmetricotlp.NewExportResponse(), s.store.put(ctx, metricsRequest(request.Metrics()))
	}))
	mux.HandleFunc("POST /v1/logs", s.receive(func(ctx context.Context, decode func(otlp.Message) error) (otlp.Message, error) {
		request := plogotlp.NewExportRequest()
		if err := decode(request); err != nil {
			return nil, err
		}
		return plogotlp.NewExportResponse(), s.store.put(ctx, logsRequest(request.Logs()))
	}))
	mux.HandleFunc("GET /spans", s.serveSpans)
	mux.HandleFunc("GET /traces", s.serveTraces)
	mux.HandleFunc("GET /counts", s.serveCounts)
	mux.HandleFunc("GET /healthz", s.serveHealth)
	mux.Handle("POST /graphql", nerdgraph.Handler(s, nerdgraph.Config{}))

	var protocols http.Protocols
	protocols.SetHTTP1(true)
	protocols.SetUnencryptedHTTP2(true)
	return &http.Server{
		Handler:           s.guard(mux),
		Protocols:         &protocols,
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       time.Minute,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
		ErrorLog:          slog.NewLogLogger(s.log.Handler(), slog.LevelWarn),
	}
}

// guard checks the host of every request and hands gRPC to gRPC.
func (s *Sink) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		isGRPC := r.ProtoMajor == 2 && strings.HasPrefix(r.Header.Get("Content-Type"), "application/grpc")
		refused := s.checkHost(r)
		switch {
		case refused != nil && isGRPC:
			refused.refuseGRPC(w)
		case refused != nil:
			refused.refuse(w, otlp.JSON)
		case isGRPC:
			s.serveGRPC(w, r)
		default:
			next.ServeHTTP(w, r)
		}
	})
}

// receive returns the handler of one OTLP/HTTP path. Accept decodes the
// request, stores it and returns the response.
func (s *Sink) receive(accept func(context.Context, func(otlp.Message) error) (otlp.Message, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		contentType, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
		body, refused := s.admit(w, r, contentType)
		if refused != nil {
			refused.refuse(w, contentType)
			return
		}
		response, err := accept(r.Context(), func(m otlp.Message) error { return otlp.Decode(m, contentType, body) })
		if err == nil {
			body, err = otlp.Encode(response, contentType)
		}
		if bad, ok := errors.AsType[otlp.DecodeError](err); ok {
			(&refusal{http.StatusBadRequest, codes.InvalidArgument, bad.Error()}).refuse(w, contentType)
			return
		}
		if err != nil {
			s.notStored(err).refuse(w, contentType)
			return
		}
		w.Header().Set("Content-Type", contentType)
		_, _ = w.Write(body)
	}
}

// admit checks a request as New Relic does and returns its body.
func (s *Sink) admit(w http.ResponseWriter, r *http.Request, contentType string) ([]byte, *refusal) {
	if refused := s.checkKey(r); refused != nil {
		return nil, refused
	}
	if contentType != otlp.Protobuf && contentType != otlp.JSON {
		return nil, &refusal{http.StatusUnsupportedMediaType, codes.InvalidArgument,
			fmt.Sprintf("content type %.100q: want %s or %s", contentType, otlp.Protobuf, otlp.JSON)}
	}
	return readBody(w, r)
}

// notStored is the answer when the store failed, which is worth another try.
func (s *Sink) notStored(err error) *refusal {
	s.log.Error("New Relic sink cannot store", "error", err)
	return &refusal{http.StatusServiceUnavailable, codes.Unavailable, "the sink cannot store: " + err.Error()}
}
