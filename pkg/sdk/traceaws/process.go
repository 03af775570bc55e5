package traceaws

import (
	"context"
	"strings"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"github.com/bragg-tracing/bragg/pkg/sdk/internal/carried"
	xray "github.com/bragg-tracing/bragg/pkg/sdk/propagation"
)

// A Consumer makes the spans of messages that are processed. It may be used
// concurrently.
type Consumer struct {
	*tracer
	destination string
	system      string
	continued   bool
}

// NewConsumer returns a consumer of what comes from destination: the URL of an
// SQS queue or the name of a Kinesis stream.
func NewConsumer(destination string, opts ...Option) *Consumer {
	c := &Consumer{tracer: newTracer(opts), destination: destination, system: "aws.kinesis"}
	if strings.Contains(destination, "://") {
		c.system = "aws_sqs"
	}
	return c
}

// Continue makes the spans children of those that sent the messages, in their
// traces, in place of spans linked to them. X-Ray then draws one trace from the
// sender on; a trace that messages continue for days exceeds its limits.
func (c *Consumer) Continue() *Consumer {
	d := *c
	d.continued = true
	return &d
}

// Start starts the span of the processing of one message: of kind consumer,
// which is a segment of the service in X-Ray, and linked to the span that sent
// the message. The caller ends it.
//
// message is what a client or a Lambda event has: types.Message of SQS,
// types.Record of Kinesis, events.SQSMessage, events.KinesisEventRecord, or a
// pointer to one of them. Others have no trace to link to.
func (c *Consumer) Start(ctx context.Context, message any) (context.Context, trace.Span) {
	m := objectOf(message)
	sent := c.extract(ctx, m)
	name := c.destination[strings.LastIndexByte(c.destination, '/')+1:]
	opts := []trace.SpanStartOption{
		trace.WithSpanKind(trace.SpanKindConsumer),
		trace.WithAttributes(
			attribute.String("messaging.system", c.system),
			attribute.String("messaging.destination.name", name),
			attribute.String("messaging.operation.type", "process"),
			attribute.String("messaging.operation.name", "process")),
	}
	if id := m.field("MessageId").text(); id != "" {
		opts = append(opts, trace.WithAttributes(attribute.String("messaging.message.id", id)))
	}
	if c.system == "aws_sqs" {
		opts = append(opts, trace.WithAttributes(attribute.String("aws.sqs.queue.url", c.destination), attribute.String("aws.queue_url", c.destination)))
	}
	producer := trace.SpanContextFromContext(sent)
	switch {
	case !producer.IsRemote():
	case c.continued:
		ctx = sent
	case producer.IsValid():
		opts = append(opts, trace.WithLinks(trace.Link{SpanContext: producer}))
	}
	return c.Tracer.Start(ctx, "process "+name, opts...)
}

// extract returns ctx with the trace of a message, or ctx itself.
func (t *tracer) extract(ctx context.Context, m object) context.Context {
	carrier := carrierOf(m)
	if len(carrier) == 0 {
		return ctx
	}
	// The service's propagator may not know AWS's header.
	with := t.propagator().Extract(ctx, carrier)
	if trace.SpanContextFromContext(with).IsRemote() {
		return with
	}
	return xray.XRay{}.Extract(ctx, carrier)
}

// carrierOf collects the trace headers of a message.
func carrierOf(m object) propagation.MapCarrier {
	carrier := propagation.MapCarrier{}
	if header := m.field("Attributes").at(systemAttribute).text(); header != "" {
		carrier.Set(xray.HeaderName, header)
	}
	attributes := m.field("MessageAttributes")
	for _, name := range []string{"traceparent", "tracestate", "baggage"} {
		if value := attributes.at(name).field("StringValue").text(); value != "" {
			carrier.Set(name, value)
		}
	}
	if len(carrier) > 0 {
		return carrier
	}
	if data := m.field("Data").bytes(); data != nil { // types.Record of Kinesis
		return carried.InData(data)
	}
	if data := m.field("Kinesis.Data").bytes(); data != nil { // events.KinesisEventRecord
		return carried.InData(data)
	}
	return carried.InNotification(m.field("Body").text())
}
