package analytics

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/xray/types"
)

func TestFisher(t *testing.T) {
	for _, tt := range []struct {
		hitsA, a, hitsB, b int
		want               float64
	}{
		{3, 4, 1, 4, 0.485714},
		{1, 10, 11, 14, 0.002759},
		{8, 10, 1, 6, 0.034965},
		{0, 5, 0, 5, 1},
		{5, 5, 5, 5, 1},
		{10, 1000, 30, 1000, 0.002008},
	} {
		if got := fisher(tt.hitsA, tt.a, tt.hitsB, tt.b); math.Abs(got-tt.want) > 2e-6 {
			t.Errorf("%v: got %.6f", tt, got)
		}
	}
	if p := fisher(0, 100_000, 100_000, 100_000); p <= 0 || p > 1e-300 {
		t.Errorf("far apart: %v", p)
	}
}

func TestHolm(t *testing.T) {
	got := holm([]float64{0.001, 0.01, 0.02, 0.5})
	for i, want := range []float64{0.004, 0.03, 0.04, 0.5} {
		if math.Abs(got[i]-want) > 1e-12 {
			t.Errorf("%d: got %v, want %v", i, got[i], want)
		}
	}
}

const begin = 1_790_000_000

// shop makes traces like a shop's: four URLs, 40 users, a version, two callees.
func shop(r *rand.Rand, n int, plant func(i int, s *types.TraceSummary)) []Trace {
	urls := []string{"/", "/cart", "/checkout", "/search"}
	traces := make([]Trace, n)
	for i := range traces {
		start := time.Unix(begin+int64(i), 0)
		text := func(v string) []types.ValueWithServiceIds {
			return []types.ValueWithServiceIds{{AnnotationValue: &types.AnnotationValueMemberStringValue{Value: v}}}
		}
		s := types.TraceSummary{
			Id: aws.String(fmt.Sprint(i)), StartTime: &start, ResponseTime: aws.Float64(0.05 + 0.1*r.Float64()),
			Http:        &types.Http{HttpURL: aws.String("http://shop" + urls[r.IntN(4)] + "?q=" + fmt.Sprint(i)), HttpMethod: aws.String([]string{"GET", "POST"}[r.IntN(2)]), HttpStatus: aws.Int32(200)},
			Users:       []types.TraceUser{{UserName: aws.String(fmt.Sprintf("user-%d", r.IntN(40)))}},
			ServiceIds:  []types.ServiceId{{Name: aws.String("web")}, {Name: aws.String([]string{"cart", "stock"}[r.IntN(2)])}},
			Annotations: map[string][]types.ValueWithServiceIds{"version": text([]string{"1.3", "1.4"}[r.IntN(2)]), "zone": text(fmt.Sprint(r.IntN(3)))},
		}
		if plant != nil {
			plant(i, &s)
		}
		traces[i] = Of(s)
	}
	return traces
}

// split divides traces by response time.
func split(traces []Trace, seconds float64) (fast, slow []Trace) {
	for _, t := range traces {
		if *t.ResponseTime > seconds {
			slow = append(slow, t)
		} else {
			fast = append(fast, t)
		}
	}
	return fast, slow
}

// seeds is with how many different sets of traces each scenario is tried.
const seeds = 16

