package tracelambda_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambdacontext"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"
	"go.uber.org/goleak"

	"github.com/bragg-tracing/bragg/pkg/sdk/telemetrytest"
	"github.com/bragg-tracing/bragg/pkg/sdk/tracelambda"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	traceID = "5759e988bd862e3fe1be46a994272793"
	xrayID  = "1-5759e988-bd862e3fe1be46a994272793"
	parent  = "53995c3f42cd8ad8"
)

// invoke calls a traced handler as the runtime does.
func invoke(t testing.TB, handler any, header, payload string, opts ...tracelambda.Option) ([]byte, error) {
	t.Helper()
	return lambda.NewHandler(tracelambda.Wrap(handler, opts...)).Invoke(invocationContext(t.Context(), header), []byte(payload))
}

func invocationContext(ctx context.Context, header string) context.Context {
	ctx = lambdacontext.NewContext(ctx, &lambdacontext.LambdaContext{
		AwsRequestID: "request-1", InvokedFunctionArn: "arn:aws:lambda:us-east-1:123456789012:function:decide:live",
	})
	//lint:ignore SA1029 the key of aws-lambda-go
	return context.WithValue(ctx, "x-amzn-trace-id", header)
}

func sampled(decision string) string {
	return "Root=" + xrayID + ";Parent=" + parent + ";Sampled=" + decision + ";Lineage=1:a87bd80c:0"
}

func TestInvocation(t *testing.T) {
	rec := telemetrytest.New(t)
	out, err := invoke(t, func(ctx context.Context, in struct{ Amount int }) (map[string]int, error) {
		if !trace.SpanFromContext(ctx).IsRecording() {
			t.Error("the handler's context has no span")
		}
		return map[string]int{"twice": 2 * in.Amount}, nil
	}, sampled("1"), `{"Amount":21}`, tracelambda.WithProviders(rec))
	if err != nil || string(out) != `{"twice":42}` {
		t.Fatalf("%s, %v", out, err)
	}
	span := rec.Span("function").Kind(trace.SpanKindServer).Succeeded().Has(
		attribute.String("faas.invocation_id", "request-1"), attribute.Bool("faas.coldstart", true),
		attribute.String("aws.lambda.invoked_arn", "arn:aws:lambda:us-east-1:123456789012:function:decide:live"),
		attribute.String("cloud.resource_id", "arn:aws:lambda:us-east-1:123456789012:function:decide"),
		attribute.String("cloud.account.id", "123456789012"))
	if got := span.Parent(); got.TraceID().String() != traceID || got.SpanID().String() != parent {
		t.Errorf("parent %v", got)
	}
}

func TestColdStartIsOne(t *testing.T) {
	rec := telemetrytest.New(t)
	h := lambda.NewHandler(tracelambda.Wrap(func() {}, tracelambda.WithProviders(rec)))
	for range 2 {
		if _, err := h.Invoke(t.Context(), []byte(`{}`)); err != nil {
			t.Fatal(err)
		}
	}
	rec.Spans()[0].Has(attribute.Bool("faas.coldstart", true))
	rec.Spans()[1].Has(attribute.Bool("faas.coldstart", false))
}

func TestErrors(t *testing.T) {
	rec := telemetrytest.New(t)
	_, err := invoke(t, func() error { return errors.New("weights are missing") }, sampled("1"), `{}`, tracelambda.WithProviders(rec))
	if err == nil || err.Error() != "weights are missing" {
		t.Fatal(err)
	}
	rec.Span("function").Failed("weights are missing").Has(attribute.String("error.type", "*errors.errorString")).Event("exception")
}

func TestPanicsGoOn(t *testing.T) {
	rec := telemetrytest.New(t)
	func() {
		defer func() {
			if p := recover(); p != "weights are missing" {
				t.Errorf("panic %v", p)
			}
		}()
		_, _ = invoke(t, func() { panic("weights are missing") }, sampled("1"), `{}`, tracelambda.WithProviders(rec))
	}()
	event := rec.Span("function").Failed("weights are missing").Event("exception")
	if text := fmt.Sprint(event.Attributes); !strings.Contains(text, "TestPanicsGoOn") {
		t.Errorf("no stack: %s", text)
	}
}

