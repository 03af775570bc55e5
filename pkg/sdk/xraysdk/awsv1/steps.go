package awsv1

//lint:file-ignore SA1019 this is for who still uses that SDK

import (
	"context"
	"net/http/httptrace"

	"github.com/aws/aws-sdk-go/aws/request"
	"github.com/bragg-tracing/bragg/pkg/sdk/xraysdk/awscalls"
	"github.com/bragg-tracing/bragg/pkg/sdk/xraysdk/xray"
)

const (
	requestID         = "request_id"
	extendedRequestID = "id_2"
	extendedIDHeader  = "x-amz-id-2"
)

// A call is a request of AWS's SDK under way. Its steps come one after another.
type call struct {
	ctx  context.Context // of the operation's subsegment
	op   *xray.Segment
	step *xray.Segment // marshal, attempt, wait or unmarshal; nil between them
	http *xray.HTTPSubsegments
}

type callKey struct{}

func callOf(r *request.Request) *call {
	c, _ := r.HTTPRequest.Context().Value(callKey{}).(*call)
	return c
}

func begin(r *request.Request) {
	ctx, op := xray.BeginAWSCall(r.HTTPRequest.Context(), r.ClientInfo.ServiceName)
	if op == nil {
		return
	}
	c := &call{op: op}
	c.ctx = context.WithValue(ctx, callKey{}, c)
	r.SetContext(c.ctx)
	if h := op.DownstreamHeader().String(); h != "" {
		r.HTTPRequest.Header.Set(xray.TraceIDHeaderKey, h)
	}
	beginStep(r, "marshal")
}

// beginStep ends the step before and begins another.
func beginStep(r *request.Request, name string) {
	endStep(r)
	if c := callOf(r); c != nil {
		ctx, step := xray.BeginSubsegment(c.ctx, name)
		c.step = step
		r.SetContext(ctx)
	}
}

func endStep(r *request.Request) {
	c := callOf(r)
	if c == nil {
		return
	}
	if c.http != nil {
		c.http.Finish(r.Error)
		c.http = nil
	}
	if c.step != nil {
		c.step.Close(r.Error)
		c.step = nil
		r.SetContext(c.ctx)
	}
}

func beginAttempt(r *request.Request) {
	beginStep(r, "attempt")
	c := callOf(r)
	if c == nil || c.step == nil || c.step.Dummy {
		return
	}
	ctx := r.HTTPRequest.Context()
	h := xray.NewHTTPSubsegments(ctx)
	c.http = h
	r.SetContext(httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GetConn: h.GetConn, DNSStart: h.DNSStart, DNSDone: h.DNSDone,
		ConnectStart: h.ConnectStart, ConnectDone: h.ConnectDone,
		TLSHandshakeStart: h.TLSHandshakeStart, TLSHandshakeDone: h.TLSHandshakeDone,
		GotConn:      func(info httptrace.GotConnInfo) { h.GotConn(&info, nil) },
		WroteRequest: h.WroteRequest, GotFirstResponseByte: h.GotFirstResponseByte,
	}))
}

// complete notes what the call was and how it ended, and ends it.
func complete(r *request.Request, t *awscalls.Table) {
	endStep(r)
	c := callOf(r)
	if c == nil {
		return
	}
	if !c.op.Dummy {
		c.note(r, t)
	}
	c.op.Close(r.Error)
}

func (c *call) note(r *request.Request, t *awscalls.Table) {
	c.op.Lock()
	defer c.op.Unlock()
	block := c.op.GetAWS()
	t.Input(block, r.ClientInfo.ServiceName, r.Operation.Name, r.Params)
	t.Output(block, r.ClientInfo.ServiceName, r.Operation.Name, r.Data)
	block["region"], block["operation"] = r.ClientInfo.SigningRegion, r.Operation.Name
	block["retries"], block[requestID] = r.RetryCount, r.RequestID
	if response := r.HTTPResponse; response != nil {
		http := c.op.GetHTTP().GetResponse()
		http.Status, http.ContentLength = response.StatusCode, max(0, int(response.ContentLength))
		if id := response.Header.Get(extendedIDHeader); id != "" {
			block[extendedRequestID] = id
		}
	}
	c.op.Throttle = request.IsErrorThrottle(r.Error)
}
