package insights

import (
	"maps"
	"math"
	"slices"

	"github.com/bragg-tracing/bragg/pkg/xraylocal/servicegraph"
)

// What the detector goes by, in minutes; see the package comment.
const (
	recent  = 3
	before  = 120
	quiet   = 5
	longest = 360
)

const (
	leastRequests = 10
	leastFaults   = 3
	leastRise     = 0.05
	chance        = 1e-6
)

// An anomaly is a time in which a service failed more than before.
type anomaly struct {
	service servicegraph.Service
	start   int64  // the minute of the first fault of it
	opened  int64  // the minute after which it was known
	last    int64  // the last minute that was still anomalous
	usual   Counts // what it is compared with
}

// detect returns the anomalies of a service, oldest first. Minutes from now on
// are not over and do not count.
func detect(service servicegraph.Service, s series, now int64) []anomaly {
	var found []anomaly
	excluded := make(map[int64]bool) // minutes of anomalies
	open := false
	for _, minute := range slices.Sorted(maps.Keys(s)) {
		if minute >= now {
			break
		}
		var current *anomaly
		if open {
			current = &found[len(found)-1]
			if minute-current.last > quiet || minute-current.start >= longest {
				open, current = false, nil
			}
		}
		usual := usualBefore(s, excluded, minute-recent)
		if open {
			usual = current.usual
		}
		if anomalous(s.between(minute-recent+1, minute), usual) {
			if !open {
				found = append(found, anomaly{service: service, start: firstFault(s, minute), opened: minute, usual: usual})
				current, open = &found[len(found)-1], true
			}
			current.last = minute
			for m := current.start; m <= minute; m++ {
				excluded[m] = true
			}
		}
	}
	return found
}

// usualBefore adds up the minutes up to last that were not anomalous.
func usualBefore(s series, excluded map[int64]bool, last int64) (sum Counts) {
	for m := last - before + 1; m <= last; m++ {
		if !excluded[m] {
			sum.add(s[m])
		}
	}
	return sum
}

// firstFault returns the first of the recent minutes that has a fault.
func firstFault(s series, minute int64) int64 {
	for m := minute - recent + 1; m < minute; m++ {
		if s[m].Fault > 0 {
			return m
		}
	}
	return minute
}

func anomalous(now, usual Counts) bool {
	return now.Total >= leastRequests && now.Fault >= leastFaults &&
		now.ratio()-usual.ratio() >= leastRise && fisher(now, usual) <= chance
}

// fisher returns the probability that, if faults come as often in both, so many
// or more of them are among the first: Fisher's exact test, of one side.
func fisher(now, usual Counts) float64 {
	n, t, k := float64(now.Total), float64(usual.Total), float64(now.Fault+usual.Fault)
	x := float64(now.Fault)
	term := math.Exp(choose(n, x) + choose(t, k-x) - choose(n+t, k))
	sum := 0.0
	for ; x <= min(n, k) && term > sum*1e-12; x++ {
		sum += term
		term *= (n - x) * (k - x) / ((x + 1) * (t - k + x + 1))
	}
	return sum
}

// choose returns the logarithm of n over k.
func choose(n, k float64) float64 {
	a, _ := math.Lgamma(n + 1)
	b, _ := math.Lgamma(k + 1)
	c, _ := math.Lgamma(n - k + 1)
	return a - b - c
}
