package sampling

import (
	"sync/atomic"
	"time"
)

const (
	// tick is how old a reading is at most, give or take what the timer is late.
	tick = 10 * time.Millisecond

	// A run is how many ticks follow each other before somebody must ask again.
	run = 100

	// often is how many readings begin a run.
	often = 64
)

// clock tells the time since its start. One that is asked often reads the
// system's clock 100 times a second rather than each time, as that takes longer
// than the rest of a decision does; one that is not asked does nothing. Its
// methods may be called concurrently.
type clock struct {
	start  time.Time
	last   atomic.Int64 // the reading of the last tick, 0 between runs
	asked  atomic.Uint32
	ticker *time.Timer
	left   int // ticks of this run; belongs to whoever began it, then to the ticker
}

func newClock() *clock {
	c := &clock{start: time.Now()}
	c.ticker = time.AfterFunc(time.Hour, c.tick)
	c.ticker.Stop()
	return c
}

// now is the time of the last tick, or exact.
func (c *clock) now() time.Duration {
	if t := c.last.Load(); t != 0 {
		return time.Duration(t)
	}
	return c.ask()
}

// exact reads the system's clock.
func (c *clock) exact() time.Duration { return time.Since(c.start) }

// ask reads the system's clock, and begins a run if it has become often.
func (c *clock) ask() time.Duration {
	now := c.exact()
	if c.asked.Add(1) == often { // for one caller alone until the run ends
		c.left = run
		c.last.Store(int64(max(now, 1)))
		c.ticker.Reset(tick)
	}
	return now
}

func (c *clock) tick() {
	if c.left--; c.left == 0 {
		c.last.Store(0)
		c.asked.Store(0)
		return
	}
	c.last.Store(int64(c.exact()))
	c.ticker.Reset(tick)
}
