package xray

import (
	"net/http"
	"net/http/httptrace"
	"net/textproto"
	"net/url"
	"strconv"
	"strings"

	"github.com/bragg-tracing/bragg/pkg/sdk/xraysdk/internal/logger"
	"go.opentelemetry.io/otel/trace"
)

// TraceIDHeaderKey is the name of the trace header.
const TraceIDHeaderKey = "x-amzn-trace-id"

// canonicalTraceHeader is how http.Header has it.
var canonicalTraceHeader = textproto.CanonicalMIMEHeaderKey(TraceIDHeaderKey)

// emptyHost is the name of subsegments of requests without a host.
const emptyHost = "empty_host_error"

// Client returns a copy of a client, or of http.DefaultClient for nil, that
// makes a subsegment of each request; see [RoundTripper].
func Client(c *http.Client) *http.Client {
	if c == nil {
		c = http.DefaultClient
	}
	traced := *c
	transport := c.Transport
	if transport == nil {
		transport = http.DefaultTransport
	}
	traced.Transport = RoundTripper(transport)
	return &traced
}

// RoundTripper returns a transport that makes a subsegment of each request, in
// the segment of its context, with subsegments for how long a connection took,
// and sends the trace header along. Requests are not changed.
func RoundTripper(rt http.RoundTripper) http.RoundTripper {
	return &roundtripper{rt}
}

type roundtripper struct {
	Base http.RoundTripper
}

func (rt *roundtripper) base() http.RoundTripper {
	if rt.Base == nil {
		return http.DefaultTransport
	}
	return rt.Base
}

// RoundTrip sends a request.
func (rt *roundtripper) RoundTrip(r *http.Request) (*http.Response, error) {
	host := r.Host
	if host == "" {
		host = r.URL.Host
	}
	name := host
	if name == "" {
		name = emptyHost
	}
	ctx, seg := beginSubsegment(r.Context(), name, trace.SpanKindClient)
	if seg == nil {
		logger.Warnf("failed to record HTTP transaction: segment cannot be found.")
		return rt.base().RoundTrip(r)
	}
	var sent *http.Request
	var connection *HTTPSubsegments
	if seg.Dummy {
		sent = r.WithContext(ctx)
	} else {
		ct := newClientTrace(ctx, seg)
		connection = ct.subsegments
		defer ct.reuse()
		sent = r.WithContext(httptrace.WithClientTrace(ctx, ct.httpTrace))
	}
	e := newExchange()
	e.header[0] = seg.downstream()
	sent.Header = withTraceHeader(r.Header, e.header[:])
	seg.Lock()
	if host != "" && !seg.Dummy {
		seg.Namespace = "remote"
	}
	if !seg.Dummy {
		seg.HTTP, e.data.Response = &e.data, nil // there may be none
		e.request.Method, e.request.URL = r.Method, stripURL(r.URL)
	}
	seg.Unlock()

	panicked := true
	defer func() {
		if panicked {
			seg.Close(nil)
		}
	}()
	resp, err := rt.base().RoundTrip(sent)
	panicked = false
	connection.Finish(err)
	if resp != nil && !seg.Dummy {
		length := contentLength(resp.Header)
		seg.Lock()
		e.data.Response = &e.response
		seg.captureStatus(resp.StatusCode)
		seg.GetHTTP().GetResponse().ContentLength = length
		seg.Unlock()
	}
	seg.Close(err)
	return resp, err
}

// contentLength is what a header says, or 0.
func contentLength(h http.Header) int {
	text := h.Get("Content-Length")
	if text == "" {
		return 0
	}
	length, _ := strconv.Atoi(text)
	return length
}

// withTraceHeader is a copy of a header with a trace header.
func withTraceHeader(h http.Header, value []string) http.Header {
	copied := make(http.Header, len(h)+1)
	for name, values := range h {
		copied[name] = values
	}
	if value[0] != "" {
		copied[canonicalTraceHeader] = value
	}
	return copied
}

// stripURL is a URL without query and without password.
func stripURL(u *url.URL) string {
	if u.RawQuery == "" && u.User == nil {
		return u.String()
	}
	stripped := *u
	stripped.RawQuery, stripped.ForceQuery = "", false
	if _, ok := u.User.Password(); !ok {
		return stripped.String()
	}
	return strings.Replace(stripped.String(), u.User.String()+"@", u.User.Username()+":***@", 1)
}
