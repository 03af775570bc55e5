package sampling

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// TestQuotasNeverExceedTheReservoir has clients come, go and report at any time,
// and the reservoir change.
func TestQuotasNeverExceedTheReservoir(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 50 {
		var r Reservoirs
		now := time.Unix(0, 0)
		size := random.IntN(20)
		last := make(map[string]time.Time)
		quotas := make(map[string]int)
		for range 500 {
			now = now.Add(time.Duration(random.IntN(3000)) * time.Millisecond)
			name := fmt.Sprint(random.IntN(8))
			quotas[name] = r.Report(now, "r", size, name, random.IntN(300))
			last[name] = now
			sum := 0
			for name, quota := range quotas {
				if now.Sub(last[name]) > gone {
					delete(quotas, name)
					continue
				}
				sum += quota
			}
			if sum > size || quotas[name] < 0 {
				t.Fatalf("quotas %v of a reservoir of %d", quotas, size)
			}
		}
	}
}

func TestDivide(t *testing.T) {
	tests := []struct {
		name   string
		size   int
		demand []float64
		want   []int
	}{
		{"one", 5, []float64{100}, []int{5}},
		{"alike", 6, []float64{100, 100, 100}, []int{2, 2, 2}},
		{"who needs little gets that", 10, []float64{1, 100, 100}, []int{1, 4, 5}},
		{"what nobody needs goes round", 10, []float64{1, 1}, []int{5, 5}},
		{"nobody asks", 3, []float64{0, 0}, []int{1, 2}},
		{"fewer than clients", 1, []float64{9, 9, 9}, []int{0, 0, 1}},
		{"none", 0, []float64{9, 9}, []int{0, 0}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			shares := make(map[string]*share)
			for i, d := range tt.demand {
				shares[fmt.Sprint(i)] = &share{demand: d}
			}
			got := divide(tt.size, shares)
			for i, want := range tt.want {
				if got[fmt.Sprint(i)] != want {
					t.Fatalf("got %v, want %v", got, tt.want)
				}
			}
		})
	}
}

// TestQuotaMovesWhenTheOtherHasHeard is the order of events that the package's
// comment promises.
func TestQuotaMovesWhenTheOtherHasHeard(t *testing.T) {
	var r Reservoirs
	at := func(seconds int, client string, want int) {
		t.Helper()
		if got := r.Report(time.Unix(int64(seconds), 0), "r", 10, client, 1000); got != want {
			t.Errorf("at %d s %s has %d, want %d", seconds, client, got, want)
		}
	}
	at(0, "a", 10)
	at(3, "b", 0)
	at(10, "a", 5)
	at(13, "b", 5)
	at(20, "a", 5)
	at(30, "a", 5)
	at(40, "a", 5)
	at(50, "a", 10) // b has not reported for more than three intervals
	r.Forget("r")
	at(51, "b", 10)
}

func TestForgetsClients(t *testing.T) {
	var r Reservoirs
	for n := range maxClients + 5 {
		r.Report(time.Unix(0, int64(n)), "r", 1, fmt.Sprint(n), 1)
	}
	if n := len(r.rules["r"]); n != maxClients {
		t.Errorf("%d clients are remembered", n)
	}
}

func TestBoosts(t *testing.T) {
	limits := BoostLimits{FixedRate: 0.05, MaxRate: 0.12, Cooldown: 3 * time.Minute}
	start := time.Unix(1000, 0)
	steps := []struct {
		at                 time.Duration
		anomalies, sampled int
		rate               float64       // 0 for no boost
		until              time.Duration // from start
	}{
		{0, 0, 0, 0, 0},
		{0, 3, 3, 0, 0}, // all of them were sampled
		{0, 3, 0, 0.1, 20 * time.Second},
		{10 * time.Second, 5, 1, 0.1, 30 * time.Second},
		{20 * time.Second, 5, 0, 0.12, 40 * time.Second}, // the most that there is
		{50 * time.Second, 0, 0, 0.12, 60 * time.Second},
		{61 * time.Second, 9, 0, 0, 0}, // over
		{179 * time.Second, 9, 0, 0, 0},
		{180 * time.Second, 9, 0, 0.1, 200 * time.Second},
	}
	var b Boosts
	for i, s := range steps {
		now := start.Add(s.at)
		b.Report(now, "r", limits, s.anomalies, s.sampled)
		rate, until, ok := b.Current(now, "r", limits)
		if ok != (s.rate > 0) || rate != s.rate || ok && !until.Equal(start.Add(s.until)) {
			t.Errorf("step %d: rate %v until %v, %t", i, rate, until, ok)
		}
	}
	b.Report(start, "low", BoostLimits{FixedRate: 0.5, MaxRate: 0.1}, 9, 0)
	b.Report(start, "never", BoostLimits{MaxRate: 0.1}, 9, 0)
	if _, _, ok := b.Current(start, "low", limits); ok {
		t.Error("a boost that would lower the rate")
	}
	if rate, _, _ := b.Current(start, "never", limits); rate != 0.1 {
		t.Errorf("a rule that samples nothing is boosted to %v", rate)
	}
	b.Forget("never")
	if _, _, ok := b.Current(start, "never", limits); ok {
		t.Error("a boost that was forgotten")
	}
}
