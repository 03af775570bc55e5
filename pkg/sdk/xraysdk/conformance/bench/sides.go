package main

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
)

// A fixture is what both sides do the same: a handler's request, and a transport
// that answers at once over a connection that it says is used again.
type fixture struct {
	request *http.Request
}

func newFixture() fixture {
	r := httptest.NewRequest(http.MethodGet, "http://api.example.com/orders/7?q=1", nil)
	r.Header.Set("X-Amzn-Trace-Id", "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1")
	r.Header.Set("User-Agent", "bench/1")
	r.Header.Set("X-Forwarded-For", "203.0.113.9")
	return fixture{r}
}

// serve is a whole request of a handler.
func (f fixture) serve(h http.Handler) { h.ServeHTTP(httptest.NewRecorder(), f.request) }

var answer = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusOK) })

type transport struct{}

var response = &http.Response{StatusCode: http.StatusOK, Header: http.Header{"Content-Length": {"2"}}, Body: http.NoBody}

func (transport) RoundTrip(r *http.Request) (*http.Response, error) {
	if t := httptrace.ContextClientTrace(r.Context()); t != nil {
		t.GetConn("api.example.com:80")
		t.GotConn(httptrace.GotConnInfo{Reused: true, WasIdle: true})
		t.WroteRequest(httptrace.WroteRequestInfo{})
		t.GotFirstResponseByte()
	}
	return response, nil
}

// call is a whole request of a client.
func call(ctx context.Context, c *http.Client) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://api.example.com/orders/7", nil)
	if err != nil {
		panic(err)
	}
	resp, err := c.Do(r)
	if err != nil {
		panic(err)
	}
	resp.Body.Close()
}
