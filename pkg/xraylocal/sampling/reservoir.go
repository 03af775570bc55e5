package sampling

import (
	"cmp"
	"maps"
	"math"
	"slices"
	"sync"
	"time"
)

// Interval is how often clients are asked to report.
const Interval = 10 * time.Second

// QuotaTTL is how long a quota holds for a client that hears nothing new.
const QuotaTTL = 5 * time.Minute

// gone is when a client that reports no more is taken to have ended, and its
// quota goes to the others.
const gone = 3*Interval + Interval/2

// maxClients bounds how many clients of one rule are remembered: those that
// have not reported for longest are forgotten first.
const maxClients = 500

// Reservoirs divides the reservoirs of rules among clients. The zero value is
// ready. It is safe for concurrent use.
type Reservoirs struct {
	mu    sync.Mutex
	rules map[string]map[string]*share // by rule and client
}

// A share is what is known of one client of a rule.
type share struct {
	reported time.Time
	demand   float64 // requests a second, as last reported
	quota    int
}

// Report takes note that a client saw this many requests that match a rule
// since its last report, and returns its quota of the rule's reservoir, which is
// size requests a second for all clients together. It holds until QuotaTTL from
// now, or until the client's next report.
func (r *Reservoirs) Report(now time.Time, rule string, size int, client string, requests int) (quota int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	shares := r.clients(rule)
	s := shares[client]
	if s == nil {
		s = &share{reported: now.Add(-Interval)}
		shares[client] = s
	}
	// Two documents in one call, or a clock that went back, are no new interval.
	if elapsed := now.Sub(s.reported).Seconds(); elapsed >= 1 {
		s.demand = float64(requests) / elapsed
	}
	s.reported = now
	free := size
	for name, other := range shares {
		switch {
		case name == client:
		case now.Sub(other.reported) > gone:
			delete(shares, name)
		default:
			free -= other.quota
		}
	}
	s.quota = max(0, min(divide(size, shares)[client], free))
	forget(shares)
	return s.quota
}

func (r *Reservoirs) clients(rule string) map[string]*share {
	if r.rules == nil {
		r.rules = make(map[string]map[string]*share)
	}
	if r.rules[rule] == nil {
		r.rules[rule] = make(map[string]*share)
	}
	return r.rules[rule]
}

// Forget drops what is known of a rule that is no more.
func (r *Reservoirs) Forget(rule string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.rules, rule)
}

func forget(shares map[string]*share) {
	for len(shares) > maxClients {
		oldest := slices.MinFunc(slices.Collect(maps.Keys(shares)), func(a, b string) int {
			return shares[a].reported.Compare(shares[b].reported)
		})
		delete(shares, oldest)
	}
}

// divide splits a reservoir by need: see the package's comment. The sum is size.
func divide(size int, shares map[string]*share) map[string]int {
	need := func(client string) int { return int(math.Ceil(min(shares[client].demand, float64(size)))) }
	byNeed := slices.SortedFunc(maps.Keys(shares), func(a, b string) int {
		// Of those who need the same, who has more keeps more: a quota that goes
		// to and fro is nobody's half of the time.
		return cmp.Or(cmp.Compare(need(a), need(b)), cmp.Compare(shares[a].quota, shares[b].quota), cmp.Compare(a, b))
	})
	quotas := make(map[string]int, len(byNeed))
	left := size
	for i, client := range byNeed {
		quotas[client] = min(need(client), left/(len(byNeed)-i))
		left -= quotas[client]
	}
	// What nobody needs goes round, beginning with those who need most.
	slices.Reverse(byNeed)
	for i, client := range byNeed {
		extra := (left + len(byNeed) - i - 1) / (len(byNeed) - i)
		quotas[client] += extra
		left -= extra
	}
	return quotas
}
