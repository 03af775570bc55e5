package truth

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	ddb "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	snstypes "github.com/aws/aws-sdk-go-v2/service/sns/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	//lint:ignore SA1019 the oracle, which has lost its owner
	"go.opentelemetry.io/contrib/instrumentation/github.com/aws/aws-sdk-go-v2/otelaws"

	"github.com/bragg-tracing/bragg/pkg/sdk/telemetrytest"
)

// differs says where traceaws records something else than otelaws, and why.
var differs = map[string]string{
	"server.address":           "otelaws has SQS's queue URL there; it is the host",
	"messaging.system":         "otelaws has aws_sns, the semantic conventions have aws.sns",
	"messaging.operation.name": "otelaws has publish_input; it is the operation",
	"aws.dynamodb.select":      "otelaws has it empty where the input has none",
}

// calls are those that otelaws knows something of.
var calls = map[string]func(ctx context.Context, cfg aws.Config) error{
	"DynamoDB.GetItem": func(ctx context.Context, cfg aws.Config) error {
		_, err := dynamodb.NewFromConfig(cfg).GetItem(ctx, &dynamodb.GetItemInput{
			TableName: aws.String("clients"), Key: map[string]ddb.AttributeValue{"id": text("a")},
			ConsistentRead: aws.Bool(true), ProjectionExpression: aws.String("id"),
		})
		return err
	},
	"DynamoDB.BatchGetItem": func(ctx context.Context, cfg aws.Config) error {
		keys := ddb.KeysAndAttributes{Keys: []map[string]ddb.AttributeValue{{"id": text("a")}}}
		_, err := dynamodb.NewFromConfig(cfg).BatchGetItem(ctx, &dynamodb.BatchGetItemInput{RequestItems: map[string]ddb.KeysAndAttributes{"clients": keys}})
		return err
	},
	"DynamoDB.CreateTable": func(ctx context.Context, cfg aws.Config) error {
		schema := []ddb.KeySchemaElement{{AttributeName: aws.String("id"), KeyType: ddb.KeyTypeHash}}
		_, err := dynamodb.NewFromConfig(cfg).CreateTable(ctx, &dynamodb.CreateTableInput{
			TableName: aws.String("clients"), KeySchema: schema,
			AttributeDefinitions:   []ddb.AttributeDefinition{{AttributeName: aws.String("id"), AttributeType: ddb.ScalarAttributeTypeS}},
			ProvisionedThroughput:  &ddb.ProvisionedThroughput{ReadCapacityUnits: aws.Int64(5), WriteCapacityUnits: aws.Int64(6)},
			GlobalSecondaryIndexes: []ddb.GlobalSecondaryIndex{{IndexName: aws.String("g"), KeySchema: schema, Projection: &ddb.Projection{}}},
			LocalSecondaryIndexes:  []ddb.LocalSecondaryIndex{{IndexName: aws.String("l"), KeySchema: schema, Projection: &ddb.Projection{}}},
		})
		return err
	},
	"DynamoDB.UpdateTable": func(ctx context.Context, cfg aws.Config) error {
		_, err := dynamodb.NewFromConfig(cfg).UpdateTable(ctx, &dynamodb.UpdateTableInput{
			TableName:                   aws.String("clients"),
			AttributeDefinitions:        []ddb.AttributeDefinition{{AttributeName: aws.String("id"), AttributeType: ddb.ScalarAttributeTypeS}},
			GlobalSecondaryIndexUpdates: []ddb.GlobalSecondaryIndexUpdate{{Delete: &ddb.DeleteGlobalSecondaryIndexAction{IndexName: aws.String("g")}}},
		})
		return err
	},
	"DynamoDB.ListTables": func(ctx context.Context, cfg aws.Config) error {
		_, err := dynamodb.NewFromConfig(cfg).ListTables(ctx, &dynamodb.ListTablesInput{ExclusiveStartTableName: aws.String("a"), Limit: aws.Int32(5)})
		return err
	},
	"DynamoDB.Query": func(ctx context.Context, cfg aws.Config) error {
		_, err := dynamodb.NewFromConfig(cfg).Query(ctx, &dynamodb.QueryInput{
			TableName: aws.String("clients"), ConsistentRead: aws.Bool(false), IndexName: aws.String("g"), Limit: aws.Int32(7),
			ScanIndexForward: aws.Bool(true), ProjectionExpression: aws.String("id"), Select: ddb.SelectCount,
		})
		return err
	},
	"DynamoDB.Scan": func(ctx context.Context, cfg aws.Config) error {
		_, err := dynamodb.NewFromConfig(cfg).Scan(ctx, &dynamodb.ScanInput{
			TableName: aws.String("clients"), Segment: aws.Int32(1), TotalSegments: aws.Int32(4), Limit: aws.Int32(7),
		})
		return err
	},
	"DynamoDB.UpdateItem": func(ctx context.Context, cfg aws.Config) error {
		_, err := dynamodb.NewFromConfig(cfg).UpdateItem(ctx, &dynamodb.UpdateItemInput{
			TableName: aws.String("clients"), Key: map[string]ddb.AttributeValue{"id": text("a")},
		})
		return err
	},
	"S3.CopyObject": func(ctx context.Context, cfg aws.Config) error {
		_, err := s3.NewFromConfig(cfg, pathStyle).CopyObject(ctx, &s3.CopyObjectInput{Bucket: aws.String("b"), Key: aws.String("k"), CopySource: aws.String("b/old")})
		return err
	},
	"S3.DeleteObjects": func(ctx context.Context, cfg aws.Config) error {
		_, err := s3.NewFromConfig(cfg, pathStyle).DeleteObjects(ctx, &s3.DeleteObjectsInput{
			Bucket: aws.String("b"), Delete: &s3types.Delete{Objects: []s3types.ObjectIdentifier{{Key: aws.String("k")}}},
		})
		return err
	},
	"S3.UploadPart": func(ctx context.Context, cfg aws.Config) error {
		_, err := s3.NewFromConfig(cfg, pathStyle).UploadPart(ctx, &s3.UploadPartInput{
			Bucket: aws.String("b"), Key: aws.String("k"), UploadId: aws.String("u"), PartNumber: aws.Int32(3), Body: strings.NewReader("x"),
		})
		return err
	},
	"SQS.DeleteMessage": func(ctx context.Context, cfg aws.Config) error {
		_, err := sqs.NewFromConfig(cfg).DeleteMessage(ctx, &sqs.DeleteMessageInput{QueueUrl: aws.String("https://sqs/1/loans"), ReceiptHandle: aws.String("r")})
		return err
	},
	"SNS.Publish": func(ctx context.Context, cfg aws.Config) error {
		_, err := sns.NewFromConfig(cfg).Publish(ctx, &sns.PublishInput{TopicArn: aws.String("arn:aws:sns:us-east-1:1:decided"), Message: aws.String("x")})
		return err
	},
	"SNS.PublishBatch": func(ctx context.Context, cfg aws.Config) error {
		_, err := sns.NewFromConfig(cfg).PublishBatch(ctx, &sns.PublishBatchInput{
			TopicArn:                   aws.String("arn:aws:sns:us-east-1:1:decided"),
			PublishBatchRequestEntries: []snstypes.PublishBatchRequestEntry{{Id: aws.String("a"), Message: aws.String("x")}},
		})
		return err
	},
}

