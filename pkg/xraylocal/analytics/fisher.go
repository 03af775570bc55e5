package analytics

import "math"

// fisher returns the probability, if two sets are drawn from one, of a count as
// unlikely as this or more: hits of n in one set, and hits of m in the other
// (Fisher's exact test, two-sided by the sum of what is not more likely). It
// takes time in proportion to the smaller of hits and sets.
func fisher(hitsA, a, hitsB, b int) float64 {
	hits, all := hitsA+hitsB, a+b
	low, high := max(0, hits-b), min(hits, a) // what hitsA could be
	if low == high {
		return 1
	}
	// Relative to the most likely count, each next one by a ratio.
	mode := min(max(int((float64(hits)+1)*(float64(a)+1)/(float64(all)+2)), low), high)
	ratio := func(x int) float64 { // of the probability of x+1 to that of x
		return float64(hits-x) * float64(a-x) / (float64(x+1) * float64(b-hits+x+1))
	}
	observed := 1.0
	for x := mode; x < hitsA; x++ {
		observed *= ratio(x)
	}
	for x := mode; x > hitsA; x-- {
		observed /= ratio(x - 1)
	}
	if observed == 0 { // beyond the range of floating point
		return math.SmallestNonzeroFloat64
	}
	limit := observed * (1 + 1e-7) // equal ones differ by rounding
	total, extreme := 0.0, 0.0
	add := func(p float64) {
		total += p
		if p <= limit {
			extreme += p
		}
	}
	add(1)
	for x, p := mode, 1.0; x < high && p > 0; x++ {
		p *= ratio(x)
		add(p)
	}
	for x, p := mode, 1.0; x > low && p > 0; x-- {
		p /= ratio(x - 1)
		add(p)
	}
	return min(1, extreme/total)
}

// holm adjusts p-values, in increasing order, for their number.
func holm(p []float64) []float64 {
	adjusted := make([]float64, len(p))
	least := 0.0
	for i := range p {
		least = max(least, min(1, p[i]*float64(len(p)-i)))
		adjusted[i] = least
	}
	return adjusted
}
