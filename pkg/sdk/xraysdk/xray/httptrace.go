package xray

import (
	"context"
	"crypto/tls"
	"errors"
	"net/http/httptrace"
	"sync"
	"time"

	"go.opentelemetry.io/otel/trace"
)

// HTTPSubsegments makes the subsegments of an HTTP request's subsegment:
// connect, with dns, dial and tls in it, request and response. Its methods are
// those of httptrace.ClientTrace. They may be called concurrently, and do
// nothing when the request's subsegment is closed.
type HTTPSubsegments struct {
	ctx context.Context // of the request's subsegment
	op  *Segment

	mu       sync.Mutex
	calls    uint32    // see reuse
	wanted   time.Time // when a connection was asked for
	connCtx  context.Context
	conn     *Segment
	dns      *Segment
	dial     *Segment
	tls      *Segment
	request  *Segment
	response *Segment
}

// NewHTTPSubsegments returns subsegments of the subsegment of a context.
func NewHTTPSubsegments(opCtx context.Context) *HTTPSubsegments {
	return &HTTPSubsegments{ctx: opCtx, op: GetSegment(opCtx)}
}

// enter locks, notes the call, and reports whether the request is under way.
func (h *HTTPSubsegments) enter(call uint32) bool {
	h.mu.Lock()
	h.calls += call
	return h.op != nil && h.op.inProgress()
}

func (s *Segment) inProgress() bool {
	if s == nil {
		return false
	}
	s.RLock()
	defer s.RUnlock()
	return s.InProgress
}

// begin begins a subsegment that has none itself.
func (h *HTTPSubsegments) begin(ctx context.Context, name string) *Segment {
	parent, now := GetSegment(ctx), nowNano()
	if parent == nil || !parent.segment().Sampled || parent.Dummy || environmentAt(now).disabled {
		return nil
	}
	return beginPart(ctx, parent, name, trace.SpanKindInternal, now)
}

// closeWith closes a subsegment that is open, with metadata and an error.
func closeWith(seg *Segment, name string, metadata map[string]interface{}, err error) {
	if seg == nil || !seg.inProgress() {
		return
	}
	if metadata != nil {
		_ = seg.AddMetadataToNamespace("http", name, metadata)
	}
	seg.Close(err)
}

// GetConn begins connect. It shows when a connection is not reused.
func (h *HTTPSubsegments) GetConn(hostPort string) {
	if h.enter(calledGetConn) {
		h.wanted = time.Now()
	}
	h.mu.Unlock()
}

// connect begins connect, if it has not begun, at the time of GetConn.
func (h *HTTPSubsegments) connect() bool {
	if h.conn != nil {
		return true
	}
	if h.wanted.IsZero() {
		return false
	}
	h.connCtx, h.conn = BeginSubsegment(h.ctx, "connect")
	if h.conn == nil {
		return false
	}
	h.conn.Lock()
	if rec := h.conn.rec(); rec != nil {
		rec.start = h.wanted.UnixNano()
		h.conn.StartTime = seconds(rec.start)
	}
	h.conn.Unlock()
	return true
}

// DNSStart begins dns.
func (h *HTTPSubsegments) DNSStart(info httptrace.DNSStartInfo) {
	if h.enter(calledOther) && h.connect() {
		h.dns = h.begin(h.connCtx, "dns")
	}
	h.mu.Unlock()
}

// DNSDone ends dns.
func (h *HTTPSubsegments) DNSDone(info httptrace.DNSDoneInfo) {
	if h.enter(calledOther) {
		closeWith(h.dns, "dns", map[string]interface{}{"addresses": info.Addrs, "coalesced": info.Coalesced}, info.Err)
	}
	h.mu.Unlock()
}

// ConnectStart begins dial.
func (h *HTTPSubsegments) ConnectStart(network, addr string) {
	if h.enter(calledOther) && h.connect() {
		h.dial = h.begin(h.connCtx, "dial")
	}
	h.mu.Unlock()
}

// ConnectDone ends dial.
func (h *HTTPSubsegments) ConnectDone(network, addr string, err error) {
	if h.enter(calledOther) {
		closeWith(h.dial, "connect", map[string]interface{}{"network": network}, err)
	}
	h.mu.Unlock()
}

// TLSHandshakeStart begins tls.
func (h *HTTPSubsegments) TLSHandshakeStart() {
	if h.enter(calledOther) && h.connect() {
		h.tls = h.begin(h.connCtx, "tls")
	}
	h.mu.Unlock()
}

// TLSHandshakeDone ends tls.
func (h *HTTPSubsegments) TLSHandshakeDone(connState tls.ConnectionState, err error) {
	if h.enter(calledOther) {
		closeWith(h.tls, "tls", map[string]interface{}{
			"did_resume":          connState.DidResume,
			"negotiated_protocol": connState.NegotiatedProtocol,
			//lint:ignore SA1019 the document has it
			"negotiated_protocol_is_mutual": connState.NegotiatedProtocolIsMutual,
			"cipher_suite":                  connState.CipherSuite,
		}, err)
	}
	h.mu.Unlock()
}