// TestTwoPeaks has two peaks of response times, at different times, each with
// its own cause: both are found, each first when its peak is compared with what
// is fast, whether the peak was chosen by its response times or by its time.
func TestTwoPeaks(t *testing.T) {
	for seed := range uint64(seeds) {
		r := rand.New(rand.NewPCG(1, seed))
		traces := shop(r, 4000, func(i int, s *types.TraceSummary) {
			switch {
			case i >= 500 && i < 700 && r.Float64() < 0.8:
				*s.ResponseTime = 1 + 0.2*r.Float64()
				s.ResponseTimeRootCauses = []types.ResponseTimeRootCause{{Services: []types.ResponseTimeRootCauseService{
					{Name: aws.String("web"), EntityPath: []types.ResponseTimeRootCauseEntity{{Name: aws.String("web")}, {Name: aws.String("stock")}}},
					{Name: aws.String("stock"), EntityPath: []types.ResponseTimeRootCauseEntity{{Name: aws.String("stock")}}},
				}}}
			case i >= 2500 && i < 2600 && aws.ToString(s.Users[0].UserName) < "user-2":
				*s.ResponseTime = 3 + 0.5*r.Float64()
				s.Users[0].UserName = aws.String("user-7")
			}
		})
		fast, slow := split(traces, 0.5)
		middle, high := split(slow, 2)
		const first, second = "responsetime cause web → stock ⇒ stock", "user user-7"
		ranksFirst(t, "first peak", seed, Compare(fast, middle, Options{Chosen: []string{"responsetime < 0.5", "responsetime >= 0.5 AND responsetime < 2"}}), first)
		ranksFirst(t, "second peak", seed, Compare(fast, high, Options{Chosen: []string{"responsetime < 0.5", "responsetime >= 2"}}), second)
		// By time: what ran then against all else.
		then := func(from, to int) (inside, outside []Trace) {
			return traces[from:to], append(append([]Trace{}, traces[:from]...), traces[to:]...)
		}
		inside, outside := then(500, 700)
		report := Compare(outside, inside, Options{})
		ranksFirst(t, "time of the first peak", seed, report, first)
		if report.Times == nil || report.Times.P >= 0.01 || report.Times.Slower < 0.5 {
			t.Errorf("seed %d: response times %+v", seed, report.Times)
		}
		inside, outside = then(2500, 2600)
		ranksFirst(t, "time of the second peak", seed, Compare(outside, inside, Options{}), second)
		if seed == 0 {
			checkCharts(t, fast, slow)
		}
	}
}

// ranksFirst fails unless the surest finding is the planted one, with p < 0.01.
func ranksFirst(t *testing.T, name string, seed uint64, r *Report, want string) {
	t.Helper()
	if len(r.Findings) == 0 {
		t.Errorf("%s, seed %d: nothing found of %d tested", name, seed, r.Tested)
		return
	}
	first := r.Findings[0]
	if got := string(first.Dimension) + " " + first.Value; got != want || first.Adjusted >= 0.01 {
		t.Errorf("%s, seed %d: found first %s, p %v of %d tested", name, seed, got, first.Adjusted, r.Tested)
	}
}

// checkCharts holds that histograms and series have each trace once, and the
// series the peaks where they are.
func checkCharts(t *testing.T, fast, slow []Trace) {
	t.Helper()
	h := Histograms(fast, slow, 30)
	if !h.Log || sum(h.A) != len(fast) || sum(h.B) != len(slow) {
		t.Errorf("histogram %+v", h)
	}
	for i, b := range Series(slow, begin, begin+4000, 40) {
		if busy := i == 5 || i == 6 || i == 25; (b.OK > 0) != busy || busy && (b.Mean < 1 || b.Mean > 3.5) {
			t.Errorf("bucket %d has %+v", i, b)
		}
	}
}

// TestOneUserAgainstTheRest has one user whose requests fail more often: of what
// fails, the user is found and nothing else.
func TestOneUserAgainstTheRest(t *testing.T) {
	for seed := range uint64(seeds) {
		r := rand.New(rand.NewPCG(2, seed))
		traces := shop(r, 4000, func(_ int, s *types.TraceSummary) {
			s.HasFault = aws.Bool(r.Float64() < 0.02 || *s.Users[0].UserName == "user-13" && r.Float64() < 0.4)
		})
		var ok, faults []Trace
		for _, trace := range traces {
			if trace.Outcome == "fault" {
				faults = append(faults, trace)
			} else {
				ok = append(ok, trace)
			}
		}
		report := Compare(ok, faults, Options{Chosen: []string{"fault"}})
		ranksFirst(t, "faults", seed, report, "user user-13")
		if len(report.Findings) != 1 || report.Findings[0].Difference < 0.1 {
			t.Errorf("seed %d: found %+v", seed, report.Findings)
		}
		if report.B.Fault != len(faults) || report.A.OK != len(ok) {
			t.Errorf("seed %d: sets %+v, %+v", seed, report.A, report.B)
		}
	}
}

