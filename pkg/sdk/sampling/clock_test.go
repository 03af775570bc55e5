package sampling

import (
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func TestClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newClock()
		for round := range 3 { // a run, its end, and the next one
			for i := range 1000 {
				if late := c.exact() - c.now(); late < 0 || late > tick {
					t.Fatalf("round %d: reading %d is %v behind", round, i, late)
				}
				time.Sleep(time.Millisecond)
			}
			time.Sleep(time.Minute) // nobody asks
			if c.last.Load() != 0 {
				t.Fatal("the clock ticks though nobody asks")
			}
		}
	})
}

func TestClockConcurrentSafe(t *testing.T) {
	c := newClock()
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for end := time.Now().Add(30 * time.Millisecond); time.Now().Before(end); {
				if now := c.now(); now <= 0 {
					t.Errorf("reading %v", now)
				}
			}
		})
	}
	wg.Wait()
	c.ticker.Stop()
}

// TestReservoirWithClockBehind checks that a reading that is a little behind
// does not open a second that is over once more.
func TestReservoirWithClockBehind(t *testing.T) {
	var r reservoir
	taken := 0
	for range 10 {
		for _, now := range []time.Duration{2 * time.Second, 2*time.Second - tick} {
			if r.take(now, 3) {
				taken++
			}
		}
	}
	if taken != 3 {
		t.Errorf("%d taken, want 3", taken)
	}
}
