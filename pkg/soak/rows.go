package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"os/exec"
	"sync/atomic"
	"time"

	"github.com/bragg-tracing/bragg/pkg/verify"
)

// xrayFault and newRelicFault script one backend's proxy.
func xrayFault(f func(p *proxy) fault) func(context.Context, *lab) error {
	return func(_ context.Context, l *lab) error { l.xray.set(f(l.xray)); return nil }
}

func newRelicFault(f func(p *proxy) fault) func(context.Context, *lab) error {
	return func(_ context.Context, l *lab) error { l.newrelic.set(f(l.newrelic)); return nil }
}

func healXRay(_ context.Context, l *lab) error     { l.xray.set(nil); return nil }
func healNewRelic(_ context.Context, l *lab) error { l.newrelic.set(nil); return nil }

func bothDown(_ context.Context, l *lab) error {
	l.xray.down()
	l.newrelic.down()
	return nil
}

func bothUp(_ context.Context, l *lab) error {
	if err := l.xray.up(); err != nil {
		return err
	}
	return l.newrelic.up()
}

// rows are the faults, in the order in which they are tried. The first is none.
func rows() []row {
	return []row{
		{name: "nothing is wrong", brief: true},
		{name: "X-Ray throttles (429)", well: verify.NewRelic, end: healXRay,
			begin: xrayFault(func(p *proxy) fault { return p.status(429, "X-Amzn-ErrorType", "ThrottledException") })},
		{name: "X-Ray takes 2 s for each put", well: verify.NewRelic, end: healXRay,
			begin: xrayFault(func(p *proxy) fault { return p.slow(2 * time.Second) })},
		{name: "X-Ray denies access (403)", well: verify.NewRelic, end: healXRay,
			begin: xrayFault(func(p *proxy) fault { return p.status(403, "X-Amzn-ErrorType", "AccessDeniedException") })},
		{name: "X-Ray is down", well: verify.NewRelic,
			begin: func(_ context.Context, l *lab) error { l.xray.down(); return nil },
			end:   func(_ context.Context, l *lab) error { return l.xray.up() }},
		{name: "X-Ray refuses one put in three for good", well: verify.NewRelic, refuses: verify.XRay, end: healXRay,
			begin: xrayFault(func(p *proxy) fault { return some(3, p.refuseDocuments) })},
		{name: "X-Ray stores, its answer is lost", brief: true, well: verify.NewRelic, end: healXRay,
			begin: xrayFault(func(p *proxy) fault { return some(2, p.lostAnswer) })},
		{name: "New Relic is down", well: verify.XRay,
			begin: func(_ context.Context, l *lab) error { l.newrelic.down(); return nil },
			end:   func(_ context.Context, l *lab) error { return l.newrelic.up() }},
		{name: "New Relic refuses the key (403)", well: verify.XRay, refuses: verify.NewRelic, end: healNewRelic,
			begin: newRelicFault(func(p *proxy) fault { return p.refuse(403) })},
		{name: "New Relic finds it too large (413)", well: verify.XRay, refuses: verify.NewRelic, end: healNewRelic,
			begin: newRelicFault(func(p *proxy) fault { return p.refuse(413) })},
		{name: "New Relic answers 400, 401, 500 in turn", well: verify.XRay, refuses: verify.NewRelic, end: healNewRelic,
			begin: newRelicFault(func(p *proxy) fault { return inTurn(p.refuse(400), p.refuse(401), p.refuse(500)) })},
		{name: "New Relic is at its limit (429)", well: verify.XRay, end: healNewRelic,
			begin: newRelicFault(func(p *proxy) fault { return p.status(429, "Retry-After", "3") })},
		{name: "New Relic: 502, 503, 504, reset, no answer", well: verify.XRay, end: healNewRelic,
			begin: newRelicFault(func(p *proxy) fault {
				return inTurn(p.status(502), p.status(503), p.status(504), p.reset, p.hang)
			})},
		{name: "both are down", begin: bothDown, end: bothUp},
		{name: "the collector is killed (-9), thrice", brief: true, during: killThrice},
		{name: "both are down, and the collector is killed", begin: bothDown, during: killOnce, end: bothUp},
		{name: "the disk of the queues is full, both are down", brief: true, alone: true, prepare: smallDisk, begin: bothDown, during: whenFull, end: bothUp},
		{name: "clocks jump: ±2 h, a day, X-Ray's too", brief: true, shift: jumps(), end: healXRay,
			begin: xrayFault(func(p *proxy) fault { return some(7, p.skewed) })},
		{name: "a flood of datagrams", brief: true, alone: true, during: flood},
		{name: "20 times the usual rate", brief: true, alone: true, rate: 20},
		{name: "malformed OTLP and datagrams", brief: true, alone: true, during: malformed},
	}
}

