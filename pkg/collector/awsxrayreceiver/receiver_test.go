package awsxrayreceiver

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"
	"go.uber.org/zap/zapcore"

	"github.com/bragg-tracing/bragg/pkg/collector/awsxrayreceiver/passthrough"
	"github.com/bragg-tracing/bragg/pkg/segment/udp"
)

const minimal = `{"name":"shop","id":"70de5b6f19ff9a0a","start_time":1759637152.5,"end_time":1759637153,"trace_id":"1-68e1f2a0-aabbccddeeff001122334455"}`

// A counter consumes spans and counts them.
type counter struct {
	spans, calls atomic.Int64
	do           func(context.Context) error // nil: nothing
}

func (c *counter) Capabilities() consumer.Capabilities { return consumer.Capabilities{} }

func (c *counter) ConsumeTraces(ctx context.Context, td ptrace.Traces) error {
	if c.do != nil {
		if err := c.do(ctx); err != nil {
			return err
		}
	}
	c.spans.Add(int64(td.SpanCount()))
	c.calls.Add(1)
	return nil
}

// until waits for a condition that the counters will come to.
func until(t *testing.T, what string, condition func() bool) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !condition(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("waited for " + what)
		}
	}
}

// TestBurst sends as fast as it can, much more than any buffer holds.
func TestBurst(t *testing.T) {
	const sent = 20_000
	padding := strings.Replace(minimal, "{", `{"metadata":{"default":{"p":"`+strings.Repeat("x", 1500)+`"}},`, 1)
	for _, test := range []struct {
		name   string
		change func(*Config)
	}{
		{"as it comes", func(*Config) {}},
		{"a small kernel buffer", func(cfg *Config) { cfg.ReadBufferBytes = 4096 }},
		{"a small queue", func(cfg *Config) { cfg.QueueBytes = udp.MaxDatagram; cfg.NumWorkers = 1 }},
	} {
		t.Run(test.name, func(t *testing.T) {
			cfg, next := testConfig(), &counter{}
			test.change(cfg)
			r := start(t, cfg, next)
			for range sent {
				r.send(t, padding)
			}
			until(t, "the burst to be read", func() bool {
				r.send(t, minimal) // tells what the kernel has dropped
				return r.losses.received.Load()+r.counted(t, "dropped_documents", lostInSocket) >= sent
			})
			until(t, "the queue to be empty", func() bool { return len(r.listener.Datagrams()) == 0 })
			if err := r.Shutdown(t.Context()); err != nil {
				t.Fatal(err)
			}
			received, queued := r.losses.received.Load(), r.counted(t, "dropped_documents", lostInQueue)
			if got := next.spans.Load(); got != received-queued {
				t.Errorf("%d spans of %d datagrams with %d dropped", got, received, queued)
			}
			t.Logf("%d sent; dropped: %d by the kernel, %d by the queue; %d calls", sent, r.counted(t, "dropped_documents", lostInSocket), queued, next.calls.Load())
		})
	}
}

func TestASlowPipelineHoldsUpNobody(t *testing.T) {
	const sent = 1000
	release := make(chan struct{})
	next := &counter{do: func(context.Context) error { <-release; return nil }}
	cfg := testConfig()
	cfg.NumWorkers = 2
	r := start(t, cfg, next)
	for range sent {
		r.send(t, minimal)
	}
	until(t, "all to be read", func() bool { return r.counted(t, "received_datagrams", "") == sent })
	close(release)
	if err := r.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	if next.spans.Load() != sent {
		t.Errorf("%d spans of %d", next.spans.Load(), sent)
	}
	if calls := next.calls.Load(); calls > sent/10 {
		t.Errorf("%d calls: documents that wait are not combined", calls)
	}
}

func TestShutdownIsBounded(t *testing.T) {
	entered := make(chan struct{}, 10)
	next := &counter{do: func(ctx context.Context) error { entered <- struct{}{}; <-ctx.Done(); return ctx.Err() }}
	cfg := testConfig()
	cfg.NumWorkers = 1
	r := start(t, cfg, next)
	r.send(t, minimal)
	<-entered
	for range 5 {
		r.send(t, minimal)
	}
	until(t, "all to be read", func() bool { return r.counted(t, "received_datagrams", "") == 6 })
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if err := r.Shutdown(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error is %v", err)
	}
	until(t, "all to be counted", func() bool { return r.counted(t, "dropped_documents", "") == 6 })
}

