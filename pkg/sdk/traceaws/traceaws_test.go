package traceaws_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/ratelimit"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"
	"go.uber.org/goleak"

	"github.com/bragg-tracing/bragg/pkg/sdk/telemetrytest"
	"github.com/bragg-tracing/bragg/pkg/sdk/traceaws"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const queue = "https://sqs.us-east-1.amazonaws.com/123456789012/loans"

// An answer is one of the endpoint.
type answer struct {
	status int
	kind   string // the error's
	body   string
}

// endpoint answers in turn, the last one again and again, and keeps what it
// was asked.
type endpoint struct {
	mu       sync.Mutex
	answers  []answer
	requests []*http.Request
	bodies   []map[string]any
}

func (e *endpoint) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	e.mu.Lock()
	defer e.mu.Unlock()
	var body map[string]any
	text, _ := io.ReadAll(r.Body)
	_ = json.Unmarshal(text, &body)
	e.requests, e.bodies = append(e.requests, r), append(e.bodies, body)
	a := e.answers[0]
	if len(e.answers) > 1 {
		e.answers = e.answers[1:]
	}
	w.Header().Set("Content-Type", "application/x-amz-json-1.0")
	w.Header().Set("X-Amzn-RequestId", fmt.Sprintf("request-%d", len(e.requests)))
	if a.kind != "" {
		a.body = `{"__type":"com.amazonaws.sqs#` + a.kind + `","message":"as asked"}`
	}
	w.WriteHeader(a.status)
	_, _ = io.WriteString(w, a.body)
}

// client returns a real client of a real server.
func client(t testing.TB, e *endpoint, opts ...traceaws.Option) *sqs.Client {
	t.Helper()
	server := httptest.NewServer(e)
	t.Cleanup(server.Close)
	cfg := config(server.URL, server.Client())
	traceaws.Instrument(&cfg, opts...)
	return sqs.NewFromConfig(cfg, func(o *sqs.Options) { o.DisableMessageChecksumValidation = true })
}

func config(url string, c *http.Client) aws.Config {
	return aws.Config{
		Region: "us-east-1", BaseEndpoint: aws.String(url), HTTPClient: c,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "AKID", SecretAccessKey: "secret"}, nil
		}),
		Retryer: func() aws.Retryer {
			return retry.NewStandard(func(o *retry.StandardOptions) {
				o.MaxAttempts, o.RateLimiter = 3, ratelimit.None
				o.Backoff = retry.BackoffDelayerFunc(func(int, error) (time.Duration, error) { return 0, nil })
			})
		},
	}
}

func send(ctx context.Context, c *sqs.Client) error {
	_, err := c.SendMessage(ctx, &sqs.SendMessageInput{QueueUrl: aws.String(queue), MessageBody: aws.String("x")})
	return err
}

var sent = answer{status: 200, body: `{"MessageId":"m-1"}`}

func TestCall(t *testing.T) {
	rec := telemetrytest.New(t)
	e := &endpoint{answers: []answer{sent}}
	if err := send(t.Context(), client(t, e, traceaws.WithProviders(rec))); err != nil {
		t.Fatal(err)
	}
	span := rec.Span("SQS.SendMessage").Kind(trace.SpanKindProducer).Succeeded().Has(
		attribute.String("rpc.system.name", "aws-api"), attribute.String("rpc.method", "SQS/SendMessage"),
		attribute.String("rpc.system", "aws-api"), attribute.String("rpc.service", "SQS"), attribute.String("aws.operation", "SendMessage"),
		attribute.String("aws.region", "us-east-1"), attribute.String("aws.request_id", "request-1"),
		attribute.Int("http.response.status_code", 200), attribute.String("server.address", "127.0.0.1"),
		attribute.String("messaging.system", "aws_sqs"), attribute.String("messaging.destination.name", "loans"),
		attribute.String("messaging.operation.type", "send"), attribute.String("messaging.message.id", "m-1"),
		attribute.String("aws.sqs.queue.url", queue)).Lacks("aws.xray.retries", "error.type")

	id := span.SpanContext().TraceID().String()
	header := fmt.Sprintf("Root=1-%s-%s;Parent=%s;Sampled=1", id[:8], id[8:], span.SpanContext().SpanID())
	if got := e.requests[0].Header.Get("X-Amzn-Trace-Id"); got != header {
		t.Errorf("X-Amzn-Trace-Id %q, want %q", got, header)
	}
	if got := e.requests[0].Header.Get("Traceparent"); got != "" {
		t.Errorf("AWS got traceparent %q", got)
	}
	system := fmt.Sprint(e.bodies[0]["MessageSystemAttributes"])
	if want := "map[AWSTraceHeader:map[DataType:String StringValue:" + header + "]]"; system != want {
		t.Errorf("system attributes %s, want %s", system, want)
	}
	if attributes := fmt.Sprint(e.bodies[0]["MessageAttributes"]); !strings.Contains(attributes, "traceparent:map[DataType:String StringValue:00-"+id) {
		t.Errorf("message attributes %s", attributes)
	}
}