// TestDecisions: who decides, and which trace it is.
func TestDecisions(t *testing.T) {
	web := `{"requestContext":{"http":{"method":"GET"}},"headers":{"traceparent":"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}}`
	tests := []struct {
		name, header, payload string
		opts                  []tracelambda.Option
		trace                 string // "" for not recorded
		links                 int
	}{
		{"sampled", sampled("1"), `{}`, nil, traceID, 0},
		{"not sampled is recorded by a recorder of everything", sampled("0"), `{}`, nil, traceID, 0},
		{"own sampling", sampled("0"), `{}`, []tracelambda.Option{tracelambda.WithOwnSampling()}, traceID, 0},
		{"two traces", sampled("1"), web, nil, traceID, 1},
		{"not sampled, but the caller is", sampled("0"), web, nil, "0af7651916cd43dd8448eb211c80319c", 0},
		{"the caller alone", "", web, nil, "0af7651916cd43dd8448eb211c80319c", 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			rec := telemetrytest.New(t)
			if _, err := invoke(t, func() {}, tt.header, tt.payload, append(tt.opts, tracelambda.WithProviders(rec))...); err != nil {
				t.Fatal(err)
			}
			span := rec.Spans()[0]
			if got := span.SpanContext().TraceID().String(); got != tt.trace || len(span.Links()) != tt.links {
				t.Errorf("trace %s with %d links, want %s with %d", got, len(span.Links()), tt.trace, tt.links)
			}
		})
	}
}

