package sampling

import (
	"math/rand/v2"
	"sync/atomic"
	"time"
)

// reservoir counts what was taken from it in the running second. Its methods
// may be called concurrently; they take no lock.
type reservoir struct {
	window atomic.Uint64 // the second, and in the lower takenBits what was taken in it
}

const takenBits = 24

// take takes one of limit in the second of now, if there is one left.
func (r *reservoir) take(now time.Duration, limit int64) bool {
	if limit <= 0 {
		return false
	}
	limit = min(limit, 1<<takenBits-1)
	second := uint64(now/time.Second) << takenBits
	for {
		old := r.window.Load()
		next := old + 1
		if old < second {
			next = second + 1
		} else if int64(old&(1<<takenBits-1)) >= limit { // also for a clock that is a little behind
			return false
		}
		if r.window.CompareAndSwap(old, next) {
			return true
		}
	}
}

// chance is true in the given share of cases.
func chance(rate float64) bool {
	return rate > 0 && (rate >= 1 || rand.Float64() < rate)
}

// budget is a reservoir of fixed size and a rate for what goes beyond: a rule
// that nobody else shares.
type budget struct {
	size int64 // requests in a second
	rate float64
	reservoir
}

func (b *budget) sample(now time.Duration) bool {
	return b.take(now, b.size) || chance(b.rate)
}
