package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/bragg-tracing/bragg/pkg/demo"
	"github.com/bragg-tracing/bragg/pkg/verify"
)

// normalRate is the generator's, in requests of twenty spans a second.
const normalRate = 10

// A lab is everything that runs, and what healthy looks like.
type lab struct {
	*backends
	collector *process
	demo      *shop         // nil: no demo
	settle    time.Duration // how long after a fault what is queued may take
	rate      float64
	outage    time.Duration
	inputs    int // malformed ones, and datagrams of a flood

	baseline map[string]time.Duration // p95 of the delay, by backend; of the first row
	calm     time.Duration            // the demo's median latency, likewise
	alsoSent map[string]bool          // ids that a row had acknowledged by itself
}

// A row is one thing that goes wrong.
type row struct {
	name string
	// brief rows are as long as a third of an outage: nothing gathers in them.
	brief bool
	// well is the backend whose delivery must not become slower, "" for none.
	well string
	// refuses says that a backend refuses for good: what is missing must have
	// been refused, and counted.
	refuses string
	rate    float64 // times the normal one; 0 means 1
	shift   func() time.Duration
	// prepare, if not nil, comes before the load.
	prepare func(context.Context, *lab) error
	// begin makes it wrong, and end makes it right again. Either may be nil.
	begin, end func(context.Context, *lab) error
	// during runs amid it, and returns what it has to say.
	during func(context.Context, *lab) (string, error)
}

// An outcome is what a row has shown.
type outcome struct {
	row            row
	sent           int // spans that were acknowledged
	unanswered     int // spans that the collector never took, and said so
	xray, newrelic tally
	p95            time.Duration // of the backend that is well
	latency        time.Duration // the demo's median
	memory         int           // MiB, the most since the collector was first started
	note           string
	failures       []string
}

// A tally is what became of the acknowledged spans at one backend.
type tally struct {
	stored, twice    int
	queued           int
	refused, counted int // by the backend; by the collector
	lost             int // neither stored, queued nor refused
}

func (l *lab) run(ctx context.Context, r row) (outcome, error) {
	o := outcome{row: r}
	if err := l.renew(); err != nil {
		return o, err
	}
	l.xray.takeRefused()
	l.newrelic.takeRefused()
	l.alsoSent = nil
	if r.prepare != nil {
		if err := r.prepare(ctx, l); err != nil {
			return o, err
		}
	}
	before, err := l.collector.counts(ctx)
	if err != nil {
		return o, err
	}
	g := newGenerator(l.collector.otlp(), l.rate*max(r.rate, 1))
	g.shift = r.shift
	loadCtx, stopLoad := context.WithCancel(ctx)
	defer stopLoad()
	var load sync.WaitGroup
	load.Go(func() { g.run(loadCtx, l.settle) })
	if l.demo != nil {
		l.demo.reset()
	}
	from := time.Now()
	if err := l.breakAndHeal(ctx, r, &o); err != nil {
		stopLoad()
		load.Wait()
		return o, errors.Join(err, l.collector.unmount(ctx))
	}
	to := time.Now()
	if l.demo != nil {
		o.latency = l.demo.median()
	}
	stopLoad()
	load.Wait()
	maps.Copy(g.acknowledged, l.alsoSent)
	o.sent, o.unanswered = len(g.acknowledged), len(g.unanswered)
	if err := l.count(ctx, g, before, &o); err != nil {
		return o, err
	}
	delays, err := l.delaysOf(ctx, r.well)
	if err != nil {
		return o, err
	}
	o.p95 = medianP95(delays, from, to)
	l.collector.notePeak()
	o.memory = l.collector.peak / 1024
	l.judge(&o)
	return o, l.collector.unmount(ctx)
}

// breakAndHeal makes it wrong, waits, and makes it right.
func (l *lab) breakAndHeal(ctx context.Context, r row, o *outcome) (err error) {
	length := l.outage
	if r.brief {
		length /= 3
	}
	if r.begin != nil {
		if err := r.begin(ctx, l); err != nil {
			return err
		}
	}
	over := time.After(length)
	if r.during != nil {
		var failed verdict
		o.note, err = r.during(ctx, l)
		if errors.As(err, &failed) {
			o.failures = append(o.failures, failed.text)
		} else if err != nil {
			return err
		}
	}
	select {
	case <-over:
	case <-ctx.Done():
		return ctx.Err()
	}
	if r.end != nil {
		return r.end(ctx, l)
	}
	return nil
}

