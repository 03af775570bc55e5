package xrayudp_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"
	collectortrace "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"go.uber.org/goleak"
	"google.golang.org/protobuf/proto"

	"github.com/bragg-tracing/bragg/pkg/sdk/xrayudp"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// daemon is a socket in the role of the X-Ray daemon.
type daemon struct{ net.PacketConn }

func newDaemon(t *testing.T) daemon {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return daemon{conn}
}

// next returns the next datagram's prefix and spans.
func (d daemon) next(t *testing.T) (prefix string, spans []*tracepb.Span) {
	t.Helper()
	buffer := make([]byte, 1<<16)
	if err := d.SetReadDeadline(time.Now().Add(30 * time.Second)); err != nil {
		t.Fatal(err)
	}
	n, _, err := d.ReadFrom(buffer)
	if err != nil {
		t.Fatal(err)
	}
	body, ok := bytes.CutPrefix(buffer[:n], []byte("{\"format\":\"json\",\"version\":1}\n"))
	if !ok {
		t.Fatalf("no header: %.40q", buffer[:n])
	}
	message, err := base64.StdEncoding.DecodeString(string(body[3:]))
	if err != nil {
		t.Fatal(err)
	}
	var request collectortrace.ExportTraceServiceRequest
	if err := proto.Unmarshal(message, &request); err != nil {
		t.Fatal(err)
	}
	for _, rs := range request.ResourceSpans {
		for _, ss := range rs.ScopeSpans {
			spans = append(spans, ss.Spans...)
		}
	}
	return string(body[:3]), spans
}

func stub(i int, flags trace.TraceFlags, attrs ...attribute.KeyValue) tracetest.SpanStub {
	return tracetest.SpanStub{
		Name:       fmt.Sprint(i),
		Attributes: attrs,
		SpanContext: trace.NewSpanContext(trace.SpanContextConfig{
			TraceID: trace.TraceID{1}, SpanID: trace.SpanID{6: byte(i >> 8), 7: byte(i + 1)}, TraceFlags: flags,
		}),
	}
}

func newExporter(t *testing.T, address string) *xrayudp.Exporter {
	t.Helper()
	e, err := xrayudp.New(address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.Shutdown(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return e
}

func TestSampledAndNot(t *testing.T) {
	d := newDaemon(t)
	t.Setenv("AWS_XRAY_DAEMON_ADDRESS", "tcp:127.0.0.1:1 udp:"+d.LocalAddr().String())
	e := newExporter(t, "")
	spans := tracetest.SpanStubs{stub(1, trace.FlagsSampled), stub(2, 0), stub(3, trace.FlagsSampled)}
	if err := e.ExportSpans(t.Context(), spans.Snapshots()); err != nil {
		t.Fatal(err)
	}
	if prefix, got := d.next(t); prefix != "T1S" || len(got) != 2 || got[0].Name != "1" || got[1].Name != "3" {
		t.Errorf("%s %v", prefix, got)
	}
	if prefix, got := d.next(t); prefix != "T1U" || len(got) != 1 || got[0].Name != "2" {
		t.Errorf("%s %v", prefix, got)
	}
}

func TestDatagramsAreBounded(t *testing.T) {
	d := newDaemon(t)
	e := newExporter(t, d.LocalAddr().String())
	var spans tracetest.SpanStubs
	for i := range 16 { // two datagrams, which a socket has room for
		spans = append(spans, stub(i, trace.FlagsSampled, attribute.String("text", strings.Repeat("x", 6000))))
	}
	spans = append(spans, stub(16, trace.FlagsSampled, attribute.String("text", strings.Repeat("x", 60000))))
	done := make(chan error)
	go func() { done <- e.ExportSpans(context.Background(), spans.Snapshots()) }()
	seen := map[string]bool{}
	for len(seen) < 16 {
		_, got := d.next(t)
		for _, span := range got {
			seen[span.Name] = true
		}
	}
	if err := <-done; err == nil || !strings.Contains(err.Error(), "1 spans: 1 are too large") || seen["16"] || e.Lost() != 1 {
		t.Errorf("error %v, %d lost", err, e.Lost())
	}
}

func TestNobodyListens(t *testing.T) {
	d := newDaemon(t)
	address := d.LocalAddr().String()
	d.Close()
	e := newExporter(t, address)
	spans := tracetest.SpanStubs{stub(1, trace.FlagsSampled)}.Snapshots()
	for range 5 { // no panic, no wait
		_ = e.ExportSpans(t.Context(), spans)
	}
	conn, err := net.ListenPacket("udp", address)
	if err != nil {
		t.Skipf("the port is taken: %v", err)
	}
	defer conn.Close()
	if err := e.ExportSpans(t.Context(), spans); err != nil {
		t.Error(err)
	}
	if _, got := (daemon{conn}).next(t); len(got) != 1 {
		t.Errorf("%d spans", len(got))
	}
}

func TestAddresses(t *testing.T) {
	for address, want := range map[string][2]string{
		"127.0.0.1:2000":  {"127.0.0.1:2000", "127.0.0.1:2000"},
		"[::1]:2000":      {"[::1]:2000", "[::1]:2000"},
		"tcp:a:1 udp:b:2": {"b:2", "a:1"},
		"udp:b:2 tcp:a:1": {"b:2", "a:1"},
		"udp:b:2":         {"b:2", ""},
		"b":               {},
		"":                {},
		":2000":           {},
		"http://127.0.0.1:2000 tcp:127.0.0.1:2000": {"", "127.0.0.1:2000"},
	} {
		udp, err1 := xrayudp.UDPAddress(address)
		tcp, err2 := xrayudp.TCPAddress(address)
		if udp != want[0] || tcp != want[1] || (err1 == nil) != (udp != "") || (err2 == nil) != (tcp != "") {
			t.Errorf("%q: udp %q (%v), tcp %q (%v)", address, udp, err1, tcp, err2)
		}
	}
	if e, err := xrayudp.New("nowhere"); err == nil || e != nil {
		t.Error("no error for an address without port")
	}
}
