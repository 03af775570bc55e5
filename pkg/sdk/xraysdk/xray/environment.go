package xray

import (
	"os"
	"strings"
	"sync/atomic"
)

// An environment is what the environment variables say that can change while
// the program runs.
type environment struct {
	disabled  bool   // AWS_XRAY_SDK_DISABLED is true
	idsAlways bool   // AWS_XRAY_NOOP_ID is false: what is not recorded has ids too
	name      string // AWS_XRAY_TRACING_NAME, of all segments
}

var (
	lastEnvironment atomic.Pointer[environment]
	lastRead        atomic.Int64 // nanoseconds since the epoch
)

// environmentAge is how old an environment may be. Reading the variables takes
// longer than the rest of a segment that is not recorded.
const environmentAge = 20_000 // nanoseconds

// environmentAt is the environment at a time, which is now.
func environmentAt(now int64) *environment {
	if e := lastEnvironment.Load(); e != nil {
		if age := now - lastRead.Load(); age >= 0 && age < environmentAge {
			return e
		}
	}
	e := environment{
		disabled:  SdkDisabled(),
		idsAlways: strings.EqualFold(os.Getenv("AWS_XRAY_NOOP_ID"), "false"),
		name:      os.Getenv("AWS_XRAY_TRACING_NAME"),
	}
	last := lastEnvironment.Load()
	if last == nil || *last != e {
		last = &e
		lastEnvironment.Store(last)
	}
	lastRead.Store(now)
	return last
}

// SdkDisabled reports whether AWS_XRAY_SDK_DISABLED is true, in any case of its
// letters: then nothing is recorded.
func SdkDisabled() bool {
	value := os.Getenv("AWS_XRAY_SDK_DISABLED")
	return len(value) == len("true") && strings.EqualFold(value, "true")
}