// jumps shifts each request's spans by another time.
func jumps() func() time.Duration {
	var n atomic.Int64
	by := []time.Duration{0, 2 * time.Hour, -2 * time.Hour, -24 * time.Hour, 10 * time.Minute, -time.Second}
	return func() time.Duration { return by[int(n.Add(1))%len(by)] }
}

// skewed answers as AWS does to a signature whose time is off.
func (p *proxy) skewed(w http.ResponseWriter, r *http.Request) bool {
	return p.status(403, "X-Amzn-ErrorType", "RequestTimeTooSkewed", "Date", time.Now().Add(20*time.Minute).UTC().Format(http.TimeFormat))(w, r)
}

func killOnce(ctx context.Context, l *lab) (string, error) {
	if err := pause(ctx, l.outage/2); err != nil {
		return "", err
	}
	l.collector.kill()
	note, err := l.onDisk(ctx)
	return note, errors.Join(err, l.collector.start(ctx))
}

// onDisk wants everything that was acknowledged in the queues of a collector
// that was killed, but for what the backends have.
func (l *lab) onDisk(ctx context.Context) (string, error) {
	c := &census{acknowledged: l.load.ids()}
	if err := errors.Join(l.look(ctx, c), l.lookIntoQueues(c)); err != nil {
		return "", err
	}
	x, n := c.tallies()
	note := fmt.Sprintf("killed after %d spans: X-Ray had %d, its queue on disk %d; New Relic had %d, its queue %d",
		len(c.acknowledged), x.stored, x.queued, n.stored, n.queued)
	if x.lost+n.lost > 0 {
		return note, verdictf("when it was killed %d spans for X-Ray and %d for New Relic were not on disk", x.lost, n.lost)
	}
	return note, nil
}

func killThrice(ctx context.Context, l *lab) (note string, err error) {
	for range 3 {
		if err := pause(ctx, l.outage/12); err != nil {
			return "", err
		}
		l.collector.kill()
		note, err = l.onDisk(ctx)
		if err := errors.Join(err, l.collector.start(ctx)); err != nil {
			return note, err
		}
	}
	return note, nil
}

// smallDisk gives the collector a queue on a disk of a megabyte.
func smallDisk(ctx context.Context, l *lab) error {
	l.collector.stop()
	if out, err := exec.Command("mount", "-t", "tmpfs", "-o", fmt.Sprintf("size=%dk", smallDiskSize), "tmpfs", l.collector.queues).CombinedOutput(); err != nil {
		return errors.Join(fmt.Errorf("%w: %s", errNoMount, out), l.collector.start(ctx))
	}
	l.collector.mounted = true
	return l.collector.start(ctx)
}

// smallDiskSize is what the queues of the full disk have, in KiB.
const smallDiskSize = 1024

// whenFull sends until the disk is full, and a while longer.
func whenFull(ctx context.Context, l *lab) (string, error) {
	before, err := l.collector.counts(ctx)
	if err != nil {
		return "", err
	}
	l.alsoSent = map[string]bool{}
	refused := 0.0
	for deadline := time.Now().Add(30 * time.Second); refused == 0 && time.Now().Before(deadline); {
		more := newGenerator(l.collector.otlp(), l.rate*20)
		loadCtx, cancel := context.WithTimeout(ctx, 500*time.Millisecond)
		more.run(loadCtx, 0)
		cancel()
		maps.Copy(l.alsoSent, more.acknowledged)
		after, err := l.collector.counts(ctx)
		if err != nil {
			return "", err
		}
		refused, _ = after.Since(before).Sum("receiver_refused_spans", func(string) bool { return true })
	}
	if refused == 0 {
		return "", verdictf("the disk did not become full")
	}
	return fmt.Sprintf("%.0f spans refused to senders when it was full", refused), nil
}
