package main

import (
	"runtime"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// rounds is how often each side is measured, in turns. The best round counts:
// what else the machine does can only slow down.
const rounds = 5

func compare(theirs, ours func()) (a, b measure) {
	for i := range rounds {
		a, b = better(a, benchmark(theirs), i), better(b, benchmark(ours), i)
	}
	return a, b
}

func better(best, m measure, round int) measure {
	if round == 0 || m.time < best.time {
		best.time = m.time
	}
	if round == 0 || m.allocs < best.allocs {
		best.allocs, best.bytes = m.allocs, m.bytes
	}
	return best
}

// benchmark measures the processor time of the calling thread, which other
// programs on the machine do not change.
func benchmark(operation func()) measure {
	runtime.GC()
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	for range 100 {
		operation()
	}
	r := testing.Benchmark(func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			operation()
		}
	})
	const operations = 5000
	begun := thread()
	for range operations {
		operation()
	}
	return measure{(thread() - begun) / operations, r.AllocedBytesPerOp(), r.AllocsPerOp()}
}

// thread is the processor time of the calling thread.
func thread() time.Duration {
	var t unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &t); err != nil {
		panic(err)
	}
	return time.Duration(t.Nano())
}

// processorTime is the time on all threads for one of many operations, in
// bursts with a flush after each, so that queues do not overflow.
func processorTime(operation, flush func()) time.Duration {
	const bursts, burst = 40, 100
	flush()
	runtime.GC()
	begun := used()
	for range bursts {
		for range burst {
			operation()
		}
		flush()
	}
	return (used() - begun) / (bursts * burst)
}

func used() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