// TestInvocationsAtOnceConcurrentSafe: each is in the trace of its own context.
func TestInvocationsAtOnceConcurrentSafe(t *testing.T) {
	rec := telemetrytest.New(t)
	h := lambda.NewHandler(tracelambda.Wrap(func(ctx context.Context, want string) error {
		if got := trace.SpanContextFromContext(ctx).TraceID().String(); got != want {
			return fmt.Errorf("trace %s, want %s", got, want)
		}
		return nil
	}, tracelambda.WithProviders(rec)))
	t.Setenv("_X_AMZN_TRACE_ID", sampled("1")) // of some other invocation
	var all sync.WaitGroup
	for i := range 100 {
		all.Go(func() {
			id := fmt.Sprintf("5759e988%024d", i+1)
			header := "Root=1-" + id[:8] + "-" + id[8:] + ";Parent=" + parent + ";Sampled=1"
			if _, err := h.Invoke(invocationContext(t.Context(), header), []byte(`"`+id+`"`)); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
}

func TestTriggers(t *testing.T) {
	header := "Root=" + xrayID + ";Parent=" + parent + ";Sampled=1"
	parentage := "00-" + traceID + "-" + parent + "-01"
	text := func(s string) *string { return &s }
	tests := []struct {
		name   string
		event  any
		answer any
		span   string
		kind   trace.SpanKind
		links  int
		failed string
		want   []attribute.KeyValue
	}{
		{
			"REST API", events.APIGatewayProxyRequest{
				HTTPMethod: "GET", Path: "/loans/7", Resource: "/loans/{id}", Headers: map[string]string{"Host": "api.example.com", "User-Agent": "ua"},
				RequestContext: events.APIGatewayProxyRequestContext{APIID: "a1", Stage: "prod", Identity: events.APIGatewayRequestIdentity{SourceIP: "203.0.113.9"}},
			}, events.APIGatewayProxyResponse{StatusCode: 404}, "GET /loans/{id}", trace.SpanKindServer, 0, "",
			[]attribute.KeyValue{
				attribute.String("http.request.method", "GET"), attribute.String("url.path", "/loans/7"), attribute.String("http.route", "/loans/{id}"),
				attribute.String("server.address", "api.example.com"), attribute.String("client.address", "203.0.113.9"),
				attribute.String("user_agent.original", "ua"), attribute.Int("http.response.status_code", 404), attribute.String("faas.trigger", "http"),
			},
		},
		{
			"HTTP API", events.APIGatewayV2HTTPRequest{
				RouteKey: "POST /loans", RawPath: "/loans", Headers: map[string]string{"host": "api.example.com"},
				RequestContext: events.APIGatewayV2HTTPRequestContext{HTTP: events.APIGatewayV2HTTPRequestContextHTTPDescription{Method: "POST", SourceIP: "203.0.113.9"}},
			}, events.APIGatewayV2HTTPResponse{StatusCode: 502}, "POST /loans", trace.SpanKindServer, 0, "Bad Gateway",
			[]attribute.KeyValue{attribute.String("http.route", "/loans"), attribute.Int("http.response.status_code", 502)},
		},
		{
			"function URL", events.LambdaFunctionURLRequest{
				RawPath: "/x", RequestContext: events.LambdaFunctionURLRequestContext{
					DomainName: "abc.lambda-url.us-east-1.on.aws", HTTP: events.LambdaFunctionURLRequestContextHTTPDescription{Method: "GET"},
				},
			}, events.LambdaFunctionURLResponse{StatusCode: 200}, "function", trace.SpanKindServer, 0, "",
			[]attribute.KeyValue{attribute.String("server.address", "abc.lambda-url.us-east-1.on.aws"), attribute.String("url.path", "/x")},
		},
		{
			"load balancer", events.ALBTargetGroupRequest{
				HTTPMethod: "GET", Path: "/x", MultiValueHeaders: map[string][]string{"x-forwarded-for": {"203.0.113.9, 10.0.0.1"}, "host": {"lb.example.com:80"}},
				RequestContext: events.ALBTargetGroupRequestContext{ELB: events.ELBContext{TargetGroupArn: "arn:tg"}},
			}, events.ALBTargetGroupResponse{StatusCode: 200}, "function", trace.SpanKindServer, 0, "",
			[]attribute.KeyValue{
				attribute.String("client.address", "203.0.113.9"), attribute.String("server.address", "lb.example.com"),
				attribute.String("aws.elb.target_group.arn", "arn:tg"),
			},
		},
		{
			"SQS", events.SQSEvent{Records: []events.SQSMessage{
				{MessageId: "a", EventSource: "aws:sqs", EventSourceARN: "arn:aws:sqs:us-east-1:1:loans", Attributes: map[string]string{"AWSTraceHeader": header}},
				{MessageId: "b", EventSource: "aws:sqs", MessageAttributes: map[string]events.SQSMessageAttribute{"traceparent": {StringValue: text(parentage), DataType: "String"}}},
				{MessageId: "c", EventSource: "aws:sqs"},
			}}, events.SQSEventResponse{BatchItemFailures: []events.SQSBatchItemFailure{{ItemIdentifier: "b"}}}, "function", trace.SpanKindConsumer, 2,
			"1 messages of the batch failed",
			[]attribute.KeyValue{
				attribute.String("messaging.system", "aws_sqs"), attribute.String("messaging.destination.name", "loans"),
				attribute.Int("messaging.batch.message_count", 3), attribute.String("faas.trigger", "pubsub"), attribute.Int("aws.batch.failed_count", 1),
			},
		},
		{
			"SNS", events.SNSEvent{Records: []events.SNSEventRecord{{EventSource: "aws:sns", SNS: events.SNSEntity{
				MessageID: "a", TopicArn: "arn:aws:sns:us-east-1:1:decided",
				MessageAttributes: map[string]any{"traceparent": map[string]any{"Type": "String", "Value": parentage}},
			}}}}, nil, "function", trace.SpanKindConsumer, 1, "",
			[]attribute.KeyValue{
				attribute.String("messaging.destination.name", "decided"), attribute.String("messaging.message.id", "a"),
				attribute.String("messaging.system", "aws.sns"),
			},
		},
		{
			"EventBridge", events.EventBridgeEvent{ID: "e", Source: "loans", DetailType: "decided", Detail: json.RawMessage(`{}`)}, nil, "function",
			trace.SpanKindConsumer, 0, "",
			[]attribute.KeyValue{attribute.String("aws.eventbridge.source", "loans"), attribute.String("aws.eventbridge.detail_type", "decided")},
		},
		{
			"schedule", events.EventBridgeEvent{ID: "e", Source: "aws.events", DetailType: "Scheduled Event", Detail: json.RawMessage(`{}`)}, nil, "function",
			trace.SpanKindServer, 0, "", []attribute.KeyValue{attribute.String("faas.trigger", "timer")},
		},
		{
			"Kinesis", events.KinesisEvent{Records: []events.KinesisEventRecord{
				{EventSource: "aws:kinesis", EventSourceArn: "arn:aws:kinesis:us-east-1:1:stream/loans", Kinesis: events.KinesisRecord{Data: []byte(`{"_trace":{"X-Amzn-Trace-Id":"` + header + `"},"id":7}`)}},
				{EventSource: "aws:kinesis", Kinesis: events.KinesisRecord{Data: []byte(`{"_trace":{"traceparent":"` + parentage + `"}}`)}},
				{EventSource: "aws:kinesis", Kinesis: events.KinesisRecord{Data: []byte(`text`)}},
			}},
			nil, "function", trace.SpanKindConsumer, 2, "", []attribute.KeyValue{attribute.String("messaging.destination.name", "loans"), attribute.Int("messaging.batch.message_count", 3)},
		},
		{
			"SNS through SQS", events.SQSEvent{Records: []events.SQSMessage{{
				MessageId: "a", EventSource: "aws:sqs", EventSourceARN: "arn:aws:sqs:us-east-1:1:loans",
				Body: `{"Type":"Notification","MessageAttributes":{"traceparent":{"Type":"String","Value":"` + parentage + `"}}}`,
			}}}, nil, "function", trace.SpanKindConsumer, 1, "", nil,
		},
		{
			"S3", events.S3Event{Records: []events.S3EventRecord{{EventSource: "aws:s3", EventName: "ObjectCreated:Put", S3: events.S3Entity{
				Bucket: events.S3Bucket{Name: "letters"}, Object: events.S3Object{Key: "a.txt"},
			}}}}, nil, "function", trace.SpanKindServer, 0, "",
			[]attribute.KeyValue{attribute.String("aws.s3.bucket", "letters"), attribute.String("faas.trigger", "datasource")},
		},
		{
			"DynamoDB stream", events.DynamoDBEvent{Records: []events.DynamoDBEventRecord{{
				EventSource: "aws:dynamodb", EventName: "INSERT", EventSourceArn: "arn:aws:dynamodb:us-east-1:1:table/clients/stream/2026",
			}}}, nil, "function", trace.SpanKindServer, 0, "",
			[]attribute.KeyValue{attribute.StringSlice("aws.dynamodb.table_names", []string{"clients"})},
		},
		{
			"own event with such members", map[string]any{"headers": []int{1}, "Records": []any{map[string]any{"eventSource": "own"}}, "id": 7}, nil, "function",
			trace.SpanKindServer, 0, "", nil,
		},
		{"no object", []int{1}, nil, "function", trace.SpanKindServer, 0, "", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			rec := telemetrytest.New(t)
			payload, err := json.Marshal(tt.event)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := invoke(t, func() (any, error) { return tt.answer, nil }, "", string(payload), tracelambda.WithProviders(rec)); err != nil {
				t.Fatal(err)
			}
			span := rec.Span(tt.span).Kind(tt.kind).Has(tt.want...)
			if len(span.Links()) != tt.links {
				t.Errorf("%d links, want %d", len(span.Links()), tt.links)
			}
			if tt.failed != "" {
				span.Failed(tt.failed)
			} else {
				span.Succeeded()
			}
		})
	}
}

// TestFlushIsAfterTheAnswer: nobody waits for the export, which has until the
// timeout.
func TestFlushIsAfterTheAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rec := telemetrytest.New(t)
		var left time.Duration
		flush := tracelambda.WithFlush(func(ctx context.Context) error {
			deadline, ok := ctx.Deadline()
			if !ok {
				t.Error("the flush has no deadline")
			}
			left = time.Until(deadline)
			return errors.New("no collector") // is no error of the function
		})
		f := tracelambda.Wrap(func() (string, error) { time.Sleep(time.Second); return "x", nil }, tracelambda.WithProviders(rec), flush)
		ctx, cancel := context.WithTimeout(invocationContext(context.Background(), sampled("1")), 3*time.Second)
		defer cancel()
		out, err := lambda.NewHandler(f).Invoke(ctx, []byte(`{}`))
		if err != nil || string(out) != `"x"` {
			t.Errorf("%s, %v", out, err)
		}
		if want := 2*time.Second - 20*time.Millisecond; left != want {
			t.Errorf("%s are left for the flush, want %s", left, want)
		}
	})
}

