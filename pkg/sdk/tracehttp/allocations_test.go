package tracehttp_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"

	"github.com/bragg-tracing/bragg/pkg/sdk/telemetrytest"
	"github.com/bragg-tracing/bragg/pkg/sdk/tracehttp"
)

// TestAllocations: what the package adds to otelhttp has a budget.
func TestAllocations(t *testing.T) {
	rec := telemetrytest.New(t)
	plain := []otelhttp.Option{otelhttp.WithTracerProvider(rec.TracerProvider()), otelhttp.WithMeterProvider(rec.MeterProvider()), otelhttp.WithPropagators(rec.Propagator())}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /carts/{id}", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	server := func(h http.Handler) func() {
		return func() {
			rec.Reset()
			h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/carts/7", nil))
		}
	}
	answer := roundTrip(func(r *http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: http.StatusOK, Request: r, Header: http.Header{}, Body: io.NopCloser(strings.NewReader("x"))}, nil
	})
	client := func(base http.RoundTripper) func() {
		return func() {
			rec.Reset()
			r := httptest.NewRequest(http.MethodGet, "http://loans/7", nil)
			response, err := base.RoundTrip(r)
			if err != nil {
				t.Fatal(err)
			}
			_, _ = io.Copy(io.Discard, response.Body)
			response.Body.Close()
		}
	}
	for _, tt := range []struct {
		name        string
		plain, ours func()
		budget      float64
	}{
		{"server", server(otelhttp.NewHandler(mux, "", plain...)), server(tracehttp.Handler(mux, tracehttp.WithProviders(rec))), 8}, // the route, and the answer's header
		{"client", client(otelhttp.NewTransport(answer, plain...)), client(tracehttp.Transport(answer, tracehttp.WithProviders(rec))), 2},
	} {
		without, with := testing.AllocsPerRun(200, tt.plain), testing.AllocsPerRun(200, tt.ours)
		t.Logf("%s: %v by otelhttp, %v by tracehttp", tt.name, without, with)
		if with > without+tt.budget {
			t.Errorf("%s: %v allocations, otelhttp has %v and the budget is %v more", tt.name, with, without, tt.budget)
		}
	}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