func TestInputsStayAsTheyAre(t *testing.T) {
	rec := telemetrytest.New(t)
	c := client(t, &endpoint{answers: []answer{sent}}, traceaws.WithProviders(rec))
	own := map[string]types.MessageAttributeValue{"own": {DataType: aws.String("String"), StringValue: aws.String("x")}}
	single := &sqs.SendMessageInput{QueueUrl: aws.String(queue), MessageBody: aws.String("x"), MessageAttributes: own}
	if _, err := c.SendMessage(t.Context(), single); err != nil {
		t.Fatal(err)
	}
	batch := &sqs.SendMessageBatchInput{QueueUrl: aws.String(queue), Entries: []types.SendMessageBatchRequestEntry{
		{Id: aws.String("1"), MessageBody: aws.String("x"), MessageAttributes: own},
	}}
	if _, err := c.SendMessageBatch(t.Context(), batch); err != nil {
		t.Fatal(err)
	}
	if len(own) != 1 || single.MessageSystemAttributes != nil || batch.Entries[0].MessageSystemAttributes != nil {
		t.Errorf("the caller's inputs were changed: %v %v %v", own, single, batch)
	}
}

func TestFullMessagesGetNoMoreAttributes(t *testing.T) {
	rec := telemetrytest.New(t)
	e := &endpoint{answers: []answer{sent}}
	full := map[string]types.MessageAttributeValue{}
	for i := range 10 {
		full[fmt.Sprint(i)] = types.MessageAttributeValue{DataType: aws.String("String"), StringValue: aws.String("x")}
	}
	_, err := client(t, e, traceaws.WithProviders(rec)).SendMessage(t.Context(),
		&sqs.SendMessageInput{QueueUrl: aws.String(queue), MessageBody: aws.String("x"), MessageAttributes: full})
	if err != nil {
		t.Fatal(err)
	}
	if n := len(e.bodies[0]["MessageAttributes"].(map[string]any)); n != 10 {
		t.Errorf("%d attributes, SQS takes 10", n)
	}
}

