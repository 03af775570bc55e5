package servicegraph

import (
	"maps"
	"math"
	"slices"
)

// A Histogram counts response times, rounded to milliseconds. The zero value is
// empty. It is not safe for concurrent use.
type Histogram struct {
	low  []uint32         // counts by millisecond, as far as they go
	high map[int64]uint32 // the same of what is not below lowLimit
	n    int64
}

// lowLimit is up to where a histogram counts in a slice, in milliseconds: 16 KB
// at most.
const lowLimit = 4096

// A Bin is one entry of a histogram as X-Ray writes it.
type Bin struct {
	Value float64 // seconds, of milliseconds
	Count int64
}

// MaxBins is how many distinct values Bins gives as they are.
const MaxBins = 200

// Add counts one response time, in microseconds.
func (h *Histogram) Add(microseconds int64) {
	ms := (microseconds + 500) / 1000
	h.n++
	if ms >= lowLimit {
		if h.high == nil {
			h.high = make(map[int64]uint32)
		}
		h.high[ms]++
		return
	}
	if ms >= int64(len(h.low)) {
		h.low = append(h.low, make([]uint32, min(lowLimit, max(2*int(ms), 64))-len(h.low))...)
	}
	h.low[max(ms, 0)]++
}

// Count returns how many response times were counted.
func (h *Histogram) Count() int64 { return h.n }

// Merge adds another histogram's counts.
func (h *Histogram) Merge(other *Histogram) {
	h.n += other.n
	if len(other.low) > len(h.low) {
		h.low = append(h.low, make([]uint32, len(other.low)-len(h.low))...)
	}
	for ms, n := range other.low {
		h.low[ms] += n
	}
	if h.high == nil && other.high != nil {
		h.high = make(map[int64]uint32, len(other.high))
	}
	for ms, n := range other.high {
		h.high[ms] += n
	}
}

// exact returns what was counted, by value.
func (h *Histogram) exact() []Bin {
	var bins []Bin
	for ms, n := range h.low {
		if n > 0 {
			bins = append(bins, Bin{float64(ms) / 1000, int64(n)})
		}
	}
	for _, ms := range slices.Sorted(maps.Keys(h.high)) {
		bins = append(bins, Bin{float64(ms) / 1000, int64(h.high[ms])})
	}
	return bins
}

// Bins returns the entries by value; their counts add up to Count. Up to MaxBins
// distinct values come as they are. More are gathered into centroids as a
// t-digest does: the nearer to an end of the distribution, the fewer response
// times share one, so that high percentiles stay sharp. Unlike a digest built
// in passing, the result depends on what was counted and not on its order.
//
// The scale function is k1 of https://arxiv.org/abs/1902.04023.
func (h *Histogram) Bins() []Bin {
	bins := h.exact()
	if len(bins) <= MaxBins {
		return bins
	}
	digest := make([]Bin, 0, MaxBins)
	var before, sum float64 // what closed centroids hold; what the open one adds up to
	var open int64
	limit := nextLimit(0)
	for _, bin := range bins {
		if open > 0 && (before+float64(open+bin.Count))/float64(h.n) > limit {
			digest = append(digest, centroid(sum, open))
			before += float64(open)
			limit, sum, open = nextLimit(before/float64(h.n)), 0, 0
		}
		sum += bin.Value * float64(bin.Count)
		open += bin.Count
	}
	return append(digest, centroid(sum, open))
}

func centroid(sum float64, count int64) Bin {
	return Bin{math.Round(sum/float64(count)*1000) / 1000, count}
}

// nextLimit returns up to which quantile a centroid goes that begins at q.
// There can be twice as many centroids as units of the scale.
func nextLimit(q float64) float64 {
	const step = 2 * math.Pi / MaxBins
	return (math.Sin(min(math.Asin(2*q-1)+step, math.Pi/2)) + 1) / 2
}

// Quantile returns the response time, in seconds, that a share q of all is not
// above; 0 if none was counted.
func (h *Histogram) Quantile(q float64) float64 {
	rank := int64(math.Ceil(q * float64(h.n)))
	for _, bin := range h.exact() {
		if rank -= bin.Count; rank <= 0 {
			return bin.Value
		}
	}
	return 0
}
