package tracelambda

import (
	"context"
	"strings"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"github.com/bragg-tracing/bragg/pkg/sdk/internal/carried"
	xray "github.com/bragg-tracing/bragg/pkg/sdk/propagation"
)

// A record is one of a batch. The names of SNS's begin with capitals, which
// encoding/json does not mind.
type record struct {
	EventSource       string             `json:"eventSource"`
	EventSourceARN    string             `json:"eventSourceARN"`
	EventName         string             `json:"eventName"`
	MessageID         string             `json:"messageId"`
	Body              string             `json:"body"`
	Attributes        map[string]string  `json:"attributes"`
	MessageAttributes map[string]message `json:"messageAttributes"`
	SNS               *struct {
		MessageID         string             `json:"MessageId"`
		TopicARN          string             `json:"TopicArn"`
		MessageAttributes map[string]message `json:"MessageAttributes"`
	} `json:"Sns"`
	Kinesis struct {
		Data []byte `json:"data"`
	} `json:"kinesis"`
	S3 *struct {
		Bucket struct {
			Name string `json:"name"`
		} `json:"bucket"`
		Object struct {
			Key string `json:"key"`
		} `json:"object"`
	} `json:"s3"`
}

// A message is an attribute of one: SQS's stringValue, SNS's Value.
type message struct {
	StringValue string `json:"stringValue"`
	Value       string `json:"Value"`
}

// maxLinks is how many links a span takes by default; a batch of Kinesis has
// up to 10,000 records.
const maxLinks = 128

// readRecords reads a batch, which is of one source.
func (t *trigger) readRecords(records []record) {
	first := records[0]
	switch first.EventSource {
	case "aws:sqs":
		t.messages("aws_sqs", first.EventSourceARN[strings.LastIndexByte(first.EventSourceARN, ':')+1:], first.MessageID, len(records))
		t.response = batch
	case "aws:sns":
		if first.SNS == nil {
			return
		}
		t.messages("aws.sns", first.SNS.TopicARN[strings.LastIndexByte(first.SNS.TopicARN, ':')+1:], first.SNS.MessageID, len(records))
		t.add("aws.sns.topic.arn", first.SNS.TopicARN)
	case "aws:kinesis":
		t.messages("aws.kinesis", first.EventSourceARN[strings.LastIndexByte(first.EventSourceARN, '/')+1:], "", len(records))
		t.response = batch
	case "aws:dynamodb":
		t.response = batch
		t.datasource("dynamodb", strings.ToLower(first.EventName), "")
		if parts := strings.Split(first.EventSourceARN, "/"); len(parts) > 1 { // …:table/NAME/stream/…
			t.attributes = append(t.attributes, attribute.StringSlice("aws.dynamodb.table_names", parts[1:2]))
		}
	case "aws:s3":
		if first.S3 != nil {
			t.datasource("s3", first.EventName, first.S3.Object.Key)
			t.add("aws.s3.bucket", first.S3.Bucket.Name)
			t.add("aws.s3.key", first.S3.Object.Key)
		}
		return
	default:
		return
	}
	for i, r := range records {
		if i == maxLinks {
			return
		}
		t.link(r)
	}
}

// messages says that the invocation processes messages.
func (t *trigger) messages(system, destination, id string, n int) {
	t.kind = trace.SpanKindConsumer
	t.add("faas.trigger", "pubsub")
	t.add("messaging.system", system)
	t.add("messaging.destination.name", destination)
	t.add("messaging.operation.type", "process")
	t.add("messaging.operation.name", "process")
	if n == 1 {
		t.add("messaging.message.id", id)
	} else {
		t.attributes = append(t.attributes, attribute.Int("messaging.batch.message_count", n))
	}
}

func (t *trigger) datasource(collection, operation, document string) {
	t.add("faas.trigger", "datasource")
	t.add("faas.document.collection", collection)
	t.add("faas.document.operation", operation)
	t.add("faas.document.name", document)
}

// link links to the span that sent a message.
func (t *trigger) link(r record) {
	attributes, carrier := r.MessageAttributes, propagation.MapCarrier{}
	if r.SNS != nil {
		attributes = r.SNS.MessageAttributes
	}
	for name, as := range headerNames {
		if m := attributes[name]; m.StringValue+m.Value != "" {
			carrier[as] = m.StringValue + m.Value
		}
	}
	if header := r.Attributes["AWSTraceHeader"]; header != "" {
		carrier[xray.HeaderName] = header
	}
	if len(carrier) == 0 {
		carrier = carried.InData(r.Kinesis.Data)
	}
	if len(carrier) == 0 {
		carrier = carried.InNotification(r.Body)
	}
	if len(carrier) == 0 {
		return
	}
	sc := trace.SpanContextFromContext(xray.New(xray.Nearest).Extract(context.Background(), carrier))
	if sc.IsValid() {
		t.links = append(t.links, trace.Link{SpanContext: sc})
	}
}
