package truth

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"net/url"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	ebtypes "github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	kinesistypes "github.com/aws/aws-sdk-go-v2/service/kinesis/types"
	"github.com/aws/aws-sdk-go-v2/service/sns"

	"github.com/bragg-tracing/bragg/pkg/sdk/telemetry"
	"github.com/bragg-tracing/bragg/pkg/sdk/traceaws"
	"github.com/bragg-tracing/bragg/pkg/segment"
)

func encode(t *testing.T, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestLambdaEvents: HTTP requests by each of the front doors that a function
// can have.
func TestLambdaEvents(t *testing.T) {
	t.Parallel()
	function := startFunction(t, "decide-events", 1)
	tests := []struct {
		name  string
		event any
		want  want
	}{
		{
			"load balancer", events.ALBTargetGroupRequest{
				HTTPMethod: "GET", Path: "/loans/7", Headers: map[string]string{"host": "lb.example.com", "x-forwarded-proto": "https", "x-forwarded-for": "203.0.113.9"},
				RequestContext: events.ALBTargetGroupRequestContext{ELB: events.ELBContext{TargetGroupArn: "arn:aws:elasticloadbalancing:us-east-1:1:targetgroup/a/b"}},
			}, want{
				err: true, method: "GET", url: "https://lb.example.com/loans/7", status: 404,
				attributes: map[string]any{"faas.trigger": "http", "client.address": "203.0.113.9", "aws.elb.target_group.arn": "arn:aws:elasticloadbalancing:us-east-1:1:targetgroup/a/b"},
			},
		},
		{
			"HTTP API", events.APIGatewayV2HTTPRequest{
				RouteKey: "POST /loans/{id}", RawPath: "/loans/7", Headers: map[string]string{"host": "api.example.com", "x-forwarded-proto": "https"},
				RequestContext: events.APIGatewayV2HTTPRequestContext{APIID: "a1", HTTP: events.APIGatewayV2HTTPRequestContextHTTPDescription{Method: "POST", SourceIP: "203.0.113.9"}},
			}, want{
				span: "POST /loans/{id}", method: "POST", url: "https://api.example.com/loans/7", status: 201,
				attributes: map[string]any{"http.route": "/loans/{id}", "aws.api_gateway.id": "a1"},
			},
		},
		{
			"function URL", events.LambdaFunctionURLRequest{
				RawPath: "/loans/7", Headers: map[string]string{"x-forwarded-proto": "https"}, RequestContext: events.LambdaFunctionURLRequestContext{
					DomainName: "abc.lambda-url.us-east-1.on.aws", HTTP: events.LambdaFunctionURLRequestContextHTTPDescription{Method: "GET"},
				},
			}, want{method: "GET", url: "https://abc.lambda-url.us-east-1.on.aws/loans/7", status: 201},
		},
	}
	for i, tt := range tests {
		id, header := traceHeader(200 + i)
		function.invoke(t, header, encode(t, tt.event), time.Minute)
		tt.want.name, tt.want.kind = "decide-events", "server"
		d := await(t, id, 2).check(tt.want)
		if d.ParentID != "53995c3f42cd8ad8" {
			t.Errorf("%s: parent %s is not Lambda's", tt.name, d.ParentID)
		}
	}
}

// TestDeliveries: a message goes from a service by AWS's client over HTTP, as
// the service would deliver it, into a function; each side's spans go through
// the collector, and are connected.
func TestDeliveries(t *testing.T) {
	t.Parallel()
	sent := &bodies{}
	cfg := serve(t, sent)
	function := startFunction(t, "decide-deliveries", 1)
	shop := newService(t, "deliveries-shop")
	producing := func(name string, opts []traceaws.Option, call func(ctx context.Context, cfg aws.Config) error) *segment.Document {
		r := observe(t, shop, 2, func(ctx context.Context) {
			if err := call(ctx, traced(cfg.Copy(), shop, opts...)); err != nil {
				t.Error(err)
			}
		})
		return r.check(want{name: name, parent: "deliveries-shop", namespace: "aws", kind: "producer", status: 200})
	}
	consuming := func(n int, event string, producer *segment.Document, w want) {
		t.Helper()
		id, header := traceHeader(n)
		function.invoke(t, header, event, time.Minute)
		w.name, w.kind, w.links = "decide-deliveries", "consumer", 1
		d := await(t, id, 2).check(w)
		if len(d.Links) == 1 && (d.Links[0].TraceID != producer.TraceID && producer.TraceID != "" || d.Links[0].ID != producer.ID) {
			t.Errorf("link %+v, want that of %s", d.Links[0], producer.ID)
		}
	}
	t.Run("SNS", func(t *testing.T) {
		producer := producing("SNS", nil, func(ctx context.Context, cfg aws.Config) error {
			_, err := sns.NewFromConfig(cfg).Publish(ctx, &sns.PublishInput{TopicArn: aws.String("arn:aws:sns:us-east-1:1:decided"), Message: aws.String("x")})
			return err
		})
		attributes := snsAttributes(t, sent.last())
		consuming(301, encode(t, events.SNSEvent{Records: []events.SNSEventRecord{{EventSource: "aws:sns", SNS: events.SNSEntity{
			MessageID: "a", TopicArn: "arn:aws:sns:us-east-1:1:decided", MessageAttributes: attributes,
		}}}}), producer, want{attributes: map[string]any{"messaging.system": "aws.sns", "messaging.destination.name": "decided"}})
		// The topic's other subscriber is a queue.
		notification := encode(t, map[string]any{"Type": "Notification", "Message": "x", "MessageAttributes": attributes})
		consuming(302, encode(t, events.SQSEvent{Records: []events.SQSMessage{{
			MessageId: "b", EventSource: "aws:sqs", EventSourceARN: "arn:aws:sqs:us-east-1:1:loans", Body: notification,
		}}}), producer, want{attributes: map[string]any{"messaging.system": "aws_sqs"}})
	})
	t.Run("Kinesis", func(t *testing.T) {
		producer := producing("Kinesis", []traceaws.Option{traceaws.WithKinesisContext()}, func(ctx context.Context, cfg aws.Config) error {
			_, err := kinesis.NewFromConfig(cfg).PutRecords(ctx, &kinesis.PutRecordsInput{StreamName: aws.String("loans"), Records: []kinesistypes.PutRecordsRequestEntry{
				{Data: []byte(`{"id":7}`), PartitionKey: aws.String("a")},
			}})
			return err
		})
		var put struct{ Records []struct{ Data string } }
		if err := json.Unmarshal([]byte(sent.last()), &put); err != nil {
			t.Fatal(err)
		}
		data, err := base64.StdEncoding.DecodeString(put.Records[0].Data)
		if err != nil {
			t.Fatal(err)
		}
		consuming(303, encode(t, events.KinesisEvent{Records: []events.KinesisEventRecord{{
			EventSource: "aws:kinesis", EventSourceArn: "arn:aws:kinesis:us-east-1:1:stream/loans", Kinesis: events.KinesisRecord{Data: data},
		}}}), producer, want{attributes: map[string]any{"messaging.system": "aws.kinesis", "messaging.destination.name": "loans"}})
	})
	t.Run("EventBridge", func(t *testing.T) { continuesByEventBridge(t, cfg, sent, shop, function) })
}

// continuesByEventBridge: EventBridge gives the header that it got to the
// function, whose segment is in the sender's trace.
func continuesByEventBridge(t *testing.T, cfg aws.Config, sent *bodies, shop *telemetry.SDK, function *runtimeAPI) {
	r := observe(t, shop, 2, func(ctx context.Context) {
		_, err := eventbridge.NewFromConfig(traced(cfg.Copy(), shop)).PutEvents(ctx, &eventbridge.PutEventsInput{Entries: []ebtypes.PutEventsRequestEntry{
			{EventBusName: aws.String("loans"), Source: aws.String("shop"), DetailType: aws.String("decided"), Detail: aws.String("{}")},
		}})
		if err != nil {
			t.Error(err)
		}
	})
	producer := r.check(want{name: "EventBridge", parent: "deliveries-shop", namespace: "aws", kind: "producer", status: 200})
	var put struct {
		Entries []struct{ TraceHeader string }
	}
	if err := json.Unmarshal([]byte(sent.last()), &put); err != nil {
		t.Fatal(err)
	}
	event := events.EventBridgeEvent{ID: "e", Source: "shop", DetailType: "decided", Detail: json.RawMessage(`{}`)}
	function.invoke(t, put.Entries[0].TraceHeader, encode(t, event), time.Minute)
	await(t, r.spanOf(producer).TraceID, 4).check(want{
		name: "decide-deliveries", parent: "EventBridge", kind: "consumer",
		attributes: map[string]any{"aws.eventbridge.source": "shop", "messaging.system": "aws.eventbridge"},
	})
}

// snsAttributes reads the message attributes of a request as SNS delivers them.
func snsAttributes(t *testing.T, body string) map[string]any {
	t.Helper()
	form, err := url.ParseQuery(body)
	if err != nil {
		t.Fatal(err)
	}
	attributes := map[string]any{}
	for _, n := range []string{"1", "2", "3", "4"} {
		entry := "MessageAttributes.entry." + n
		if name := form.Get(entry + ".Name"); name != "" {
			attributes[name] = map[string]any{"Type": form.Get(entry + ".Value.DataType"), "Value": form.Get(entry + ".Value.StringValue")}
		}
	}
	return attributes
}