func TestAttempts(t *testing.T) {
	throttled := answer{status: 400, kind: "ThrottlingException"}
	t.Run("events", func(t *testing.T) {
		rec := telemetrytest.New(t)
		e := &endpoint{answers: []answer{throttled, {status: 503, kind: "ServiceUnavailable"}, sent}}
		if err := send(t.Context(), client(t, e, traceaws.WithProviders(rec))); err != nil {
			t.Fatal(err)
		}
		span := rec.Span("SQS.SendMessage").Succeeded().Has(attribute.Int("aws.xray.retries", 2), attribute.Int("http.request.resend_count", 2),
			attribute.String("aws.request_id", "request-3"))
		events := span.Events()
		if len(events) != 2 || events[0].Name != "exception" {
			t.Fatalf("events %v", events)
		}
		text := fmt.Sprint(events[0].Attributes)
		for _, want := range []string{"ThrottlingException", "request-1", `"aws.throttled":true`, `"http.response.status_code":400`} {
			if !strings.Contains(strings.ReplaceAll(text, " ", ""), strings.ReplaceAll(want, " ", "")) {
				t.Errorf("the first event lacks %s: %s", want, text)
			}
		}
	})
	t.Run("spans", func(t *testing.T) {
		rec := telemetrytest.New(t)
		e := &endpoint{answers: []answer{throttled, sent}}
		if err := send(t.Context(), client(t, e, traceaws.WithProviders(rec), traceaws.WithAttemptSpans())); err != nil {
			t.Fatal(err)
		}
		spans := rec.Spans()
		if len(spans) != 3 {
			t.Fatalf("%d spans", len(spans))
		}
		call := rec.Span("SQS.SendMessage")
		if n := len(call.Events()); n != 0 {
			t.Errorf("%d events beside the spans", n)
		}
		spans[0].ChildOf(call).Failed("ThrottlingException: as asked").Has(attribute.Bool("aws.throttled", true), attribute.Int("aws.attempt", 1))
		spans[1].ChildOf(call).Succeeded().Has(attribute.String("aws.request_id", "request-2"))
	})
	t.Run("all fail", func(t *testing.T) {
		rec := telemetrytest.New(t)
		err := send(t.Context(), client(t, &endpoint{answers: []answer{throttled}}, traceaws.WithProviders(rec)))
		if err == nil {
			t.Fatal("no error")
		}
		span := rec.Span("SQS.SendMessage").Failed("ThrottlingException: as asked").Has(
			attribute.Bool("aws.throttled", true), attribute.String("error.type", "ThrottlingException"), attribute.Int("aws.xray.retries", 2))
		if n := len(span.Events()); n != 3 {
			t.Errorf("%d events, want two attempts and the exception", n)
		}
	})
}

func TestCallsThatAreNotSentAreSeen(t *testing.T) {
	rec := telemetrytest.New(t)
	c := client(t, &endpoint{answers: []answer{sent}}, traceaws.WithProviders(rec))
	if _, err := c.SendMessage(t.Context(), &sqs.SendMessageInput{}); err == nil {
		t.Fatal("an empty input was sent")
	}
	rec.Span("SQS.SendMessage").Has(attribute.String("error.type", "smithy.InvalidParamsError")).Lacks("http.response.status_code")
}

func TestUnreachable(t *testing.T) {
	rec := telemetrytest.New(t)
	server := httptest.NewServer(nil)
	server.Close()
	cfg := config(server.URL, http.DefaultClient)
	traceaws.Instrument(&cfg, traceaws.WithProviders(rec))
	if err := send(t.Context(), sqs.NewFromConfig(cfg)); err == nil {
		t.Fatal("no error")
	}
	span := rec.Span("SQS.SendMessage").Has(attribute.Int("aws.xray.retries", 2))
	for _, e := range span.Events() {
		if e.Name != "exception" || !strings.Contains(fmt.Sprint(e.Attributes), "connection refused") {
			t.Errorf("event %s %v", e.Name, e.Attributes)
		}
	}
	if n := len(span.Events()); n != 3 {
		t.Errorf("%d events", n)
	}
}

