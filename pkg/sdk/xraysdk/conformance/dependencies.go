//go:build conformance_dependencies

package main

// What the extracted tests import, so that go.mod requires it.
import (
	_ "github.com/DATA-DOG/go-sqlmock"
	_ "github.com/aws/aws-lambda-go/events"
	_ "github.com/aws/aws-sdk-go-v2/service/route53"
	_ "github.com/aws/aws-xray-sdk-go/v2/xray"
	_ "github.com/aws/aws-xray-sdk-go/xray"
	_ "github.com/bragg-tracing/bragg/pkg/collector/awsxrayexporter/translate"
	_ "github.com/bragg-tracing/bragg/pkg/sdk/spanfeed"
	_ "github.com/bragg-tracing/bragg/pkg/sdk/xraysdk/xray"
	_ "github.com/grpc-ecosystem/go-grpc-middleware/v2/testing/testpb"
	_ "github.com/stretchr/testify/assert"
	_ "go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"
	_ "go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracegrpc"
	_ "golang.org/x/net/http2"
	_ "google.golang.org/grpc/test/bufconn"
)