func TestTakenPorts(t *testing.T) {
	udp, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer udp.Close()
	tcp, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer tcp.Close()
	for _, test := range []struct {
		name   string
		change func(*Config)
		want   string
	}{
		{"udp", func(cfg *Config) { cfg.Endpoint = udp.LocalAddr().String() }, "segments: listen udp"},
		{"tcp", func(cfg *Config) { cfg.ProxyServer.Endpoint = tcp.Addr().String() }, "sampling calls: listen tcp"},
	} {
		t.Run(test.name, func(t *testing.T) {
			cfg := testConfig()
			test.change(cfg)
			set, _ := settings()
			r, err := NewFactory().CreateTraces(t.Context(), set, cfg, &counter{})
			if err != nil {
				t.Fatalf("not started, and yet: %v", err)
			}
			if err := r.Start(t.Context(), componenttest.NewNopHost()); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error is %v, want %q", err, test.want)
			}
			if err := r.Shutdown(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestShutdownWithoutStart(t *testing.T) {
	set, _ := settings()
	r, err := NewFactory().CreateTraces(t.Context(), set, testConfig(), &counter{})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := r.Shutdown(t.Context()); err != nil {
			t.Error(err)
		}
	}
}

func TestNothingIsLoggedForAnEnd(t *testing.T) {
	r := start(t, testConfig(), &counter{})
	r.send(t, minimal)
	if err := r.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
	for _, entry := range r.logs.All() {
		if entry.Level > zapcore.InfoLevel {
			t.Errorf("logged: %s %v", entry.Message, entry.ContextMap())
		}
	}
}

func TestRefused(t *testing.T) {
	large := `{"name":"` + strings.Repeat("x", 64_000) + `"`
	for _, test := range []struct {
		name, datagram string
		why            reason
	}{
		{"no header", minimal, lostByFraming},
		{"a header only", header, lostByFraming},
		{"another format", `{"format":"xml","version":1}` + "\n" + minimal, lostByFraming},
		{"another version", `{"format":"json","version":2}` + "\n" + minimal, lostByFraming},
		{"no JSON", header + "no", lostByDocument},
		{"cut JSON", header + large, lostByDocument},
		{"null", header + "null", lostByDocument},
		{"a list", header + "[]", lostByDocument},
		{"two documents", header + minimal + minimal, lostByDocument},
		{"no name", header + strings.Replace(minimal, "name", "nom", 1), lostByDocument},
		{"no id", header + strings.Replace(minimal, `"id"`, `"di"`, 1), lostByDocument},
		{"no start", header + strings.Replace(minimal, "start_time", "start", 1), lostByDocument},
		{"a start that is a string", header + strings.Replace(minimal, "1759637152.5", `"now"`, 1), lostByDocument},
		{"OTLP that is no base64", header + "T1S?", lostByDocument},
		{"OTLP that is no protobuf", header + "T1S/w==", lostByDocument},
		{"a short id", header + strings.Replace(minimal, "70de5b6f19ff9a0a", "70de", 1), lostByDocument},
		{"no trace id", header + strings.Replace(minimal, "trace_id", "trace", 1), lostByDocument},
		{"a short trace id", header + strings.Replace(minimal, "334455\"", "33\"", 1), lostByDocument},
		{"a trace id longer than 35 characters", header + strings.Replace(minimal, "334455\"", "334455667788\"", 1), lostByDocument},
	} {
		t.Run(test.name, func(t *testing.T) {
			next := &counter{}
			r := start(t, testConfig(), next)
			if _, err := r.conn.Write([]byte(test.datagram)); err != nil {
				t.Fatal(err)
			}
			r.send(t, minimal) // is received still
			until(t, "the next document", func() bool { return next.spans.Load() == 1 })
			until(t, "the count", func() bool { return r.counted(t, "dropped_documents", "") == 1 })
			if r.counted(t, "dropped_documents", test.why) != 1 {
				t.Errorf("not counted as %s", test.why)
			}
			if err := r.Shutdown(t.Context()); err != nil {
				t.Fatal(err)
			}
			if logged := r.logs.FilterMessage("Segment documents are lost").Len(); logged != 1 {
				t.Errorf("%d log entries", logged)
			}
		})
	}
}

// TestOTLP sends what AWS's OpenTelemetry distributions send.
func TestOTLP(t *testing.T) {
	next := make(sink, 2)
	r := start(t, testConfig(), next)
	sent := ptrace.NewTraces()
	rs := sent.ResourceSpans().AppendEmpty()
	rs.Resource().Attributes().PutStr("service.name", "shop")
	span := rs.ScopeSpans().AppendEmpty().Spans().AppendEmpty()
	span.SetName("GET /carts/{id}")
	span.SetTraceID([16]byte{1})
	span.SetSpanID([8]byte{2})
	message, err := ptraceotlp.NewExportRequestFromTraces(sent).MarshalProto()
	if err != nil {
		t.Fatal(err)
	}
	text := base64.StdEncoding.EncodeToString(message)
	r.send(t, "T1U"+text) // not sampled: not kept
	r.send(t, "T1S"+text)
	got := next.next(t)
	for got.SpanCount() == 0 {
		got = next.next(t)
	}
	if again, err := ptraceotlp.NewExportRequestFromTraces(got).MarshalProto(); err != nil || !bytes.Equal(again, message) {
		t.Errorf("other spans came than were sent (%v)", err)
	}
	r.send(t, minimal) // beside documents
	if n := next.next(t).SpanCount(); n != 1 {
		t.Errorf("%d spans of a document", n)
	}
}

func TestAnErrorOfThePipelineIsCounted(t *testing.T) {
	r := start(t, testConfig(), &counter{do: func(context.Context) error { return errors.New("full") }})
	for range 3 {
		r.send(t, minimal)
	}
	until(t, "the count", func() bool { return r.counted(t, "dropped_documents", lostByPipeline) == 3 })
}

func TestTheDocumentTravelsAlong(t *testing.T) {
	next := make(sink, 1)
	r := start(t, testConfig(), next)
	for name, document := range documents(t) {
		r.send(t, document)
		td := next.next(t)
		want := passthrough.Send
		if name == "no_end" { // X-Ray refuses it
			want = passthrough.Render
		}
		if got := passthrough.Judge(td).Of(0); got != want {
			t.Errorf("%s: verdict %d, want %d", name, got, want)
		}
		kept, ok := td.ResourceSpans().At(0).ScopeSpans().At(0).Spans().At(0).Attributes().Get("aws.xray.document")
		if ok != (want == passthrough.Send) || ok && kept.Str() != document {
			t.Errorf("%s: kept %v, %q", name, ok, kept.AsString())
		}
	}
}

func TestConfig(t *testing.T) {
	for _, test := range []struct {
		name   string
		change func(*Config)
		want   string
	}{
		{"the default", func(*Config) {}, ""},
		{"no proxy", func(c *Config) { c.ProxyServer.Endpoint = "" }, ""},
		{"tcp", func(c *Config) { c.Transport = "tcp" }, "transport"},
		{"no port", func(c *Config) { c.Endpoint = "localhost" }, "endpoint"},
		{"no port of the proxy", func(c *Config) { c.ProxyServer.Endpoint = "localhost" }, "proxy_server: endpoint"},
		{"no URL", func(c *Config) { c.ProxyServer.AWSEndpoint = "localhost:2080" }, "aws_endpoint"},
		{"no proxy URL", func(c *Config) { c.ProxyServer.ProxyAddress = "http://u:secret@h:x" }, "proxy_address"},
		{"conventions", func(c *Config) { c.HTTPConventions = "new" }, "http_conventions"},
		{"a negative buffer", func(c *Config) { c.ReadBufferBytes = -1 }, "read_buffer_bytes"},
		{"a tiny queue", func(c *Config) { c.QueueBytes = 1 }, "queue_bytes"},
		{"negative workers", func(c *Config) { c.NumWorkers = -1 }, "num_workers"},
	} {
		t.Run(test.name, func(t *testing.T) {
			cfg := createDefaultConfig().(*Config)
			test.change(cfg)
			err := cfg.Validate()
			if (err == nil) != (test.want == "") || err != nil && !strings.Contains(err.Error(), test.want) {
				t.Errorf("error is %v, want %q", err, test.want)
			}
			if err != nil && strings.Contains(err.Error(), "secret") {
				t.Errorf("error tells a password: %v", err)
			}
		})
	}
}

func TestFactory(t *testing.T) {
	if f := NewFactory(); f.Type() != component.MustNewType("awsxray") || fmt.Sprint(f.CreateDefaultConfig().(*Config).Endpoint) != "localhost:2000" {
		t.Error("type or endpoint is not contrib's")
	}
	if err := componenttest.CheckConfigStruct(NewFactory().CreateDefaultConfig()); err != nil {
		t.Error(err)
	}
}
