package main

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"strings"
	"time"

	"github.com/aws/aws-xray-sdk-go/v2/xray"
	"github.com/valyala/fasthttp"
)

// request sends a request to a handler by a client that sends a trace header,
// and returns the trace's id.
func request(h http.Handler, method, path string) (string, error) {
	server := httptest.NewServer(h)
	defer server.Close()
	r, err := http.NewRequest(method, server.URL+path, nil)
	if err != nil {
		return "", err
	}
	traceID := xray.NewTraceID()
	r.Header.Set("X-Amzn-Trace-Id", "Root="+traceID+";Parent=53995c3f42cd8ad8;Sampled=1")
	r.Header.Set("User-Agent", "ua/1")
	r.Header.Set("X-Forwarded-For", "203.0.113.9, 10.0.0.1")
	resp, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		return "", err
	}
	_, err = io.Copy(io.Discard, resp.Body)
	return traceID, errors.Join(err, resp.Body.Close())
}

func handle(f http.HandlerFunc) http.Handler {
	return xray.Handler(xray.NewFixedSegmentNamer("svc"), f)
}

// answers is a server whose paths are statuses.
func answers(secure bool) *httptest.Server {
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/429":
			w.WriteHeader(http.StatusTooManyRequests)
		case "/404":
			http.NotFound(w, r)
		case "/503":
			w.WriteHeader(http.StatusServiceUnavailable)
		}
		_, _ = io.WriteString(w, "hello")
	})
	if secure {
		return httptest.NewTLSServer(h)
	}
	return httptest.NewServer(h)
}

// call makes requests with a client of which each opens a connection.
func call(ctx context.Context, secure bool, paths ...string) error {
	server := answers(secure)
	defer server.Close()
	transport := &http.Transport{DisableKeepAlives: true, TLSClientConfig: &tls.Config{InsecureSkipVerify: true}} // a test's own server
	client := xray.Client(&http.Client{Transport: transport})
	for _, path := range paths {
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, server.URL+path, nil)
		if err != nil {
			return err
		}
		resp, err := client.Do(r)
		if err != nil {
			return err
		}
		resp.Body.Close()
	}
	return nil
}

var web = []scenario{
	{"HTTP server", func(context.Context) (string, error) {
		return request(handle(func(w http.ResponseWriter, r *http.Request) {
			_ = xray.AddAnnotation(r.Context(), "clientID", "Enova")
			_ = xray.Capture(r.Context(), "part", func(context.Context) error { return nil })
			w.Header().Set("Content-Length", "5")
			_, _ = io.WriteString(w, "hello")
		}), http.MethodPost, "/orders/7?secret=1")
	}},
	{"HTTP server, 404", func(context.Context) (string, error) {
		return request(handle(http.NotFound), http.MethodGet, "/nothing")
	}},
	{"HTTP server, 429", func(context.Context) (string, error) {
		return request(handle(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTooManyRequests) }), http.MethodGet, "/")
	}},
	{"HTTP server, 500", func(context.Context) (string, error) {
		return request(handle(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) }), http.MethodGet, "/")
	}},
	{"HTTP client", func(ctx context.Context) (string, error) {
		return within(ctx, func(ctx context.Context) error { return call(ctx, false, "/orders/7?secret=1", "/429", "/404", "/503") })
	}},
	{"HTTPS client", func(ctx context.Context) (string, error) {
		return within(ctx, func(ctx context.Context) error { return call(ctx, true, "/orders/7?secret=1") })
	}},
	{"HTTP client, reused connection", func(ctx context.Context) (string, error) {
		server := answers(false)
		defer server.Close()
		client := xray.Client(server.Client())
		get := func(ctx context.Context) error {
			r, err := http.NewRequestWithContext(ctx, http.MethodGet, server.URL, nil)
			if err != nil {
				return err
			}
			resp, err := client.Do(r)
			if err != nil {
				return err
			}
			_, _ = io.Copy(io.Discard, resp.Body)
			return resp.Body.Close()
		}
		if _, err := within(ctx, get); err != nil {
			return "", err
		}
		return within(ctx, get)
	}},
	{"HTTP client, refused", func(ctx context.Context) (string, error) {
		return within(ctx, func(ctx context.Context) error {
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				return err
			}
			l.Close()
			r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+l.Addr().String(), nil)
			if err != nil {
				return err
			}
			resp, err := xray.Client(&http.Client{Transport: &http.Transport{}}).Do(r)
			if err == nil {
				resp.Body.Close()
				return errors.New("somebody listens")
			}
			return nil
		})
	}},
	{"HTTP client, subsegments", func(ctx context.Context) (string, error) {
		return within(ctx, func(ctx context.Context) error {
			ctx, op := xray.BeginSubsegment(ctx, "orders.example.com")
			h := xray.NewHTTPSubsegments(ctx)
			h.GetConn("orders.example.com:443")
			h.DNSStart(httptrace.DNSStartInfo{Host: "orders.example.com"})
			h.DNSDone(httptrace.DNSDoneInfo{Addrs: []net.IPAddr{{IP: net.IPv4(192, 0, 2, 1)}}})
			h.ConnectStart("tcp", "192.0.2.1:443")
			h.ConnectDone("tcp", "192.0.2.1:443", nil)
			h.TLSHandshakeStart()
			h.TLSHandshakeDone(tls.ConnectionState{NegotiatedProtocol: "h2", CipherSuite: tls.TLS_AES_128_GCM_SHA256}, nil)
			h.GotConn(&httptrace.GotConnInfo{WasIdle: true, IdleTime: time.Second}, nil)
			h.WroteRequest(httptrace.WroteRequestInfo{})
			h.GotFirstResponseByte()
			op.Close(nil)
			return nil
		})
	}},
	{"fasthttp server", func(context.Context) (string, error) {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return "", err
		}
		server := &fasthttp.Server{Handler: xray.NewFastHTTPInstrumentor(nil).Handler(xray.NewFixedSegmentNamer("svc"), func(ctx *fasthttp.RequestCtx) {
			_ = xray.Capture(ctx, "part", func(context.Context) error { return nil })
			ctx.SetStatusCode(http.StatusTeapot)
		})}
		go func() { _ = server.Serve(listener) }()
		defer func() { _ = server.Shutdown() }()
		traceID := xray.NewTraceID()
		r, err := http.NewRequest(http.MethodPut, "http://"+listener.Addr().String()+"/orders/7", strings.NewReader("x"))
		if err != nil {
			return "", err
		}
		r.Close = true
		r.Header.Set("X-Amzn-Trace-Id", "Root="+traceID+";Parent=53995c3f42cd8ad8;Sampled=1")
		r.Header.Set("User-Agent", "ua/1")
		r.Header.Set("X-Forwarded-For", "203.0.113.9")
		resp, err := http.DefaultTransport.RoundTrip(r)
		if err != nil {
			return "", err
		}
		return traceID, resp.Body.Close()
	}},
}
