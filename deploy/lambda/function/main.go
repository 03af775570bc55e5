// Command function is an AWS Lambda function with traces: it takes a request of
// API Gateway's HTTP API and answers with a decision. How its spans leave it is
// up to OTEL_TRACES_EXPORTER: see ../template.yaml.
package main

import (
	"context"
	"encoding/json"
	"log"
	"net/http"

	"github.com/aws/aws-lambda-go/events"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"

	"github.com/bragg-tracing/bragg/pkg/sdk/telemetry"
	"github.com/bragg-tracing/bragg/pkg/sdk/tracelambda"
	"github.com/bragg-tracing/bragg/pkg/sdk/xrayattr"
)

func main() {
	sdk, err := telemetry.Start(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	tracelambda.Start(handler(sdk), tracelambda.WithProviders(sdk))
}

// An order is what a client wants to buy.
type order struct {
	Client string `json:"client"`
	Amount int    `json:"amount"` // in cents
}

// handler decides about an order. An annotation can be searched for in X-Ray.
func handler(sdk *telemetry.SDK) func(context.Context, events.APIGatewayV2HTTPRequest) (events.APIGatewayV2HTTPResponse, error) {
	tracer := sdk.TracerProvider().Tracer("checkout")
	return func(ctx context.Context, request events.APIGatewayV2HTTPRequest) (events.APIGatewayV2HTTPResponse, error) {
		_, span := tracer.Start(ctx, "decide")
		defer span.End()
		var o order
		if err := json.Unmarshal([]byte(request.Body), &o); err != nil {
			span.RecordError(err)
			span.SetStatus(codes.Error, "the order is no JSON")
			return events.APIGatewayV2HTTPResponse{StatusCode: http.StatusBadRequest, Body: `{"error":"the order is no JSON"}`}, nil
		}
		span.SetAttributes(xrayattr.Annotation("client", o.Client), attribute.Int("order.amount", o.Amount))
		return events.APIGatewayV2HTTPResponse{StatusCode: http.StatusOK, Body: `{"accepted":true}`}, nil
	}
}
