package otelconf_test

import (
	"compress/gzip"
	"context"
	"encoding/binary"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.opentelemetry.io/otel/attribute"
	collectortrace "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"go.uber.org/goleak"
	"google.golang.org/protobuf/proto"

	"github.com/bragg-tracing/bragg/pkg/sdk/telemetry"
	_ "github.com/bragg-tracing/bragg/pkg/sdk/telemetry/otelconf"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// configure writes a file and lets OTEL_CONFIG_FILE name it.
func configure(t *testing.T, content string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "otel.yaml")
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("OTEL_CONFIG_FILE", path)
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
}

func TestConfigFile(t *testing.T) {
	requests := make(chan *collectortrace.ExportTraceServiceRequest, 1)
	collector := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		var body io.Reader = r.Body
		if r.Header.Get("Content-Encoding") == "gzip" {
			body, _ = gzip.NewReader(r.Body)
		}
		message, _ := io.ReadAll(body)
		request := &collectortrace.ExportTraceServiceRequest{}
		if err := proto.Unmarshal(message, request); err != nil {
			t.Error(err)
		}
		requests <- request
	}))
	defer collector.Close()
	defer http.DefaultTransport.(*http.Transport).CloseIdleConnections()
	t.Setenv("COLLECTOR", collector.URL)
	configure(t, `
file_format: "1.0"
resource:
  attributes:
    - {name: service.name, value: from-file}
propagator:
  composite: [{tracecontext: {}}]
tracer_provider:
  processors:
    - batch: {exporter: {otlp_http: {endpoint: "${COLLECTOR}/v1/traces"}}}
`)
	sdk, err := telemetry.Start(t.Context(), telemetry.WithoutGlobals(), telemetry.WithServiceName("from-option"),
		telemetry.WithResourceAttributes(attribute.String("team", "blue"), attribute.StringSlice("list", []string{"a", "b"}), attribute.Int("n", 7)))
	if err != nil {
		t.Fatal(err)
	}
	_, span := sdk.TracerProvider().Tracer("test").Start(context.Background(), "operation")
	span.End()
	id := span.SpanContext().TraceID()
	if age := time.Since(time.Unix(int64(binary.BigEndian.Uint32(id[:4])), 0)); age < 0 || age > time.Minute {
		t.Errorf("trace id %s is not X-Ray's", id)
	}
	if err := sdk.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, kv := range (<-requests).ResourceSpans[0].Resource.Attributes {
		got[kv.Key] = kv.Value.String()
	}
	for key, want := range map[string]string{"service.name": "from-file", "team": "blue", "list": "b", "n": "7", "telemetry.sdk.name": "opentelemetry", "telemetry.distro.name": "bragg"} {
		if !strings.Contains(got[key], want) {
			t.Errorf("%s = %s, want %s", key, got[key], want)
		}
	}
	if fields := sdk.Propagator().Fields(); strings.Join(fields, ",") != "traceparent,tracestate" && strings.Join(fields, ",") != "tracestate,traceparent" {
		t.Errorf("propagators of %v", fields)
	}
	for range 2 {
		if err := sdk.Shutdown(t.Context()); err != nil {
			t.Error(err)
		}
	}
	if os.Getenv("OTEL_CONFIG_FILE") == "" {
		t.Error("OTEL_CONFIG_FILE is gone")
	}
}

func TestConfigFileErrors(t *testing.T) {
	const processors = "file_format: \"1.0\"\ntracer_provider: {processors: [{batch: {exporter: {console: {}}}}], "
	for name, tt := range map[string]struct{ content, problem string }{
		"no YAML":             {"\t", ""},
		"unknown exporter":    {"file_format: \"1.0\"\ntracer_provider: {processors: [{batch: {exporter: {smoke: {}}}}]}\n", "processor 1: want one exporter"},
		"two exporters":       {"file_format: \"1.0\"\ntracer_provider: {processors: [{batch: {exporter: {xray: {}, console: {}}}}]}\n", "not several"},
		"exporter's settings": {"file_format: \"1.0\"\ntracer_provider:\n  processors:\n    - batch: {exporter: {xray: {region: x}}}\n", "line 4: the exporter xray has no settings"},
		"no region":           {"file_format: \"1.0\"\ntracer_provider: {processors: [{batch: {exporter: {xray: {}}}}]}\n", "AWS_REGION"},
		"no key":              {"file_format: \"1.0\"\ntracer_provider: {processors: [{batch: {exporter: {newrelic: {}}}}]}\n", "NEW_RELIC_LICENSE_KEY"},
		"unknown sampler":     {processors + "sampler: {dice: {}}}\n", "sampler: want always_on"},
		"sampler's settings":  {processors + "sampler: {xray: {rate: 1}}}\n", "rate"},
		"xray not the root":   {processors + "sampler: {parent_based: {remote_parent_sampled: {xray: {}}}}}\n", "root alone"},
		"password":            {"file_format: \"1.0\"\ntracer_provider: {processors: [{batch: {exporter: {otlp_http: {endpoint: \"ftp://a:secret@b\"}}}}]}\n", "endpoint"},
		"unknown propagator":  {"file_format: \"1.0\"\npropagator: {composite_list: \"xray,pigeon\"}\n", "pigeon"},
	} {
		configure(t, tt.content)
		sdk, err := telemetry.Start(t.Context(), telemetry.WithoutGlobals())
		if err == nil || !strings.Contains(err.Error(), "OTEL_CONFIG_FILE=") || !strings.Contains(err.Error(), tt.problem) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v", name, err)
		}
		if err := sdk.Shutdown(t.Context()); err != nil {
			t.Error(err)
		}
	}
	t.Setenv("OTEL_CONFIG_FILE", "/nowhere/otel.yaml")
	if _, err := telemetry.Start(t.Context(), telemetry.WithoutGlobals()); err == nil || !strings.Contains(err.Error(), "/nowhere/otel.yaml") {
		t.Errorf("missing file: %v", err)
	}
}