// TestTimeoutsLeaveASpan: Lambda ends the process without a word.
func TestTimeoutsLeaveASpan(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rec := telemetrytest.New(t)
		var flushed time.Time
		flush := tracelambda.WithFlush(func(context.Context) error { flushed = time.Now(); return nil })
		ctx, cancel := context.WithTimeout(invocationContext(context.Background(), sampled("1")), 3*time.Second)
		defer cancel()
		begun := time.Now()
		f := tracelambda.Wrap(func(ctx context.Context) error { time.Sleep(time.Minute); return ctx.Err() }, tracelambda.WithProviders(rec), flush)
		_, _ = lambda.NewHandler(f).Invoke(ctx, []byte(`{}`))
		rec.Span("function").Failed("the function did not end 200ms before its timeout").Has(attribute.String("error.type", "timeout"))
		if got := flushed.Sub(begun); got != 2800*time.Millisecond {
			t.Errorf("flushed after %s", got)
		}
	})
}

// TestStreaming: an answer that is read is not gathered first, and its span
// lasts until it has been sent.
func TestStreaming(t *testing.T) {
	rec := telemetrytest.New(t)
	reader, writer := io.Pipe()
	f := tracelambda.Wrap(func(_ context.Context, in struct{ Name string }) (io.Reader, error) {
		go func() {
			fmt.Fprintf(writer, "hello %s", in.Name)
			if n := len(rec.Spans()); n != 0 {
				t.Errorf("%d spans before the answer was read", n)
			}
			writer.Close()
		}()
		return reader, nil
	}, tracelambda.WithProviders(rec))
	out, err := lambda.NewHandler(f).Invoke(t.Context(), []byte(`{"Name":"Enova"}`))
	if err != nil || string(out) != "hello Enova" {
		t.Errorf("%q, %v", out, err)
	}
	rec.Span("function").Succeeded()
}

