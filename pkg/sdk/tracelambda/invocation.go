package tracelambda

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-lambda-go/lambdacontext"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"github.com/bragg-tracing/bragg/pkg/sdk/propagation"
)

// An invocation is one that runs. Its span ends once: with the handler, or
// shortly before Lambda would stop it.
type invocation struct {
	*tracer
	ctx     context.Context // the handler's
	outer   context.Context // Lambda's
	span    trace.Span
	trigger trigger
	guard   *time.Timer // nil without a deadline

	once sync.Once
}

// begin starts the span of an invocation.
func (t *tracer) begin(ctx context.Context, payload []byte) *invocation {
	i := &invocation{tracer: t, outer: ctx, trigger: triggerOf(payload)}
	parent, links := t.parents(ctx, i.trigger)
	kind := i.trigger.kind
	if t.subsegment {
		kind = trace.SpanKindInternal
	}
	i.ctx, i.span = t.Tracer.Start(parent, i.trigger.spanName(t.name), trace.WithSpanKind(kind),
		trace.WithLinks(links...), trace.WithAttributes(t.attributes(ctx)...), trace.WithAttributes(i.trigger.attributes...))
	if deadline, ok := ctx.Deadline(); ok && t.margin > 0 && i.span.IsRecording() {
		i.guard = time.AfterFunc(time.Until(deadline)-t.margin, i.timeout)
	}
	return i
}

// parents returns ctx with the parent of the invocation's span, and what the
// span is linked to besides.
//
// Lambda says per invocation which trace it belongs to: in the context, and in
// an environment variable, which counts for one invocation at a time only.
// What the trigger says is the parent where Lambda says nothing, or that it
// does not record; and else a link, if it is another trace.
func (t *tracer) parents(ctx context.Context, tr trigger) (context.Context, []trace.Link) {
	text, _ := ctx.Value("x-amzn-trace-id").(string) // the key of aws-lambda-go
	if text == "" && lambdacontext.MaxConcurrency() == 1 {
		text = os.Getenv("_X_AMZN_TRACE_ID")
	}
	h, err := propagation.ParseHeader(text)
	links := tr.links
	own := trace.SpanContext{}
	if len(tr.carrier) > 0 {
		own = trace.SpanContextFromContext(t.providers.Propagator().Extract(context.Background(), tr.carrier))
	}
	switch {
	case err != nil && own.IsValid(), own.IsSampled() && h.Sampling == propagation.NotSampled:
		return t.providers.Propagator().Extract(ctx, tr.carrier), links
	case err != nil:
		return ctx, links
	}
	if t.ownSampler && h.Sampling == propagation.NotSampled {
		h.Sampling = propagation.SamplingUnknown
	}
	if own.IsValid() && own.TraceID() != h.TraceID {
		links = append(links, trace.Link{SpanContext: own})
	}
	return propagation.ContextWithHeader(ctx, h), links
}

// attributes are those of every invocation.
// https://opentelemetry.io/docs/specs/semconv/faas/aws-lambda/
func (t *tracer) attributes(ctx context.Context) []attribute.KeyValue {
	attributes := []attribute.KeyValue{attribute.Bool("faas.coldstart", !t.warm.Swap(true))}
	lc, ok := lambdacontext.FromContext(ctx)
	if !ok {
		return attributes
	}
	attributes = append(attributes, attribute.String("faas.invocation_id", lc.AwsRequestID))
	if lc.TenantID != "" {
		attributes = append(attributes, attribute.String("aws.lambda.tenant_id", lc.TenantID))
	}
	// arn:aws:lambda:region:account:function:name[:alias]
	arn := lc.InvokedFunctionArn
	parts := strings.Split(arn, ":")
	if len(parts) < 7 {
		return attributes
	}
	return append(attributes, attribute.String("aws.lambda.invoked_arn", arn),
		attribute.String("cloud.account.id", parts[4]), attribute.String("cloud.resource_id", strings.Join(parts[:7], ":")))
}

// end ends the span after the handler, and exports it.
func (i *invocation) end(response []byte, err error) {
	i.calm()
	i.finish(func() {
		i.readResponse(response)
		if err != nil {
			i.fail(fmt.Sprintf("%T", err), err.Error(), "")
		}
	})
}

// recovered, for defer, records a panic and lets it go on: aws-lambda-go makes
// an error of it and ends the process.
func (i *invocation) recovered() {
	p := recover()
	if p == nil {
		return
	}
	i.calm()
	i.finish(func() { i.fail("panic", fmt.Sprint(p), string(debug.Stack())) })
	panic(p)
}

// timeout ends the span before Lambda ends the process.
func (i *invocation) timeout() {
	i.finish(func() {
		i.fail("timeout", "the function did not end "+i.margin.String()+" before its timeout", "")
	})
}

// calm stops the guard. It is for the goroutine that began the invocation: the
// guard's own may run before begin has noted it.
func (i *invocation) calm() {
	if i.guard != nil {
		i.guard.Stop()
	}
}

func (i *invocation) finish(record func()) {
	i.once.Do(func() {
		recording := i.span.IsRecording()
		if recording {
			record()
		}
		i.span.End()
		if recording {
			i.export()
		}
	})
}

// reserve is what Lambda's runtime needs to send the response on.
const reserve = 20 * time.Millisecond

// export hands the spans on within the time that is left. What fails is told to
// OpenTelemetry's error handler: the function has its result already.
func (i *invocation) export() {
	ctx := context.WithoutCancel(i.outer)
	if deadline, ok := i.outer.Deadline(); ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadline(ctx, deadline.Add(-reserve))
		defer cancel()
	}
	if err := i.flush(ctx); err != nil {
		otel.Handle(fmt.Errorf("flush telemetry of an invocation: %w", err))
	}
}

func (i *invocation) fail(kind, message, stack string) {
	attributes := []attribute.KeyValue{attribute.String("exception.type", kind), attribute.String("exception.message", message)}
	if stack != "" {
		attributes = append(attributes, attribute.String("exception.stacktrace", stack))
	}
	i.span.AddEvent("exception", trace.WithAttributes(attributes...))
	i.span.SetAttributes(attribute.String("error.type", kind))
	i.span.SetStatus(codes.Error, message)
}

// readResponse records what the trigger gets: the status of an HTTP response,
// or which messages of a batch failed.
func (i *invocation) readResponse(response []byte) {
	if i.trigger.response == nothing || len(response) == 0 || response[0] != '{' {
		return
	}
	var r struct {
		StatusCode        int `json:"statusCode"`
		BatchItemFailures []struct {
			ItemIdentifier string `json:"itemIdentifier"`
		} `json:"batchItemFailures"`
	}
	_ = json.Unmarshal(response, &r) // a function may answer what it likes
	switch {
	case i.trigger.response == status && r.StatusCode >= 100:
		i.span.SetAttributes(attribute.Int("http.response.status_code", r.StatusCode))
		if r.StatusCode >= http.StatusInternalServerError {
			i.span.SetStatus(codes.Error, http.StatusText(r.StatusCode))
		}
	case i.trigger.response == batch && len(r.BatchItemFailures) > 0:
		i.span.SetAttributes(attribute.Int("aws.batch.failed_count", len(r.BatchItemFailures)))
		i.span.SetStatus(codes.Error, fmt.Sprintf("%d messages of the batch failed", len(r.BatchItemFailures)))
	}
}
