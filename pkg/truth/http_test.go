package truth

import (
	"context"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"go.opentelemetry.io/otel/trace"

	"github.com/bragg-tracing/bragg/pkg/sdk/tracehttp"
	"github.com/bragg-tracing/bragg/pkg/sdk/xrayattr"
)

// TestHTTP: a client and a server of two services.
func TestHTTP(t *testing.T) {
	t.Parallel()
	shop, loans := newService(t, "http-shop"), newService(t, "http-loans")
	mux := http.NewServeMux()
	mux.HandleFunc("GET /loans/{id}", func(w http.ResponseWriter, r *http.Request) {
		span := trace.SpanFromContext(r.Context())
		span.SetAttributes(xrayattr.Annotation("client_id", "Enova"))
		span.SetAttributes(xrayattr.Annotation("amount", 1200), xrayattr.Metadata("credit_model", map[string]int{"version": 7}))
	})
	for path, status := range map[string]int{"/missing": 404, "/limited": 429, "/down": 503} {
		mux.HandleFunc("GET "+path, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) })
	}
	mux.HandleFunc("GET /broken", func(http.ResponseWriter, *http.Request) { panic("weights are missing") })
	server := httptest.NewUnstartedServer(tracehttp.Handler(mux, tracehttp.WithProviders(loans)))
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.Start()
	defer server.Close()
	server.Client().Transport.(*http.Transport).DisableKeepAlives = true // it would send again what ends a used connection
	named := tracehttp.Client(server.Client(), tracehttp.WithProviders(shop), tracehttp.WithPeerName("loans"))
	unnamed := tracehttp.Client(server.Client(), tracehttp.WithProviders(shop))

	call := func(client *http.Client, path string, n int) *record {
		return observe(t, shop, n, func(ctx context.Context) {
			req, err := http.NewRequestWithContext(ctx, http.MethodGet, server.URL+path, nil)
			if err != nil {
				t.Fatal(err)
			}
			resp, err := client.Do(req)
			if err == nil {
				drain(t, resp.Body)
			}
		})
	}
	t.Run("ok", func(t *testing.T) {
		r := call(named, "/loans/7?page=2", 3)
		r.check(want{name: "http-shop", parent: "-", kind: "server"})
		r.check(want{
			name: "loans", parent: "http-shop", namespace: "remote", kind: "client", method: "GET", url: server.URL + "/loans/7?page=2", status: 200,
			attributes: map[string]any{"peer.service": "loans"},
		})
		d := r.check(want{
			name: "http-loans", span: "GET /loans/{id}", parent: "loans", kind: "server", method: "GET", url: server.URL + "/loans/7", status: 200,
			annotations: map[string]any{"client_id": "Enova", "amount": 1200},
			attributes:  map[string]any{"http.route": "/loans/{id}", "client_id": "Enova", "amount": 1200},
		})
		if got := show(d.Metadata["credit_model"]); got != `{"version":7}` {
			t.Errorf("metadata %s", got)
		}
		if d.HTTP.Request.ClientIP != "127.0.0.1" || !strings.Contains(d.HTTP.Request.UserAgent, "Go-http-client") {
			t.Errorf("request %s", show(d.HTTP.Request))
		}
	})
	for path, w := range map[string]want{
		"/missing": {err: true, status: 404}, "/limited": {err: true, thr: true, status: 429}, "/down": {fault: true, status: 503},
	} {
		t.Run(path, func(t *testing.T) {
			r := call(unnamed, path, 3)
			w.method, w.url = "GET", server.URL+path
			w.name, w.namespace, w.kind, w.parent = "127.0.0.1", "remote", "client", "http-shop"
			r.check(w)
			w.name, w.namespace, w.kind, w.parent = "http-loans", "", "server", "127.0.0.1"
			r.check(w)
		})
	}
	t.Run("panic", func(t *testing.T) {
		r := call(named, "/broken", 3)
		r.check(want{name: "loans", namespace: "remote", fault: true, message: "EOF"})
		d := r.check(want{name: "http-loans", span: "GET /broken", fault: true, status: 500, exception: "panic", message: "weights are missing"})
		if len(d.Cause.Exceptions[0].Stack) == 0 {
			t.Error("the panic has no stack")
		}
	})
	t.Run("unreachable", func(t *testing.T) {
		server.Close()
		r := call(named, "/loans/7", 2)
		r.check(want{name: "loans", namespace: "remote", fault: true, message: "connection refused", method: "GET", url: server.URL + "/loans/7"})
	})
}
