package tracehttp_test

import (
	"context"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"
	"go.uber.org/goleak"

	"github.com/bragg-tracing/bragg/pkg/sdk/telemetrytest"
	"github.com/bragg-tracing/bragg/pkg/sdk/tracehttp"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// serve starts a real server of the handler and returns a traced client that
// calls it.
func serve(t *testing.T, rec *telemetrytest.Recorder, handler http.Handler, opts ...tracehttp.Option) func(path string, header http.Header) *http.Response {
	t.Helper()
	opts = append(opts, tracehttp.WithProviders(rec))
	server := httptest.NewUnstartedServer(tracehttp.Handler(handler, opts...))
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.Start()
	client := tracehttp.Client(server.Client(), opts...)
	t.Cleanup(func() { client.CloseIdleConnections(); server.Close() })
	return func(path string, header http.Header) *http.Response {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header = header
		if req.Header == nil {
			req.Header = http.Header{}
		}
		resp, err := client.Do(req)
		if err != nil {
			return nil
		}
		_, _ = io.Copy(io.Discard, resp.Body)
		resp.Body.Close()
		return resp
	}
}

func mux() *http.ServeMux {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /loans/{id}", func(w http.ResponseWriter, r *http.Request) {
		trace.SpanFromContext(r.Context()).SetAttributes(attribute.String("id", r.PathValue("id")))
	})
	mux.HandleFunc("GET /broken", func(http.ResponseWriter, *http.Request) { panic("weights are missing") })
	mux.HandleFunc("GET /aborted", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	mux.HandleFunc("GET /failed", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) })
	return mux
}

func TestServerAndClient(t *testing.T) {
	rec := telemetrytest.New(t)
	resp := serve(t, rec, mux(), tracehttp.WithPeerName("loans"))("/loans/7?page=2", nil)
	server, client := rec.Span("GET /loans/{id}"), rec.Span("GET loans")
	client.Kind(trace.SpanKindClient).Root().Has(attribute.String("peer.service", "loans"), attribute.Int("http.response.status_code", 200))
	server.Kind(trace.SpanKindServer).ChildOf(client).Has(
		attribute.String("http.route", "/loans/{id}"), attribute.String("id", "7"), attribute.String("url.path", "/loans/7"))
	id := server.SpanContext().TraceID().String()
	if got := resp.Header.Get("X-Amzn-Trace-Id"); !strings.HasPrefix(got, "Root=1-"+id[:8]+"-"+id[8:]) {
		t.Errorf("the answer's X-Amzn-Trace-Id is %q, the trace %s", got, id)
	}
	rec.Metric("http.server.request.duration")
	rec.Metric("http.client.request.duration")
}

func TestPanicsAreFaultsAndGoOn(t *testing.T) {
	rec := telemetrytest.New(t)
	if resp := serve(t, rec, mux())("/broken", nil); resp != nil {
		t.Errorf("the panic became status %d", resp.StatusCode)
	}
	span := rec.Span("GET /broken").Failed("panic: weights are missing").Has(
		attribute.Int("http.response.status_code", 500), attribute.String("http.route", "/broken"))
	event := span.Event("exception")
	text := fmt.Sprint(event.Attributes)
	if !strings.Contains(text, "weights are missing") || !strings.Contains(text, "tracehttp_test.mux") {
		t.Errorf("exception %s", text)
	}
}

func TestAbortsAreNoPanics(t *testing.T) {
	rec := telemetrytest.New(t)
	serve(t, rec, mux())("/aborted", nil)
	if events := rec.Span("GET /aborted").Failed("the handler aborted the response").Events(); len(events) != 0 {
		t.Errorf("events %v", events)
	}
}

func TestServerErrorsAreFaults(t *testing.T) {
	rec := telemetrytest.New(t)
	serve(t, rec, mux())("/failed", nil)
	rec.Span("GET /failed").Failed("").Has(attribute.Int("http.response.status_code", 502))
}

// TestCallersTrace: each header alone is followed, and answered as the X-Ray
// SDK does.
func TestCallersTrace(t *testing.T) {
	const id, parent = "5759e988bd862e3fe1be46a994272793", "53995c3f42cd8ad8"
	tests := []struct{ name, header, value, answer string }{
		{"X-Ray", "X-Amzn-Trace-Id", "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=" + parent + ";Sampled=1", "Sampled=1"},
		{"W3C", "Traceparent", "00-" + id + "-" + parent + "-01", "Root=1-5759e988-bd862e3fe1be46a994272793"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			rec := telemetrytest.New(t)
			w := httptest.NewRecorder()
			r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/loans/7", nil)
			r.Header.Set(tt.header, tt.value)
			tracehttp.Handler(mux(), tracehttp.WithProviders(rec)).ServeHTTP(w, r)
			got := rec.Span("GET /loans/{id}").Parent()
			if got.TraceID().String() != id || got.SpanID().String() != parent {
				t.Errorf("parent %s of trace %s", got.SpanID(), got.TraceID())
			}
			if answer := w.Header().Get("X-Amzn-Trace-Id"); !strings.Contains(answer, tt.answer) {
				t.Errorf("answer %q does not say %q", answer, tt.answer)
			}
		})
	}
}

