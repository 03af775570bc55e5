package xray_test

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/bragg-tracing/bragg/pkg/sdk/xraysdk/header"
	"github.com/bragg-tracing/bragg/pkg/sdk/xraysdk/strategy/sampling"
	"github.com/bragg-tracing/bragg/pkg/sdk/xraysdk/xray"
)

// The faults of the X-Ray SDK that users reported: each of these tests fails on
// it. They use the emitter that sends to a daemon, as the X-Ray SDK does.

type always struct{}

func (always) ShouldTrace(*sampling.Request) *sampling.Decision {
	return &sampling.Decision{Sample: true}
}

// A daemon reads what is sent to it.
type daemon struct {
	t    *testing.T
	conn *net.UDPConn
	ctx  context.Context
}

func newDaemon(t *testing.T) *daemon {
	conn, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	_ = conn.SetReadBuffer(8 << 20)
	emitter, err := xray.NewDefaultEmitter(conn.LocalAddr().(*net.UDPAddr))
	if err != nil {
		t.Fatal(err)
	}
	ctx, err := xray.ContextWithConfig(context.Background(), xray.Config{Emitter: emitter, SamplingStrategy: always{}})
	if err != nil {
		t.Fatal(err)
	}
	return &daemon{t, conn, ctx}
}

// documents are those that have come, when none has for 150 ms.
func (d *daemon) documents() (list []map[string]any) {
	d.t.Helper()
	for buf := make([]byte, 1<<16); ; {
		_ = d.conn.SetReadDeadline(time.Now().Add(150 * time.Millisecond))
		n, err := d.conn.Read(buf)
		if err != nil {
			return list
		}
		var document map[string]any
		if err := json.Unmarshal([]byte(strings.TrimPrefix(string(buf[:n]), xray.Header)), &document); err != nil {
			d.t.Errorf("%v: %s", err, buf[:n])
		}
		list = append(list, document)
	}
}

// names counts the segments and subsegments of documents by name.
func names(documents []map[string]any) map[string]int {
	count := map[string]int{}
	var visit func(map[string]any)
	visit = func(document map[string]any) {
		count[document["name"].(string)]++
		children, _ := document["subsegments"].([]any)
		for _, child := range children {
			visit(child.(map[string]any))
		}
	}
	for _, d := range documents {
		visit(d)
	}
	return count
}

const lambdaHeader = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1"

func inLambda(ctx context.Context) context.Context {
	return context.WithValue(ctx, xray.LambdaTraceHeaderKey, lambdaHeader) //lint:ignore SA1029 the key is a string
}

// https://github.com/aws/aws-xray-sdk-go/issues/456
func TestLambdaWithAnUnclosedSubsegment(t *testing.T) {
	d := newDaemon(t)
	ctx, handler := xray.BeginSubsegment(inLambda(d.ctx), "handler")
	xray.BeginSubsegment(ctx, "forgotten")
	handler.Close(nil)
	if got := names(d.documents()); got["handler"] != 1 {
		t.Errorf("got %v, want the handler", got)
	}
}

// https://github.com/aws/aws-xray-sdk-go/issues/289
func TestLambdaWithHTTPTimeout(t *testing.T) {
	d := newDaemon(t)
	release := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-release }))
	defer server.Close()
	defer close(release)
	ctx, handler := xray.BeginSubsegment(inLambda(d.ctx), "handler")
	short, cancel := context.WithTimeout(ctx, 30*time.Millisecond)
	defer cancel()
	r, _ := http.NewRequestWithContext(short, http.MethodGet, server.URL, nil)
	if _, err := xray.Client(&http.Client{}).Do(r); err == nil {
		t.Fatal("the request did not time out")
	}
	handler.Close(nil)
	if got := names(d.documents()); got["handler"] != 1 || got[r.URL.Host] != 1 {
		t.Errorf("got %v, want the handler and its call", got)
	}
}

// https://github.com/aws/aws-xray-sdk-go/issues/467
func TestLargeDocument(t *testing.T) {
	d := newDaemon(t)
	ctx, seg := xray.BeginSegment(d.ctx, "svc")
	_, sub := xray.BeginSubsegment(ctx, "part")
	_ = sub.AddMetadata("large", strings.Repeat("x", 50_000))
	sub.Close(nil)
	_ = seg.AddMetadataToNamespace("huge", "k", strings.Repeat("y", 70_000))
	_ = seg.AddMetadata("small", "kept")
	seg.Close(nil)
	documents := d.documents()
	if got := names(documents); got["svc"] != 1 || got["part"] != 1 {
		t.Fatalf("got %v, want both", got)
	}
}

// https://github.com/aws/aws-xray-sdk-go/issues/334
func TestNilSegment(t *testing.T) {
	var s *xray.Segment
	_ = s.AddAnnotation("k", "v")
	_ = s.AddMetadata("k", "v")
	_ = s.AddError(errors.New("e"))
	s.CloseAndStream(nil)
	s.Close(nil)
	s.RemoveSubsegment(nil)
	s.DownstreamHeader()
	s.GetAWS()["k"] = 1
	s.GetHTTP().GetRequest()
	s.GetCause()
	s.GetSQL()
	s.GetService()
	s.GetConfiguration()
	_ = (&xray.Segment{}).AddError(nil)
	xray.HttpCaptureResponse(nil, 200)
	_, sub := xray.BeginSubsegmentWithoutSampling(context.Background(), "nobody")
	sub.Close(nil)
}

