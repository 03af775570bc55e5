package truth

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/ratelimit"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"

	localdynamodb "github.com/bragg-tracing/bragg/pkg/demo/dynamodb"
	"github.com/bragg-tracing/bragg/pkg/sdk/instrument"
	"github.com/bragg-tracing/bragg/pkg/sdk/traceaws"
	"github.com/bragg-tracing/bragg/pkg/segment"
	localsqs "github.com/bragg-tracing/bragg/pkg/truth/sqs"
)

// serve starts an endpoint in place of Amazon's and returns a configuration for
// its clients.
func serve(t testing.TB, h http.Handler) aws.Config {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	return aws.Config{
		Region: "us-east-1", BaseEndpoint: aws.String(server.URL), HTTPClient: server.Client(),
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "AKID", SecretAccessKey: "not-a-secret"}, nil
		}),
		Retryer: func() aws.Retryer {
			return retry.NewStandard(func(o *retry.StandardOptions) {
				o.MaxAttempts, o.RateLimiter = 2, ratelimit.None
				o.Backoff = retry.BackoffDelayerFunc(func(int, error) (time.Duration, error) { return 0, nil })
			})
		},
	}
}

func traced(cfg aws.Config, p instrument.Providers, opts ...traceaws.Option) aws.Config {
	traceaws.Instrument(&cfg, append(opts, traceaws.WithProviders(p))...)
	return cfg
}

func text(s string) types.AttributeValue { return &types.AttributeValueMemberS{Value: s} }

func TestDynamoDB(t *testing.T) {
	t.Parallel()
	cfg := serve(t, localdynamodb.New(100))
	_, err := dynamodb.NewFromConfig(cfg).CreateTable(t.Context(), &dynamodb.CreateTableInput{
		TableName: aws.String("clients"), BillingMode: types.BillingModePayPerRequest,
		AttributeDefinitions: []types.AttributeDefinition{{AttributeName: aws.String("id"), AttributeType: types.ScalarAttributeTypeS}},
		KeySchema:            []types.KeySchemaElement{{AttributeName: aws.String("id"), KeyType: types.KeyTypeHash}},
	})
	if err != nil {
		t.Fatal(err)
	}
	sdk := newService(t, "aws-dynamodb")
	put := func(ctx context.Context, c *dynamodb.Client, table, wish string) error {
		_, err := c.PutItem(ctx, &dynamodb.PutItemInput{TableName: aws.String(table), Item: map[string]types.AttributeValue{
			"id": text("Enova"), localdynamodb.FailAttribute: text(wish),
		}})
		return err
	}
	client := dynamodb.NewFromConfig(traced(cfg, sdk))
	call := map[string]any{"operation": "PutItem", "region": "us-east-1", "table_name": "clients"}
	t.Run("ok", func(t *testing.T) {
		r := observe(t, sdk, 2, func(ctx context.Context) {
			if err := put(ctx, client, "clients", ""); err != nil {
				t.Error(err)
			}
		})
		d := r.check(want{
			name: "DynamoDB", span: "DynamoDB.PutItem", parent: "aws-dynamodb", namespace: "aws", kind: "client", status: 200, aws: call,
			attributes: map[string]any{"db.system.name": "aws.dynamodb", "aws.dynamodb.table_names": []string{"clients"}, "rpc.method": "DynamoDB/PutItem"},
		})
		if id, _ := d.AWS["request_id"].(string); len(id) < 20 {
			t.Errorf("request id %q", id)
		}
	})
	t.Run("throttled", func(t *testing.T) {
		r := observe(t, sdk, 2, func(ctx context.Context) {
			if err := put(ctx, client, "clients", localdynamodb.Throttle); err == nil {
				t.Error("no error")
			}
		})
		r.check(want{
			name: "DynamoDB", namespace: "aws", err: true, thr: true, status: 400,
			aws:       map[string]any{"retries": 1, "table_name": "clients"},
			exception: "ProvisionedThroughputExceededException", message: "The level of configured provisioned throughput",
			attributes: map[string]any{
				"error.type": "ProvisionedThroughputExceededException", "aws.throttled": true, "http.request.resend_count": 1,
			},
		})
	})
	t.Run("fault", func(t *testing.T) {
		r := observe(t, sdk, 4, func(ctx context.Context) {
			with := dynamodb.NewFromConfig(traced(cfg, sdk, traceaws.WithAttemptSpans()))
			if err := put(ctx, with, "clients", localdynamodb.Fail); err == nil {
				t.Error("no error")
			}
		})
		r.check(want{name: "DynamoDB", namespace: "aws", fault: true, status: 500, aws: map[string]any{"retries": 1}, exception: "InternalServerError", message: "unknown error"})
		attempts := 0
		for _, d := range r.documents {
			if d.Name == "attempt" {
				attempts++
				if !d.Fault || r.nameOf(d.ParentID) != "DynamoDB" || d.Namespace != "" || d.HTTP.Response.Status != 500 {
					t.Errorf("attempt %s", show(d))
				}
			}
		}
		if attempts != 2 {
			t.Errorf("%d attempts", attempts)
		}
	})
	t.Run("no such table", func(t *testing.T) {
		r := observe(t, sdk, 2, func(ctx context.Context) { _ = put(ctx, client, "gone", "") })
		r.check(want{name: "DynamoDB", namespace: "aws", err: true, status: 400, exception: "ResourceNotFoundException", message: "not found"})
	})
}

