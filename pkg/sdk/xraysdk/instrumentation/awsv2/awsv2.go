// Package awsv2 makes subsegments of the calls of clients of the AWS SDK for
// Go, version 2.
package awsv2

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"github.com/bragg-tracing/bragg/pkg/sdk/xraysdk/awscalls"
	"github.com/bragg-tracing/bragg/pkg/sdk/xraysdk/xray"
)

// RequestIDKey is the key of a request's id in the aws block.
const RequestIDKey string = "request_id"

// ExtendedRequestIDKey is the key of the second id that S3 gives.
const ExtendedRequestIDKey string = "id_2"

// S3ExtendedRequestIDHeaderKey is the header of that id.
const S3ExtendedRequestIDHeaderKey string = "x-amz-id-2"

// AWSV2Instrumentor makes subsegments of the calls of all clients that are made
// with the options, usually &cfg.APIOptions. They say operation and region,
// table, queue, bucket, topic or function, the request's ids, how often it was
// tried again, and whether it was throttled.
func AWSV2Instrumentor(apiOptions *[]func(*middleware.Stack) error) {
	*apiOptions = append(*apiOptions, addToStack)
}

func addToStack(stack *middleware.Stack) error {
	call := middleware.InitializeMiddlewareFunc("XRayInitializeMiddleware", handleCall)
	// As early as the service's name is known, before parameters are checked:
	// newer clients know it from the start, others have a step for it.
	err := stack.Initialize.Insert(call, (&awsmiddleware.RegisterServiceMetadata{}).ID(), middleware.After)
	if err != nil {
		err = stack.Initialize.Add(call, middleware.Before)
	}
	if err != nil {
		return err
	}
	return stack.Deserialize.Add(middleware.DeserializeMiddlewareFunc("XRayDeserializeMiddleware", handleAttempt), middleware.Before)
}

type segmentKey struct{}

func handleCall(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (
	out middleware.InitializeOutput, metadata middleware.Metadata, err error,
) {
	service, operation := awsmiddleware.GetServiceID(ctx), awsmiddleware.GetOperationName(ctx)
	ctx, seg := xray.BeginAWSCall(ctx, service)
	if seg == nil || seg.Dummy {
		out, metadata, err = next.HandleInitialize(context.WithValue(ctx, segmentKey{}, seg), in)
		seg.Close(nil)
		return out, metadata, err
	}
	seg.Lock()
	block := seg.GetAWS()
	block["region"], block["operation"] = awsmiddleware.GetRegion(ctx), operation
	awscalls.Default.Input(block, service, operation, in.Parameters)
	seg.Unlock()

	returned := false
	defer func() {
		if !returned {
			seg.Close(nil)
		}
	}()
	out, metadata, err = next.HandleInitialize(context.WithValue(ctx, segmentKey{}, seg), in)
	returned = true

	seg.Lock()
	awscalls.Default.Output(block, service, operation, out.Result)
	if attempts, ok := retry.GetAttemptResults(metadata); ok && len(attempts.Results) > 1 {
		block["retries"] = len(attempts.Results) - 1
	}
	if throttles.IsErrorThrottle(err) == aws.TrueTernary {
		seg.Error, seg.Throttle = true, true
	}
	seg.Unlock()
	seg.Close(err)
	return out, metadata, err
}

var throttles = retry.IsErrorThrottles(retry.DefaultThrottles)

// handleAttempt sends the trace header along and notes the response. The last
// attempt's stays.
func handleAttempt(ctx context.Context, in middleware.DeserializeInput, next middleware.DeserializeHandler) (
	out middleware.DeserializeOutput, metadata middleware.Metadata, err error,
) {
	seg, _ := ctx.Value(segmentKey{}).(*xray.Segment)
	if seg == nil {
		return next.HandleDeserialize(ctx, in)
	}
	if request, ok := in.Request.(*smithyhttp.Request); ok {
		if h := seg.DownstreamHeader().String(); h != "" {
			request.Header.Set(xray.TraceIDHeaderKey, h)
		}
	}
	out, metadata, err = next.HandleDeserialize(ctx, in)
	response, ok := out.RawResponse.(*smithyhttp.Response)
	if !ok || seg.Dummy {
		return out, metadata, err
	}
	seg.Lock()
	seg.GetHTTP().GetResponse().ContentLength = max(0, int(response.ContentLength))
	if id, ok := awsmiddleware.GetRequestIDMetadata(metadata); ok {
		seg.GetAWS()[RequestIDKey] = id
	}
	if id := response.Header.Get(S3ExtendedRequestIDHeaderKey); id != "" {
		seg.GetAWS()[ExtendedRequestIDKey] = id
	}
	// What an attempt before said does not hold any more.
	seg.Error, seg.Throttle, seg.Fault = false, false, false
	seg.Unlock()
	xray.HttpCaptureResponse(seg, response.StatusCode)
	return out, metadata, err
}
