package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"regexp"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"

	"github.com/bragg-tracing/bragg/pkg/freeport"
)

// A fault answers a request in a backend's place, and says so, or lets it pass.
type fault func(w http.ResponseWriter, r *http.Request) (answered bool)

// A proxy stands before a backend, at an address that stays, and fails on
// script.
type proxy struct {
	address string
	backend atomic.Pointer[url.URL]
	fault   atomic.Pointer[fault]
	heal    atomic.Pointer[context.CancelFunc] // ends what a fault holds up
	healed  atomic.Pointer[context.Context]

	mu       sync.Mutex
	server   *http.Server
	delays   []delay         // of X-Ray's documents
	refused  map[string]bool // ids that were refused for good
	refusals int             // how often an id was
}

// A delay is how long a span took from its end until a backend had it.
type delay struct {
	ended time.Time
	took  time.Duration
}

func newProxy() (*proxy, error) {
	p := &proxy{refused: map[string]bool{}}
	p.set(nil)
	address, err := freeport.Address("tcp") // it is left for an outage, and taken again
	if err != nil {
		return nil, err
	}
	l, err := net.Listen("tcp", address)
	if err != nil {
		return nil, err
	}
	p.address = address
	p.serve(l)
	return p, nil
}

func (p *proxy) serve(l net.Listener) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.server = &http.Server{Handler: p, ReadHeaderTimeout: time.Minute, ErrorLog: log.New(io.Discard, "", 0)}
	go p.server.Serve(l) //nolint:errcheck // down ends it
}

// set scripts a fault, nil for none, and lets go of what the last one held up.
func (p *proxy) set(f fault) {
	if end := p.heal.Load(); end != nil {
		(*end)()
	}
	ctx, cancel := context.WithCancel(context.Background())
	p.healed.Store(&ctx)
	p.heal.Store(&cancel)
	p.fault.Store(&f)
}

// down closes the port and every connection.
func (p *proxy) down() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.server.Close() //nolint:errcheck // connections are to break
}

// up opens the port again.
func (p *proxy) up() error {
	var err error
	for range 100 { // the port is in use until the kernel has let go of it
		var l net.Listener
		if l, err = net.Listen("tcp", p.address); err == nil {
			p.serve(l)
			return nil
		}
		time.Sleep(20 * time.Millisecond)
	}
	return fmt.Errorf("open %s again: %w", p.address, err)
}

func (p *proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if f := *p.fault.Load(); f != nil && f(w, r) {
		return
	}
	var body []byte
	if r.URL.Path == "/TraceSegments" {
		var err error
		if body, err = io.ReadAll(r.Body); err != nil {
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
	}
	target := p.backend.Load()
	forward := httputil.ReverseProxy{
		Rewrite:      func(pr *httputil.ProxyRequest) { pr.SetURL(target); pr.Out.Host = target.Host },
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, _ error) { w.WriteHeader(http.StatusBadGateway) },
		ErrorLog:     log.New(io.Discard, "", 0),
		ModifyResponse: func(resp *http.Response) error {
			if resp.StatusCode == http.StatusOK && body != nil {
				p.note(body)
			}
			return nil
		},
	}
	forward.ServeHTTP(w, r)
}

var endTime = regexp.MustCompile(`\\"end_time\\":([0-9.]+)`)

// note keeps how late each document of a put is.
func (p *proxy) note(put []byte) {
	now := time.Now()
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, m := range endTime.FindAllSubmatch(put, -1) {
		seconds, err := strconv.ParseFloat(string(m[1]), 64)
		if err == nil {
			ended := time.UnixMicro(int64(seconds * 1e6))
			p.delays = append(p.delays, delay{ended, now.Sub(ended)})
		}
	}
}

func (p *proxy) takeDelays() []delay {
	p.mu.Lock()
	defer p.mu.Unlock()
	taken := p.delays
	p.delays = nil
	return taken
}

// The faults of both backends.

// status answers with a status, and with what AWS and New Relic send along.
func (p *proxy) status(code int, header ...string) fault {
	return func(w http.ResponseWriter, r *http.Request) bool {
		io.Copy(io.Discard, r.Body) //nolint:errcheck // it is refused anyway
		for i := 0; i+1 < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(code)
		fmt.Fprint(w, `{"message":"on script"}`)
		return true
	}
}

// refuse answers with a status for which a client must not send again, and
// notes the spans.
func (p *proxy) refuse(code int) fault {
	answer := p.status(code)
	return func(w http.ResponseWriter, r *http.Request) bool {
		ids, err := spansIn(r)
		if err != nil {
			return false // metrics or logs
		}
		p.noteRefused(ids)
		return answer(w, r)
	}
}

