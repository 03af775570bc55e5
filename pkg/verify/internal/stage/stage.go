// Package stage runs X-Ray Local, the New Relic sink and a collector in a test's
// process, with what the test wants to be wrong.
package stage

import (
	"context"
	"log/slog"
	"maps"
	"testing"
	"time"

	"github.com/bragg-tracing/bragg/pkg/collector"
	"github.com/bragg-tracing/bragg/pkg/collector/collectortest"
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
	env, err := collectortest.Ports()
	if err != nil {
		t.Fatal(err)
	}
	maps.Copy(env, map[string]string{
		"AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local", "AWS_REGION": "us-east-1",
		"BRAGG_XRAY_ENDPOINT": s.XRay, "BRAGG_NEWRELIC_ENDPOINT": s.NewRelic,
		"BRAGG_NEWRELIC_EXPORTERS": "[otlp_http/newrelic]", "NEW_RELIC_LICENSE_KEY": licensekey.Local,
	})
	maps.Copy(env, opts.Env)
	for name, value := range map[string]string{ // which the AWS SDK reads from the process
		"AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local", "AWS_EC2_METADATA_DISABLED": "true",
		"AWS_CONFIG_FILE": "/dev/null", "AWS_SHARED_CREDENTIALS_FILE": "/dev/null", "AWS_PROFILE": "",
	} {
		t.Setenv(name, value)
	}
	if opts.Config == "" { // a test does not wait for what a backend that is down would take
		if opts.Config, err = collectortest.Configuration(t.TempDir(), "    max_retries: 5\n", "    max_retries: 5\n    shutdown_timeout: 100ms\n"); err != nil {
			t.Fatal(err)
		}
	}
	c, err := collector.Start(t.Context(), collector.Options{ConfigFile: opts.Config, Env: env})
	if err != nil {
		t.Fatal(err)
	}
	stop(t, c.Shutdown)
	s.GRPC, s.HTTP, s.Daemon = "http://127.0.0.1:"+env["BRAGG_OTLP_GRPC_PORT"], "http://127.0.0.1:"+env["BRAGG_OTLP_HTTP_PORT"], "127.0.0.1:"+env["BRAGG_DAEMON_PORT"]
	s.Health, s.Metrics = "http://127.0.0.1:"+env["BRAGG_HEALTH_PORT"]+"/", "http://127.0.0.1:"+env["BRAGG_METRICS_PORT"]+"/metrics"
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
