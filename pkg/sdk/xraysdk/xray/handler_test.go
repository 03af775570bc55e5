package xray_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/bragg-tracing/bragg/pkg/sdk/xraysdk/xray"
)

// A writer is a response writer with some of the optional interfaces.
type (
	pushes struct {
		http.ResponseWriter
		http.Pusher
	}
	plain struct{ http.ResponseWriter }
)

// TestOptionalInterfaces holds that a handler finds the interfaces of the
// response writer that is there, and no others.
func TestOptionalInterfaces(t *testing.T) {
	interfaces := func(w http.ResponseWriter) string {
		_, n := w.(http.CloseNotifier) //lint:ignore SA1019 programs may use it
		_, f := w.(http.Flusher)
		_, h := w.(http.Hijacker)
		_, p := w.(http.Pusher)
		_, r := w.(io.ReaderFrom)
		return fmt.Sprint(n, f, h, p, r)
	}
	check := func(w http.ResponseWriter) {
		want, got := interfaces(w), ""
		xray.HandlerWithContext(decidedContext(t, true), xray.NewFixedSegmentNamer("s"), http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			got = interfaces(w)
			_, _ = io.WriteString(w, "hello")
		})).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil))
		if got != want {
			t.Errorf("%T: CloseNotifier, Flusher, Hijacker, Pusher, ReaderFrom are %s, want %s", w, got, want)
		}
	}
	check(httptest.NewRecorder())
	check(plain{httptest.NewRecorder()})
	check(pushes{httptest.NewRecorder(), nil})
	for _, http2 := range []bool{false, true} {
		server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { check(w) }))
		server.EnableHTTP2 = http2
		server.StartTLS()
		resp, err := server.Client().Get(server.URL)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		server.Close()
		if string(body) != "hello" {
			t.Errorf("the body is %q", body)
		}
	}
}