// TestMessagesLeadBack: what is received is linked to what sent it, and what
// processes it is too, or continues it.
func TestMessagesLeadBack(t *testing.T) {
	rec := telemetrytest.New(t)
	e := &endpoint{answers: []answer{sent}}
	c := client(t, e, traceaws.WithProviders(rec))
	if err := send(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	producer := rec.Span("SQS.SendMessage").SpanContext()
	header := e.bodies[0]["MessageSystemAttributes"].(map[string]any)["AWSTraceHeader"].(map[string]any)["StringValue"].(string)
	parent := e.bodies[0]["MessageAttributes"].(map[string]any)["traceparent"].(map[string]any)["StringValue"].(string)
	e.answers = []answer{{status: 200, body: `{"Messages":[
		{"MessageId":"a","Body":"x","Attributes":{"AWSTraceHeader":"` + header + `"}},
		{"MessageId":"b","Body":"x","MessageAttributes":{"traceparent":{"DataType":"String","StringValue":"` + parent + `"}}},
		{"MessageId":"c","Body":"{\"Type\":\"Notification\",\"MessageAttributes\":{\"traceparent\":{\"Type\":\"String\",\"Value\":\"` + parent + `\"}}}"},
		{"MessageId":"d","Body":"x"}]}`}}
	out, err := c.ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{QueueUrl: aws.String(queue)})
	if err != nil {
		t.Fatal(err)
	}
	asked := fmt.Sprint(e.bodies[1])
	for _, want := range []string{"MessageSystemAttributeNames:[AWSTraceHeader]", "traceparent"} {
		if !strings.Contains(asked, want) {
			t.Errorf("the request does not ask for %s: %s", want, asked)
		}
	}
	received := rec.Span("SQS.ReceiveMessage").Kind(trace.SpanKindClient).LinkedTo(producer).
		Has(attribute.Int("messaging.batch.message_count", 4), attribute.String("messaging.operation.type", "receive"))
	if n := len(received.Links()); n != 3 {
		t.Errorf("%d links, want 3", n)
	}
	consumer := traceaws.NewConsumer(queue, traceaws.WithProviders(rec))
	for i, m := range out.Messages {
		rec.Reset()
		_, span := consumer.Start(t.Context(), m)
		span.End()
		s := rec.Span("process loans").Kind(trace.SpanKindConsumer).Root().Has(attribute.String("messaging.message.id", *m.MessageId))
		if i < 3 {
			s.LinkedTo(producer)
		} else if n := len(s.Links()); n != 0 {
			t.Errorf("%d links of a message without a trace", n)
		}
	}
	rec.Reset()
	_, span := consumer.Continue().Start(t.Context(), &out.Messages[0])
	span.End()
	if got := rec.Span("process loans").Parent(); got.SpanID() != producer.SpanID() || got.TraceID() != producer.TraceID() {
		t.Errorf("parent %v, want %v", got, producer)
	}
}

func TestWithoutMessageContext(t *testing.T) {
	rec := telemetrytest.New(t)
	e := &endpoint{answers: []answer{sent}}
	if err := send(t.Context(), client(t, e, traceaws.WithProviders(rec), traceaws.WithoutMessageContext())); err != nil {
		t.Fatal(err)
	}
	if e.bodies[0]["MessageSystemAttributes"] != nil || e.bodies[0]["MessageAttributes"] != nil {
		t.Errorf("body %v", e.bodies[0])
	}
}

func TestWithAttributes(t *testing.T) {
	rec := telemetrytest.New(t)
	c := client(t, &endpoint{answers: []answer{sent}}, traceaws.WithProviders(rec),
		traceaws.WithAttributes(func(service, operation string, input any) []attribute.KeyValue {
			return []attribute.KeyValue{attribute.String("own", service+operation+*input.(*sqs.SendMessageInput).MessageBody)}
		}))
	if err := send(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	rec.Span("SQS.SendMessage").Has(attribute.String("own", "SQSSendMessagex"))
}

// TestCancelledCalls: the error is the context's.
func TestCancelledCalls(t *testing.T) {
	rec := telemetrytest.New(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := send(ctx, client(t, &endpoint{answers: []answer{sent}}, traceaws.WithProviders(rec))); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	rec.Span("SQS.SendMessage").Has(attribute.String("error.type", "context.Canceled"))
}

func TestClientsConcurrentSafe(t *testing.T) {
	rec := telemetrytest.New(t)
	c := client(t, &endpoint{answers: []answer{sent}}, traceaws.WithProviders(rec))
	var all sync.WaitGroup
	for range 100 {
		all.Go(func() {
			if err := send(t.Context(), c); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if n := len(rec.Spans()); n != 100 {
		t.Errorf("%d spans", n)
	}
}

func Example() {
	server := httptest.NewServer(&endpoint{answers: []answer{sent}}) // a service: AWS
	defer server.Close()
	cfg := config(server.URL, server.Client()) // a service: config.LoadDefaultConfig(ctx)
	rec := telemetrytest.New(new(testing.T))   // a service: telemetry.Start, and no WithProviders
	traceaws.Instrument(&cfg, traceaws.WithProviders(rec))
	client := sqs.NewFromConfig(cfg)

	_, err := client.SendMessage(context.Background(), &sqs.SendMessageInput{QueueUrl: aws.String(queue), MessageBody: aws.String("x")})
	fmt.Println(err)
	span := rec.Spans()[0]
	fmt.Println(span.SpanKind(), span.Name(), span.Value("messaging.destination.name").String(), span.Value("aws.request_id").String())
	// Output:
	// <nil>
	// producer SQS.SendMessage loans request-1
}
