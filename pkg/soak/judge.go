package main

import (
	"fmt"
	"time"

	"github.com/bragg-tracing/bragg/pkg/verify"
)

// A verdict is a row's own finding that it has failed, as opposed to an error of
// the harness.
type verdict struct{ text string }

func (v verdict) Error() string { return v.text }

func verdictf(format string, args ...any) error { return verdict{fmt.Sprintf(format, args...)} }

// How much later than without a fault the backend that is well may get its
// spans, and the demo may answer.
func delayLimit(baseline time.Duration) time.Duration {
	return baseline + baseline/10 + 200*time.Millisecond
}

func latencyLimit(calm time.Duration) time.Duration { return calm + calm/10 + 20*time.Millisecond }

// judge says what is not as it must be. Times are judged only where the first
// row has measured what they are without a fault.
func (l *lab) judge(o *outcome) {
	fail := func(format string, args ...any) { o.failures = append(o.failures, fmt.Sprintf(format, args...)) }
	if o.sent == 0 {
		fail("nothing was acknowledged")
	}
	if o.unanswered > 0 {
		fail("%d spans were not taken from the sender, who went on asking for %s", o.unanswered, l.settle)
	}
	for _, b := range []struct {
		name string
		tally
	}{{verify.XRay, o.xray}, {verify.NewRelic, o.newrelic}} {
		if b.lost > 0 {
			fail("%s: %d spans that were acknowledged are lost, and nobody says so", b.name, b.lost)
		}
		if b.refused > 0 && o.row.refuses != b.name {
			fail("%s: %d spans refused", b.name, b.refused)
		}
		if sum := b.stored + b.queued + b.refused + b.lost; sum != o.sent {
			fail("%s: %d are not the %d that were sent", b.name, sum, o.sent)
		}
	}
	if !l.collector.alive() {
		fail("the collector has ended")
	}
	if o.memory > memoryLimit {
		fail("%d MiB of memory, over %d", o.memory, memoryLimit)
	}
	if limit := delayLimit(l.baseline[o.row.well]); l.baseline[o.row.well] > 0 && o.p95 > limit {
		fail("%s got its spans after %s (p95), over %s", o.row.well, o.p95.Round(time.Millisecond), limit.Round(time.Millisecond))
	}
	if limit := latencyLimit(l.calm); l.calm > 0 && o.latency > limit {
		fail("the demo answers after %s, over %s", o.latency.Round(time.Millisecond), limit.Round(time.Millisecond))
	}
}
