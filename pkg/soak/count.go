package main

import (
	"context"
	"fmt"
	"time"

	"github.com/bragg-tracing/bragg/pkg/verify"
)

// A tally is what became of the acknowledged spans at one backend.
type tally struct {
	stored, twice    int
	queued           int // on disk, when the time was over
	refused, counted int // by the backend; by the collector
	lost             int // neither stored, queued nor refused
}

// A census is everything that is known of a row's spans, by id.
type census struct {
	acknowledged       map[string]bool
	inXRay, inNewRelic stored
	refusedX, refusedN map[string]bool
	queuedX, queuedN   map[string]bool // nil until the queues were looked at
}

func (c *census) tallies() (xray, newRelic tally) {
	return tallyOf(c.acknowledged, c.inXRay, c.refusedX, c.queuedX), tallyOf(c.acknowledged, c.inNewRelic, c.refusedN, c.queuedN)
}

func tallyOf(acknowledged map[string]bool, has stored, refused, queued map[string]bool) tally {
	var t tally
	for id := range acknowledged {
		switch n := has[id]; {
		case n > 0:
			t.stored++
			t.twice += n - 1
		case refused[id]:
			t.refused++
		case queued[id]:
			t.queued++
		default:
			t.lost++
		}
	}
	return t
}

// look reads what both backends have.
func (l *lab) look(ctx context.Context, c *census) error {
	var err error
	if c.inXRay, err = l.inXRay(ctx); err != nil {
		return err
	}
	c.inNewRelic, err = l.inNewRelic(ctx)
	return err
}

// lookIntoQueues reads what the queues hold. The collector must not run.
func (l *lab) lookIntoQueues(c *census) error {
	var err error
	if c.queuedX, err = l.collector.queuedIDs(verify.XRay); err != nil {
		return err
	}
	c.queuedN, err = l.collector.queuedIDs(verify.NewRelic)
	return err
}

// count waits until nothing is missing any more, or for as long as it may take,
// and counts. What is missing then must be in the queues on disk.
func (l *lab) count(ctx context.Context, acknowledged map[string]bool, before verify.Counts, o *outcome) error {
	c := &census{acknowledged: acknowledged}
	var refusalsX, refusalsN int
	c.refusedX, refusalsX = l.xray.takeRefused()
	c.refusedN, refusalsN = l.newrelic.takeRefused()
	if err := l.waitForAll(ctx, c, before, o); err != nil {
		return err
	}
	after, err := l.collector.counts(ctx)
	if err != nil {
		o.failures = append(o.failures, "the collector does not answer: "+err.Error())
		return nil
	}
	if o.xray.lost+o.newrelic.lost > 0 {
		l.collector.stop()
		if err := l.lookIntoQueues(c); err != nil {
			return err
		}
		if err := l.look(ctx, c); err != nil { // it delivers while it stops
			return err
		}
		o.xray, o.newrelic = c.tallies()
		if err := l.collector.start(ctx); err != nil {
			return err
		}
	}
	l.countRefusals(after.Since(before), refusalsX, refusalsN, o)
	l.datagrams.judge(c, after.Since(before), o)
	return nil
}

// waitForAll returns when all that was acknowledged is stored or refused, or
// when the time is over. Reading takes its own time, which it must not take
// from the collector.
func (l *lab) waitForAll(ctx context.Context, c *census, before verify.Counts, o *outcome) error {
	begun := time.Now()
	told := begun
	for {
		looked := time.Now()
		if err := l.look(ctx, c); err != nil {
			return err
		}
		o.xray, o.newrelic = c.tallies()
		missing := l.datagrams.missing(c)
		if o.xray.lost == 0 && o.newrelic.lost == 0 && missing > 0 {
			now, err := l.collector.counts(ctx)
			if err != nil {
				return nil // which the next reading says
			}
			missing = max(0, missing-int(l.datagrams.counted(now.Since(before))))
		}
		if o.xray.lost == 0 && o.newrelic.lost == 0 && missing == 0 || time.Since(begun) > l.settle {
			return nil
		}
		if time.Since(told) > progressEvery {
			told = time.Now()
			l.say("%s: %d spans are not in X-Ray yet, %d not in New Relic", o.row.name, o.xray.lost+missing, o.newrelic.lost+missing)
		}
		if err := pause(ctx, max(200*time.Millisecond, 2*time.Since(looked))); err != nil {
			return err
		}
	}
}

// countRefusals compares what the proxies refused with what the collector says.
func (l *lab) countRefusals(grown verify.Counts, refusalsX, refusalsN int, o *outcome) {
	dropped, _ := grown.Sum("exporter_awsxray_dropped_documents", func(exporter string) bool { return exporter == "awsxray" })
	failed, _ := grown.Sum("exporter_send_failed_spans", func(exporter string) bool { return exporter == "otlp_http/newrelic" })
	o.xray.counted, o.newrelic.counted = int(dropped), int(failed)
	if o.row.refuses == verify.XRay && refusalsX != o.xray.counted {
		o.failures = append(o.failures, fmt.Sprintf("X-Ray refused %d documents, and the collector counts %d", refusalsX, o.xray.counted))
	}
	if o.row.refuses == verify.NewRelic && refusalsN != o.newrelic.counted {
		o.failures = append(o.failures, fmt.Sprintf("New Relic refused %d spans, and the collector counts %d", refusalsN, o.newrelic.counted))
	}
}