// TestUserAsTheSet chooses the one user: what tells her requests from those of
// all others is found, and not that they are hers.
func TestUserAsTheSet(t *testing.T) {
	for seed := range uint64(seeds) {
		r := rand.New(rand.NewPCG(5, seed))
		traces := shop(r, 4000, func(_ int, s *types.TraceSummary) {
			if *s.Users[0].UserName == "user-13" && r.Float64() < 0.7 {
				*s.ResponseTime += 0.2
				s.ServiceIds = append(s.ServiceIds, types.ServiceId{Name: aws.String("export")})
			}
		})
		var hers, others []Trace
		for _, trace := range traces {
			if trace.User == "user-13" {
				hers = append(hers, trace)
			} else {
				others = append(others, trace)
			}
		}
		report := Compare(others, hers, Options{Chosen: []string{`user = "user-13"`}})
		ranksFirst(t, "user", seed, report, "service export")
		if len(report.Findings) != 1 || report.Times.P >= 0.01 || report.Times.Slower < 0.7 {
			t.Errorf("seed %d: found %+v, times %+v", seed, report.Findings, report.Times)
		}
	}
}

// TestRandomHalves holds that chance is a finding as seldom as the level says:
// in at most one of a hundred pairs of random halves.
func TestRandomHalves(t *testing.T) {
	pairs, wrong := 0, 0
	for seed := range uint64(seeds) {
		r := rand.New(rand.NewPCG(3, seed))
		traces := shop(r, 1000, nil)
		for range 16 {
			r.Shuffle(len(traces), func(i, j int) { traces[i], traces[j] = traces[j], traces[i] })
			report := Compare(traces[:500], traces[500:], Options{})
			if report.Tested < 50 {
				t.Fatalf("only %d values tested", report.Tested)
			}
			pairs++
			if len(report.Findings) > 0 {
				wrong++
				t.Logf("seed %d: found %s %s, p %.4f", seed, report.Findings[0].Dimension, report.Findings[0].Value, report.Findings[0].Adjusted)
			}
		}
	}
	if wrong > pairs/100 {
		t.Errorf("%d of %d pairs of random halves have a finding", wrong, pairs)
	}
}

// TestAlign holds that sets begin together where one was cut to its latest.
func TestAlign(t *testing.T) {
	traces := shop(rand.New(rand.NewPCG(6, 6)), 10, nil)
	for _, tt := range []struct {
		name       string
		cutA, cutB bool
		a, b       int
		since      float64
	}{
		{"neither", false, false, 4, 10, 0},
		{"A", true, false, 4, 4, begin + 6},
		{"B", false, true, 4, 10, begin},
		{"both", true, true, 4, 4, begin + 6},
	} {
		a, b, since := Align(traces[6:], traces, tt.cutA, tt.cutB)
		if len(a) != tt.a || len(b) != tt.b || since != tt.since {
			t.Errorf("%s: %d and %d since %v", tt.name, len(a), len(b), since)
		}
	}
	if a, b, since := Align(nil, traces, true, false); len(a) != 0 || len(b) != 10 || since != 0 {
		t.Errorf("of nothing: %d, %d, %v", len(a), len(b), since)
	}
}

func TestTables(t *testing.T) {
	a := shop(rand.New(rand.NewPCG(4, 4)), 10, nil)
	report := Compare(a, a[:4], Options{Dimensions: []Dimension{Method, Annotation, FaultCause}})
	var names []string
	for _, table := range report.Tables {
		names = append(names, string(table.Dimension))
		total := 0
		for _, row := range table.Rows {
			total += row.A
		}
		if total != 10 {
			t.Errorf("%s counts %d traces", table.Dimension, total)
		}
	}
	if got := fmt.Sprint(names); got != "[method annotation.version annotation.zone]" {
		t.Errorf("tables %s", got)
	}
	if r := Compare(nil, nil, Options{}); len(r.Tables) != 0 || len(r.Findings) != 0 {
		t.Errorf("of nothing: %+v", r)
	}
	if h := Histograms(nil, nil, 10); h.Edges != nil {
		t.Errorf("histogram of nothing: %+v", h)
	}
}

func sum(counts []int) (total int) {
	for _, n := range counts {
		total += n
	}
	return total
}