// count waits until nothing is missing any more, or for as long as it may take,
// and counts.
func (l *lab) count(ctx context.Context, g *generator, before verify.Counts, o *outcome) error {
	refusedX, refusalsX := l.xray.takeRefused()
	refusedN, refusalsN := l.newrelic.takeRefused()
	deadline := time.Now().Add(l.settle)
	for {
		inXRay, err := l.inXRay(ctx)
		if err != nil {
			return err
		}
		inNewRelic, err := l.inNewRelic(ctx)
		if err != nil {
			return err
		}
		o.xray = tallyOf(g.acknowledged, inXRay, refusedX)
		o.newrelic = tallyOf(g.acknowledged, inNewRelic, refusedN)
		if o.xray.lost == 0 && o.newrelic.lost == 0 || time.Now().After(deadline) {
			break
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(200 * time.Millisecond):
		}
	}
	after, err := l.collector.counts(ctx)
	if err != nil {
		o.failures = append(o.failures, "the collector does not answer: "+err.Error())
		return nil
	}
	grown := after.Since(before)
	isXRay := func(exporter string) bool { return exporter == "awsxray" }
	isNewRelic := func(exporter string) bool { return exporter == "otlp_http/newrelic" }
	dropped, _ := grown.Sum("exporter_awsxray_dropped_documents", isXRay)
	failed, _ := grown.Sum("exporter_send_failed_spans", isNewRelic)
	o.xray.counted, o.newrelic.counted = int(dropped), int(failed)
	if o.row.refuses == verify.XRay && refusalsX != o.xray.counted {
		o.failures = append(o.failures, fmt.Sprintf("X-Ray refused %d documents, and the collector counts %d", refusalsX, o.xray.counted))
	}
	if o.row.refuses == verify.NewRelic && refusalsN != o.newrelic.counted {
		o.failures = append(o.failures, fmt.Sprintf("New Relic refused %d spans, and the collector counts %d", refusalsN, o.newrelic.counted))
	}
	queued, _ := after.Sum("exporter_queue_size", isXRay)
	o.xray.queued = min(int(queued), o.xray.lost)
	o.xray.lost -= o.xray.queued
	return nil
}

func tallyOf(acknowledged map[string]bool, has stored, refused map[string]bool) tally {
	var t tally
	for id := range acknowledged {
		switch n := has[id]; {
		case n > 0:
			t.stored++
			t.twice += n - 1
		case refused[id]:
			t.refused++
		default:
			t.lost++
		}
	}
	return t
}

func (l *lab) delaysOf(ctx context.Context, backend string) ([]delay, error) {
	switch backend {
	case verify.XRay:
		return l.xray.takeDelays(), nil
	case verify.NewRelic:
		return l.newRelicDelays(ctx)
	}
	return nil, nil
}

// medianP95 is the median of the 95th percentiles of three thirds of the time.
func medianP95(delays []delay, from, to time.Time) time.Duration {
	var p95 []time.Duration
	third := to.Sub(from) / 3
	for i := range 3 {
		begin := from.Add(time.Duration(i) * third)
		var took []time.Duration
		for _, d := range delays {
			if !d.ended.Before(begin) && d.ended.Before(begin.Add(third)) {
				took = append(took, d.took)
			}
		}
		if len(took) > 0 {
			slices.Sort(took)
			p95 = append(p95, took[len(took)*95/100])
		}
	}
	if len(p95) == 0 {
		return 0
	}
	slices.Sort(p95)
	return p95[len(p95)/2]
}

// shop is the demo with customers, whose latency must not move.
type shop struct {
	stack *demo.Stack
	stop  context.CancelFunc
	done  chan struct{}

	mu   sync.Mutex
	took []time.Duration
}

const shopPause = 250 * time.Millisecond // between two requests

func startShop(ctx context.Context, p *process) (*shop, error) {
	if err := os.Setenv("OTEL_BSP_SCHEDULE_DELAY", "500"); err != nil {
		return nil, err
	}
	stack, err := demo.Start(ctx, demo.Config{OTLPEndpoint: p.grpc(), DaemonAddress: p.daemon(), Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	s := &shop{stack: stack, stop: cancel, done: make(chan struct{})}
	go s.serve(ctx)
	return s, nil
}

func (s *shop) serve(ctx context.Context) {
	defer close(s.done)
	for n := 0; ; n++ {
		select {
		case <-ctx.Done():
			return
		case <-time.After(shopPause):
		}
		begun := time.Now()
		if err := s.request(ctx, n); err != nil {
			continue
		}
		s.mu.Lock()
		s.took = append(s.took, time.Since(begun))
		s.mu.Unlock()
	}
}

func (s *shop) request(ctx context.Context, n int) error {
	req, err := demo.RequestFor(ctx, s.stack.URL(), demo.OK, n)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	_, err = io.Copy(io.Discard, resp.Body)
	return err
}

func (s *shop) reset() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.took = nil
}

func (s *shop) median() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.took) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(s.took))
	return sorted[len(sorted)/2]
}

func (s *shop) close() error {
	s.stop()
	<-s.done
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if err := s.stack.Stop(ctx); err != nil && !errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return nil
}
