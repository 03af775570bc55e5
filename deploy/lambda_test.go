package deploy

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/bragg-tracing/bragg/pkg/newrelic/sink"
	"github.com/bragg-tracing/bragg/pkg/sdk/licensekey"
	"github.com/bragg-tracing/bragg/pkg/xraylocal"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/store"
)

// TestLambda runs the function of deploy/lambda as Lambda does, with the runtime
// API of a test: it gets one event, and its environment is frozen after the
// answer until there is another, so the spans must have left by then.
func TestLambda(t *testing.T) {
	if testing.Short() {
		t.Skip("builds and runs programs")
	}
	t.Parallel()
	bootstrap := filepath.Join(t.TempDir(), "bootstrap")
	build := exec.Command("go", "build", "-o", bootstrap, ".") // it is killed, so it could tell of no race
	build.Dir = "lambda/function"
	if output, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build the function: %v\n%s", err, output)
	}
	t.Run("by the daemon", func(t *testing.T) {
		xray, newrelic := freeAddress(t), freeAddress(t)
		local, _ := startBackends(t, xray, newrelic)
		// Lambda's daemon is not to be had; the collector's receiver reads the same.
		daemon := startCollector(t, []string{"../otel-collector.yaml"}, freePorts(t), map[string]string{"BRAGG_XRAY_ENDPOINT": "http://" + xray})
		trace := invoke(t, bootstrap, nil, "OTEL_TRACES_EXPORTER=xrayudp", "AWS_XRAY_DAEMON_ADDRESS="+daemon.address("DAEMON"))
		awaitSegments(t, local, trace)
	})
	segments, spans := []string{"checkout", "decide"}, []string{"POST /orders", "decide"}
	for _, c := range []struct {
		export         string
		xray, newRelic []string
	}{
		{"xray", segments, nil},
		{"newrelic", nil, spans},
		{"xray,newrelic", segments, spans},
	} {
		t.Run("by "+c.export, func(t *testing.T) {
			xray, newrelic := freeAddress(t), freeAddress(t)
			local, sink := startBackends(t, xray, newrelic)
			trace := invoke(t, bootstrap, nil, "OTEL_TRACES_EXPORTER="+c.export,
				"AWS_ENDPOINT_URL_XRAY=http://"+xray, "AWS_ACCESS_KEY_ID=local", "AWS_SECRET_ACCESS_KEY=local",
				"BRAGG_NEWRELIC_ENDPOINT=http://"+newrelic, "NEW_RELIC_LICENSE_KEY="+licensekey.Local)
			wantAtFreeze(t, "X-Ray", segmentsOf(t, local, trace), c.xray)
			wantAtFreeze(t, "New Relic", spansOf(t, sink, trace), c.newRelic)
		})
	}
	t.Run("by the daemon and to New Relic", func(t *testing.T) {
		xray, newrelic := freeAddress(t), freeAddress(t)
		local, sink := startBackends(t, xray, newrelic)
		daemon := startCollector(t, []string{"../otel-collector.yaml"}, freePorts(t), map[string]string{
			"BRAGG_XRAY_ENDPOINT": "http://" + xray, "BRAGG_NEWRELIC_EXPORTERS": "[debug/off]",
		})
		trace := invoke(t, bootstrap, nil, "OTEL_TRACES_EXPORTER=xrayudp,newrelic", "AWS_XRAY_DAEMON_ADDRESS="+daemon.address("DAEMON"),
			"BRAGG_NEWRELIC_ENDPOINT=http://"+newrelic, "NEW_RELIC_LICENSE_KEY="+licensekey.Local)
		wantAtFreeze(t, "New Relic", spansOf(t, sink, trace), spans)
		awaitSegments(t, local, trace)
	})
	t.Run("by the collector of the layer", func(t *testing.T) {
		xray, newrelic := freeAddress(t), freeAddress(t)
		local, sink := startBackends(t, xray, newrelic)
		ports := freePorts(t)
		layer := startCollector(t, []string{
			"lambda/function/collector.yaml",
			"yaml:receivers::otlp::protocols::grpc::endpoint: 127.0.0.1:" + ports["OTLP_GRPC"],
			"yaml:receivers::otlp::protocols::http::endpoint: 127.0.0.1:" + ports["OTLP_HTTP"],
			"yaml:exporters::awsxray::endpoint: http://" + xray,
			"yaml:exporters::awsxray::sending_queue::enabled: false", // ADOT's has none
			"yaml:extensions::health_check::endpoint: 127.0.0.1:" + ports["HEALTH"],
			"yaml:service::extensions: [health_check]",
			"yaml:service::telemetry::metrics::level: none",
		}, ports, map[string]string{
			"AWS_REGION": "us-east-1", "NEW_RELIC_LICENSE_KEY": licensekey.Local, "BRAGG_NEWRELIC_ENDPOINT": "http://" + newrelic,
		})
		// Lambda freezes the layer with the function.
		freeze := func() { layer.cmd.Process.Signal(syscall.SIGSTOP) }  //nolint:errcheck // the test sees
		t.Cleanup(func() { layer.cmd.Process.Signal(syscall.SIGCONT) }) //nolint:errcheck // it has ended
		trace := invoke(t, bootstrap, freeze, "OTEL_TRACES_EXPORTER=otlp", "OTEL_EXPORTER_OTLP_ENDPOINT=http://"+layer.address("OTLP_GRPC"))
		wantAtFreeze(t, "X-Ray", segmentsOf(t, local, trace), segments)
		wantAtFreeze(t, "New Relic", spansOf(t, sink, trace), spans)
	})
}