func TestOptions(t *testing.T) {
	call := func(t *testing.T, rec *telemetrytest.Recorder, opts ...tracehttp.Option) http.Header {
		t.Helper()
		w := httptest.NewRecorder()
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/loans/7", nil)
		r.Header.Set("Traceparent", "00-5759e988bd862e3fe1be46a994272793-53995c3f42cd8ad8-01")
		tracehttp.Handler(mux(), append(opts, tracehttp.WithProviders(rec))...).ServeHTTP(w, r)
		return w.Header()
	}
	t.Run("filter", func(t *testing.T) {
		rec := telemetrytest.New(t)
		call(t, rec, tracehttp.WithFilter(func(r *http.Request) bool { return r.URL.Path != "/loans/7" }))
		if n := len(rec.Spans()); n != 0 {
			t.Errorf("%d spans", n)
		}
	})
	t.Run("route", func(t *testing.T) {
		rec := telemetrytest.New(t)
		call(t, rec, tracehttp.WithRoute(func(*http.Request) string { return "/v1/loans/:id" }))
		if s := rec.Spans()[0]; s.Value("http.route").AsString() != "/v1/loans/:id" {
			t.Errorf("route %q", s.Value("http.route").AsString())
		}
	})
	t.Run("public endpoint", func(t *testing.T) {
		rec := telemetrytest.New(t)
		call(t, rec, tracehttp.WithPublicEndpoint(func(*http.Request) bool { return true }))
		if links := rec.Span("GET /loans/{id}").Root().Links(); len(links) != 1 {
			t.Errorf("%d links", len(links))
		}
	})
	t.Run("no response header", func(t *testing.T) {
		if got := call(t, telemetrytest.New(t), tracehttp.WithoutResponseHeader()).Get("X-Amzn-Trace-Id"); got != "" {
			t.Errorf("header %q", got)
		}
	})
}

// TestSecretsStayOutOfURLs: signed URLs let whoever reads them in.
func TestSecretsStayOutOfURLs(t *testing.T) {
	rec := telemetrytest.New(t)
	serve(t, rec, mux())("/loans/7?page=2&X-Amz-Signature=secret&token=secret", nil)
	got := rec.Span("GET 127.0.0.1").Value("url.full").AsString()
	if strings.Contains(got, "secret") || !strings.HasSuffix(got, "/loans/7?page=2&X-Amz-Signature=REDACTED&token=REDACTED") {
		t.Errorf("url.full %q", got)
	}
}

func TestUnreachableServersAreFaults(t *testing.T) {
	rec := telemetrytest.New(t)
	server := httptest.NewServer(nil)
	server.Close()
	client := tracehttp.Client(nil, tracehttp.WithProviders(rec))
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	if resp, err := client.Do(req); err == nil {
		resp.Body.Close()
		t.Fatal("there was an answer")
	}
	span := rec.Span("GET 127.0.0.1")
	if !strings.Contains(span.Status().Description, "connection refused") {
		t.Errorf("status %+v", span.Status())
	}
}

func ExampleHandler() {
	rec := telemetrytest.New(new(testing.T)) // a service: telemetry.Start, and no WithProviders
	mux := http.NewServeMux()
	mux.HandleFunc("GET /loans/{id}", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintln(w, "approved")
	})
	server := httptest.NewServer(tracehttp.Handler(mux, tracehttp.WithProviders(rec)))
	defer server.Close()

	client := tracehttp.Client(server.Client(), tracehttp.WithProviders(rec), tracehttp.WithPeerName("loans"))
	req, _ := http.NewRequestWithContext(context.Background(), http.MethodGet, server.URL+"/loans/7", nil)
	resp, err := client.Do(req)
	if err != nil {
		fmt.Println(err)
		return
	}
	_, _ = io.Copy(io.Discard, resp.Body)
	resp.Body.Close()

	server.Close() // the server's span ends after the answer was read
	for _, s := range rec.Spans() {
		fmt.Println(s.SpanKind(), s.Name())
	}
	// Unordered output:
	// client GET loans
	// server GET /loans/{id}
}
