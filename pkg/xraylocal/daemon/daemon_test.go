package daemon_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"
	"go.uber.org/goleak"

	"github.com/bragg-tracing/bragg/pkg/xraylocal/daemon"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/store"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const header = `{"format": "json", "version": 1}` + "\n"

func document(n int) string {
	return fmt.Sprintf(`{"trace_id":"1-00000000-%024x","id":"%016x","name":"web","start_time":1,"end_time":2}`, n, n)
}

// A sink keeps what is put.
type sink struct {
	mu   sync.Mutex
	docs []store.Document
	err  error

	refused []string // documents, with why
}

func (s *sink) refuse(raw []byte, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refused = append(s.refused, string(raw)+" "+err.Error())
}

func (s *sink) put(_ context.Context, docs []store.Document) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.docs = append(s.docs, docs...)
	return s.err
}

func start(t *testing.T, s *sink, log *bytes.Buffer) *daemon.Daemon {
	t.Helper()
	d, err := daemon.Start(daemon.Config{
		Listen: "127.0.0.1:0", Put: s.put, Refused: s.refuse, Logger: slog.New(slog.NewTextHandler(log, nil)),
		API: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, r.Method, " ", r.URL.Path) }),
	})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func send(t *testing.T, d *daemon.Daemon, datagrams ...string) {
	t.Helper()
	conn, err := net.Dial("udp", d.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	for _, datagram := range datagrams {
		if _, err := conn.Write([]byte(datagram)); err != nil {
			t.Fatal(err)
		}
	}
}

func stop(t *testing.T, d *daemon.Daemon) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if err := d.Close(ctx); err != nil {
		t.Error(err)
	}
}

// TestCloseStoresWhatHasArrived sends, and closes at once.
func TestCloseStoresWhatHasArrived(t *testing.T) {
	var s sink
	var log bytes.Buffer
	d := start(t, &s, &log)
	const n = 200
	for i := range n {
		send(t, d, header+document(i+1))
	}
	stop(t, d)
	if len(s.docs) != n || log.Len() != 0 {
		t.Errorf("%d documents; log: %s", len(s.docs), log.String())
	}
	seen := make(map[string]bool)
	for _, doc := range s.docs {
		seen[doc.TraceID] = bytes.Contains(doc.Raw, []byte(doc.ID))
	}
	if len(seen) != n {
		t.Errorf("%d traces", len(seen))
	}
	if _, err := net.DialTimeout("tcp", d.Addr(), time.Second); err == nil {
		t.Error("the port is still taken")
	}
}

func TestLossesAreLogged(t *testing.T) {
	var s sink
	var log bytes.Buffer
	d := start(t, &s, &log)
	nameless := strings.Replace(document(7), `"name":"web",`, "", 1)
	send(t, d, "nonsense", header+"{", header+nameless, header+nameless, header+document(1))
	stop(t, d)
	if len(s.docs) != 1 {
		t.Errorf("%d documents", len(s.docs))
	}
	if len(s.refused) != 3 || !slices.Contains(s.refused, nameless+" Invalid segment. ErrorCode: MissingName") {
		t.Errorf("refused: %q", s.refused)
	}
	for _, want := range []string{"a datagram has no header line", "0000000000000007", "1-00000000-000000000000000000000007", "MissingName"} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("%q is not in the log:\n%s", want, log.String())
		}
	}
	if n := strings.Count(log.String(), "X-Ray refuses the document"); n != 2 { // the first at once, two at the end
		t.Errorf("%d entries of three losses:\n%s", n, log.String())
	}

	log.Reset()
	s.err = errors.New("the disk is full")
	d = start(t, &s, &log)
	send(t, d, header+document(1))
	stop(t, d)
	if !strings.Contains(log.String(), "the disk is full") {
		t.Errorf("log: %s", log.String())
	}
}

// TestOTLP sends what AWS's OpenTelemetry distributions send.
func TestOTLP(t *testing.T) {
	var s sink
	var log bytes.Buffer
	d := start(t, &s, &log)
	td := ptrace.NewTraces()
	rs := td.ResourceSpans().AppendEmpty()
	rs.Resource().Attributes().PutStr("service.name", "shop")
	spans := rs.ScopeSpans().AppendEmpty().Spans()
	for i := range 3 {
		span := spans.AppendEmpty()
		span.SetName("GET /carts/{id}")
		span.SetKind(ptrace.SpanKindServer)
		span.SetTraceID([16]byte{0x6a, 0xb1, 0xc0, 0xde, 15: 1})
		span.SetSpanID([8]byte{7: byte(i)}) // the first has none
		span.SetStartTimestamp(1e18)
		span.SetEndTimestamp(2e18)
	}
	message, err := ptraceotlp.NewExportRequestFromTraces(td).MarshalProto()
	if err != nil {
		t.Fatal(err)
	}
	text := base64.StdEncoding.EncodeToString(message)
	send(t, d, header+"T1U"+text, header+"T1S"+text, header+"T1S?", header+document(1))
	stop(t, d)
	ids := map[string]bool{}
	for _, doc := range s.docs {
		ids[doc.ID] = true
	}
	if len(s.docs) != 3 || !ids["0000000000000001"] || !ids["0000000000000002"] {
		t.Errorf("%d documents: %v", len(s.docs), ids)
	}
	for _, want := range []string{"the datagram is not OTLP", "it has no span id"} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("%q is not in the log:\n%s", want, log.String())
		}
	}
}

func TestTCP(t *testing.T) {
	var s sink
	d := start(t, &s, new(bytes.Buffer))
	defer stop(t, d)
	res, err := http.Post("http://"+d.Addr()+"/GetSamplingRules", "application/json", strings.NewReader("{}"))
	if err != nil {
		t.Fatal(err)
	}
	defer http.DefaultClient.CloseIdleConnections()
	defer res.Body.Close()
	var b bytes.Buffer
	if _, err := b.ReadFrom(res.Body); err != nil || b.String() != "POST /GetSamplingRules" {
		t.Errorf("%q, %v", b.String(), err)
	}
}

func TestPortInUse(t *testing.T) {
	for _, network := range []string{"tcp", "udp"} {
		t.Run(network, func(t *testing.T) {
			var addr string
			if network == "tcp" {
				l, err := net.Listen(network, "127.0.0.1:0")
				if err != nil {
					t.Fatal(err)
				}
				defer l.Close()
				addr = l.Addr().String()
			} else {
				c, err := net.ListenPacket(network, "127.0.0.1:0")
				if err != nil {
					t.Fatal(err)
				}
				defer c.Close()
				addr = c.LocalAddr().String()
			}
			if d, err := daemon.Start(daemon.Config{Listen: addr, Logger: slog.New(slog.DiscardHandler)}); err == nil {
				t.Errorf("started on %s", d.Addr())
			}
		})
	}
}
