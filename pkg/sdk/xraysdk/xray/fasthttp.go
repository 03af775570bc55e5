//go:build !xraysdk_nofasthttp

package xray

import (
	"context"
	"net/http"
	"net/url"

	"github.com/bragg-tracing/bragg/pkg/sdk/xraysdk/header"
	"github.com/valyala/fasthttp"
)

// FastHTTPHandler makes segments of fasthttp's requests.
type FastHTTPHandler interface {
	Handler(SegmentNamer, fasthttp.RequestHandler) fasthttp.RequestHandler
}

// NewFastHTTPInstrumentor returns a FastHTTPHandler whose segments use a
// configuration, or the global one for nil. The segment is in the user values
// of the request's context, where GetSegment finds it.
func NewFastHTTPInstrumentor(cfg *Config) FastHTTPHandler {
	usesFastHTTP.Store(true)
	return &fastHandler{cfg}
}

type fastHandler struct{ cfg *Config }

// Handler returns a handler that calls the given one in a segment.
func (f *fastHandler) Handler(sn SegmentNamer, handler fasthttp.RequestHandler) fasthttp.RequestHandler {
	return func(ctx *fasthttp.RequestCtx) {
		background := context.Background()
		if f.cfg != nil {
			background = context.WithValue(background, RecorderContextKey{}, f.cfg)
			ctx.SetUserValue(fasthttpContextConfigKey, f.cfg)
		}
		traceHeader := header.FromString(string(ctx.Request.Header.Peek(TraceIDHeaderKey)))
		r := requestOf(ctx)
		_, seg := NewSegmentFromHeader(background, sn.Name(r.Host), r, traceHeader)
		defer func() { seg.closeWithPanic(recover()) }()
		ctx.SetUserValue(fasthttpContextKey, seg)
		captureRequest(seg, r)
		answer := responseHeader(seg, traceHeader)
		ctx.Request.Header.Set(TraceIDHeaderKey, answer)
		ctx.Response.Header.Set(TraceIDHeaderKey, answer)
		handler(ctx)
		seg.Lock()
		defer seg.Unlock()
		if !seg.Dummy {
			seg.GetHTTP().GetResponse().ContentLength = max(0, ctx.Response.Header.ContentLength())
			seg.captureStatus(ctx.Response.StatusCode())
		}
	}
}

// requestOf is what segments say of a request, for net/http.
func requestOf(ctx *fasthttp.RequestCtx) *http.Request {
	r := &http.Request{
		URL:        &url.URL{Path: string(ctx.Path())},
		Host:       string(ctx.Host()),
		Method:     string(ctx.Method()),
		RemoteAddr: ctx.RemoteAddr().String(),
		TLS:        ctx.TLSConnectionState(),
		Header:     http.Header{},
	}
	r.Header.Set("User-Agent", string(ctx.UserAgent()))
	r.Header.Set("X-Forwarded-For", string(ctx.Request.Header.Peek("X-Forwarded-For")))
	return r
}
