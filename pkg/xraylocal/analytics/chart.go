package analytics

import (
	"cmp"
	"math"
	"slices"
)

// A Histogram has the response times of two sets in the same bins.
type Histogram struct {
	Edges []float64 // seconds, one more than bins; a bin holds its lower edge
	Log   bool      // bins are of equal width in the logarithm, as the times are far apart
	A, B  []int     // traces in each bin
}

// Histograms puts the response times of two sets in bins. It has no bins if no
// trace has a response time.
func Histograms(a, b []Trace, bins int) Histogram {
	inA, inB := timesOf(a), timesOf(b)
	h := histogramOf(slices.Concat(inA, inB), bins)
	if len(h.Edges) > 0 {
		h.A, h.B = h.count(inA), h.count(inB)
	}
	return h
}

// timesOf returns the response times of a set.
func timesOf(set []Trace) []float64 {
	times := make([]float64, 0, len(set))
	for _, t := range set {
		if t.ResponseTime != nil {
			times = append(times, *t.ResponseTime)
		}
	}
	return times
}

// histogramOf puts response times in bins, as those of A.
func histogramOf(times []float64, bins int) Histogram {
	var h Histogram
	if bins < 1 || len(times) == 0 {
		return h
	}
	h.Edges, h.Log = Edges(slices.Min(times), slices.Max(times), bins)
	h.A = h.count(times)
	return h
}

// Edges returns the limits of bins, at least one, that hold response times from
// least to most seconds, and whether they are of equal width in the logarithm:
// they are if the times are far apart, else they begin at 0.
func Edges(least, most float64, bins int) (edges []float64, log bool) {
	least = max(least, 1e-6)
	most = max(most, least)
	log = most/least > 50
	if !log {
		least = 0
	}
	edges = make([]float64, bins+1)
	for i := range edges {
		at := float64(i) / float64(bins)
		if log {
			edges[i] = least * math.Pow(most/least, at)
		} else {
			edges[i] = least + (most-least)*at
		}
	}
	return edges, log
}

// count counts by the edges. The last bin holds its upper edge, too.
func (h *Histogram) count(times []float64) []int {
	counts := make([]int, len(h.Edges)-1)
	least, most := h.Edges[0], h.Edges[len(h.Edges)-1]
	for _, seconds := range times {
		at := (seconds - least) / (most - least)
		if h.Log {
			at = math.Log(max(seconds, least)/least) / math.Log(most/least)
		}
		counts[min(max(int(at*float64(len(counts))), 0), len(counts)-1)]++
	}
	return counts
}

// A Bucket is a part of the time range of a set.
type Bucket struct {
	Start                      float64 // seconds since the epoch
	OK, Error, Fault, Throttle int
	Mean                       float64 // response time in seconds, of those that have one; else 0
}

// Series counts the traces of a set in buckets of equal length between two times,
// in seconds since the epoch. Traces outside are left out.
func Series(set []Trace, from, to float64, buckets int) []Bucket {
	if buckets < 1 || to <= from {
		return nil
	}
	series := make([]Bucket, buckets)
	timed := make([]int, buckets)
	width := (to - from) / float64(buckets)
	for i := range series {
		series[i].Start = from + float64(i)*width
	}
	for _, t := range set {
		if t.Start < from || t.Start > to {
			continue
		}
		i := min(int((t.Start-from)/width), buckets-1)
		b := &series[i]
		switch t.Outcome {
		case "error":
			b.Error++
		case "fault":
			b.Fault++
		case "throttle":
			b.Throttle++
		default:
			b.OK++
		}
		if t.ResponseTime != nil {
			timed[i]++
			b.Mean += (*t.ResponseTime - b.Mean) / float64(timed[i])
		}
	}
	return series
}

// Align makes two sets of one time range comparable of which not all was read:
// of a set that was cut to its latest traces nothing is known from before them,
// and what the other has of that time would differ by its time alone. It returns
// the traces of both from since on, in seconds since the epoch; since is 0, and
// the sets are whole, if neither was cut.
func Align(a, b []Trace, cutA, cutB bool) (fromA, fromB []Trace, since float64) {
	for _, set := range []struct {
		traces []Trace
		cut    bool
	}{{a, cutA}, {b, cutB}} {
		if set.cut && len(set.traces) > 0 {
			since = max(since, slices.MinFunc(set.traces, func(x, y Trace) int { return cmp.Compare(x.Start, y.Start) }).Start)
		}
	}
	before := func(t Trace) bool { return t.Start < since }
	return slices.DeleteFunc(slices.Clone(a), before), slices.DeleteFunc(slices.Clone(b), before), since
}
