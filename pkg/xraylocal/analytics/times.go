package analytics

import (
	"cmp"
	"math"
	"slices"
)

// Times says whether the response times of two sets differ, by the test of Mann,
// Whitney and Wilcoxon: two-sided, by the normal distribution, corrected for
// ties. It is one test beside those of the tables, and not adjusted for them.
//
// https://en.wikipedia.org/wiki/Mann%E2%80%93Whitney_U_test
type Times struct {
	Slower float64 // probability that a trace of B took longer than one of A, ties by half
	P      float64 // of sets that differ as much or more by chance
}

// minTimes is how many response times each set must have: below, the normal
// distribution is not near enough.
const minTimes = 8

// compareTimes returns nil if there are too few response times.
func compareTimes(a, b []Trace) *Times {
	type timed struct {
		seconds float64
		inB     bool
	}
	var all []timed
	var n [2]float64
	for i, set := range [][]Trace{a, b} {
		for _, t := range set {
			if t.ResponseTime != nil {
				all = append(all, timed{*t.ResponseTime, i == 1})
				n[i]++
			}
		}
	}
	if n[0] < minTimes || n[1] < minTimes {
		return nil
	}
	slices.SortFunc(all, func(x, y timed) int { return cmp.Compare(x.seconds, y.seconds) })
	ranks, ties := 0.0, 0.0 // the sum of ranks in B, and of t³-t over ties of t
	for i := 0; i < len(all); {
		j, inB := i, 0.0
		for ; j < len(all) && all[j].seconds == all[i].seconds; j++ {
			if all[j].inB {
				inB++
			}
		}
		ranks += inB * float64(i+1+j) / 2
		t := float64(j - i)
		ties += t*t*t - t
		i = j
	}
	u := ranks - n[1]*(n[1]+1)/2
	pairs, total := n[0]*n[1], n[0]+n[1]
	deviation := math.Sqrt(pairs / 12 * (total + 1 - ties/(total*(total-1))))
	out := &Times{Slower: u / pairs, P: 1}
	if deviation > 0 {
		z := max(0, math.Abs(u-pairs/2)-0.5) / deviation
		out.P = max(math.Erfc(z/math.Sqrt2), math.SmallestNonzeroFloat64)
	}
	return out
}
