// Package utils has the clocks, random numbers and timers that the X-Ray SDK
// exported, for code that uses them.
package utils

import (
	"math/rand/v2"
	"sync/atomic"
	"time"
)

// Clock tells the time.
type Clock interface {
	Now() time.Time
	Increment(int64, int64) time.Time
}

// DefaultClock is the system's clock.
type DefaultClock struct{}

// Now returns the time.
func (*DefaultClock) Now() time.Time { return time.Now() }

// Increment returns the time.
func (*DefaultClock) Increment(_, _ int64) time.Time { return time.Now() }

// MockClock stands still, for tests.
type MockClock struct {
	NowTime  int64 // seconds
	NowNanos int64
}

// Now returns the clock's time.
func (c *MockClock) Now() time.Time { return time.Unix(c.NowTime, c.NowNanos) }

// Increment puts the clock forward and returns its time.
func (c *MockClock) Increment(s int64, ns int64) time.Time {
	return time.Unix(atomic.AddInt64(&c.NowTime, s), atomic.AddInt64(&c.NowNanos, ns))
}

// Rand gives random numbers.
type Rand interface {
	Int63n(n int64) int64
	Intn(n int) int
	Float64() float64
}

// DefaultRand gives random numbers; it may be used concurrently.
type DefaultRand struct{}

// Int63n returns a number from 0 up to n, without n. It panics if n is not
// above 0.
func (*DefaultRand) Int63n(n int64) int64 { return rand.Int64N(n) }

// Intn is Int63n of an int.
func (*DefaultRand) Intn(n int) int { return rand.IntN(n) }

// Float64 returns a number from 0 up to 1, without 1.
func (*DefaultRand) Float64() float64 { return rand.Float64() }

// MockRand always gives the same numbers, for tests.
type MockRand struct {
	F64   float64
	Int   int
	Int64 int64
}

// Float64 returns F64.
func (r *MockRand) Float64() float64 { return r.F64 }

// Intn returns Int.
func (r *MockRand) Intn(int) int { return r.Int }

// Int63n returns Int64.
func (r *MockRand) Int63n(int64) int64 { return r.Int64 }

// Timer is a timer that is up to its jitter early. Make it with NewTimer.
type Timer struct {
	timer     *time.Timer
	d, jitter time.Duration
}

// NewTimer starts a timer. Both durations must be above 0.
func NewTimer(d, jitter time.Duration) *Timer {
	t := &Timer{d: d, jitter: jitter}
	t.timer = time.NewTimer(t.next())
	return t
}

// C is the timer's channel.
func (t *Timer) C() <-chan time.Time { return t.timer.C }

// Reset starts the timer again.
func (t *Timer) Reset() { t.timer.Reset(t.next()) }

func (t *Timer) next() time.Duration { return t.d - rand.N(t.jitter) }
