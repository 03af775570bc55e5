package telemetry_test

import (
	"context"
	"testing"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/log"
	collectorlogs "go.opentelemetry.io/proto/otlp/collector/logs/v1"

	"github.com/bragg-tracing/bragg/pkg/sdk/telemetry"
)

// count adds 1 to a counter.
func count(t *testing.T, sdk *telemetry.SDK) {
	t.Helper()
	counter, err := sdk.MeterProvider().Meter("test").Int64Counter("requests")
	if err != nil {
		t.Fatal(err)
	}
	counter.Add(context.Background(), 1)
}

// emit emits a log record.
func emit(sdk *telemetry.SDK, text string) {
	var r log.Record
	r.SetBody(attribute.StringValue(text))
	sdk.LoggerProvider().Logger("test").Emit(context.Background(), r)
}

// logsService takes log records; see metricsService.
type logsService struct {
	collectorlogs.UnimplementedLogsServiceServer
	*collector
}

func (s logsService) Export(_ context.Context, r *collectorlogs.ExportLogsServiceRequest) (*collectorlogs.ExportLogsServiceResponse, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.logs = append(s.logs, r)
	return &collectorlogs.ExportLogsServiceResponse{}, nil
}

// records returns the bodies of all log records that arrived.
func (c *collector) records() (bodies []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, r := range c.logs {
		for _, rl := range r.ResourceLogs {
			for _, sl := range rl.ScopeLogs {
				for _, record := range sl.LogRecords {
					bodies = append(bodies, record.Body.GetStringValue())
				}
			}
		}
	}
	return bodies
}

func TestLogs(t *testing.T) {
	for _, protocol := range []string{"grpc", "http/protobuf"} {
		t.Run(protocol, func(t *testing.T) {
			clearEnvironment(t)
			t.Setenv("OTEL_EXPORTER_OTLP_PROTOCOL", protocol)
			var c *collector
			if protocol == "grpc" {
				c = startGRPCCollector(t)
			} else {
				c = startHTTPCollector(t, "/base")
			}
			sdk := start(t, telemetry.WithEndpoint(c.url))
			emit(sdk, "hello")
			if err := sdk.Flush(t.Context()); err != nil {
				t.Fatal(err)
			}
			if got := c.records(); len(got) != 1 || got[0] != "hello" {
				t.Errorf("records: %q", got)
			}
		})
	}
}

func TestLogsOff(t *testing.T) {
	clearEnvironment(t)
	c := startGRPCCollector(t)
	t.Setenv("OTEL_LOGS_EXPORTER", "none")
	for _, opts := range [][]telemetry.Option{{telemetry.WithEndpoint(c.url)}, {telemetry.WithEndpoint(c.url), telemetry.WithoutLogs()}} {
		sdk := start(t, opts...)
		emit(sdk, "hello")
		if err := sdk.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
		t.Setenv("OTEL_LOGS_EXPORTER", "")
	}
	if got := c.records(); len(got) != 0 {
		t.Errorf("records: %q", got)
	}
}
