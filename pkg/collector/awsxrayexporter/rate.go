package awsxrayexporter

import (
	"context"
	"math"
	"sync"
	"time"
)

const (
	// rateWindow is how long answers are collected before the rate changes, and
	// windowAnswers how many, unless they take longer than longestWindow: of a
	// few answers the share that is throttled says little, and a rate that falls
	// for that gets fewer.
	rateWindow    = time.Second
	longestWindow = 5 * time.Second
	windowAnswers = 20
	// tolerated is the share of throttled documents up to which the rate does
	// not fall. A throttled document costs one more request; to send less than
	// X-Ray takes costs throughput. An endpoint that refuses at random, at
	// whatever rate, would else drive the rate to the floor.
	tolerated = 0.25
	// hopeless is the share from which on the rate falls in any case: next to
	// nothing is taken, so that there is nothing to lose.
	hopeless = 0.95
	// uselessPause is for how many windows no decrease is tried after one that
	// did not help.
	uselessPause = 10
	// slowestRate is the floor: one full put per second.
	slowestRate = maxDocuments
	// rateBurst is how much unused time may be made up for at once.
	rateBurst = 100 * time.Millisecond
)

// A rate bounds the documents per second by additive increase and
// multiplicative decrease. It knows no quota: it is without a bound until X-Ray
// throttles. When more than a quarter of a window's documents are throttled it
// falls to half, but not below nine tenths of what was taken in that window.
// A decrease that leaves the share of documents that are taken as it was is
// taken back: not this exporter's rate is the reason. In each window in which
// no more than that is throttled the rate rises by a twentieth of where it fell
// from, and the bound goes when it has reached twice that.
//
// A rate is safe for concurrent use.
type rate struct {
	ceiling float64 // of max_documents_per_second, or +Inf

	mu      sync.Mutex
	limit   float64 // documents per second, or +Inf
	fellAt  float64 // the rate at the last decrease
	share   float64 // of throttled documents at the last decrease, if that was a window ago
	pause   int     // windows until a decrease is tried again
	nextAt  time.Time
	window  time.Time // the start of the window; zero before the first answer
	answers int       // in the window
	taken   int       // documents in the window
	refused int       // throttled documents in the window
}

// newRate returns a rate that never exceeds ceiling; 0 means no ceiling.
func newRate(ceiling float64) *rate {
	if ceiling == 0 {
		ceiling = math.Inf(1)
	}
	return &rate{ceiling: ceiling, limit: ceiling}
}

// wait returns when n documents may be sent, or ctx's error.
func (r *rate) wait(ctx context.Context, n int) error {
	delay := r.reserve(n)
	if delay <= 0 {
		return ctx.Err()
	}
	return sleep(ctx, delay)
}

// reserve takes the next n documents' share of time and returns how long it is
// until then.
func (r *rate) reserve(n int) time.Duration {
	r.mu.Lock()
	defer r.mu.Unlock()
	if math.IsInf(r.limit, 1) {
		return 0
	}
	now := time.Now()
	if earliest := now.Add(-rateBurst); r.nextAt.Before(earliest) {
		r.nextAt = earliest
	}
	at := r.nextAt
	r.nextAt = at.Add(time.Duration(float64(n) / r.limit * float64(time.Second)))
	return at.Sub(now)
}

// observe learns from one answer how many documents X-Ray took (or refused for
// another reason than their number) and how many it throttled.
func (r *rate) observe(taken, throttled int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := time.Now()
	if r.window.IsZero() {
		r.window = now
	}
	r.answers++
	r.taken += taken
	r.refused += throttled
	if elapsed := now.Sub(r.window); elapsed >= longestWindow || elapsed >= rateWindow && r.answers >= windowAnswers {
		r.adjust(elapsed.Seconds())
		r.window, r.answers, r.taken, r.refused = now, 0, 0, 0
	}
}

// adjust ends a window of that many seconds.
func (r *rate) adjust(seconds float64) {
	total := float64(r.taken + r.refused)
	share := float64(r.refused) / max(total, 1)
	fell, helped := r.share > 0, 1-share > 1.25*(1-r.share) // a quota takes twice the share at half the rate
	r.share = 0
	r.pause = max(0, r.pause-1)
	switch {
	case share > hopeless || share > tolerated && r.pause == 0 && (!fell || helped):
		r.share = share
		r.fellAt = min(r.limit, total/seconds)
		r.limit = max(r.fellAt/2, 0.9*float64(r.taken)/seconds, slowestRate)
	case share > tolerated && fell:
		r.limit, r.pause = r.fellAt, uselessPause
	case share <= tolerated && !math.IsInf(r.limit, 1):
		r.limit += max(r.fellAt/20, slowestRate)
		if r.limit >= 2*max(r.fellAt, slowestRate) {
			r.limit = math.Inf(1)
		}
	}
	r.limit = min(r.limit, r.ceiling)
}

// sleep waits for d or until ctx ends, and returns ctx's error then.
func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
