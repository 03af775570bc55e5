package main

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/bragg-tracing/bragg/pkg/verify"
)

// normalRate is the generator's, in requests of twenty spans a second.
const normalRate = 10

// A lab is everything that runs, and what healthy looks like.
type lab struct {
	*backends
	name      string
	say       func(format string, args ...any) // tells how far it is
	collector *process
	demo      *shop         // nil: no demo
	settle    time.Duration // how long after a fault what is queued may take
	rate      float64
	outage    time.Duration
	inputs    int // malformed ones, and datagrams of a flood

	baseline map[string]time.Duration // p95 of the delay, by backend; of the first row
	calm     time.Duration            // the demo's median latency, likewise

	// Of the row that runs.
	load      *generator
	alsoSent  map[string]bool // ids that were acknowledged to others than load
	datagrams *datagrams      // of a flood
}

// progressEvery is how often a row that takes its time says so.
const progressEvery = 30 * time.Second

// A row is one thing that goes wrong.
type row struct {
	name string
	// brief rows are as long as a third of an outage: nothing gathers in them.
	brief bool
	// alone rows take the processors, so that none runs beside them.
	alone bool
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

func (l *lab) run(ctx context.Context, r row) (outcome, error) {
	o := outcome{row: r}
	if err := l.renew(); err != nil {
		return o, err
	}
	l.xray.takeRefused()
	l.newrelic.takeRefused()
	l.alsoSent, l.datagrams = nil, nil
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
	g.shift, l.load = r.shift, g
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
	if err := l.count(ctx, g.acknowledged, before, &o); err != nil {
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
	l.say("%s: for %s", r.name, length)
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
	if err := l.waitOut(ctx, r, over); err != nil {
		return err
	}
	if r.end != nil {
		return r.end(ctx, l)
	}
	return nil
}

// waitOut waits for the end of the row's time.
func (l *lab) waitOut(ctx context.Context, r row, over <-chan time.Time) error {
	tell := time.NewTicker(2 * progressEvery)
	defer tell.Stop()
	for {
		select {
		case <-over:
			return nil
		case <-tell.C:
			l.say("%s: goes on, %d spans acknowledged", r.name, l.load.taken())
		case <-ctx.Done():
			return ctx.Err()
		}
	}
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
