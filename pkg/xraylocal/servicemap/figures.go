package servicemap

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/xray/types"

	"github.com/bragg-tracing/bragg/pkg/xraylocal/analytics"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/timeline"
)

func binsOf(histogram []types.HistogramEntry) []Bin {
	var bins []Bin
	for _, e := range histogram {
		bins = append(bins, Bin{e.Value, int64(e.Count)})
	}
	slices.SortFunc(bins, func(a, b Bin) int { return cmp.Compare(a.Seconds, b.Seconds) })
	return bins
}

// quantile returns the response time that a share q of requests is not above.
func quantile(bins []Bin, q float64) float64 {
	var total int64
	for _, b := range bins {
		total += b.Count
	}
	rank := int64(math.Ceil(q * float64(total)))
	for _, b := range bins {
		if rank -= b.Count; rank <= 0 {
			return b.Seconds
		}
	}
	return 0
}

// A Spread counts response times in bins: bin i has those from Edges[i] on and
// below Edges[i+1], in seconds.
type Spread struct {
	Edges  []float64 // one more than there are bins, ascending
	Counts []int64
}

// Spread puts the response times in so many bins, or fewer, of which a chart can be
// drawn. It has no bins if there are no response times.
//
// A histogram of X-Ray's has whole milliseconds: the limits of bins are halfway
// between, so that a filter with them means the requests that a bin counts.
func (f *Figures) Spread(bins int) Spread {
	if len(f.Histogram) == 0 {
		return Spread{}
	}
	const half = 0.0005 // seconds
	least, most := f.Histogram[0].Seconds, f.Histogram[len(f.Histogram)-1].Seconds
	all, log := analytics.Edges(max(least-half, half), most+half, bins)
	if !log || least < half {
		all[0] = 0
	}
	s := Spread{Edges: all[:1]}
	for _, edge := range all[1:] {
		edge = max(math.Round(edge*1000+0.5)-0.5, 0) / 1000
		if edge > s.Edges[len(s.Edges)-1] {
			s.Edges = append(s.Edges, edge)
		}
	}
	s.Counts = make([]int64, len(s.Edges)-1)
	at := 0
	for _, b := range f.Histogram {
		for at < len(s.Counts)-1 && b.Seconds >= s.Edges[at+1] {
			at++
		}
		s.Counts[at] += b.Count
	}
	return s
}

// Outcome is how a node or an edge is coloured: by the worst outcome that at
// least one request in a hundred has.
func (f *Figures) Outcome() timeline.Outcome {
	share := func(n int64) bool { return n > 0 && n*100 >= f.Total }
	switch {
	case share(f.Fault):
		return timeline.Fault
	case share(f.Throttle):
		return timeline.Throttle
	case share(f.Error):
		return timeline.Error
	default:
		return timeline.OK
	}
}

// Traffic writes the rate of requests: "12.3/s", "4.5/min"; of a range that is
// not known, how many there were.
func (f *Figures) Traffic() string {
	switch {
	case f.Total == 0:
		return "none yet"
	case f.Rate == 0 && f.Total == 1:
		return "1 request"
	case f.Rate == 0:
		return fmt.Sprintf("%d requests", f.Total)
	case f.Rate >= 1:
		return digits(f.Rate) + "/s"
	case f.Rate >= 1.0/60:
		return digits(f.Rate*60) + "/min"
	default:
		return digits(f.Rate*3600) + "/h"
	}
}

// digits writes a number with up to three.
func digits(v float64) string {
	switch {
	case v >= 1e6:
		return digits(v/1e6) + "M"
	case v >= 1e4:
		return digits(v/1e3) + "k"
	case v >= 100:
		return fmt.Sprintf("%.0f", v)
	case v >= 10:
		return trim(fmt.Sprintf("%.1f", v))
	default:
		return trim(fmt.Sprintf("%.2f", v))
	}
}

// trim takes zeros off the end of a fraction.
func trim(s string) string {
	for s[len(s)-1] == '0' {
		s = s[:len(s)-1]
	}
	if s[len(s)-1] == '.' {
		s = s[:len(s)-1]
	}
	return s
}

// Latency writes the mean response time.
func (f *Figures) Latency() string { return duration(f.Mean) }

func duration(seconds float64) string {
	return timeline.FormatDuration(time.Duration(math.Round(seconds*1e6)) * time.Microsecond)
}

// Trouble writes the shares of requests that did not end well: "4.2% fault, 1%
// throttle"; "" if all did.
func (f *Figures) Trouble() string {
	text := ""
	for _, part := range []struct {
		n    int64
		word timeline.Outcome
	}{{f.Fault, timeline.Fault}, {f.Throttle, timeline.Throttle}, {f.Error, timeline.Error}} {
		if part.n == 0 {
			continue
		}
		if text != "" {
			text += ", "
		}
		text += percent(part.n, f.Total) + " " + string(part.word)
	}
	return text
}

func percent(n, total int64) string {
	p := 100 * float64(n) / float64(total)
	switch {
	case p < 0.1:
		return "<0.1%"
	case p >= 10 && n < total:
		return fmt.Sprintf("%.0f%%", min(p, 99))
	default:
		return digits(p) + "%"
	}
}
