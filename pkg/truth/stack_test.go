package truth

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/bragg-tracing/bragg/pkg/collector"
	"github.com/bragg-tracing/bragg/pkg/collector/collectortest"
	"github.com/bragg-tracing/bragg/pkg/newrelic/sink"
	"github.com/bragg-tracing/bragg/pkg/sdk/licensekey"
	"github.com/bragg-tracing/bragg/pkg/xraylocal"
)

// stack is what all tests share: a collector with both backends.
var stack struct {
	xray      *xraylocal.Server
	sink      *sink.Sink
	tap       *tap // between the collector and the sink
	tapServer *httptest.Server
	collector *collector.Collector
	otlp      string // the collector's endpoint
	daemon    string // the address of its receiver of the daemon's protocol
}

func TestMain(m *testing.M) {
	flag.Parse()
	if child := os.Getenv(childVariable); child != "" {
		lambdaChild(child) // does not return
	}
	os.Exit(run(m))
}

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "truth-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	if err := errors.Join(isolate(), startStack(dir)); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	code := m.Run()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	err = errors.Join(stopPostgres(), stack.collector.Shutdown(ctx))
	stack.tapServer.Close()
	http.DefaultTransport.(*http.Transport).CloseIdleConnections() // the tap's
	err = errors.Join(err, stack.sink.Close(ctx), stack.xray.Close(ctx))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	if err := goleak.Find(goleak.IgnoreTopFunction("go.opencensus.io/stats/view.(*worker).start")); err != nil && code == 0 {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return code
}

// isolate keeps accounts, agents and Lambda out of the tests.
func isolate() error {
	for _, variable := range os.Environ() {
		name, _, _ := strings.Cut(variable, "=")
		for _, prefix := range []string{"AWS_", "NEW_RELIC_", "OTEL_", "ECS_", "_X_AMZN", "PG"} {
			if strings.HasPrefix(name, prefix) {
				os.Unsetenv(name)
			}
		}
	}
	var errs []error
	for name, value := range map[string]string{
		"AWS_ACCESS_KEY_ID": "BRAGGLOCAL", "AWS_SECRET_ACCESS_KEY": "not-a-secret", "AWS_REGION": "us-east-1",
		"AWS_EC2_METADATA_DISABLED": "true", "OTEL_BSP_SCHEDULE_DELAY": "50", // milliseconds: a server's span ends after its client's
		"AWS_CONFIG_FILE": os.DevNull, "AWS_SHARED_CREDENTIALS_FILE": os.DevNull,
	} {
		errs = append(errs, os.Setenv(name, value))
	}
	return errors.Join(errs...)
}

func startStack(dir string) (err error) {
	quiet := slog.New(slog.DiscardHandler)
	stack.xray, err = xraylocal.Open(xraylocal.Config{Dir: filepath.Join(dir, "xray"), Listen: "127.0.0.1:0", Logger: quiet})
	if err != nil {
		return err
	}
	if err := stack.xray.Start(); err != nil {
		return err
	}
	stack.sink, err = sink.Open(sink.Config{Dir: filepath.Join(dir, "newrelic"), Listen: "127.0.0.1:0", Logger: quiet})
	if err != nil {
		return err
	}
	if err := stack.sink.Start(); err != nil {
		return err
	}
	if stack.tap, err = newTap(stack.sink.URL()); err != nil {
		return err
	}
	stack.tapServer = httptest.NewServer(stack.tap)
	env, err := collectortest.Ports()
	if err != nil {
		return err
	}
	maps.Copy(env, map[string]string{
		"BRAGG_BIND": "127.0.0.1", "BRAGG_XRAY_EXPORTERS": "[awsxray]", "BRAGG_NEWRELIC_EXPORTERS": "[otlp_http/newrelic]",
		"BRAGG_XRAY_ENDPOINT": "http://" + stack.xray.Addr(), "BRAGG_NEWRELIC_ENDPOINT": stack.tapServer.URL,
		"NEW_RELIC_LICENSE_KEY": licensekey.Local, "AWS_REGION": "us-east-1",
	})
	stack.otlp = "http://127.0.0.1:" + env["BRAGG_OTLP_GRPC_PORT"]
	stack.daemon = "127.0.0.1:" + env["BRAGG_DAEMON_PORT"]
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	config, err := collectortest.Configuration(dir)
	if err != nil {
		return err
	}
	stack.collector, err = collector.Start(ctx, collector.Options{ConfigFile: config, Env: env})
	return err
}
