package deploy

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"

	"github.com/bragg-tracing/bragg/pkg/newrelic/sink"
	"github.com/bragg-tracing/bragg/pkg/sdk/licensekey"
	"github.com/bragg-tracing/bragg/pkg/xraylocal"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/store"
)

// TestDurableLosesNothingThatWasAccepted kills a collector with durable.yaml
// amid an outage of both backends, and looks for every span that it had
// answered 200 for after both are back.
func TestDurableLosesNothingThatWasAccepted(t *testing.T) {
	if testing.Short() {
		t.Skip("builds and kills the collector")
	}
	const requests, spansPerRequest = 40, 100
	d := newDurable(t)
	killed := d.startCollector(t)
	for i := range requests {
		d.send(t, i, spansPerRequest)
	}
	if err := killed.Process.Kill(); err != nil { // SIGKILL: nothing is flushed
		t.Fatal(err)
	}
	killed.Wait() //nolint:errcheck // it was killed

	local, newrelic := d.startBackends(t)
	d.startCollector(t)
	const want = requests * spansPerRequest
	deadline := time.Now().Add(time.Minute)
	for {
		segments, spans := map[string]bool{}, map[string]bool{}
		if err := local.Store().Entities(t.Context(), func(e store.Entity) error { segments[e.ID] = true; return nil }); err != nil {
			t.Fatal(err)
		}
		if err := newrelic.EachSpanID(t.Context(), func(_, id string) error { spans[id] = true; return nil }); err != nil {
			t.Fatal(err)
		}
		if len(segments) == want && len(spans) == want {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("X-Ray Local has %d segments and the sink %d spans of %d that were accepted", len(segments), len(spans), want)
		}
		time.Sleep(100 * time.Millisecond) // the stores have no signal to wait for
	}
}

// durable is a collector with queues on disk, and where its backends will be.
type durable struct {
	program        string
	queues         string
	xray, newrelic string // addresses
	ports          map[string]string
}

func newDurable(t *testing.T) *durable {
	t.Helper()
	d := &durable{program: filepath.Join(t.TempDir(), "collector"), queues: t.TempDir(), ports: map[string]string{}}
	build := exec.Command("go", append(append([]string{"build"}, buildMode...), "-o", d.program, "../cmd/collector")...)
	if output, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build the collector: %v\n%s", err, output)
	}
	for _, name := range []string{"OTLP_GRPC", "OTLP_HTTP", "DAEMON", "HEALTH", "METRICS"} {
		_, d.ports[name], _ = net.SplitHostPort(freeAddress(t))
	}
	d.xray, d.newrelic = freeAddress(t), freeAddress(t)
	return d
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// startCollector returns when the collector is healthy.
func (d *durable) startCollector(t *testing.T) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(d.program, "--config", "../otel-collector.yaml", "--config", "collector/durable.yaml")
	cmd.Env = []string{
		"HOME=" + t.TempDir(), "GORACE=exitcode=0", // the collector's core races: see the rehearsal
		"AWS_ACCESS_KEY_ID=local", "AWS_SECRET_ACCESS_KEY=local", "AWS_EC2_METADATA_DISABLED=true",
		"BRAGG_XRAY_ENDPOINT=http://" + d.xray, "BRAGG_NEWRELIC_ENDPOINT=http://" + d.newrelic,
		"BRAGG_NEWRELIC_EXPORTERS=[otlp_http/newrelic]", "NEW_RELIC_LICENSE_KEY=" + licensekey.Local,
		"BRAGG_QUEUE_DIR=" + d.queues,
	}
	for name, port := range d.ports {
		cmd.Env = append(cmd.Env, "BRAGG_"+name+"_PORT="+port)
	}
	var output bytes.Buffer
	cmd.Stdout, cmd.Stderr = &output, &output
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if cmd.ProcessState == nil {
			cmd.Process.Signal(os.Interrupt) //nolint:errcheck // it may have ended
			cmd.Wait()                       //nolint:errcheck // killed or interrupted
		}
		if t.Failed() {
			t.Logf("the collector said:\n%s", output.String())
		}
	})
	for range 300 {
		resp, err := http.Get("http://127.0.0.1:" + d.ports["HEALTH"])
		if err == nil {
			resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return cmd
			}
		}
		time.Sleep(100 * time.Millisecond) // a process has no other signal
	}
	t.Fatal("the collector is not healthy after 30 s")
	return nil
}

// send posts spans, each with an id of its own, and wants them accepted.
func (d *durable) send(t *testing.T, request, n int) {
	t.Helper()
	traces := ptrace.NewTraces()
	resource := traces.ResourceSpans().AppendEmpty()
	resource.Resource().Attributes().PutStr("service.name", "checkout")
	spans := resource.ScopeSpans().AppendEmpty().Spans()
	now := time.Now()
	for i := range n {
		var trace [16]byte
		var id [8]byte
		binary.BigEndian.PutUint32(trace[:], uint32(now.Unix()))
		binary.BigEndian.PutUint64(trace[8:], uint64(request+1))
		binary.BigEndian.PutUint64(id[:], uint64(request*n+i+1))
		s := spans.AppendEmpty()
		s.SetName(fmt.Sprint("step ", i))
		s.SetKind(ptrace.SpanKindServer)
		s.SetTraceID(trace)
		s.SetSpanID(id)
		s.SetStartTimestamp(1e9 * 1_790_000_000)
		s.SetEndTimestamp(1e9*1_790_000_000 + 1e6)
	}
	body, err := ptraceotlp.NewExportRequestFromTraces(traces).MarshalProto()
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.Post("http://127.0.0.1:"+d.ports["OTLP_HTTP"]+"/v1/traces", "application/x-protobuf", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		t.Fatalf("the collector answered %s amid the outage", resp.Status)
	}
}

// startBackends ends the outage.
func (d *durable) startBackends(t *testing.T) (*xraylocal.Server, *sink.Sink) {
	t.Helper()
	quiet := slog.New(slog.DiscardHandler)
	local, err := xraylocal.Open(xraylocal.Config{Dir: t.TempDir(), Listen: d.xray, Logger: quiet})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closeBackend(t, local.Close) })
	newrelic, err := sink.Open(sink.Config{Dir: t.TempDir(), Listen: d.newrelic, Logger: quiet})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closeBackend(t, newrelic.Close) })
	for _, start := range []func() error{local.Start, newrelic.Start} {
		if err := start(); err != nil {
			t.Fatal(err)
		}
	}
	return local, newrelic
}

func closeBackend(t *testing.T, stop func(context.Context) error) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if err := stop(ctx); err != nil {
		t.Error(err)
	}
}