func TestCaptureWithoutSegmentKeepsThePanic(t *testing.T) {
	defer func() {
		if p := recover(); p != "mine" {
			t.Errorf("recovered %v, want the function's own panic", p)
		}
	}()
	_ = xray.Capture(context.Background(), "nobody", func(context.Context) error { panic("mine") })
}

// https://github.com/aws/aws-xray-sdk-go/issues/343
func TestNoGoroutines(t *testing.T) {
	d := newDaemon(t)
	before := runtime.NumGoroutine()
	for range 1000 {
		xray.BeginSegment(d.ctx, "never closed")
	}
	if n := runtime.NumGoroutine() - before; n > 10 {
		t.Errorf("%d goroutines for 1000 segments", n)
	}
}

// https://github.com/aws/aws-xray-sdk-go/issues/294
func TestLateChild(t *testing.T) {
	d := newDaemon(t)
	ctx, seg := xray.BeginSegment(d.ctx, "svc")
	_, late := xray.BeginSubsegment(ctx, "late")
	seg.Close(nil)
	first := d.documents()
	late.Close(nil)
	second := d.documents()
	if got := names(first); got["svc"] != 1 {
		t.Errorf("first %v, want the segment", got)
	}
	if got := names(second); got["svc"] != 0 || got["late"] != 1 {
		t.Errorf("then %v, want the late subsegment alone", got)
	}
}

func TestSegmentClosedTwice(t *testing.T) {
	d := newDaemon(t)
	_, seg := xray.BeginSegment(d.ctx, "svc")
	seg.Close(nil)
	seg.Close(nil)
	if got := names(d.documents()); got["svc"] != 1 {
		t.Errorf("got %v, want it once", got)
	}
}

func TestValuesWithoutJSON(t *testing.T) {
	d := newDaemon(t)
	_, seg := xray.BeginSegment(d.ctx, "svc")
	_ = seg.AddAnnotation("nan", math.NaN())
	_ = seg.AddMetadata("channel", make(chan int))
	_ = seg.AddAnnotation("duration", time.Second)
	seg.Close(nil)
	if got := names(d.documents()); got["svc"] != 1 {
		t.Errorf("got %v, want the segment", got)
	}
}

func TestHandler(t *testing.T) {
	d := newDaemon(t)
	handle := func(f http.HandlerFunc) (recovered any) {
		server := httptest.NewServer(xray.HandlerWithContext(d.ctx, xray.NewFixedSegmentNamer("svc"),
			http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				defer func() {
					if recovered = recover(); recovered != nil {
						panic(recovered)
					}
				}()
				f(w, r)
			})))
		server.Config.ErrorLog = nil
		defer server.Close()
		if resp, err := http.Get(server.URL); err == nil {
			resp.Body.Close()
		}
		return recovered
	}

	var deadline error
	handle(func(w http.ResponseWriter, r *http.Request) {
		deadline = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(time.Second))
		w.WriteHeader(http.StatusOK)
		w.WriteHeader(http.StatusInternalServerError) // superfluous
	})
	if deadline != nil {
		t.Errorf("ResponseController: %v", deadline)
	}
	if got := d.documents(); len(got) != 1 || got[0]["fault"] != nil {
		t.Errorf("a second WriteHeader: %v", got)
	}

	if handle(func(http.ResponseWriter, *http.Request) { panic("boom") }) == nil {
		t.Error("the panic did not go on")
	}
	if got := d.documents(); len(got) != 1 || got[0]["fault"] != true || got[0]["cause"] == nil {
		t.Errorf("a handler that panics: %v", got)
	}
}

func TestClientLeavesTheRequestAlone(t *testing.T) {
	d := newDaemon(t)
	server := httptest.NewServer(http.NotFoundHandler())
	defer server.Close()
	ctx, seg := xray.BeginSegment(d.ctx, "svc")
	r, _ := http.NewRequestWithContext(ctx, http.MethodGet, server.URL, nil)
	resp, err := xray.Client(&http.Client{}).Do(r)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	seg.Close(nil)
	if r.Header.Get(xray.TraceIDHeaderKey) != "" {
		t.Error("the caller's header was changed")
	}
}

// https://github.com/aws/aws-xray-sdk-go/issues/350
func TestHeaderDecidesWithoutRequest(t *testing.T) {
	d := newDaemon(t)
	_, seg := xray.NewSegmentFromHeader(d.ctx, "svc", nil, header.FromString("Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=0"))
	seg.Close(nil)
	if got := d.documents(); seg.Sampled || len(got) != 0 {
		t.Errorf("sampled %v, got %v, want what the header says", seg.Sampled, got)
	}
}

