package main

import (
	"context"
	"crypto/md5"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/ratelimit"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/bragg-tracing/bragg/pkg/sdk/xraysdk/instrumentation/awsv2"
	our "github.com/bragg-tracing/bragg/pkg/sdk/xraysdk/xray"
	"github.com/bragg-tracing/bragg/pkg/sdk/xraysdk/xraylog"
)

// An answer is what an endpoint of Amazon's answers. Status 0 breaks the
// connection.
type answer struct {
	status      int
	body        string
	contentType string
}

const queue = "https://sqs.us-east-1.amazonaws.com/123456789012/orders"

func sum(text string) string {
	s := md5.Sum([]byte(text))
	return hex.EncodeToString(s[:])
}

// TestAWSCalls holds what the subsegments of AWS SDK v2's calls say of them:
// what version 1 of the X-Ray SDK recorded of AWS SDK v1's, and of a call that
// fails that and how it did. See also endtoend/differences.txt for what the
// X-Ray SDK says of such calls.
func TestAWSCalls(t *testing.T) {
	our.SetLogger(xraylog.NullLogger)
	getItem := func(ctx context.Context, cfg aws.Config) error {
		_, err := dynamodb.NewFromConfig(cfg).GetItem(ctx, &dynamodb.GetItemInput{
			TableName: aws.String("clients"), Key: map[string]types.AttributeValue{"id": &types.AttributeValueMemberS{Value: "7"}},
		})
		return err
	}
	for _, c := range []struct {
		name    string
		call    func(context.Context, aws.Config) error
		answers []answer // the last one again and again
		service string
		says    map[string]any // of the aws block
		status  float64
		flags   string // of the subsegment
		message string // a part of the exception's
	}{
		{"DynamoDB, a table", getItem, []answer{{200, "{}", ""}}, "DynamoDB", map[string]any{
			"operation": "GetItem", "table_name": "clients", "region": "us-east-1", "request_id": "R-1",
		}, 200, "", ""},
		{"DynamoDB, tables", func(ctx context.Context, cfg aws.Config) error {
			_, err := dynamodb.NewFromConfig(cfg).BatchGetItem(ctx, &dynamodb.BatchGetItemInput{RequestItems: map[string]types.KeysAndAttributes{
				"clients": {Keys: []map[string]types.AttributeValue{{"id": &types.AttributeValueMemberS{Value: "7"}}}},
			}})
			return err
		}, []answer{{200, "{}", ""}}, "DynamoDB", map[string]any{"operation": "BatchGetItem", "table_names": []any{"clients"}}, 200, "", ""},
		{"SQS, sent", func(ctx context.Context, cfg aws.Config) error {
			_, err := sqs.NewFromConfig(cfg).SendMessage(ctx, &sqs.SendMessageInput{QueueUrl: aws.String(queue), MessageBody: aws.String("x")})
			return err
		}, []answer{{200, `{"MessageId": "m", "MD5OfMessageBody": "` + sum("x") + `"}`, ""}}, "SQS", map[string]any{
			"operation": "SendMessage", "queue_url": queue, "message_id": "m", "request_id": "R-1",
		}, 200, "", ""},
		{"SQS, received", func(ctx context.Context, cfg aws.Config) error {
			_, err := sqs.NewFromConfig(cfg).ReceiveMessage(ctx, &sqs.ReceiveMessageInput{QueueUrl: aws.String(queue), MaxNumberOfMessages: 10})
			return err
		}, []answer{{200, `{"Messages": [{"Body": "x", "MD5OfBody": "` + sum("x") + `"}]}`, ""}}, "SQS", map[string]any{
			"operation": "ReceiveMessage", "queue_url": queue, "max_number_of_messages": 10.0, "message_count": 1.0,
		}, 200, "", ""},
		{"S3", func(ctx context.Context, cfg aws.Config) error {
			_, err := s3.NewFromConfig(cfg, func(o *s3.Options) { o.UsePathStyle = true }).DeleteObject(ctx, &s3.DeleteObjectInput{
				Bucket: aws.String("receipts"), Key: aws.String("7"),
			})
			return err
		}, []answer{{204, "", ""}}, "S3", map[string]any{
			"operation": "DeleteObject", "bucket_name": "receipts", "key": "7", "request_id": "R-1", "id_2": "ID-2",
		}, 204, "", ""},
		{"SNS", func(ctx context.Context, cfg aws.Config) error {
			_, err := sns.NewFromConfig(cfg).Publish(ctx, &sns.PublishInput{TopicArn: aws.String("arn:aws:sns:us-east-1:1:t"), Message: aws.String("x")})
			return err
		}, []answer{{200, "<PublishResponse><PublishResult><MessageId>m</MessageId></PublishResult></PublishResponse>", "text/xml"}}, "SNS", map[string]any{
			"operation": "Publish", "topic_arn": "arn:aws:sns:us-east-1:1:t",
		}, 200, "", ""},
		{"Lambda", func(ctx context.Context, cfg aws.Config) error {
			_, err := lambda.NewFromConfig(cfg).Invoke(ctx, &lambda.InvokeInput{FunctionName: aws.String("charge")})
			return err
		}, []answer{{200, "{}", ""}}, "Lambda", map[string]any{"operation": "Invoke", "function_name": "charge", "status_code": 200.0}, 200, "", ""},
		{"refused", getItem, []answer{{400, `{"__type": "ResourceNotFoundException", "message": "no such table"}`, ""}}, "DynamoDB", map[string]any{
			"operation": "GetItem", "table_name": "clients", "request_id": "R-1",
		}, 400, "error fault", "no such table"},
		{"throttled", getItem, []answer{{400, `{"__type": "ProvisionedThroughputExceededException", "message": "slow down"}`, ""}}, "DynamoDB", map[string]any{
			"table_name": "clients", "retries": 1.0,
		}, 400, "error fault throttle", "slow down"},
		{"throttled by status", getItem, []answer{{429, `{"__type": "TooManyRequestsException", "message": "slow down"}`, ""}}, "DynamoDB", map[string]any{
			"retries": 1.0,
		}, 429, "error fault throttle", "slow down"},
		{"throttled once", getItem, []answer{{400, `{"__type": "ProvisionedThroughputExceededException"}`, ""}, {200, "{}", ""}}, "DynamoDB", map[string]any{
			"retries": 1.0,
		}, 200, "", ""},
		{"out of order", getItem, []answer{{500, `{"__type": "InternalServerError", "message": "sorry"}`, ""}}, "DynamoDB", map[string]any{
			"retries": 1.0, "request_id": "R-1",
		}, 500, "fault", "sorry"},
		{"no answer", getItem, []answer{{0, "", ""}}, "DynamoDB", map[string]any{"retries": 1.0, "table_name": "clients"}, 0, "fault", "EOF"},
		{"no answer the second time", getItem, []answer{{500, "{}", ""}, {0, "", ""}}, "DynamoDB", map[string]any{"retries": 1.0}, 0, "fault", "EOF"},
		{"not sent: a parameter is missing", func(ctx context.Context, cfg aws.Config) error {
			_, err := dynamodb.NewFromConfig(cfg).GetItem(ctx, &dynamodb.GetItemInput{TableName: aws.String("clients")})
			return err
		}, []answer{{200, "{}", ""}}, "DynamoDB", map[string]any{"operation": "GetItem", "table_name": "clients", "region": "us-east-1"}, 0, "fault", "missing required field"},
		{"canceled", func(ctx context.Context, cfg aws.Config) error {
			ctx, cancel := context.WithCancel(ctx)
			cancel()
			return getItem(ctx, cfg)
		}, []answer{{200, "{}", ""}}, "DynamoDB", map[string]any{"table_name": "clients"}, 0, "fault", "canceled"},
	} {
		t.Run(c.name, func(t *testing.T) {
			documents := runOverUDP(t, func(ctx context.Context) error { return c.call(ctx, endpoint(t, c.answers)) }, c.flags == "")
			call := only(t, documents, c.service)
			block, _ := call["aws"].(map[string]any)
			for member, want := range c.says {
				if fmt.Sprint(block[member]) != fmt.Sprint(want) {
					t.Errorf("aws.%s is %v, want %v", member, block[member], want)
				}
			}
			if call["namespace"] != "aws" {
				t.Errorf("namespace is %v", call["namespace"])
			}
			if got := flags(call); got != c.flags {
				t.Errorf("flags are %q, want %q", got, c.flags)
			}
			http, _ := call["http"].(map[string]any)
			response, _ := http["response"].(map[string]any)
			if got, _ := response["status"].(float64); got != c.status {
				t.Errorf("status is %v, want %v", got, c.status)
			}
			cause, _ := json.Marshal(call["cause"])
			if !strings.Contains(string(cause), c.message) || c.message == "" && call["cause"] != nil {
				t.Errorf("cause is %s, want %q", cause, c.message)
			}
			if t.Failed() {
				text, _ := json.MarshalIndent(call, "", " ")
				t.Logf("%s", text)
			}
		})
	}
}

