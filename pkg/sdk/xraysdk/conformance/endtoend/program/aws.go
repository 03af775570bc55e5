package main

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-xray-sdk-go/v2/instrumentation/awsv2"
)

// An answer is what an endpoint of Amazon's answers.
type answer struct {
	status int
	body   string
}

// withEndpoint calls f with a configuration whose endpoint gives the answers one
// after another, the last one again and again.
func withEndpoint(f func(awssdk.Config) error, answers ...answer) error {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		a := answers[0]
		if len(answers) > 1 {
			answers = answers[1:]
		}
		w.Header().Set("X-Amzn-Requestid", "R-1")
		w.Header().Set("X-Amz-Request-Id", "R-1")
		w.Header().Set("X-Amz-Id-2", "ID-2")
		w.Header().Set("Content-Type", "application/x-amz-json-1.0")
		w.WriteHeader(a.status)
		_, _ = io.WriteString(w, a.body)
	}))
	defer server.Close()
	cfg := awssdk.Config{
		Region: "us-east-1", BaseEndpoint: awssdk.String(server.URL), HTTPClient: server.Client(),
		Credentials: awssdk.CredentialsProviderFunc(func(context.Context) (awssdk.Credentials, error) {
			return awssdk.Credentials{AccessKeyID: "AKID", SecretAccessKey: "not-a-secret"}, nil
		}),
		Retryer: func() awssdk.Retryer {
			return retry.NewStandard(func(o *retry.StandardOptions) {
				o.MaxAttempts = 2
				o.Backoff = retry.BackoffDelayerFunc(func(int, error) (time.Duration, error) { return 0, nil })
			})
		},
	}
	awsv2.AWSV2Instrumentor(&cfg.APIOptions)
	return f(cfg)
}

func getItem(ctx context.Context, cfg awssdk.Config) error {
	_, err := dynamodb.NewFromConfig(cfg).GetItem(ctx, &dynamodb.GetItemInput{
		TableName: awssdk.String("clients"), ConsistentRead: awssdk.Bool(true),
		Key: map[string]types.AttributeValue{"id": &types.AttributeValueMemberS{Value: "7"}},
	})
	return err
}

const throttled = `{"__type":"com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException","message":"slow down"}`

var aws = []scenario{
	{"AWS SDK", func(ctx context.Context) (string, error) {
		return within(ctx, func(ctx context.Context) error {
			return withEndpoint(func(cfg awssdk.Config) error {
				if err := getItem(ctx, cfg); err != nil {
					return err
				}
				_, err := sqs.NewFromConfig(cfg).ListQueues(ctx, &sqs.ListQueuesInput{})
				return err
			}, answer{200, "{}"})
		})
	}},
	{"AWS SDK, throttled", func(ctx context.Context) (string, error) {
		return within(ctx, func(ctx context.Context) error {
			return withEndpoint(func(cfg awssdk.Config) error { _ = getItem(ctx, cfg); return nil }, answer{400, throttled})
		})
	}},
	{"AWS SDK, tried again", func(ctx context.Context) (string, error) {
		return within(ctx, func(ctx context.Context) error {
			return withEndpoint(func(cfg awssdk.Config) error { return getItem(ctx, cfg) }, answer{500, "{}"}, answer{200, "{}"})
		})
	}},
	{"AWS SDK, refused", func(ctx context.Context) (string, error) {
		return within(ctx, func(ctx context.Context) error {
			return withEndpoint(func(cfg awssdk.Config) error { _ = getItem(ctx, cfg); return nil },
				answer{400, `{"__type":"com.amazonaws.dynamodb.v20120810#ResourceNotFoundException","message":"no such table"}`})
		})
	}},
	{"AWS SDK, S3", func(ctx context.Context) (string, error) {
		return within(ctx, func(ctx context.Context) error {
			return withEndpoint(func(cfg awssdk.Config) error {
				client := s3.NewFromConfig(cfg, func(o *s3.Options) { o.UsePathStyle = true })
				_, err := client.PutObject(ctx, &s3.PutObjectInput{
					Bucket: awssdk.String("receipts"), Key: awssdk.String("7"), Body: strings.NewReader("x"),
				})
				return err
			}, answer{200, ""})
		})
	}},
}
