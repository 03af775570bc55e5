package traceaws

import (
	"context"
	"time"

	"github.com/aws/smithy-go/middleware"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"
)

// An attempt is one try of a call that failed.
type attempt struct {
	failure
	number     int
	begun      time.Time
	ended      time.Time
	attributes []attribute.KeyValue
}

// attempt follows one attempt of a call: by a span, or by an event if it is
// tried again.
func (t *tracer) attempt(ctx context.Context, in middleware.FinalizeInput, next middleware.FinalizeHandler) (
	out middleware.FinalizeOutput, metadata middleware.Metadata, err error,
) {
	c := callFrom(ctx)
	if c == nil {
		return next.HandleFinalize(ctx, in)
	}
	c.attempts++
	if !c.span.IsRecording() {
		return next.HandleFinalize(ctx, in)
	}
	if t.attemptSpans {
		return t.attemptSpan(ctx, c, in, next)
	}
	if c.failed != nil {
		c.failed.record(c.span)
		c.failed = nil
	}
	begun := time.Now()
	out, metadata, err = next.HandleFinalize(ctx, in)
	if err != nil {
		c.failed = &attempt{describe(err), c.attempts, begun, time.Now(), responseAttributes(metadata)}
	}
	return out, metadata, err
}

func (t *tracer) attemptSpan(ctx context.Context, c *call, in middleware.FinalizeInput, next middleware.FinalizeHandler) (
	out middleware.FinalizeOutput, metadata middleware.Metadata, err error,
) {
	ctx, span := t.Start(ctx, "attempt", trace.WithAttributes(attribute.Int("aws.attempt", c.attempts)))
	defer span.End()
	out, metadata, err = next.HandleFinalize(ctx, in)
	span.SetAttributes(responseAttributes(metadata)...)
	if err != nil {
		f := describe(err)
		span.SetAttributes(attribute.String("error.type", f.code))
		if f.throttled {
			span.SetAttributes(attribute.Bool("aws.throttled", true))
		}
		span.SetStatus(codes.Error, f.message)
	}
	return out, metadata, err
}

// record adds the event of an attempt that failed before another one, which
// X-Ray shows as an exception of the call.
func (a *attempt) record(span trace.Span) {
	span.AddEvent("exception", trace.WithTimestamp(a.ended), trace.WithAttributes(
		attribute.String("exception.type", a.code), attribute.String("exception.message", a.text),
		attribute.Int("aws.attempt", a.number), attribute.Float64("aws.attempt.duration", a.ended.Sub(a.begun).Seconds()),
		attribute.Bool("aws.throttled", a.throttled)), trace.WithAttributes(a.attributes...))
}
