package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/aws/aws-xray-sdk-go/v2/header"
	"github.com/aws/aws-xray-sdk-go/v2/xray"
)

var errBoom = errors.New("boom")

// An errCode is an error of a type of its own.
type errCode struct{ code int }

func (e *errCode) Error() string { return fmt.Sprintf("code %d", e.code) }

var segments = []scenario{
	{"annotations, metadata, user", func(ctx context.Context) (string, error) {
		_, seg := xray.BeginSegment(ctx, "svc")
		err := errors.Join(
			seg.AddAnnotation("text", "v"), seg.AddAnnotation("integer", 3), seg.AddAnnotation("float", 2.5), seg.AddAnnotation("flag", true),
			seg.AddMetadata("map", map[string]any{"a": 1, "list": []string{"x", "ü"}}), seg.AddMetadataToNamespace("ns", "n", 1),
			seg.AddMetadataToNamespace("ns", "nothing", nil),
		)
		seg.Lock()
		seg.User, seg.ResourceARN = "alice", "arn:aws:ecs:us-east-1:123456789012:task/t"
		seg.Unlock()
		seg.Close(nil)
		return seg.TraceID, err
	}},
	{"Capture", func(ctx context.Context) (string, error) {
		return within(ctx, func(ctx context.Context) error {
			return xray.Capture(ctx, "outer", func(ctx context.Context) error {
				return errors.Join(xray.AddAnnotation(ctx, "clientID", "Enova"), xray.AddMetadata(ctx, "m", 1),
					xray.Capture(ctx, "inner", func(ctx context.Context) error { return nil }))
			})
		})
	}},
	{"exceptions", func(ctx context.Context) (string, error) {
		return within(ctx, func(ctx context.Context) error {
			_ = xray.Capture(ctx, "plain", func(context.Context) error { return errBoom })
			_ = xray.Capture(ctx, "wrapped", func(context.Context) error { return fmt.Errorf("outside: %w", errBoom) })
			_ = xray.Capture(ctx, "own type", func(context.Context) error { return &errCode{7} })
			_ = xray.Capture(ctx, "two", func(ctx context.Context) error { _ = xray.AddError(ctx, errBoom); return &errCode{8} })
			_ = xray.Capture(ctx, "canceled", func(context.Context) error { return context.Canceled })
			func() {
				defer func() { _ = recover() }()
				_ = xray.Capture(ctx, "panics", func(context.Context) error { panic("oh no") })
			}()
			return nil
		})
	}},
	{"CaptureAsync", func(ctx context.Context) (string, error) {
		return within(ctx, func(ctx context.Context) error {
			var done sync.WaitGroup
			for i := range 3 {
				done.Add(1)
				xray.CaptureAsync(ctx, fmt.Sprintf("async %d", i), func(ctx context.Context) error {
					defer done.Done()
					return xray.AddAnnotation(ctx, "i", i)
				})
			}
			done.Wait()
			time.Sleep(100 * time.Millisecond) // CaptureAsync tells nobody when it has closed its subsegment
			return nil
		})
	}},
	{"flags", func(ctx context.Context) (string, error) {
		return within(ctx, func(ctx context.Context) error {
			for name, set := range map[string]func(*xray.Segment){
				"error": func(s *xray.Segment) { s.Error = true }, "throttle": func(s *xray.Segment) { s.Throttle = true },
				"fault": func(s *xray.Segment) { s.Fault = true }, "all": func(s *xray.Segment) { s.Error, s.Throttle, s.Fault = true, true, true },
			} {
				_, sub := xray.BeginSubsegment(ctx, name)
				sub.Lock()
				set(sub)
				sub.Unlock()
				sub.Close(nil)
			}
			return nil
		})
	}},
	{"150 subsegments", func(ctx context.Context) (string, error) {
		return within(ctx, func(ctx context.Context) error {
			for i := range 150 {
				sub, part := xray.BeginSubsegment(ctx, fmt.Sprintf("part %03d", i))
				if i%50 == 0 {
					_, inner := xray.BeginSubsegment(sub, "inner")
					inner.Close(nil)
				}
				part.Close(nil)
			}
			return nil
		})
	}},
	{"streamed by hand", func(ctx context.Context) (string, error) {
		return within(ctx, func(ctx context.Context) error {
			ctx, sub := xray.BeginSubsegment(ctx, "streamed")
			_, inner := xray.BeginSubsegment(ctx, "inner")
			inner.Close(nil)
			sub.CloseAndStream(nil)
			return nil
		})
	}},
	{"continued from a header", func(ctx context.Context) (string, error) {
		traceID := xray.NewTraceID()
		ctx, seg := xray.NewSegmentFromHeader(ctx, "svc", nil, header.FromString("Root="+traceID+";Parent=53995c3f42cd8ad8;Sampled=1"))
		_, sub := xray.BeginSubsegment(ctx, "part")
		sub.Close(nil)
		seg.Close(nil)
		return seg.TraceID, nil
	}},
	{"outer context inside Capture", func(ctx context.Context) (string, error) {
		return within(ctx, func(ctx context.Context) error {
			return xray.Capture(ctx, "service-A.capture", func(context.Context) error {
				_, sub := xray.BeginSubsegment(ctx, "service-A.critical-call-1")
				defer sub.Close(nil)
				return nil
			})
		})
	}},
}

var lambda = []scenario{
	{"Lambda", func(ctx context.Context) (string, error) {
		traceID := xray.NewTraceID()
		ctx = context.WithValue(ctx, xray.LambdaTraceHeaderKey, "Root="+traceID+";Parent=53995c3f42cd8ad8;Sampled=1") //lint:ignore SA1029 as aws-lambda-go does it
		ctx, handler := xray.BeginSubsegment(ctx, "handler")
		err := errors.Join(handler.AddAnnotation("clientID", "Enova"), xray.Capture(ctx, "inner", func(ctx context.Context) error {
			return xray.Capture(ctx, "innermost", func(context.Context) error { return nil })
		}))
		handler.Close(errBoom)
		return traceID, err
	}},
	{"facade", func(ctx context.Context) (string, error) {
		traceID := xray.NewTraceID()
		ctx, facade := xray.BeginFacadeSegment(ctx, "facade", header.FromString("Root="+traceID+";Parent=53995c3f42cd8ad8;Sampled=1"))
		_, sub := xray.BeginSubsegment(ctx, "part")
		sub.Close(nil)
		facade.Close(nil)
		return traceID, nil
	}},
}