func TestWithoutSampling(t *testing.T) {
	d := newDaemon(t)
	ctx, seg := xray.BeginSegment(d.ctx, "svc")
	ctx, quiet := xray.BeginSubsegmentWithoutSampling(ctx, "quiet")
	_, inner := xray.BeginSubsegment(ctx, "inner")
	if h := quiet.DownstreamHeader().SamplingDecision; h != header.NotSampled {
		t.Errorf("calls are told %s", h)
	}
	inner.Close(nil)
	quiet.Close(nil)
	seg.Close(nil)
	if got := names(d.documents()); len(got) != 1 {
		t.Errorf("got %v, want the segment alone", got)
	}
}

// https://github.com/aws/aws-xray-sdk-go/issues/238
func TestManySubsegmentsAreNotKept(t *testing.T) {
	d := newDaemon(t)
	go func() { // let the socket's buffer not fill
		for buf := make([]byte, 1<<16); ; {
			if _, err := d.conn.Read(buf); err != nil {
				return
			}
		}
	}()
	ctx, seg := xray.BeginSegment(d.ctx, "job")
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	for range 20_000 {
		_, sub := xray.BeginSubsegment(ctx, "part")
		sub.Close(nil)
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	seg.Close(nil)
	if grown := int64(after.HeapAlloc) - int64(before.HeapAlloc); grown > 4<<20 {
		t.Errorf("20,000 closed subsegments keep %d bytes", grown)
	}
}

// TestImport imports the package with environments that the X-Ray SDK panics
// with: https://github.com/aws/aws-xray-sdk-go/issues/263
func TestImport(t *testing.T) {
	if os.Getenv("XRAY_TEST_IMPORT") != "" {
		xray.BeginSubsegment(context.Background(), "nobody") // tells the strategy
		return
	}
	for _, variable := range []string{
		"AWS_XRAY_DAEMON_ADDRESS=nonsense", "AWS_XRAY_DAEMON_ADDRESS=[::1]:2000", "AWS_XRAY_DAEMON_ADDRESS=no-such-host.invalid:2000",
		"AWS_XRAY_CONTEXT_MISSING=typo",
	} {
		cmd := exec.Command(os.Args[0], "-test.run=^TestImport$")
		cmd.Env = append(os.Environ(), variable, "XRAY_TEST_IMPORT=1")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", variable, err, out)
		}
	}
}

// TestDaemonThatComesLate has a daemon at an IPv6 address, and one whose name is
// not known at first: https://github.com/aws/aws-xray-sdk-go/issues/263
func TestDaemonThatComesLate(t *testing.T) {
	if os.Getenv("XRAY_TEST_LATE") != "" {
		resolveLate()
		for {
			_, seg := xray.BeginSegment(context.Background(), "svc") // the first of a second is sampled
			seg.Close(nil)
			time.Sleep(50 * time.Millisecond)
		}
	}
	for _, c := range []struct{ listen, host string }{{"127.0.0.1:0", "daemon.test"}, {"[::1]:0", "[::1]"}} {
		conn, err := net.ListenPacket("udp", c.listen)
		if err != nil {
			t.Logf("not tested, this machine has no %s", c.listen)
			continue
		}
		defer conn.Close()
		_, port, _ := net.SplitHostPort(conn.LocalAddr().String())
		cmd := exec.Command(os.Args[0], "-test.run=^TestDaemonThatComesLate$")
		cmd.Env = append(os.Environ(), "AWS_XRAY_DAEMON_ADDRESS="+c.host+":"+port, "XRAY_TEST_LATE=1")
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		_ = conn.SetReadDeadline(time.Now().Add(time.Minute))
		ended := make(chan struct{})
		go func() {
			_ = cmd.Wait()
			close(ended)
			_ = conn.SetReadDeadline(time.Now()) // nothing will come
		}()
		buf := make([]byte, 1<<16)
		if n, _, err := conn.ReadFrom(buf); err != nil || !strings.Contains(string(buf[:n]), `"name":"svc"`) {
			t.Errorf("%s: %v, %s", c.host, err, buf[:n])
		}
		_ = cmd.Process.Kill()
		<-ended
	}
}

// resolveLate answers questions for names: the first that there is none, then
// 127.0.0.1.
func resolveLate() {
	server, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	net.DefaultResolver = &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "udp", server.LocalAddr().String())
	}}
	begun := time.Now()
	go func() {
		for buf := make([]byte, 512); ; {
			n, from, err := server.ReadFrom(buf)
			if err != nil {
				return
			}
			q := buf[:n]
			for end := 12; end+5 <= n; end++ { // where the name ends
				if q[end] == 0 {
					q = q[:end+5]
					break
				}
			}
			address := q[len(q)-3] == 1 // it asks for one of IPv4
			known := time.Since(begun) > 500*time.Millisecond
			a := append([]byte{q[0], q[1], 0x81, 0x80, 0, 1, 0, 0, 0, 0, 0, 0}, q[12:]...)
			switch {
			case !known:
				a[3] |= 3 // there is no such name
			case address:
				a[7] = 1
				a = append(a, 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 1, 0, 4, 127, 0, 0, 1)
			}
			_, _ = server.WriteTo(a, from)
		}
	}()
}
