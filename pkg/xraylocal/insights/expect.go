package insights

import (
	"math"

	"github.com/bragg-tracing/bragg/pkg/xraylocal/servicegraph"
)

// Before is how much of what was before a time is looked at to say what is
// expected, in seconds.
const Before = 60 * before

// Expect returns between which numbers the faults of the services that match are
// expected in the period of so many seconds before end, seconds since the epoch:
// within three standard deviations, for as many requests as there were and the
// share of faults in the two hours before. It is not ok if nothing was before.
func (h *History) Expect(match func(servicegraph.Service) bool, end, seconds int64) (low, high int64, ok bool) {
	var now, usual Counts
	first, next := (end-seconds)/60, end/60
	for service, s := range h.services {
		if match(service) {
			now.add(s.between(first, next-1))
			usual.add(s.between(first-before, first-1))
		}
	}
	if usual.Total == 0 {
		return 0, 0, false
	}
	n, t := float64(now.Total), float64(usual.Total)
	p := (float64(usual.Fault) + 0.5) / (t + 1)
	deviation := 3 * math.Sqrt(n*p*(1-p)*(1+n/t))
	return int64(math.Max(0, math.Floor(n*p-deviation))), int64(math.Min(n, math.Ceil(n*p+deviation))), true
}
