package traceaws

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"github.com/bragg-tracing/bragg/pkg/sdk/propagation"
)

// A call is one call of an operation, with all of its attempts. It belongs to
// the call's goroutine.
type call struct {
	span     trace.Span
	attempts int
	failed   *attempt // the last one, if it failed
}

type callKey struct{}

func callFrom(ctx context.Context) *call {
	c, _ := ctx.Value(callKey{}).(*call)
	return c
}

// call makes the span of a call.
func (t *tracer) call(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (
	out middleware.InitializeOutput, metadata middleware.Metadata, err error,
) {
	service, operation, region := awsmiddleware.GetServiceID(ctx), awsmiddleware.GetOperationName(ctx), awsmiddleware.GetRegion(ctx)
	o := t.operation(operationKey{service, operation, region})
	ctx, span := t.Start(ctx, o.spanName, o.start...)
	defer span.End()
	if span.IsRecording() {
		span.SetAttributes(inputAttributes(service, operation, region, in.Parameters)...)
		if t.attributes != nil {
			span.SetAttributes(t.attributes(service, operation, in.Parameters)...)
		}
	}
	if !t.noMessages {
		in.Parameters = t.withContext(ctx, service, operation, in.Parameters)
	}
	c := &call{span: span}
	out, metadata, err = next.HandleInitialize(context.WithValue(ctx, callKey{}, c), in)
	if !span.IsRecording() {
		return out, metadata, err
	}
	c.finish(metadata, err)
	if err == nil {
		span.SetAttributes(outputAttributes(service, operation, out.Result)...)
		if !t.noMessages {
			t.linkMessages(span, service, operation, out.Result)
		}
	}
	return out, metadata, err
}

// identity are the attributes that say what is called: by OpenTelemetry's
// names, and by the older ones that ADOT's and contrib's awsxray exporter make
// the segment's name, its namespace and its operation of.
func identity(service, operation, region string) []attribute.KeyValue {
	return []attribute.KeyValue{
		attribute.String("rpc.system.name", "aws-api"),
		attribute.String("rpc.method", service+"/"+operation),
		attribute.String("rpc.system", "aws-api"),
		attribute.String("rpc.service", service),
		attribute.String("aws.operation", operation),
		attribute.String("aws.region", region),
	}
}

// finish records how the call ended.
func (c *call) finish(metadata middleware.Metadata, err error) {
	span := c.span
	span.SetAttributes(responseAttributes(metadata)...)
	if retries := c.attempts - 1; retries > 0 {
		span.SetAttributes(attribute.Int("http.request.resend_count", retries), attribute.Int("aws.xray.retries", retries))
	}
	if err == nil {
		return
	}
	f := describe(err)
	span.SetAttributes(attribute.String("error.type", f.code))
	if f.throttled {
		span.SetAttributes(attribute.Bool("aws.throttled", true))
	}
	span.AddEvent("exception", trace.WithAttributes(
		attribute.String("exception.type", f.code), attribute.String("exception.message", err.Error())))
	span.SetStatus(codes.Error, f.message)
}

// responseAttributes are those of the last answer, whether it was an error or
// not.
func responseAttributes(metadata middleware.Metadata) []attribute.KeyValue {
	var a []attribute.KeyValue
	if id, ok := awsmiddleware.GetRequestIDMetadata(metadata); ok && id != "" {
		a = append(a, attribute.String("aws.request_id", id))
	}
	if response, ok := awsmiddleware.GetRawResponse(metadata).(*smithyhttp.Response); ok && response != nil && response.Response != nil {
		a = append(a, attribute.Int("http.response.status_code", response.StatusCode))
		// S3 has a second id, which AWS's support asks for.
		if id := response.Header.Get("X-Amz-Id-2"); id != "" {
			a = append(a, attribute.String("aws.extended_request_id", id))
		}
		if response.ContentLength > 0 {
			a = append(a, attribute.Int64("http.response.body.size", response.ContentLength))
		}
	}
	return a
}

// A failure is what is told of an error.
type failure struct {
	code      string // the API's error code, or the type of an error of the client
	message   string
	text      string // the message without the code
	throttled bool
}

// throttles tells by the SDK's own lists.
var throttles = retry.ThrottleErrorCode{Codes: retry.DefaultThrottleErrorCodes}

func describe(err error) failure {
	f := failure{message: err.Error(), text: err.Error(), throttled: throttles.IsErrorThrottle(err).Bool()}
	var api smithy.APIError
	if errors.As(err, &api) {
		f.code, f.text = api.ErrorCode(), api.ErrorMessage()
		f.message = f.code + ": " + f.text
		return f
	}
	switch {
	case errors.Is(err, context.Canceled):
		f.code = "context.Canceled"
	case errors.Is(err, context.DeadlineExceeded):
		f.code = "context.DeadlineExceeded"
	default:
		f.code = fmt.Sprintf("%T", cause(err))
	}
	return f
}

// cause is the error at the bottom: those above say where it came from.
func cause(err error) error {
	for {
		next := errors.Unwrap(err)
		if next == nil {
			return err
		}
		err = next
	}
}

// request completes a request that is about to be sent: it gets the trace
// header of AWS, and no other. The signature does not cover this header.
func (t *tracer) request(ctx context.Context, in middleware.FinalizeInput, next middleware.FinalizeHandler) (
	middleware.FinalizeOutput, middleware.Metadata, error,
) {
	c := callFrom(ctx)
	req, ok := in.Request.(*smithyhttp.Request)
	if c == nil || !ok {
		return next.HandleFinalize(ctx, in)
	}
	if header, ok := propagation.HeaderFromContext(trace.ContextWithSpan(ctx, c.span)); ok {
		req.Header.Set(propagation.HeaderName, header.String())
	}
	if c.span.IsRecording() && c.attempts <= 1 {
		c.span.SetAttributes(requestAttributes(req)...)
	}
	return next.HandleFinalize(ctx, in)
}

// requestAttributes are those of the HTTP request. Queries are left out: they
// hold signatures, and what matters of them is in the input.
func requestAttributes(req *smithyhttp.Request) []attribute.KeyValue {
	u := *req.URL
	u.RawQuery, u.User = "", nil
	a := []attribute.KeyValue{
		attribute.String("http.request.method", req.Method),
		attribute.String("url.full", u.String()),
		attribute.String("server.address", u.Hostname()),
	}
	if port, err := strconv.Atoi(u.Port()); err == nil {
		a = append(a, attribute.Int("server.port", port))
	}
	return a
}