func flags(document map[string]any) string {
	var set []string
	for _, flag := range []string{"error", "fault", "throttle"} {
		if document[flag] == true {
			set = append(set, flag)
		}
	}
	return strings.Join(set, " ")
}

// endpoint is a configuration of AWS's SDK whose service gives the answers.
func endpoint(t *testing.T, answers []answer) aws.Config {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		a := answers[0]
		if len(answers) > 1 {
			answers = answers[1:]
		}
		if a.status == 0 {
			panic(http.ErrAbortHandler)
		}
		w.Header().Set("X-Amzn-Requestid", "R-1")
		w.Header().Set("X-Amz-Request-Id", "R-1")
		w.Header().Set("X-Amz-Id-2", "ID-2")
		w.Header().Set("Content-Type", "application/x-amz-json-1.0")
		if a.contentType != "" {
			w.Header().Set("Content-Type", a.contentType)
		}
		w.WriteHeader(a.status)
		_, _ = io.WriteString(w, a.body)
	}))
	t.Cleanup(server.Close)
	cfg := aws.Config{
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
	awsv2.AWSV2Instrumentor(&cfg.APIOptions)
	return cfg
}

// runOverUDP runs f in a segment and returns the documents that a daemon gets.
func runOverUDP(t *testing.T, f func(context.Context) error, succeeds bool) []map[string]any {
	t.Helper()
	conn, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	emitter, err := our.NewDefaultEmitter(conn.LocalAddr().(*net.UDPAddr))
	if err != nil {
		t.Fatal(err)
	}
	ctx, err := our.ContextWithConfig(context.Background(), our.Config{Emitter: emitter, SamplingStrategy: weAlways{}})
	if err != nil {
		t.Fatal(err)
	}
	ctx, seg := our.BeginSegment(ctx, "svc")
	if err := f(ctx); (err == nil) != succeeds {
		t.Fatalf("the call returned %v", err)
	}
	seg.Close(nil)
	buf := make([]byte, 1<<16)
	_ = conn.SetReadDeadline(time.Now().Add(30 * time.Second))
	n, err := conn.Read(buf)
	if err != nil {
		t.Fatal(err)
	}
	var document map[string]any
	if err := json.Unmarshal([]byte(strings.TrimPrefix(string(buf[:n]), our.Header)), &document); err != nil {
		t.Fatal(err)
	}
	children, _ := document["subsegments"].([]any)
	var list []map[string]any
	for _, child := range children {
		list = append(list, child.(map[string]any))
	}
	return list
}

func only(t *testing.T, documents []map[string]any, name string) map[string]any {
	t.Helper()
	i := slices.IndexFunc(documents, func(d map[string]any) bool { return d["name"] == name })
	if len(documents) != 1 || i < 0 {
		t.Fatalf("the subsegments are %v, want %s", documents, name)
	}
	return documents[i]
}
