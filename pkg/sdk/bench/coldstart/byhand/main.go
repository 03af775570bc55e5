// Command byhand is a Lambda function with OpenTelemetry as the guides of
// OpenTelemetry and AWS have it: contrib's otellambda, ids, propagator and
// detector, and an exporter to a collector.
package main

import (
	"context"
	"log"

	"github.com/aws/aws-lambda-go/lambda"
	lambdadetector "go.opentelemetry.io/contrib/detectors/aws/lambda"
	"go.opentelemetry.io/contrib/instrumentation/github.com/aws/aws-lambda-go/otellambda"
	"go.opentelemetry.io/contrib/propagators/aws/xray"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracegrpc"
	"go.opentelemetry.io/otel/sdk/resource"
	"go.opentelemetry.io/otel/sdk/trace"
)

func main() {
	ctx := context.Background()
	exporter, err := otlptracegrpc.New(ctx)
	if err != nil {
		log.Fatal(err)
	}
	r, err := resource.New(ctx, resource.WithDetectors(lambdadetector.NewResourceDetector()), resource.WithFromEnv(), resource.WithTelemetrySDK())
	if err != nil {
		log.Fatal(err)
	}
	provider := trace.NewTracerProvider(trace.WithBatcher(exporter), trace.WithIDGenerator(xray.NewIDGenerator()), trace.WithResource(r))
	otel.SetTracerProvider(provider)
	otel.SetTextMapPropagator(xray.Propagator{})
	handler := func(context.Context) (string, error) { return "ok", nil }
	lambda.Start(otellambda.InstrumentHandler(handler, otellambda.WithTracerProvider(provider), otellambda.WithFlusher(provider)))
}
