package main

import (
	"cmp"
	"runtime"
	"slices"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

const (
	// rounds is how often each side is measured, in turns. The median counts:
	// of the times, and of the ratios of one round, in which the machine is as
	// busy for one side as for the other.
	rounds = 15
	// slice is how long one side is measured in a round.
	slice = 25 * time.Millisecond
	// counted is how many operations are looked at for their allocations.
	counted = 2000
)

// compare measures both sides. ratio is how many times as long theirs takes.
func compare(theirs, ours func()) (a, b measure, ratio float64) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	a, b = allocations(theirs), allocations(ours)
	n, m := repeat(theirs), repeat(ours)
	var x, y []time.Duration
	var ratios []float64
	for range rounds {
		t, u := timed(theirs, n), timed(ours, m)
		x, y, ratios = append(x, t), append(y, u), append(ratios, float64(t)/float64(u))
	}
	a.time, b.time = median(x), median(y)
	return a, b, median(ratios)
}

func median[T cmp.Ordered](list []T) T {
	slices.Sort(list)
	return list[len(list)/2]
}

// allocations counts what an operation allocates; a few that others make at the
// same time are rounded away.
func allocations(operation func()) (m measure) {
	for range 100 {
		operation()
	}
	runtime.GC()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range counted {
		operation()
	}
	runtime.ReadMemStats(&after)
	m.bytes = int64(after.TotalAlloc-before.TotalAlloc) / counted
	m.allocs = int64(after.Mallocs-before.Mallocs+counted/2) / counted
	return m
}

// repeat is how many operations take a slice of time.
func repeat(operation func()) int {
	n := 100
	for {
		if t := timed(operation, n) * time.Duration(n); t > slice/4 {
			return int(int64(n) * int64(slice) / int64(t))
		}
		n *= 2
	}
}

// timed is the processor time of the calling thread for one of n operations,
// which other programs on the machine change little.
func timed(operation func(), n int) time.Duration {
	begun := thread()
	for range n {
		operation()
	}
	return (thread() - begun) / time.Duration(n)
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
