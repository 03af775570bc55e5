package analytics

import (
	"cmp"
	"math"
	"slices"
	"strings"
)

// Level is the adjusted p-value below which a difference is a finding.
const Level = 0.01

// MinCount is how many traces of both sets together must have a value that is
// tested.
const MinCount = 5

// A Report says how two sets of traces differ.
type Report struct {
	A, B     Set
	Times    *Times  // whether response times differ; nil if the sets were chosen by them or have none
	Tested   int     // values for which a difference was tested
	Findings []Row   // whose adjusted p-value is below Level, the surest first
	Tables   []Table // of each dimension of which a trace has a value
}

// A Set is what is said of one set.
type Set struct {
	Traces        int
	OK            int
	Error         int
	Fault         int
	Throttle      int
	ResponseTimes int // of traces that have one; the quantiles are of these
	P50, P90, P99 float64
	Mean          float64 // seconds, as the quantiles
}

// A Table has the values of one dimension, those of most traces first.
type Table struct {
	Dimension Dimension
	Rows      []Row
}

// A Row is one value. A trace may have several values of a dimension, so shares
// may add up to more than 1.
type Row struct {
	Dimension      Dimension
	Value          string
	A, B           int     // traces that have it
	ShareA, ShareB float64 // of the traces of the set, 0 to 1
	Difference     float64 // ShareB - ShareA
	Filter         string  // the filter expression that traces with this value match; "" if there is none
	Given          bool    // the sets were chosen by this: a difference says nothing, and is not tested
	Tested         bool
	P              float64 // of a difference as large or larger by chance; 1 if not tested
	Adjusted       float64 // P, adjusted for the number of values tested
}

// Options say how to compare.
type Options struct {
	Dimensions []Dimension // compare by these; by all if there are none
	// Chosen are the filter expressions by which the two sets were told apart:
	// that these hold for one of them and not for the other is no finding.
	Chosen []string
}

// Compare compares two sets.
func Compare(a, b []Trace, o Options) *Report {
	if len(o.Dimensions) == 0 {
		o.Dimensions = Dimensions()
	}
	given := givenBy(o.Chosen)
	r := &Report{A: describe(a), B: describe(b)}
	if !given.times {
		r.Times = compareTimes(a, b)
	}
	var rows []*Row
	for _, d := range expand(o.Dimensions, a, b) {
		t := table(d, a, b, given)
		if len(t.Rows) == 0 || len(t.Rows) == 1 && t.Rows[0].Value == None {
			continue
		}
		r.Tables = append(r.Tables, t)
		for i := range t.Rows {
			if t.Rows[i].Tested {
				rows = append(rows, &t.Rows[i])
			}
		}
	}
	r.Tested = len(rows)
	slices.SortStableFunc(rows, surest)
	p := make([]float64, len(rows))
	for i, row := range rows {
		p[i] = row.P
	}
	for i, adjusted := range holm(p) {
		rows[i].Adjusted = adjusted
		if adjusted < Level {
			r.Findings = append(r.Findings, *rows[i])
		}
	}
	r.Findings = withoutEchoes(r.Findings)
	slices.SortStableFunc(r.Findings, func(a, b Row) int {
		return cmp.Or(compareBool(given.follows[a.Dimension], given.follows[b.Dimension]), surest(&a, &b))
	})
	return r
}

func surest(a, b *Row) int {
	return cmp.Or(cmp.Compare(a.P, b.P), cmp.Compare(math.Abs(b.Difference), math.Abs(a.Difference)))
}

// compareBool orders false before true.
func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}

// withoutEchoes leaves out that traces without a value differ where a value of
// the same dimension does: it says the same again.
func withoutEchoes(findings []Row) []Row {
	found := make(map[Dimension]bool)
	for _, row := range findings {
		found[row.Dimension] = found[row.Dimension] || row.Value != None
	}
	return slices.DeleteFunc(findings, func(row Row) bool { return row.Value == None && found[row.Dimension] })
}

// expand puts the keys of annotations that occur in the place of Annotation.
func expand(dimensions []Dimension, sets ...[]Trace) []Dimension {
	var all []Dimension
	for _, d := range dimensions {
		if d != Annotation {
			all = append(all, d)
			continue
		}
		keys := make(map[Dimension]bool)
		for _, set := range sets {
			for _, t := range set {
				for key := range t.values {
					if strings.HasPrefix(string(key), string(Annotation)+".") {
						keys[key] = true
					}
				}
			}
		}
		all = append(all, sortedKeys(keys)...)
	}
	return all
}

func sortedKeys(set map[Dimension]bool) []Dimension {
	var keys []Dimension
	for key := range set {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}

// table counts the values of one dimension.
func table(d Dimension, a, b []Trace, given given) Table {
	counts := make(map[string]*Row)
	count := func(set []Trace, column func(*Row) *int) {
		for i := range set {
			t := &set[i]
			values := t.values[d]
			if len(values) == 0 {
				values = []string{None}
			}
			for _, v := range values {
				if counts[v] == nil {
					counts[v] = &Row{Dimension: d, Value: v, Filter: t.filterOf(d, v), Given: given.has(d, v), P: 1, Adjusted: 1}
				}
				*column(counts[v])++
			}
		}
	}
	count(a, func(r *Row) *int { return &r.A })
	count(b, func(r *Row) *int { return &r.B })
	t := Table{Dimension: d}
	for _, row := range counts {
		row.ShareA, row.ShareB = share(row.A, len(a)), share(row.B, len(b))
		row.Difference = row.ShareB - row.ShareA
		if !row.Given && row.A+row.B >= MinCount && len(a) > 0 && len(b) > 0 {
			row.Tested, row.P = true, fisher(row.A, len(a), row.B, len(b))
		}
		t.Rows = append(t.Rows, *row)
	}
	slices.SortFunc(t.Rows, func(a, b Row) int {
		return cmp.Or(cmp.Compare(b.A+b.B, a.A+a.B), cmp.Compare(a.Value, b.Value))
	})
	return t
}

func share(part, whole int) float64 {
	if whole == 0 {
		return 0
	}
	return float64(part) / float64(whole)
}

func describe(set []Trace) Set {
	s := Set{Traces: len(set)}
	var times []float64
	for _, t := range set {
		switch t.Outcome {
		case "error":
			s.Error++
		case "fault":
			s.Fault++
		case "throttle":
			s.Throttle++
		default:
			s.OK++
		}
		if t.ResponseTime != nil {
			times = append(times, *t.ResponseTime)
			s.Mean += *t.ResponseTime
		}
	}
	s.ResponseTimes = len(times)
	if len(times) == 0 {
		return s
	}
	s.Mean /= float64(len(times))
	slices.Sort(times)
	s.P50, s.P90, s.P99 = quantile(times, 0.5), quantile(times, 0.9), quantile(times, 0.99)
	return s
}

// quantile returns the smallest of sorted values that q of them do not exceed.
func quantile(sorted []float64, q float64) float64 {
	return sorted[min(max(int(math.Ceil(q*float64(len(sorted))))-1, 0), len(sorted)-1)]
}
