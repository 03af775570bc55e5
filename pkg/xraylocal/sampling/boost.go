package sampling

import (
	"sync"
	"time"
)

// A boost of a rate starts when a service reports anomalies that were not
// sampled, and lasts so long; clients are told of it for boostTTL at a time.
const (
	boostDuration = time.Minute
	boostTTL      = 20 * time.Second
)

// BoostLimits are what a rule says of boosts.
type BoostLimits struct {
	FixedRate float64 // the rule's rate without a boost
	MaxRate   float64 // the highest rate of a boost
	// Cooldown is the time from the start of a boost in which no other starts.
	Cooldown time.Duration
}

// Boosts raises the rates of rules for a while when requests go wrong. The zero
// value is ready. It is safe for concurrent use.
//
// When AWS boosts, and how far, is not published. Here a boost starts with
// twice the rule's rate, and is raised by 30 % with each report that still has
// anomalies of which none was sampled.
//
// https://docs.aws.amazon.com/xray/latest/devguide/xray-adaptive-sampling.html
type Boosts struct {
	mu    sync.Mutex
	rules map[string]*boost
}

type boost struct {
	started time.Time
	rate    float64
}

// Report takes note of the anomalies that a service saw under a rule since its
// last report, and of how many of them were sampled.
func (b *Boosts) Report(now time.Time, rule string, limits BoostLimits, anomalies, sampled int) {
	if anomalies <= 0 || limits.MaxRate <= limits.FixedRate {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	switch current := b.rules[rule]; {
	case current == nil || now.Sub(current.started) >= max(limits.Cooldown, boostDuration):
		if sampled >= anomalies {
			return // all of them were seen without help
		}
		if b.rules == nil {
			b.rules = make(map[string]*boost)
		}
		b.rules[rule] = &boost{started: now, rate: min(2*limits.FixedRate, limits.MaxRate)}
		if limits.FixedRate == 0 {
			b.rules[rule].rate = limits.MaxRate
		}
	case sampled == 0 && now.Sub(current.started) < boostDuration:
		current.rate = min(1.3*current.rate, limits.MaxRate)
	}
}

// Current returns the boosted rate of a rule and until when it holds, or ok
// false if there is no boost.
func (b *Boosts) Current(now time.Time, rule string, limits BoostLimits) (rate float64, until time.Time, ok bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	current := b.rules[rule]
	if current == nil || now.Sub(current.started) >= boostDuration {
		return 0, time.Time{}, false
	}
	until = now.Add(boostTTL)
	if end := current.started.Add(boostDuration); end.Before(until) {
		until = end
	}
	return min(current.rate, limits.MaxRate), until, true
}

// Forget drops the boost of a rule that is no more, or has no boosts any more.
func (b *Boosts) Forget(rule string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.rules, rule)
}
