package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"
)

// generated is the service of the generator's spans.
const generated = "soak-generator"

// spansPerRequest are one trace: a served request with calls in it.
const spansPerRequest = 20

// A generator sends requests at a rate, again those that were not taken, and
// remembers the ids of those that were.
type generator struct {
	url    string // base URL of OTLP over HTTP
	rate   float64
	shift  func() time.Duration // of the spans' times; nil for none
	client *http.Client

	mu           sync.Mutex
	acknowledged map[string]bool // span ids
	unanswered   map[string]bool // span ids of requests that were given up
	retries      atomic.Int64
	busy         atomic.Int64 // requests that were not sent, because too many wait
}

const maxWaiting = 400 // requests under way

func newGenerator(url string, rate float64) *generator {
	return &generator{
		url: url, rate: rate, acknowledged: map[string]bool{}, unanswered: map[string]bool{},
		client: &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: 32}},
	}
}

// run sends until ctx ends, and then waits up to grace for what is under way.
func (g *generator) run(ctx context.Context, grace time.Duration) {
	lasting, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	defer g.client.CloseIdleConnections()
	stop := context.AfterFunc(ctx, func() { time.AfterFunc(grace, cancel) })
	defer stop()
	var waiting sync.WaitGroup
	slots := make(chan struct{}, maxWaiting)
	tick := time.NewTicker(time.Duration(float64(time.Second) / g.rate))
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			waiting.Wait()
			return
		case <-tick.C:
		}
		select {
		case slots <- struct{}{}:
			waiting.Go(func() { g.send(lasting); <-slots })
		default:
			g.busy.Add(1)
		}
	}
}

func (g *generator) send(ctx context.Context) {
	traces, ids := g.trace(time.Now())
	body, err := ptraceotlp.NewExportRequestFromTraces(traces).MarshalProto()
	if err != nil {
		panic(err) // spans of our own
	}
	for pause := 200 * time.Millisecond; ; pause = min(2*pause, 2*time.Second) {
		if g.post(ctx, body) {
			g.note(g.acknowledged, ids)
			return
		}
		g.retries.Add(1)
		select {
		case <-ctx.Done():
			g.note(g.unanswered, ids)
			return
		case <-time.After(pause):
		}
	}
}

func (g *generator) note(set map[string]bool, ids []string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, id := range ids {
		set[id] = true
	}
}

// taken is how many spans were acknowledged until now.
func (g *generator) taken() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return len(g.acknowledged)
}

// ids returns those that were acknowledged until now.
func (g *generator) ids() map[string]bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return maps.Clone(g.acknowledged)
}

func (g *generator) post(ctx context.Context, body []byte) bool {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, g.url+"/v1/traces", bytes.NewReader(body))
	if err != nil {
		return false
	}
	req.Header.Set("Content-Type", "application/x-protobuf")
	resp, err := g.client.Do(req)
	if err != nil {
		return false
	}
	defer resp.Body.Close()
	_, err = io.Copy(io.Discard, resp.Body)
	return err == nil && resp.StatusCode == http.StatusOK
}

func (g *generator) trace(now time.Time) (ptrace.Traces, []string) {
	if g.shift != nil {
		now = now.Add(g.shift())
	}
	traces := ptrace.NewTraces()
	r := traces.ResourceSpans().AppendEmpty()
	r.Resource().Attributes().PutStr("service.name", generated)
	spans := r.ScopeSpans().AppendEmpty().Spans()
	var trace pcommon.TraceID
	binary.BigEndian.PutUint32(trace[:], uint32(now.Unix()))
	binary.BigEndian.PutUint32(trace[4:], rand.Uint32())
	binary.BigEndian.PutUint64(trace[8:], rand.Uint64())
	ids := make([]string, spansPerRequest)
	var root pcommon.SpanID
	for i := range spansPerRequest {
		var id pcommon.SpanID
		binary.BigEndian.PutUint64(id[:], rand.Uint64()|1)
		s := spans.AppendEmpty()
		s.SetTraceID(trace)
		s.SetSpanID(id)
		s.SetName("step")
		s.SetKind(ptrace.SpanKindInternal)
		if i == 0 {
			root = id
			s.SetName("GET /soak")
			s.SetKind(ptrace.SpanKindServer)
		} else {
			s.SetParentSpanID(root)
		}
		s.SetStartTimestamp(pcommon.NewTimestampFromTime(now.Add(-10 * time.Millisecond)))
		s.SetEndTimestamp(pcommon.NewTimestampFromTime(now))
		s.Attributes().PutStr("http.request.method", "GET")
		s.Attributes().PutStr("url.full", "http://soak.local/orders/17")
		s.Attributes().PutInt("http.response.status_code", 200)
		ids[i] = id.String()
	}
	return traces, ids
}
