package telemetry_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/resource"

	"github.com/bragg-tracing/bragg/pkg/sdk/telemetry"
)

type detectorFunc func(context.Context) (*resource.Resource, error)

func (f detectorFunc) Detect(ctx context.Context) (*resource.Resource, error) { return f(ctx) }

// TestDetectors has detectors that hang, fail and panic beside those that find
// something: Start is quick, says what went wrong, and keeps what was found.
func TestDetectors(t *testing.T) {
	clearEnvironment(t)
	mux := http.NewServeMux()
	mux.HandleFunc("/v4", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `{"DockerId": "c7d1-1", "Name": "app", "LogDriver": "awslogs", "LogOptions": {}, "ContainerARN": "arn:aws:ecs:eu-west-1:1:container/prod/c7d1/0206"}`)
	})
	mux.HandleFunc("/v4/task", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	server := httptest.NewServer(mux)
	defer server.Close()
	t.Setenv("ECS_CONTAINER_METADATA_URI_V4", server.URL+"/v4")
	t.Setenv("OTEL_RESOURCE_ATTRIBUTES", "container.name=mine")
	release := make(chan struct{})
	defer close(release)
	var log logBuffer
	begin := time.Now()
	sdk := start(t, telemetry.WithLogger(log.logger()), telemetry.WithDetectors(
		detectorFunc(func(context.Context) (*resource.Resource, error) { <-release; return nil, nil }),
		detectorFunc(func(context.Context) (*resource.Resource, error) { panic("no") }),
		detectorFunc(func(context.Context) (*resource.Resource, error) {
			return resource.NewSchemaless(attribute.String("found", "yes")), nil
		}),
	))
	if took := time.Since(begin); took > 2*time.Second {
		t.Errorf("Start took %v", took)
	}
	for key, want := range map[attribute.Key]string{
		"cloud.platform": "aws_ecs", "container.id": "c7d1-1", "container.name": "mine", "found": "yes", "service.name": "test", "cloud.region": "eu-west-1",
		"telemetry.sdk.name": "opentelemetry", "telemetry.sdk.language": "go", "telemetry.distro.name": "bragg",
	} {
		if got, _ := sdk.Resource().Set().Value(key); got.AsString() != want {
			t.Errorf("%s = %q, want %q", key, got.AsString(), want)
		}
	}
	for _, want := range []string{"detect ecs", "panic: no", "deadline exceeded"} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("log without %q:\n%s", want, &log)
		}
	}
}

func TestChosenDetectors(t *testing.T) {
	for names, want := range map[string]string{"": "aws_lambda", "all": "aws_lambda", "ec2,lambda": "aws_lambda", "aws.lambda": "aws_lambda", "none": "", "ecs": ""} {
		clearEnvironment(t)
		t.Setenv("AWS_LAMBDA_FUNCTION_NAME", "resize")
		t.Setenv("OTEL_RESOURCE_DETECTORS", names)
		sdk, err := telemetry.Start(t.Context(), telemetry.WithoutGlobals(), telemetry.WithEndpoint(closedPort(t)), telemetry.WithoutMetrics(), telemetry.WithoutLogs())
		if err != nil {
			t.Fatal(err)
		}
		if got, _ := sdk.Resource().Set().Value("cloud.platform"); got.AsString() != want {
			t.Errorf("%q: cloud.platform = %q, want %q", names, got.AsString(), want)
		}
		if got, _ := sdk.Resource().Set().Value("service.name"); got.AsString() != "resize" {
			t.Errorf("service.name = %q, want the function's name", got.AsString())
		}
		if err := sdk.Shutdown(t.Context()); err != nil {
			t.Error(err)
		}
	}
}
