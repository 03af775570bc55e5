// Package stage runs X-Ray Local, the New Relic sink and a collector in a test's
// process, with what the test wants to be wrong.
package stage

import (
	"context"
	"log/slog"
	"maps"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/bragg-tracing/bragg/pkg/collector"
	"github.com/bragg-tracing/bragg/pkg/newrelic/sink"
	"github.com/bragg-tracing/bragg/pkg/sdk/licensekey"
	"github.com/bragg-tracing/bragg/pkg/xraylocal"
)

// Options say what differs from a stage where everything is right.
type Options struct {
	Env    map[string]string // of the collector
	Sink   sink.Config
	Config string // the collector's configuration file, the built-in if empty
}

// A Stage is a collector with both backends. Everything stops with the test.
type Stage struct {
	GRPC, HTTP   string // base URLs of OTLP
	Daemon       string // host:port of the X-Ray daemon's protocol
	Health       string // URL
	Metrics      string // URL
	XRay         string // URL of X-Ray Local
	NewRelic     string // URL of the sink
	XRayServer   *xraylocal.Server
	NewRelicSink *sink.Sink
}

const stopLimit = 10 * time.Second

// Start starts a stage.
func Start(t *testing.T, opts Options) *Stage {
	t.Helper()
	quiet := slog.New(slog.DiscardHandler)
	local, err := xraylocal.Open(xraylocal.Config{Dir: t.TempDir(), Listen: "127.0.0.1:0", Logger: quiet})
	if err != nil {
		t.Fatal(err)
	}
	stop(t, local.Close)
	if err := local.Start(); err != nil {
		t.Fatal(err)
	}
	cfg := opts.Sink
	cfg.Dir, cfg.Listen, cfg.Logger = t.TempDir(), "127.0.0.1:0", quiet
	newrelic, err := sink.Open(cfg)
	if err != nil {
		t.Fatal(err)
	}
	stop(t, newrelic.Close)
	if err := newrelic.Start(); err != nil {
		t.Fatal(err)
	}
	s := &Stage{XRay: "http://" + local.Addr(), NewRelic: newrelic.URL(), XRayServer: local, NewRelicSink: newrelic}
	s.startCollector(t, opts)
	return s
}

func (s *Stage) startCollector(t *testing.T, opts Options) {
	t.Helper()
	ports := freePorts(t, 5)
	env := map[string]string{
		"AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local", "AWS_REGION": "us-east-1",
		"BRAGG_XRAY_ENDPOINT": s.XRay, "BRAGG_NEWRELIC_ENDPOINT": s.NewRelic,
		"BRAGG_NEWRELIC_EXPORTERS": "[otlp_http/newrelic]", "NEW_RELIC_LICENSE_KEY": licensekey.Local,
		"BRAGG_OTLP_GRPC_PORT": ports[0], "BRAGG_OTLP_HTTP_PORT": ports[1], "BRAGG_DAEMON_PORT": ports[2],
		"BRAGG_HEALTH_PORT": ports[3], "BRAGG_METRICS_PORT": ports[4],
	}
	maps.Copy(env, opts.Env)
	for name, value := range map[string]string{ // which the AWS SDK reads from the process
		"AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local", "AWS_EC2_METADATA_DISABLED": "true",
		"AWS_CONFIG_FILE": "/dev/null", "AWS_SHARED_CREDENTIALS_FILE": "/dev/null", "AWS_PROFILE": "",
	} {
		t.Setenv(name, value)
	}
	if opts.Config == "" { // a test does not wait for what a backend that is down would take
		opts.Config = filepath.Join(t.TempDir(), "otel-collector.yaml")
		text := strings.Replace(collector.DefaultConfig, "    max_retries: 5\n", "    max_retries: 5\n    shutdown_timeout: 100ms\n", 1)
		// The memory limiter of collector v0.159.0, which pipelines share, has a data
		// race: one that starts writes the host that the first check of another reads.
		text = strings.Replace(text, "check_interval: 5s", "check_interval: 1h", 1)
		if err := os.WriteFile(opts.Config, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	c, err := collector.Start(t.Context(), collector.Options{ConfigFile: opts.Config, Env: env})
	if err != nil {
		t.Fatal(err)
	}
	stop(t, c.Shutdown)
	s.GRPC, s.HTTP, s.Daemon = "http://127.0.0.1:"+ports[0], "http://127.0.0.1:"+ports[1], "127.0.0.1:"+ports[2]
	s.Health, s.Metrics = "http://127.0.0.1:"+ports[3]+"/", "http://127.0.0.1:"+ports[4]+"/metrics"
}

func stop(t *testing.T, f func(context.Context) error) {
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), stopLimit)
		defer cancel()
		if err := f(ctx); err != nil {
			t.Errorf("stop: %v", err)
		}
	})
}

// freePorts returns ports that were free for TCP and UDP a moment ago.
func freePorts(t *testing.T, n int) []string {
	t.Helper()
	var ports []string
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		_, port, _ := net.SplitHostPort(l.Addr().String())
		ports = append(ports, port)
	}
	return ports
}
