package awsxrayexporter

import (
	"context"
	"errors"
	"math"
	"testing"
	"testing/synctest"
	"time"
)

// A quota takes so many documents a second and throttles the rest: a token
// bucket that holds one second.
type quota struct {
	perSecond, tokens float64
	at                time.Time
}

func (q *quota) take(n int) bool {
	now := time.Now()
	q.tokens = min(q.tokens+now.Sub(q.at).Seconds()*q.perSecond, q.perSecond)
	q.at = now
	if q.tokens < float64(n) {
		return false
	}
	q.tokens -= float64(n)
	return true
}

// drive puts 50 documents at a time, at most 10,000 a second, for so long, and
// returns how many documents a second were taken and throttled.
func drive(t *testing.T, r *rate, length time.Duration, take func(n int) bool) (taken, throttled float64) {
	t.Helper()
	begin := time.Now()
	for time.Since(begin) < length {
		if err := r.wait(t.Context(), 50); err != nil {
			t.Fatal(err)
		}
		time.Sleep(5 * time.Millisecond)
		if take(50) {
			taken += 50
			r.observe(50, 0)
		} else {
			throttled += 50
			r.observe(0, 50)
		}
	}
	return taken / time.Since(begin).Seconds(), throttled / time.Since(begin).Seconds()
}

func TestRateFollowsTheAnswers(t *testing.T) {
	everyFifth := func() func(int) bool {
		n := 0
		return func(int) bool { n++; return n%5 != 0 }
	}
	half := func() func(int) bool {
		n := 0
		return func(int) bool { n++; return n%2 == 0 }
	}
	byQuota := func(perSecond float64) func() func(int) bool {
		return func() func(int) bool { return (&quota{perSecond: perSecond}).take }
	}
	tests := []struct {
		name                 string
		ceiling              float64
		take                 func() func(int) bool
		taken, mostThrottled float64 // documents a second, after twenty seconds
	}{
		{"nothing is throttled", 0, func() func(int) bool { return func(int) bool { return true } }, 9_900, 0},
		{"a quota below the load", 0, byQuota(2_600), 2_300, 900},
		{"a small quota", 0, byQuota(500), 430, 170},
		{"a quota above the load", 0, byQuota(12_000), 9_900, 0},
		{"one in five, whatever the rate", 0, everyFifth, 7_800, 2_100},
		{"one in two, whatever the rate", 0, half, 4_400, 5_000},
		{"a ceiling", 1_000, func() func(int) bool { return func(int) bool { return true } }, 980, 0},
		{"a ceiling and one in five", 1_000, everyFifth, 780, 210},
		{"a ceiling above a quota", 5_000, byQuota(2_600), 2_300, 900},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r, take := newRate(test.ceiling), test.take()
				drive(t, r, 20*time.Second, take)
				taken, throttled := drive(t, r, 60*time.Second, take)
				t.Logf("%.0f documents/s taken, %.0f throttled", taken, throttled)
				if taken < test.taken || throttled > test.mostThrottled {
					t.Errorf("%.0f documents/s taken and %.0f throttled, want at least %.0f and at most %.0f", taken, throttled, test.taken, test.mostThrottled)
				}
				if limit := test.ceiling; limit > 0 && taken+throttled > limit*1.01 {
					t.Errorf("%.0f documents/s put, above the ceiling of %.0f", taken+throttled, limit)
				}
			})
		})
	}
}

// TestRateComesBack: after a storm in which nothing is taken the rate is at the
// floor, and two minutes later there is no bound.
func TestRateComesBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRate(0)
		drive(t, r, 20*time.Second, func(int) bool { return false })
		if r.limit != slowestRate {
			t.Errorf("after a storm the rate is %v, want %v", r.limit, slowestRate)
		}
		drive(t, r, 2*time.Minute, func(int) bool { return true })
		if !math.IsInf(r.limit, 1) {
			t.Errorf("two minutes after a storm the rate is %v", r.limit)
		}
	})
}

// TestRateLeavesTheFloor: after a storm, throttling that the rate does not cause
// does not keep it down.
func TestRateLeavesTheFloor(t *testing.T) {
	for _, nth := range []int{5, 7, 10} {
		synctest.Test(t, func(t *testing.T) {
			r, n := newRate(0), 0
			drive(t, r, 20*time.Second, func(int) bool { return false })
			take := func(int) bool { n++; return n%nth != 0 }
			drive(t, r, 5*time.Minute, take)
			if taken, _ := drive(t, r, time.Minute, take); taken < 7_500 {
				t.Errorf("one in %d throttled: five minutes after a storm %.0f documents/s", nth, taken)
			}
		})
	}
}

func TestRateWaitEndsWithTheContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRate(1)
		if err := r.wait(t.Context(), 50); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		begin := time.Now()
		if err := r.wait(ctx, 1); !errors.Is(err, context.DeadlineExceeded) || time.Since(begin) != time.Second {
			t.Errorf("wait returned %v after %v", err, time.Since(begin))
		}
	})
}

func TestBackoffDoublesWithJitter(t *testing.T) {
	want := []time.Duration{100, 200, 400, 800, 1600, 3200, 5000, 5000} // milliseconds
	for i, most := range want {
		most *= time.Millisecond
		seen := map[time.Duration]bool{}
		for range 100 {
			d := backoff(i + 2)
			if d < most/2 || d > most {
				t.Fatalf("backoff(%d) is %v, want between %v and %v", i+2, d, most/2, most)
			}
			seen[d] = true
		}
		if len(seen) < 50 {
			t.Errorf("backoff(%d) has %d values of 100", i+2, len(seen))
		}
	}
}
