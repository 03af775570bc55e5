package sampling_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bragg-tracing/bragg/pkg/xraylocal/sampling"
)

// A client samples as X-Ray's documentation has it: its quota of each second's
// requests, and of the rest the rate. Without a quota it borrows one a second.
// https://docs.aws.amazon.com/xray/latest/devguide/xray-api-sampling.html
type client struct {
	name   string
	rate   float64
	random *rand.Rand

	quota, used int
	expires     time.Time
	second      int64

	requests int // since the last report
	sampled  int // since take was called
}

// request reports nothing: it counts, and decides.
func (c *client) request(now time.Time) {
	c.requests++
	if now.Unix() != c.second {
		c.second, c.used = now.Unix(), 0
	}
	quota := c.quota
	if !now.Before(c.expires) {
		quota = 1
	}
	if c.used < quota {
		c.used++
		c.sampled++
	} else if c.random.Float64() < c.rate {
		c.sampled++
	}
}

func (c *client) report(r *sampling.Reservoirs, size int) {
	c.quota = r.Report(time.Now(), "rule", size, c.name, c.requests)
	c.expires, c.requests = time.Now().Add(sampling.QuotaTTL), 0
}

// run lets a client send perSecond requests a second for a time, and report
// every ten seconds, beginning at its own moment.
func (c *client) run(r *sampling.Reservoirs, size, perSecond int, d time.Duration) {
	for start, next := time.Now(), time.Now().Add(time.Duration(c.random.IntN(10))*time.Second); time.Since(start) < d; {
		for range perSecond {
			c.request(time.Now())
		}
		if !time.Now().Before(next) {
			c.report(r, size)
			next = next.Add(sampling.Interval)
		}
		time.Sleep(time.Second)
	}
}

// TestConvergence has three clients share a rule over simulated time, first
// without knowing of it, and measures what they sample together when they have
// settled, and after one of them is gone and after one comes back.
func TestConvergence(t *testing.T) {
	tests := []struct {
		name string
		size int
		rate float64
		load [3]int // requests a second
	}{
		{"alike", 10, 0.05, [3]int{100, 100, 100}},
		{"one busy, one idle", 10, 0.05, [3]int{500, 40, 1}},
		{"fewer than clients", 2, 0.01, [3]int{50, 60, 70}},
		{"no reservoir", 0, 0.2, [3]int{50, 50, 50}},
		{"reservoir alone", 7, 0, [3]int{30, 20, 10}},
		{"less than the reservoir", 100, 0, [3]int{3, 2, 1}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var shared sampling.Reservoirs
				var clients []*client
				for i := range tt.load {
					clients = append(clients, &client{name: fmt.Sprint(i), rate: tt.rate, random: rand.New(rand.NewPCG(uint64(i), 7))})
				}
				run := func(d time.Duration, load [3]int) (sampled float64) {
					done := make(chan struct{})
					for i, c := range clients {
						c.sampled = 0
						go func() {
							if load[i] > 0 {
								c.run(&shared, tt.size, load[i], d)
							}
							done <- struct{}{}
						}()
					}
					for range clients {
						<-done
					}
					for _, c := range clients {
						sampled += float64(c.sampled)
					}
					return sampled / d.Seconds()
				}
				for _, phase := range []struct {
					name string
					load [3]int
				}{
					{"all", tt.load},
					{"one is gone", [3]int{tt.load[0], 0, tt.load[2]}},
					{"it is back", tt.load},
				} {
					run(time.Minute, phase.load) // to settle
					got := run(10*time.Minute, phase.load)
					want := expected(tt.size, tt.rate, phase.load)
					if math.Abs(got-want) > max(0.05*want, 0.1) {
						t.Errorf("%s: %.2f sampled a second, want %.2f", phase.name, got, want)
					}
				}
			})
		})
	}
}

// expected is what a rule promises: the reservoir, and the rate of the rest.
func expected(size int, rate float64, load [3]int) float64 {
	total := load[0] + load[1] + load[2]
	reserved := min(size, total)
	return float64(reserved) + rate*float64(total-reserved)
}