func pathStyle(o *s3.Options) { o.UsePathStyle = true }

// answers answers every call with nothing, in the form that it expects.
func answers(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("X-Amzn-RequestId", "request-1")
	w.Header().Set("X-Amz-Request-Id", "request-1")
	body := ""
	switch {
	case r.Header.Get("X-Amz-Target") != "":
		body = "{}"
	case strings.Contains(r.Header.Get("Content-Type"), "x-www-form-urlencoded"):
		sent, _ := io.ReadAll(r.Body)
		body = "<PublishResponse><PublishResult><MessageId>m</MessageId></PublishResult></PublishResponse>"
		if strings.Contains(string(sent), "PublishBatch") {
			body = "<PublishBatchResponse><PublishBatchResult></PublishBatchResult></PublishBatchResponse>"
		}
	case r.Method == http.MethodPut && r.Header.Get("X-Amz-Copy-Source") != "":
		body = "<CopyObjectResult></CopyObjectResult>"
	case r.Method == http.MethodPost:
		body = "<DeleteResult></DeleteResult>"
	}
	_, _ = io.WriteString(w, body)
}

// TestAllThatOtelawsRecords: its last version is the oracle.
func TestAllThatOtelawsRecords(t *testing.T) {
	t.Parallel()
	cfg := serve(t, http.HandlerFunc(answers))
	for name, call := range calls {
		t.Run(name, func(t *testing.T) {
			theirs, ours := telemetrytest.New(t), telemetrytest.New(t)
			with := cfg.Copy()
			otelaws.AppendMiddlewares(&with.APIOptions, otelaws.WithTracerProvider(theirs.TracerProvider()), otelaws.WithTextMapPropagator(theirs.Propagator()))
			for _, c := range []aws.Config{with, traced(cfg.Copy(), ours)} {
				if err := call(t.Context(), c); err != nil {
					t.Fatal(err)
				}
			}
			span := ours.Span(name)
			compared := 0
			for _, a := range theirs.Span(name).Attributes() {
				if differs[string(a.Key)] != "" {
					continue
				}
				span.Has(a)
				compared++
			}
			if compared < 5 {
				t.Errorf("%d attributes were compared", compared)
			}
		})
	}
}
