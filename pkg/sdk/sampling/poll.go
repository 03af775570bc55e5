package sampling

import (
	"context"
	"math/rand/v2"
	"time"
)

const (
	// targetInterval is X-Ray's own interval of reports.
	targetInterval = 10 * time.Second

	// Jitter keeps the processes of a deployment apart that began together.
	ruleJitter   = 5 * time.Second
	targetJitter = 100 * time.Millisecond

	// firstRetry is the wait after the first fetch that failed; it doubles up
	// to the polling interval.
	firstRetry = time.Second
)

// poller is the goroutine of a Remote: what only it reads and writes.
type poller struct {
	*Remote
	modified float64       // when a rule was changed last, by X-Ray's clock
	retry    time.Duration // the wait after the next failure to fetch the rules
	failing  bool          // said so in the log
}

func newPoller(s *Remote) *poller {
	return &poller{Remote: s, retry: min(firstRetry, s.interval)}
}

// run polls until ctx ends.
func (p *poller) run(ctx context.Context) {
	defer p.client.http.CloseIdleConnections()
	rules, targets := time.NewTimer(0), time.NewTimer(targetInterval+jitter(targetJitter))
	defer rules.Stop()
	defer targets.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-rules.C:
			rules.Reset(p.fetchRules(ctx))
		case <-targets.C:
			targets.Reset(targetInterval + jitter(targetJitter))
			if p.reportStatistics(ctx) {
				rules.Reset(0)
			}
		}
	}
}

func jitter(limit time.Duration) time.Duration {
	return rand.N(limit)
}

// fetchRules replaces the rules and returns when to do it again.
func (p *poller) fetchRules(ctx context.Context) time.Duration {
	began := p.clock.exact()
	documents, modified, err := p.client.rules(ctx)
	p.reportCall(ctx, err)
	if err != nil {
		wait := p.retry
		p.retry = min(2*p.retry, p.interval)
		return wait + jitter(wait/10+1)
	}
	set, errs := newRuleSet(documents, p.set.Load(), p.service)
	for _, err := range errs {
		p.logger.Warn("X-Ray sampling rule passed over", "error", err)
	}
	set.fetched = began
	p.set.Store(set)
	p.modified = max(p.modified, modified)
	p.retry = min(firstRetry, p.interval)
	return p.interval + jitter(min(ruleJitter, p.interval/10+1))
}

// reportStatistics reports what was decided since the last time and takes the
// targets that X-Ray answers with. It reports whether the rules have changed
// meanwhile.
func (p *poller) reportStatistics(ctx context.Context) (changed bool) {
	documents, rules := p.collect()
	for len(documents) > 0 {
		n := min(len(documents), maxDocuments)
		answer, err := p.client.targets(ctx, documents[:n])
		p.reportCall(ctx, err)
		if err != nil {
			for i, d := range documents {
				rules[i].restore(d)
			}
			return changed
		}
		p.take(answer, rules[:n])
		if answer.LastRuleModification > p.modified {
			p.modified, changed = answer.LastRuleModification, true
		}
		documents, rules = documents[n:], rules[n:]
	}
	return changed
}

// collect returns the counts of the rules that decided anything and are due.
func (p *poller) collect() (documents []statisticsDocument, rules []*rule) {
	set := p.set.Load()
	if set == nil {
		return nil, nil
	}
	now, wall := p.clock.exact(), time.Now().Unix()
	for _, r := range set.rules {
		if now < r.due || r.requests.Load() == 0 {
			continue
		}
		d := r.statistics.collect()
		d.RuleName, d.ClientID, d.Timestamp = r.name, p.clientID, wall
		documents, rules = append(documents, d), append(rules, r)
	}
	return documents, rules
}

// take sets the targets of the rules that were reported.
func (p *poller) take(answer targetsAnswer, rules []*rule) {
	now, wall := p.clock.exact(), time.Now()
	for _, d := range answer.SamplingTargetDocuments {
		for _, r := range rules {
			if r.name == d.RuleName {
				r.setTarget(&d, now, wall)
			}
		}
	}
	for _, u := range answer.UnprocessedStatistics {
		p.logger.Warn("X-Ray did not take sampling statistics", "rule", u.RuleName, "code", u.ErrorCode, "message", u.Message)
	}
}

// setTarget takes what X-Ray answered; what the answer does not say stays as it
// was.
func (r *rule) setTarget(d *targetDocument, now time.Duration, wall time.Time) {
	t := target{rate: r.fixedRate}
	if old := r.target.Load(); old != nil {
		t = *old
	}
	if d.FixedRate != nil {
		t.rate = min(max(*d.FixedRate, 0), 1)
	}
	if d.ReservoirQuota != nil {
		t.quota = *d.ReservoirQuota
	}
	if d.ReservoirQuotaTTL != nil {
		// The quota ends at a time of day. Its distance from now counts from
		// here on, so that a clock that is set does not matter.
		t.expires = now + secondsUntil(*d.ReservoirQuotaTTL, wall)
	}
	r.target.Store(&t)
	r.due = 0
	if d.Interval != nil && *d.Interval > int64(targetInterval/time.Second) {
		r.due = now + time.Duration(min(*d.Interval, 3600))*time.Second
	}
}

// secondsUntil returns the time until an epoch time, within an hour.
func secondsUntil(epoch float64, wall time.Time) time.Duration {
	seconds := epoch - float64(wall.UnixMilli())/1000
	return time.Duration(min(max(seconds, -1), 3600) * float64(time.Second))
}

// reportCall logs the first failure of a series, and its end.
func (p *poller) reportCall(ctx context.Context, err error) {
	failed := err != nil
	if failed == p.failing || ctx.Err() != nil {
		return
	}
	p.failing = failed
	if failed {
		p.logger.Warn("X-Ray sampling rules cannot be had; known rules hold for an hour, then "+p.fallback.String()+" decides", "error", err)
		return
	}
	p.logger.Info("X-Ray answers sampling calls again")
}
