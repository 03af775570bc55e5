package demo

import (
	"context"
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-xray-sdk-go/v2/strategy/sampling"
	"github.com/aws/aws-xray-sdk-go/v2/xray"
	gocmp "github.com/google/go-cmp/cmp"
)

// TestDroppedSegment checks that a dropped segment is missing with all that is
// in it, and nothing else.
func TestDroppedSegment(t *testing.T) {
	s, c, recorder := startStack(t, func(cfg *Config) { cfg.DropLegacySegment = 2 })
	var traces []string
	for range 3 {
		_, trace, _ := send(t, s, ViaLegacy, nil)
		traces = append(traces, trace)
	}
	flush(t, s)
	deadline := time.Now().Add(time.Minute)
	for len(missingSpans(recorder, c.spans())) > 7 && time.Now().Before(deadline) {
		time.Sleep(time.Millisecond)
	}
	missing := missingSpans(recorder, c.spans())
	if len(missing) != 7 {
		t.Fatalf("%d spans are missing: %v", len(missing), missing)
	}
	for _, m := range missing {
		if m.Service != Legacy || m.TraceID != traces[1] {
			t.Errorf("%v is missing too", m)
		}
	}
}

// emit makes a segment with an SDK that is configured as the legacy service's.
func emit(t *testing.T, daemon string, recorder *Recorder, fill func(context.Context)) {
	t.Helper()
	e, err := newLegacyEmitter(t.Context(), &Config{DaemonAddress: daemon, Recorder: recorder})
	if err != nil {
		t.Fatal(err)
	}
	sampler, err := sampling.NewLocalizedStrategyFromJSONBytes([]byte(everything))
	if err != nil {
		t.Fatal(err)
	}
	ctx := context.WithValue(t.Context(), xray.RecorderContextKey{},
		&xray.Config{Emitter: e, StreamingStrategy: e, SamplingStrategy: sampler})
	ctx, root := xray.BeginSegment(ctx, "root")
	fill(ctx)
	root.Close(nil)
}

// TestStreamedSubsegments has more subsegments than the SDK sends in a document.
func TestStreamedSubsegments(t *testing.T) {
	c, recorder := startCollector(t), NewRecorder()
	emit(t, c.daemon, recorder, func(ctx context.Context) {
		for range 15 {
			xray.Capture(ctx, "outer", func(ctx context.Context) error {
				return xray.Capture(ctx, "inner", func(context.Context) error { return nil })
			})
		}
	})
	if got := len(recorder.Spans()); got != 31 {
		t.Fatalf("%d segments recorded, want 31", got)
	}
	c.await(t, recorder)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.packets < 2 {
		t.Errorf("%d datagrams: nothing was streamed", c.packets)
	}
}

// TestSecondEmit checks that a segment that the SDK emits again is left out.
func TestSecondEmit(t *testing.T) {
	c, recorder := startCollector(t), NewRecorder()
	var root *xray.Segment
	emit(t, c.daemon, recorder, func(ctx context.Context) {
		root = xray.GetSegment(ctx)
		xray.Capture(ctx, "child", func(context.Context) error { return nil })
	})
	e := root.Configuration.Emitter.(*legacyEmitter)
	root.Close(nil) // emits again
	_, last := xray.BeginSegment(context.WithValue(t.Context(), xray.RecorderContextKey{}, root.Configuration), "last")
	last.Close(nil) // through the same socket, so it arrives after what went before
	c.await(t, recorder)
	if got, want := len(c.spans()), len(recorder.Spans()); got != want || want != 3 {
		t.Errorf("%d segments arrived, %d were recorded, want 3", got, want)
	}
	if n := e.emitted.Load(); n != 2 {
		t.Errorf("%d segments emitted, want 2", n)
	}
}

func TestResolveDaemon(t *testing.T) {
	for _, c := range []struct{ name, address, want string }{
		{"default", "", "127.0.0.1:2000"},
		{"host and port", "127.0.0.2:3000", "127.0.0.2:3000"},
		{"name", "localhost:3000", "127.0.0.1:3000"},
		{"IPv6", "[::1]:2000", "[::1]:2000"},
		{"both", "tcp:127.0.0.1:2000 udp:127.0.0.2:2001", "127.0.0.2:2001"},
		{"both, the other order", "udp:127.0.0.2:2001 tcp:127.0.0.1:2000", "127.0.0.2:2001"},
		{"no port", "127.0.0.1", ""},
		{"bad port", "127.0.0.1:port", ""},
		{"port out of range", "127.0.0.1:70000", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := resolveDaemon(t.Context(), c.address)
			if (err != nil) != (c.want == "") {
				t.Fatalf("error %v", err)
			}
			if err != nil {
				return
			}
			var _ *net.UDPAddr = got
			if diff := gocmp.Diff(c.want, got.String()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestBadDaemonVariable starts a program that has the SDK in it, among
// variables with which the SDK panics before main.
func TestBadDaemonVariable(t *testing.T) {
	if os.Getenv("DEMO_TEST_CHILD") != "" {
		if got := os.Getenv("AWS_XRAY_DAEMON_ADDRESS"); got != "not an address" {
			t.Errorf("the variable is %q now", got)
		}
		return
	}
	child := exec.Command(os.Args[0], "-test.run=^TestBadDaemonVariable$", "-test.v")
	child.Env = append(os.Environ(), "DEMO_TEST_CHILD=1", "AWS_XRAY_DAEMON_ADDRESS=not an address")
	out, err := child.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "PASS") {
		t.Errorf("%v: %s", err, out)
	}
}
