package xray

import (
	"sync/atomic"
	"time"
)

// The system's clock takes a good part of the time that a segment takes, if it
// is asked for both its times: the day's, and the one that never goes back. The
// second one alone is cheaper, and tells how long ago a time was at which both
// are known.
type instant struct {
	day    int64 // nanoseconds since the epoch
	steady int64 // nanoseconds since began
}

var (
	began = time.Now()
	known atomic.Pointer[instant]
)

// knownFor is how long an instant is good for: what a clock that is being set
// right gains or loses in that time is less than a microsecond.
const knownFor = int64(time.Millisecond)

func timeNow() time.Time { return time.Unix(0, nowNano()) }

// nowNano is the time in nanoseconds since the epoch.
func nowNano() int64 {
	steady := int64(time.Since(began))
	if k := known.Load(); k != nil {
		// In a bubble of testing/synctest the clock is another.
		if age := steady - k.steady; age >= 0 && age < knownFor {
			return k.day + age
		}
	}
	now := time.Now()
	k := &instant{now.UnixNano(), int64(now.Sub(began))}
	known.Store(k)
	return k.day
}