func TestSubsegment(t *testing.T) {
	rec := telemetrytest.New(t)
	if _, err := invoke(t, func() {}, sampled("1"), `{}`, tracelambda.WithProviders(rec), tracelambda.AsSubsegment()); err != nil {
		t.Fatal(err)
	}
	rec.Span("function").Kind(trace.SpanKindInternal)
}

func FuzzTriggers(f *testing.F) {
	f.Add(`{"requestContext":{"http":{"method":"GET"}},"headers":{"a":"b"}}`)
	f.Add(`{"Records":[{"eventSource":"aws:sqs","attributes":{"AWSTraceHeader":"x"}},{"Sns":{}},{"s3":{}}]}`)
	f.Add(`{"Records":[{"EventSource":"aws:sns"}]}`)
	f.Add(`{"Records":[{"eventSource":"aws:dynamodb","eventSourceARN":"x"}],"id":1}`)
	f.Fuzz(func(t *testing.T, payload string) {
		rec := telemetrytest.New(t)
		_, err := invoke(t, func(json.RawMessage) {}, "", payload, tracelambda.WithProviders(rec))
		if n := len(rec.Spans()); err == nil && n != 1 {
			t.Fatalf("%d spans", n)
		}
	})
}

func ExampleWrap() {
	rec := telemetrytest.New(new(testing.T)) // a function: telemetry.Start
	handle := func(_ context.Context, in struct{ Amount int }) (string, error) {
		return fmt.Sprintf("$%d approved", in.Amount), nil
	}
	handler := lambda.NewHandler(tracelambda.Wrap(handle, tracelambda.WithProviders(rec))) // a function: tracelambda.Start(handle)

	out, err := handler.Invoke(context.Background(), []byte(`{"Amount":1200}`))
	fmt.Println(string(out), err)
	fmt.Println(rec.Spans()[0].SpanKind(), rec.Spans()[0].Value("faas.coldstart").String())
	// Output:
	// "$1200 approved" <nil>
	// server true
}
