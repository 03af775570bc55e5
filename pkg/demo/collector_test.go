package demo

import (
	"context"
	"encoding/json"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"go.opentelemetry.io/collector/pdata/pmetric/pmetricotlp"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"
	"google.golang.org/grpc"
)

// A testCollector is the two receivers that the demo sends to: OTLP over gRPC
// and the X-Ray daemon's protocol over UDP, on real sockets.
type testCollector struct {
	ptraceotlp.UnimplementedGRPCServer
	otlpURL string
	daemon  string

	mu      sync.Mutex
	arrived []arrivedSpan
	metrics int
	packets int
}

// An arrivedSpan is a span or a segment, in the terms that both have.
type arrivedSpan struct {
	service, name, kind       string
	traceID, spanID, parentID string
	attributes                map[string]any
	exceptions                []map[string]any
	status                    string
	start                     float64  // seconds since 1970
	segment                   *segment // of legacy only
}

// A segment is what the tests read of a segment document.
type segment struct {
	TraceID     string `json:"trace_id"`
	ID          string
	ParentID    string `json:"parent_id"`
	Name        string
	Namespace   string
	Start       float64 `json:"start_time"`
	Annotations map[string]any
	Metadata    map[string]map[string]any
	HTTP        struct {
		Request  struct{ Method, URL string }
		Response struct{ Status int }
	}
	Subsegments []segment
}

func startCollector(t *testing.T) *testCollector {
	t.Helper()
	c := &testCollector{}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := grpc.NewServer()
	ptraceotlp.RegisterGRPCServer(server, c)
	pmetricotlp.RegisterGRPCServer(server, &metricReceiver{c: c})
	packets, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	packets.SetReadBuffer(4 << 20)
	var running sync.WaitGroup
	running.Go(func() { server.Serve(listener) })
	running.Go(func() { c.readPackets(t, packets) })
	t.Cleanup(func() {
		server.Stop()
		packets.Close()
		running.Wait()
	})
	c.otlpURL, c.daemon = "http://"+listener.Addr().String(), packets.LocalAddr().String()
	return c
}

func (c *testCollector) Export(_ context.Context, r ptraceotlp.ExportRequest) (ptraceotlp.ExportResponse, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, rs := range r.Traces().ResourceSpans().All() {
		name, _ := rs.Resource().Attributes().Get("service.name")
		for _, ss := range rs.ScopeSpans().All() {
			for _, span := range ss.Spans().All() {
				c.arrived = append(c.arrived, fromSpan(name.Str(), span))
			}
		}
	}
	return ptraceotlp.NewExportResponse(), nil
}

func fromSpan(service string, s ptrace.Span) arrivedSpan {
	a := arrivedSpan{
		service: service, name: s.Name(), kind: s.Kind().String(), status: s.Status().Code().String(),
		traceID: s.TraceID().String(), spanID: s.SpanID().String(), parentID: s.ParentSpanID().String(),
		attributes: s.Attributes().AsRaw(), start: float64(s.StartTimestamp()) / 1e9,
	}
	for _, e := range s.Events().All() {
		if e.Name() == "exception" {
			a.exceptions = append(a.exceptions, e.Attributes().AsRaw())
		}
	}
	return a
}

type metricReceiver struct {
	pmetricotlp.UnimplementedGRPCServer
	c *testCollector
}

func (m *metricReceiver) Export(_ context.Context, r pmetricotlp.ExportRequest) (pmetricotlp.ExportResponse, error) {
	m.c.mu.Lock()
	defer m.c.mu.Unlock()
	m.c.metrics += r.Metrics().DataPointCount()
	return pmetricotlp.NewExportResponse(), nil
}

func (c *testCollector) readPackets(t *testing.T, packets *net.UDPConn) {
	buffer := make([]byte, 64<<10)
	for {
		n, err := packets.Read(buffer)
		if err != nil {
			return // closed
		}
		_, document, ok := strings.Cut(string(buffer[:n]), "\n")
		var root segment
		if err := json.Unmarshal([]byte(document), &root); !ok || err != nil {
			t.Errorf("datagram %q: %v", buffer[:n], err)
			continue
		}
		c.mu.Lock()
		c.packets++
		c.addSegment(root, root.TraceID, root.ParentID)
		c.mu.Unlock()
	}
}

func (c *testCollector) addSegment(s segment, traceID, parentID string) {
	c.arrived = append(c.arrived, arrivedSpan{
		service: Legacy, name: s.Name, kind: "segment", traceID: hexTraceID(traceID),
		spanID: s.ID, parentID: parentID, start: s.Start, segment: &s,
	})
	for _, sub := range s.Subsegments {
		c.addSegment(sub, traceID, s.ID)
	}
}

// await returns what arrived, once it is all that the recorder knows of. It
// fails the test if that does not happen in time.
func (c *testCollector) await(t *testing.T, recorder *Recorder) []arrivedSpan {
	t.Helper()
	deadline := time.Now().Add(time.Minute)
	for {
		arrived := c.spans()
		missing := missingSpans(recorder, arrived)
		if len(missing) == 0 {
			return arrived
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d spans did not arrive: %v", len(missing), missing)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

func missingSpans(recorder *Recorder, arrived []arrivedSpan) []RecordedSpan {
	have := map[RecordedSpan]bool{}
	for _, a := range arrived {
		have[RecordedSpan{a.traceID, a.spanID, a.service}] = true
	}
	var missing []RecordedSpan
	for _, s := range recorder.Spans() {
		if !have[s] {
			missing = append(missing, s)
		}
	}
	return missing
}

func (c *testCollector) spans() []arrivedSpan {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]arrivedSpan(nil), c.arrived...)
}