func TestS3(t *testing.T) {
	t.Parallel()
	cfg := serve(t, gofakes3.New(s3mem.New()).Server())
	style := func(o *s3.Options) { o.UsePathStyle = true }
	if _, err := s3.NewFromConfig(cfg, style).CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: aws.String("letters")}); err != nil {
		t.Fatal(err)
	}
	sdk := newService(t, "aws-s3")
	client := s3.NewFromConfig(traced(cfg, sdk), style)
	r := observe(t, sdk, 3, func(ctx context.Context) {
		if _, err := client.PutObject(ctx, &s3.PutObjectInput{Bucket: aws.String("letters"), Key: aws.String("a/b.txt"), Body: strings.NewReader("x")}); err != nil {
			t.Error(err)
		}
		if out, err := client.GetObject(ctx, &s3.GetObjectInput{Bucket: aws.String("letters"), Key: aws.String("gone")}); err == nil {
			drain(t, out.Body)
			t.Error("an object that is not there")
		}
	})
	d := r.check(want{
		name: "S3", span: "S3.PutObject", parent: "aws-s3", namespace: "aws", kind: "client", status: 200,
		method: "PUT", url: *cfg.BaseEndpoint + "/letters/a/b.txt",
		aws:        map[string]any{"operation": "PutObject", "bucket_name": "letters", "key": "a/b.txt"},
		attributes: map[string]any{"aws.s3.bucket": "letters", "aws.s3.key": "a/b.txt"},
	})
	if id, _ := d.AWS["id_2"].(string); id == "" || r.spanOf(d).Attributes["aws.extended_request_id"] != id {
		t.Errorf("id_2 %q", id)
	}
	r.check(want{name: "S3", span: "S3.GetObject", namespace: "aws", err: true, status: 404, exception: "NoSuchKey", message: "NoSuchKey"})
}

func TestSQS(t *testing.T) {
	t.Parallel()
	cfg := serve(t, localsqs.New())
	shop, worker := newService(t, "sqs-shop"), newService(t, "sqs-worker")
	created, err := sqs.NewFromConfig(cfg).CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: aws.String("loans")})
	if err != nil {
		t.Fatal(err)
	}
	url := created.QueueUrl
	client := sqs.NewFromConfig(traced(cfg, shop))
	sent := observe(t, shop, 3, func(ctx context.Context) {
		if _, err := client.SendMessage(ctx, &sqs.SendMessageInput{QueueUrl: url, MessageBody: aws.String("one")}); err != nil {
			t.Error(err)
		}
		batch := []sqstypes.SendMessageBatchRequestEntry{{Id: aws.String("a"), MessageBody: aws.String("two")}, {Id: aws.String("b"), MessageBody: aws.String("three")}}
		if _, err := client.SendMessageBatch(ctx, &sqs.SendMessageBatchInput{QueueUrl: url, Entries: batch}); err != nil {
			t.Error(err)
		}
	})
	queue := map[string]any{"operation": "SendMessage", "region": "us-east-1", "queue_url": *url}
	producer := sent.check(want{
		name: "SQS", span: "SQS.SendMessage", parent: "sqs-shop", namespace: "aws", kind: "producer", status: 200, aws: queue,
		attributes: map[string]any{"messaging.system": "aws_sqs", "messaging.destination.name": "loans"},
	})
	sent.check(want{name: "SQS", span: "SQS.SendMessageBatch", namespace: "aws", attributes: map[string]any{"messaging.batch.message_count": 2}})

	var processed string
	received := observe(t, worker, 3, func(ctx context.Context) {
		out, err := sqs.NewFromConfig(traced(cfg, worker)).ReceiveMessage(ctx, &sqs.ReceiveMessageInput{QueueUrl: url, MaxNumberOfMessages: 10})
		if err != nil || len(out.Messages) != 3 {
			t.Fatalf("%v, %v", out, err)
		}
		consumer := traceaws.NewConsumer(*url, traceaws.WithProviders(worker))
		_, span := consumer.Start(ctx, out.Messages[0])
		span.End()
		_, span = consumer.Continue().Start(ctx, out.Messages[0]) // in the shop's trace
		processed = span.SpanContext().TraceID().String()
		span.End()
	})
	received.check(want{name: "SQS", span: "SQS.ReceiveMessage", parent: "sqs-worker", namespace: "aws", kind: "client", links: 3})
	d := received.check(want{name: "sqs-worker", span: "process loans", parent: "sqs-worker", kind: "consumer", links: 1})
	trace, _ := segment.FormatTraceID(sent.spanOf(producer).TraceID)
	if link := d.Links[0]; link.TraceID != trace || link.ID != producer.ID {
		t.Errorf("link %+v, want %s of %s", link, producer.ID, trace)
	}
	await(t, processed, 4).check(want{name: "sqs-worker", span: "process loans", parent: "SQS", kind: "consumer"})
}