func (p *proxy) noteRefused(ids []string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, id := range ids {
		p.refused[id] = true
	}
	p.refusals += len(ids)
}

func (p *proxy) takeRefused() (ids map[string]bool, n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	ids, n = p.refused, p.refusals
	p.refused, p.refusals = map[string]bool{}, 0
	return ids, n
}

// spansIn reads the ids of the spans in a request of OTLP over HTTP.
func spansIn(r *http.Request) ([]string, error) {
	if r.URL.Path != "/v1/traces" {
		return nil, errors.New("no traces")
	}
	var body io.Reader = r.Body
	if r.Header.Get("Content-Encoding") == "gzip" {
		unzipped, err := gzip.NewReader(r.Body)
		if err != nil {
			return nil, err
		}
		body = unzipped
	}
	text, err := io.ReadAll(body)
	if err != nil {
		return nil, err
	}
	request := ptraceotlp.NewExportRequest()
	if err := request.UnmarshalProto(text); err != nil {
		return nil, err
	}
	var ids []string
	for _, rs := range request.Traces().ResourceSpans().All() {
		for _, ss := range rs.ScopeSpans().All() {
			for _, s := range ss.Spans().All() {
				ids = append(ids, s.SpanID().String())
			}
		}
	}
	return ids, nil
}

// slow lets requests pass after a time.
func (p *proxy) slow(d time.Duration) fault {
	return func(_ http.ResponseWriter, r *http.Request) bool {
		select {
		case <-time.After(d):
		case <-r.Context().Done():
		case <-(*p.healed.Load()).Done():
		}
		return false
	}
}

// hang answers nothing until the fault is over, and then breaks the connection.
func (p *proxy) hang(_ http.ResponseWriter, r *http.Request) bool {
	select {
	case <-r.Context().Done():
	case <-(*p.healed.Load()).Done():
	}
	panic(http.ErrAbortHandler)
}

// reset breaks the connection amid the request.
func (p *proxy) reset(w http.ResponseWriter, _ *http.Request) bool {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		tcp.SetLinger(0) //nolint:errcheck // then it is a plain close
	}
	conn.Close()
	return true
}

// lostAnswer lets the backend store, and loses its answer.
func (p *proxy) lostAnswer(w http.ResponseWriter, r *http.Request) bool {
	recorder := &discard{header: http.Header{}}
	target := p.backend.Load()
	forward := httputil.ReverseProxy{Rewrite: func(pr *httputil.ProxyRequest) { pr.SetURL(target); pr.Out.Host = target.Host }, ErrorLog: log.New(io.Discard, "", 0)}
	forward.ServeHTTP(recorder, r)
	return p.reset(w, r)
}

type discard struct{ header http.Header }

func (d *discard) Header() http.Header         { return d.header }
func (d *discard) Write(b []byte) (int, error) { return len(b), nil }
func (d *discard) WriteHeader(int)             {}

// inTurn takes another fault for each request.
func inTurn(faults ...fault) fault {
	var n atomic.Int64
	return func(w http.ResponseWriter, r *http.Request) bool {
		return faults[int(n.Add(1)-1)%len(faults)](w, r)
	}
}

// some takes the fault for one request of n, and lets the others pass.
func some(n int64, f fault) fault {
	var i atomic.Int64
	return func(w http.ResponseWriter, r *http.Request) bool { return i.Add(1)%n == 0 && f(w, r) }
}

// refuseDocuments answers a put with 200 and refuses each document of it for
// good, as X-Ray does with what it cannot read.
func (p *proxy) refuseDocuments(w http.ResponseWriter, r *http.Request) bool {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return true
	}
	var ids []string
	var b bytes.Buffer
	b.WriteString(`{"UnprocessedTraceSegments":[`)
	for i, m := range documentID.FindAllSubmatch(body, -1) {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"Id":"%s","ErrorCode":"InvalidSegment","Message":"on script"}`, m[1])
		ids = append(ids, string(m[1]))
	}
	b.WriteString("]}")
	p.noteRefused(ids)
	w.Header().Set("Content-Type", "application/json")
	w.Write(b.Bytes()) //nolint:errcheck // the collector may have gone
	return true
}

// documentID finds the ids of documents. The generator's have no subsegments
// inside, so that each id is one document's.
var documentID = regexp.MustCompile(`\\"id\\":\\"([0-9a-f]{16})\\"`)