// GotConn ends connect, if there is one, and begins request. info is nil if
// there is no connection.
func (h *HTTPSubsegments) GotConn(info *httptrace.GotConnInfo, err error) {
	call := uint32(calledOther)
	if info != nil && info.WasIdle && err == nil {
		call = calledGotIdle
	}
	if h.enter(call) {
		h.gotConn(info, err)
	}
	h.mu.Unlock()
}

func (h *HTTPSubsegments) gotConn(info *httptrace.GotConnInfo, err error) {
	switch {
	case info == nil:
		if h.wanted.IsZero() {
			return
		}
		closeWith(h.conn, "", nil, err)
	case info.Reused:
		if h.conn != nil {
			h.op.RemoveSubsegment(h.conn)
		}
		h.conn, h.connCtx, h.wanted = nil, nil, time.Time{}
	case h.connect():
		metadata := map[string]interface{}{"reused": info.Reused, "was_idle": info.WasIdle}
		if info.WasIdle {
			metadata["idle_time"] = info.IdleTime
		}
		closeWith(h.conn, "connection", metadata, err)
	}
	if err == nil {
		h.request = h.begin(h.ctx, "request")
	}
}

// WroteRequest ends request and begins response.
func (h *HTTPSubsegments) WroteRequest(info httptrace.WroteRequestInfo) {
	if h.enter(calledWrote) && h.request != nil {
		closeWith(h.request, "", nil, info.Err)
		h.response = h.begin(h.ctx, "response")
	}
	closeWith(h.conn, "", nil, nil)
	h.mu.Unlock()
}

// GotFirstResponseByte ends response.
func (h *HTTPSubsegments) GotFirstResponseByte() {
	if h.enter(calledFirstByte) {
		closeWith(h.response, "", nil, nil)
	}
	h.mu.Unlock()
}

// Finish ends what is open when the response is there or the request has
// failed, with its error: nobody else would. h may be nil. The X-Ray SDK does
// not have it.
func (h *HTTPSubsegments) Finish(err error) {
	if h == nil {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, seg := range [...]*Segment{h.dns, h.dial, h.tls, h.conn, h.request, h.response} {
		closeWith(seg, "", nil, err)
	}
}

// ClientTrace traces a request by HTTPSubsegments.
type ClientTrace struct {
	subsegments *HTTPSubsegments
	httpTrace   *httptrace.ClientTrace
}

// NewClientTrace returns the trace of a request in a context, which must not be
// nil.
func NewClientTrace(opCtx context.Context) (ct *ClientTrace, err error) {
	if opCtx == nil {
		return nil, errors.New("opCtx must be non-nil")
	}
	return &newClientTrace(opCtx, GetSegment(opCtx)).ClientTrace, nil
}

// newClientTrace returns a trace that may have been used before.
func newClientTrace(ctx context.Context, seg *Segment) *clientTrace {
	c, ok := clientTraces.Get().(*clientTrace)
	if !ok {
		c = bindClientTrace()
	}
	h := &c.HTTPSubsegments
	h.mu.Lock()
	defer h.mu.Unlock()
	h.ctx, h.op = ctx, seg
	return c
}

// A clientTrace is a trace in one allocation, and with its functions another
// ten: it is used again, if it can be, see reuse.
type clientTrace struct {
	ClientTrace
	HTTPSubsegments
	trace httptrace.ClientTrace
}

var clientTraces sync.Pool

// reuse gives a trace back after its request, if nobody will call it any more:
// the connection was an idle one, so that none is dialed in the background, and
// all that is called for such a request has been called, once.
func (c *clientTrace) reuse() {
	h := &c.HTTPSubsegments
	h.mu.Lock()
	done := h.calls == allCalls
	if done {
		h.ctx, h.op, h.wanted, h.calls = nil, nil, time.Time{}, 0
		h.connCtx, h.conn, h.dns, h.dial, h.tls, h.request, h.response = nil, nil, nil, nil, nil, nil, nil
	}
	h.mu.Unlock()
	if done {
		clientTraces.Put(c)
	}
}

// calls count, four bits each, what was called.
const (
	calledGetConn   = 1
	calledGotIdle   = 1 << 4
	calledWrote     = 1 << 8
	calledFirstByte = 1 << 12
	calledOther     = 1 << 16
	allCalls        = calledGetConn | calledGotIdle | calledWrote | calledFirstByte
)

func bindClientTrace() *clientTrace {
	c := &clientTrace{}
	h := &c.HTTPSubsegments
	c.subsegments, c.httpTrace = h, &c.trace
	c.trace = httptrace.ClientTrace{
		GetConn:              h.GetConn,
		DNSStart:             h.DNSStart,
		DNSDone:              h.DNSDone,
		ConnectStart:         h.ConnectStart,
		ConnectDone:          h.ConnectDone,
		TLSHandshakeStart:    h.TLSHandshakeStart,
		TLSHandshakeDone:     h.TLSHandshakeDone,
		GotConn:              func(info httptrace.GotConnInfo) { h.GotConn(&info, nil) },
		WroteRequest:         h.WroteRequest,
		GotFirstResponseByte: h.GotFirstResponseByte,
	}
	return c
}
