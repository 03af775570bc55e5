package traceaws_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/bragg-tracing/bragg/pkg/sdk/telemetrytest"
	"github.com/bragg-tracing/bragg/pkg/sdk/traceaws"
)

type answered struct{}

func (answered) Do(r *http.Request) (*http.Response, error) {
	return &http.Response{
		StatusCode: http.StatusOK, Request: r, Header: http.Header{"X-Amzn-Requestid": {"1"}}, ContentLength: 2, Body: io.NopCloser(strings.NewReader("{}")),
	}, nil
}

// TestAllocations: what tracing adds to a call, which has some 300, has a budget.
func TestAllocations(t *testing.T) {
	rec := telemetrytest.New(t)
	call := func(instrument bool) func() {
		cfg := aws.Config{Region: "us-east-1", HTTPClient: answered{}, Credentials: aws.AnonymousCredentials{}}
		if instrument {
			traceaws.Instrument(&cfg, traceaws.WithProviders(rec))
		}
		client := dynamodb.NewFromConfig(cfg, func(o *dynamodb.Options) { o.DisableValidateResponseChecksum = true })
		return func() {
			rec.Reset()
			_, err := client.GetItem(context.Background(), &dynamodb.GetItemInput{
				TableName: aws.String("clients"), Key: map[string]types.AttributeValue{"id": &types.AttributeValueMemberS{Value: "7"}},
			})
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	const budget = 50 // a span of 20 attributes, three middlewares and a header
	without, with := testing.AllocsPerRun(100, call(false)), testing.AllocsPerRun(100, call(true))
	t.Logf("%v allocations without, %v with", without, with)
	if with > without+budget {
		t.Errorf("%v allocations, without tracing %v; the budget is %d more", with, without, budget)
	}
}
