package awsxrayreceiver

import (
	"context"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/receiver"
	"go.opentelemetry.io/collector/receiver/receivertest"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"
)

const header = `{"format": "json", "version": 1}` + "\n"

// A running is a started receiver with what it tells.
type running struct {
	*xrayReceiver
	conn    net.Conn // to the UDP port
	logs    *observer.ObservedLogs
	metrics *sdkmetric.ManualReader
}

func testConfig() *Config {
	cfg := createDefaultConfig().(*Config)
	cfg.Endpoint, cfg.ProxyServer.Endpoint = "127.0.0.1:0", "127.0.0.1:0"
	cfg.ProxyServer.LocalMode, cfg.ProxyServer.Region = true, "us-east-1"
	return cfg
}

// start starts a receiver, which the test's end shuts down.
func start(t *testing.T, cfg *Config, next consumer.Traces) *running {
	t.Helper()
	set, r := settings()
	var err error
	if r.xrayReceiver, err = newReceiver(set, cfg, next); err != nil {
		t.Fatal(err)
	}
	if err := r.Start(t.Context(), componenttest.NewNopHost()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.Shutdown(context.Background()); err != nil {
			t.Error(err)
		}
	})
	if r.conn, err = net.Dial("udp", r.listener.Addr().String()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.conn.Close() })
	return r
}

func settings() (receiver.Settings, *running) {
	core, logs := observer.New(zapcore.InfoLevel)
	r := &running{logs: logs, metrics: sdkmetric.NewManualReader()}
	set := receivertest.NewNopSettings(NewFactory().Type())
	set.Logger = zap.New(core)
	set.MeterProvider = sdkmetric.NewMeterProvider(sdkmetric.WithReader(r.metrics))
	return set, r
}

func (r *running) send(t *testing.T, document string) {
	t.Helper()
	if _, err := r.conn.Write([]byte(header + document)); err != nil {
		t.Fatal(err)
	}
}

// counted returns the value of one of the receiver's counters; with a reason,
// that of the reason.
func (r *running) counted(t *testing.T, name string, why reason) int64 {
	t.Helper()
	var all metricdata.ResourceMetrics
	if err := r.metrics.Collect(context.Background(), &all); err != nil {
		t.Fatal(err)
	}
	var n int64
	for _, scope := range all.ScopeMetrics {
		for _, m := range scope.Metrics {
			if m.Name != "otelcol_receiver_awsxray_"+name {
				continue
			}
			for _, point := range m.Data.(metricdata.Sum[int64]).DataPoints {
				if v, _ := point.Attributes.Value("reason"); why == "" || v.AsString() == string(why) {
					n += point.Value
				}
			}
		}
	}
	return n
}

// A sink hands on what it consumes.
type sink chan ptrace.Traces

func (s sink) Capabilities() consumer.Capabilities { return consumer.Capabilities{} }

func (s sink) ConsumeTraces(_ context.Context, td ptrace.Traces) error {
	s <- td
	return nil
}

// next returns the next batch.
func (s sink) next(t *testing.T) ptrace.Traces {
	t.Helper()
	select {
	case td := <-s:
		return td
	case <-time.After(20 * time.Second):
		t.Fatal("no spans came")
		return ptrace.Traces{}
	}
}

// documents returns the documents of testdata by name.
func documents(t testing.TB) map[string]string {
	t.Helper()
	paths, err := filepath.Glob("testdata/documents/*.json")
	if err != nil || len(paths) == 0 {
		t.Fatalf("testdata: %v, %d documents", err, len(paths))
	}
	all := map[string]string{}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		all[strings.TrimSuffix(filepath.Base(path), ".json")] = string(text)
	}
	return all
}
