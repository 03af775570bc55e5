package servicegraph_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bragg-tracing/bragg/pkg/xraylocal/servicegraph"
)

func TestFewValuesAreExact(t *testing.T) {
	var h servicegraph.Histogram
	for _, us := range []int64{0, 499, 500, 1499, 4_095_499, 4_095_500, 86_400_000_000, 1200, 1200} {
		h.Add(us)
	}
	want := []servicegraph.Bin{{0, 2}, {0.001, 4}, {4.095, 1}, {4.096, 1}, {86400, 1}}
	if diff := cmp.Diff(want, h.Bins()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestManyValuesAreADigest(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	values := make([]int64, 100_000)
	for i := range values {
		values[i] = int64(1e5 * math.Exp(r.NormFloat64())) // log-normal about 100 ms
	}
	digest := func() []servicegraph.Bin {
		var h servicegraph.Histogram
		for _, us := range values {
			h.Add(us)
		}
		return h.Bins()
	}
	bins := digest()
	if len(bins) > 2*servicegraph.MaxBins {
		t.Errorf("%d bins", len(bins))
	}
	r.Shuffle(len(values), func(i, j int) { values[i], values[j] = values[j], values[i] })
	if diff := cmp.Diff(bins, digest()); diff != "" {
		t.Errorf("another order gives another digest:\n%s", diff)
	}
	slices.Sort(values)
	for _, q := range []float64{0.001, 0.01, 0.1, 0.5, 0.9, 0.99, 0.999} {
		want := float64(values[int(q*float64(len(values)))]) / 1e6
		got, rank := 0.0, int64(q*float64(len(values)))
		for _, bin := range bins {
			if got = bin.Value; rank < bin.Count {
				break
			}
			rank -= bin.Count
		}
		if tolerance := 0.05 + 0.2*math.Abs(q-0.5)*math.Abs(q-0.5)*4; math.Abs(got-want) > tolerance*want+0.001 {
			t.Errorf("quantile %g is %g, want about %g", q, got, want)
		}
	}
}

func TestQuantileAndMerge(t *testing.T) {
	var all, low, high servicegraph.Histogram
	if all.Quantile(0.5) != 0 {
		t.Error("an empty histogram has a quantile")
	}
	for ms := range int64(10_000) {
		all.Add(ms * 1000)
		if ms%3 == 0 {
			low.Add(ms * 1000)
		} else {
			high.Add(ms * 1000)
		}
	}
	low.Merge(&high)
	if diff := cmp.Diff(all.Bins(), low.Bins()); diff != "" || all.Count() != low.Count() {
		t.Errorf("merged (-want +got):\n%s", diff)
	}
	for q, want := range map[float64]float64{0: 0, 0.5: 4.999, 0.99: 9.899, 1: 9.999} {
		if got := all.Quantile(q); got != want {
			t.Errorf("quantile %g is %g, want %g", q, got, want)
		}
	}
}