func wantAtFreeze(t *testing.T, backend string, names, want []string) {
	t.Helper()
	if slices.Sort(names); !slices.Equal(names, want) {
		t.Errorf("%s has %q when the function is frozen, want %q", backend, names, want)
	}
}

func spansOf(t *testing.T, s *sink.Sink, trace string) (names []string) {
	t.Helper()
	spans, err := s.Spans(t.Context(), trace)
	if err != nil {
		t.Fatal(err)
	}
	for _, span := range spans {
		names = append(names, span.Name)
	}
	return names
}

// segmentsOf returns the names of a trace's segments and subsegments, but for
// those of services that sent none.
func segmentsOf(t *testing.T, local *xraylocal.Server, trace string) (names []string) {
	t.Helper()
	err := local.Store().Entities(t.Context(), func(e store.Entity) error {
		if strings.ReplaceAll(strings.TrimPrefix(e.TraceID, "1-"), "-", "") == trace && !e.Inferred {
			names = append(names, e.Name)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

// awaitSegments waits until X-Ray has the two spans of an invocation.
func awaitSegments(t *testing.T, local *xraylocal.Server, trace string) {
	t.Helper()
	deadline := time.Now().Add(30 * time.Second)
	for {
		names := segmentsOf(t, local, trace)
		if len(names) == 2 {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("X-Ray has %q of trace %s, want two", names, trace)
		}
		time.Sleep(50 * time.Millisecond) // another process: there is nothing to wait on
	}
}

// invoke starts the function, hands it one event and returns the trace's id when
// the function asks for the next. Lambda would freeze it then; here it is killed,
// and what it has not sent is lost. What else is frozen, freeze freezes.
func invoke(t *testing.T, bootstrap string, freeze func(), env ...string) string {
	t.Helper()
	trace := fmt.Sprintf("%08x%024x", time.Now().Unix(), time.Now().UnixNano())
	answer, idle := make(chan string, 1), make(chan struct{})
	asked := 0
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			body, _ := io.ReadAll(r.Body)
			answer <- string(body)
			w.WriteHeader(http.StatusAccepted)
			return
		}
		if asked++; asked > 1 {
			if freeze != nil {
				freeze()
			}
			close(idle)
			<-r.Context().Done() // until the function is killed
			return
		}
		w.Header().Set("Lambda-Runtime-Aws-Request-Id", "8476a536-e9f4-11e8-9739-2dfe598c3fcd")
		w.Header().Set("Lambda-Runtime-Deadline-Ms", fmt.Sprint(time.Now().Add(time.Minute).UnixMilli()))
		w.Header().Set("Lambda-Runtime-Invoked-Function-Arn", "arn:aws:lambda:us-east-1:123456789012:function:checkout")
		w.Header().Set("Lambda-Runtime-Trace-Id", "Root=1-"+trace[:8]+"-"+trace[8:]+";Parent=53995c3f42cd8ad8;Sampled=1")
		fmt.Fprint(w, `{"version":"2.0","routeKey":"POST /orders","rawPath":"/orders","body":"{\"client\":\"c-1\",\"amount\":100}",
			"requestContext":{"http":{"method":"POST","path":"/orders"}}}`)
	}))
	t.Cleanup(api.Close)
	function := exec.Command(bootstrap)
	function.Env = append([]string{
		"AWS_LAMBDA_RUNTIME_API=" + strings.TrimPrefix(api.URL, "http://"), "AWS_LAMBDA_FUNCTION_NAME=checkout", "AWS_REGION=us-east-1",
		"OTEL_SERVICE_NAME=checkout", "OTEL_METRICS_EXPORTER=none", "OTEL_LOGS_EXPORTER=none",
	}, env...)
	var output bytes.Buffer
	function.Stdout, function.Stderr = &output, &output
	if err := function.Start(); err != nil {
		t.Fatal(err)
	}
	defer function.Wait()         //nolint:errcheck // it is killed
	defer function.Process.Kill() //nolint:errcheck // it may have ended
	select {
	case <-idle:
	case <-time.After(time.Minute):
		t.Fatalf("the function has not answered: %s", output.String())
	}
	if got := <-answer; !strings.Contains(got, `"statusCode":200`) {
		t.Errorf("the function answered %s", got)
	}
	return trace
}
