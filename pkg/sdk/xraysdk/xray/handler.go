package xray

import (
	"context"
	"net"
	"net/http"
	"strings"

	"github.com/bragg-tracing/bragg/pkg/sdk/xraysdk/header"
	"github.com/bragg-tracing/bragg/pkg/sdk/xraysdk/pattern"
)

// SegmentNamer names the segment of a request by the host that it is for.
type SegmentNamer interface {
	Name(host string) string
}

// FixedSegmentNamer gives all segments one name.
type FixedSegmentNamer struct {
	FixedName string
}

// NewFixedSegmentNamer returns a namer that gives all segments one name, unless
// AWS_XRAY_TRACING_NAME gives them another.
func NewFixedSegmentNamer(name string) *FixedSegmentNamer {
	return &FixedSegmentNamer{FixedName: name}
}

// Name returns FixedName.
func (n *FixedSegmentNamer) Name(host string) string { return n.FixedName }

// DynamicSegmentNamer names segments after hosts that match a pattern.
type DynamicSegmentNamer struct {
	FallbackName    string
	RecognizedHosts string
}

// NewDynamicSegmentNamer returns a namer that names segments after the host, if
// it matches the pattern recognized, of package pattern, or else fallback.
func NewDynamicSegmentNamer(fallback string, recognized string) *DynamicSegmentNamer {
	return &DynamicSegmentNamer{FallbackName: fallback, RecognizedHosts: recognized}
}

// Name returns the host, if it is recognized, or else FallbackName.
func (n *DynamicSegmentNamer) Name(host string) string {
	if pattern.WildcardMatchCaseInsensitive(n.RecognizedHosts, host) {
		return host
	}
	return n.FallbackName
}

// Handler makes a segment of each request that h handles. It continues the
// trace of the request's header and answers with a header of its own.
func Handler(sn SegmentNamer, h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		serve(r.Context(), sn, h, w, r)
	})
}

// HandlerWithContext is Handler with the configuration that ctx holds.
func HandlerWithContext(ctx context.Context, sn SegmentNamer, h http.Handler) http.Handler {
	cfg := GetRecorder(ctx)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx := r.Context()
		if cfg != nil {
			ctx = context.WithValue(ctx, RecorderContextKey{}, cfg)
		}
		serve(ctx, sn, h, w, r)
	})
}

func serve(ctx context.Context, sn SegmentNamer, h http.Handler, w http.ResponseWriter, r *http.Request) {
	traceHeader := header.FromString(r.Header.Get(canonicalTraceHeader))
	ctx, seg := NewSegmentFromHeader(ctx, sn.Name(r.Host), r, traceHeader)
	defer func() { seg.closeWithPanic(recover()) }()
	HttpTrace(seg, h, w, r.WithContext(ctx), traceHeader)
}

// closeWithPanic closes the segment of a request whose handler has ended or, if
// p is not nil, panicked; then the panic goes on.
func (s *Segment) closeWithPanic(p any) {
	switch p {
	case nil:
		s.Close(nil)
		return
	case http.ErrAbortHandler:
		s.Lock()
		s.Fault = true
		s.Unlock()
		s.Close(nil)
	default:
		s.Close(s.formatting().Panicf("%v", p))
	}
	panic(p)
}

// HttpTrace calls h and notes the request and the response in seg, which it
// leaves open. traceHeader is that of the request.
func HttpTrace(seg *Segment, h http.Handler, w http.ResponseWriter, r *http.Request, traceHeader *header.Header) {
	if seg == nil {
		h.ServeHTTP(w, r)
		return
	}
	captureRequest(seg, r)
	w.Header()[canonicalTraceHeader] = []string{responseHeader(seg, traceHeader)}
	wrapped, captured := capture(w)
	h.ServeHTTP(wrapped, r)
	status := captured.status
	if status == 0 {
		status = http.StatusOK
	}
	length := contentLength(w.Header())
	seg.Lock()
	defer seg.Unlock()
	if seg.Dummy {
		return
	}
	seg.GetHTTP().GetResponse().ContentLength = length
	seg.captureStatus(status)
}

// HttpCaptureResponse notes the status of a response, and whether it is an
// error, a throttle or a fault.
func HttpCaptureResponse(seg *Segment, statusCode int) {
	if seg == nil {
		return
	}
	seg.Lock()
	defer seg.Unlock()
	seg.captureStatus(statusCode)
}

func (s *Segment) captureStatus(code int) {
	s.GetHTTP().GetResponse().Status = code
	switch {
	case code >= 400 && code < 500:
		s.Error = true
		s.Throttle = s.Throttle || code == http.StatusTooManyRequests
	case code >= 500 && code < 600:
		s.Fault = true
	}
}

// An exchange is an HTTP block in one allocation.
type exchange struct {
	data     HTTPData
	request  RequestData
	response ResponseData
	header   [1]string // of a client's request: the trace header
}

func newExchange() *exchange {
	e := &exchange{}
	e.data.Request, e.data.Response = &e.request, &e.response
	return e
}

// httpBlock gives a segment that has none a block with a request and a
// response; under its lock.
func (s *Segment) httpBlock() *RequestData {
	if s.HTTP == nil {
		s.HTTP = &newExchange().data
	}
	return s.HTTP.GetRequest()
}

func captureRequest(seg *Segment, r *http.Request) {
	seg.Lock()
	defer seg.Unlock()
	if seg.Dummy {
		return
	}
	scheme := "http://"
	if r.TLS != nil {
		scheme = "https://"
	}
	request := seg.httpBlock()
	request.Method, request.UserAgent = r.Method, r.UserAgent()
	request.URL = scheme + r.Host + r.URL.Path
	request.ClientIP, request.XForwardedFor = clientIP(r.Header.Get("X-Forwarded-For"), r.RemoteAddr)
}

// clientIP is the first address that a proxy says, or else the peer's.
func clientIP(forwardedFor, peer string) (ip string, forwarded bool) {
	if forwardedFor != "" {
		first, _, _ := strings.Cut(forwardedFor, ",")
		return strings.TrimSpace(first), true
	}
	if host, _, err := net.SplitHostPort(peer); err == nil {
		return host, false
	}
	return peer, false
}

// responseHeader tells the client the trace, and what was decided if it asked.
func responseHeader(seg *Segment, in *header.Header) string {
	seg.RLock()
	defer seg.RUnlock()
	if in == nil {
		return header.RootPrefix + seg.TraceID
	}
	parent, decision := "", ""
	if in.ParentID != "" {
		parent = ";" + header.ParentPrefix
	}
	switch in.SamplingDecision {
	case header.Sampled:
		decision = ";" + string(header.Sampled)
	case header.NotSampled:
		decision = ";" + string(header.NotSampled)
	case header.Requested:
		decision = ";" + header.SampledPrefix + flag(seg.Sampled)
	}
	return header.RootPrefix + seg.TraceID + parent + in.ParentID + decision
}

func flag(b bool) string {
	if b {
		return "1"
	}
	return "0"
}
