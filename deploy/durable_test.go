package deploy

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"log/slog"
	"net/http"
	"os/exec"
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
	t.Parallel()
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

	local, newrelic := startBackends(t, d.xray, d.newrelic)
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
	queues         string
	xray, newrelic string // addresses
	ports          map[string]string
}

func newDurable(t *testing.T) *durable {
	t.Helper()
	d := &durable{queues: t.TempDir(), ports: freePorts(t)}
	d.xray, d.newrelic = freeAddress(t), freeAddress(t)
	return d
}

// startCollector returns when the collector is healthy.
func (d *durable) startCollector(t *testing.T) *exec.Cmd {
	t.Helper()
	configs := []string{
		"../otel-collector.yaml", "collector/durable.yaml",
		// A test has no time to wait as long as a backend deserves.
		"yaml:exporters::awsxray::retry_on_failure::max_interval: 1s",
		"yaml:exporters::otlp_http/newrelic::retry_on_failure::max_interval: 1s",
	}
	return startCollector(t, configs, d.ports, map[string]string{
		"BRAGG_XRAY_ENDPOINT": "http://" + d.xray, "BRAGG_NEWRELIC_ENDPOINT": "http://" + d.newrelic,
		"BRAGG_NEWRELIC_EXPORTERS": "[otlp_http/newrelic]", "NEW_RELIC_LICENSE_KEY": licensekey.Local,
		"BRAGG_QUEUE_DIR": d.queues,
	}).cmd
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

// startBackends starts X-Ray Local and the New Relic sink at these addresses.
func startBackends(t *testing.T, xray, newrelicAddress string) (*xraylocal.Server, *sink.Sink) {
	t.Helper()
	quiet := slog.New(slog.DiscardHandler)
	local, err := xraylocal.Open(xraylocal.Config{Dir: t.TempDir(), Listen: xray, Logger: quiet})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closeBackend(t, local.Close) })
	newrelic, err := sink.Open(sink.Config{Dir: t.TempDir(), Listen: newrelicAddress, Logger: quiet})
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
