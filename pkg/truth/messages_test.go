package truth

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	ebtypes "github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	kinesistypes "github.com/aws/aws-sdk-go-v2/service/kinesis/types"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"go.opentelemetry.io/otel/trace"

	"github.com/bragg-tracing/bragg/pkg/sdk/telemetrytest"
	"github.com/bragg-tracing/bragg/pkg/sdk/traceaws"
)

// bodies keeps what was sent to an endpoint that answers with nothing.
type bodies struct {
	mu  sync.Mutex
	all []string
}

func (b *bodies) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	text, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	b.mu.Lock()
	b.all = append(b.all, string(text))
	b.mu.Unlock()
	r.Body = io.NopCloser(strings.NewReader(string(text)))
	answers(w, r)
}

func (b *bodies) last() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.all[len(b.all)-1]
}

// TestMessagesCarryTheTrace: as each service can, by its real client.
func TestMessagesCarryTheTrace(t *testing.T) {
	t.Parallel()
	sent := &bodies{}
	cfg := serve(t, sent)
	tests := []struct {
		name, span string
		opts       []traceaws.Option
		call       func(ctx context.Context, cfg aws.Config) error
		want       func(span trace.SpanContext, xrayID string) string // what is part of the body
	}{
		{"SNS", "SNS.Publish", nil, func(ctx context.Context, cfg aws.Config) error {
			_, err := sns.NewFromConfig(cfg).Publish(ctx, &sns.PublishInput{TopicArn: aws.String("arn:aws:sns:us-east-1:1:decided"), Message: aws.String("x")})
			return err
		}, func(s trace.SpanContext, _ string) string {
			return "StringValue=00-" + s.TraceID().String() + "-" + s.SpanID().String() + "-01"
		}},
		{"EventBridge", "EventBridge.PutEvents", nil, func(ctx context.Context, cfg aws.Config) error {
			_, err := eventbridge.NewFromConfig(cfg).PutEvents(ctx, &eventbridge.PutEventsInput{Entries: []ebtypes.PutEventsRequestEntry{
				{EventBusName: aws.String("loans"), Source: aws.String("shop"), DetailType: aws.String("decided"), Detail: aws.String("{}")},
			}})
			return err
		}, func(s trace.SpanContext, x string) string {
			return `"TraceHeader":"Root=` + x + ";Parent=" + s.SpanID().String() + `;Sampled=1"`
		}},
		{"Kinesis", "Kinesis.PutRecords", []traceaws.Option{traceaws.WithKinesisContext()}, func(ctx context.Context, cfg aws.Config) error {
			_, err := kinesis.NewFromConfig(cfg).PutRecords(ctx, &kinesis.PutRecordsInput{StreamName: aws.String("loans"), Records: []kinesistypes.PutRecordsRequestEntry{
				{Data: []byte(`{"id":7}`), PartitionKey: aws.String("a")}, {Data: []byte(`text`), PartitionKey: aws.String("b")},
			}})
			return err
		}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			rec := telemetrytest.New(t)
			if err := tt.call(t.Context(), traced(cfg.Copy(), rec, tt.opts...)); err != nil {
				t.Fatal(err)
			}
			span := rec.Span(tt.span).Kind(trace.SpanKindProducer)
			id := span.SpanContext().TraceID().String()
			if tt.want != nil {
				if want := tt.want(span.SpanContext(), "1-"+id[:8]+"-"+id[8:]); !strings.Contains(sent.last(), want) {
					t.Errorf("body %s\nlacks %s", sent.last(), want)
				}
				return
			}
			checkKinesis(t, sent.last(), span.SpanContext())
		})
	}
}

// checkKinesis reads records as a consumer gets them.
func checkKinesis(t *testing.T, body string, producer trace.SpanContext) {
	t.Helper()
	var sent struct{ Records []struct{ Data string } }
	if err := json.Unmarshal([]byte(body), &sent); err != nil {
		t.Fatal(err)
	}
	rec := telemetrytest.New(t)
	consumer := traceaws.NewConsumer("loans", traceaws.WithProviders(rec))
	for i, r := range sent.Records {
		data, err := base64.StdEncoding.DecodeString(r.Data)
		if err != nil {
			t.Fatal(err)
		}
		rec.Reset()
		_, span := consumer.Start(t.Context(), kinesistypes.Record{Data: data})
		span.End()
		if i == 1 {
			if string(data) != "text" || len(rec.Span("process loans").Links()) != 0 {
				t.Errorf("data that is no JSON object became %s", data)
			}
			continue
		}
		rec.Span("process loans").LinkedTo(producer)
		var content struct{ ID int }
		if err := json.Unmarshal(data, &content); err != nil || content.ID != 7 {
			t.Errorf("data %s", data)
		}
	}
}
