// Command bench compares a request in a service that telemetry.Start set up
// with one in a service that set OpenTelemetry up by hand, in the same run and
// alternating. Both record, propagate the same headers and export to the same
// local collector; only what a request itself costs is measured, not the export
// behind it.
//
// It prints for each case the time and the allocations of a request, and ends
// with lines
//
//	ratio <case> <by hand/ours>
//
// where above 1 is ahead.
package main

import (
	"cmp"
	"flag"
	"fmt"
	"log"
	"os"
	"runtime"
	"slices"
	"time"
)

const (
	// requests of a round are as many as fit into a queue, so that nothing is
	// exported while they are timed.
	requests = 150

	// limit is how much more time and how many more allocations a request may
	// take than by hand.
	limit = 1.1
)

// sample is what a request cost in one round.
type sample struct {
	nanoseconds float64
	allocations float64
}

func main() {
	rounds := flag.Int("rounds", 300, "rounds of 150 requests for each side of each case")
	flag.Parse()
	address, stop, err := startCollector()
	if err != nil {
		log.Fatal(err)
	}
	defer stop()
	ok := true
	var ratios []string
	for _, c := range cases {
		hand, err := c.byHand(address)
		if err != nil {
			log.Fatal(err)
		}
		ours, err := c.ours(address)
		if err != nil {
			log.Fatal(err)
		}
		a, b := compare(*rounds, hand, ours)
		fmt.Printf("%-34s by hand %7.0f ns %5.1f allocations   ours %7.0f ns %5.1f allocations\n",
			c.name, a.nanoseconds, a.allocations, b.nanoseconds, b.allocations)
		slowdown, more := b.nanoseconds/a.nanoseconds, b.allocations/a.allocations
		ok = ok && slowdown <= limit && more <= limit
		ratios = append(ratios, fmt.Sprintf("ratio %s-time %.3f", c.id, 1/slowdown), fmt.Sprintf("ratio %s-allocations %.3f", c.id, 1/more))
		hand.close()
		ours.close()
	}
	fmt.Println()
	for _, line := range ratios {
		fmt.Println(line)
	}
	if !ok {
		fmt.Fprintf(os.Stderr, "bench: a request costs more than %.1f times what it does by hand\n", limit)
		os.Exit(1)
	}
}

var start = time.Now()

// compare runs rounds of both sides in turn, and returns the lower quartile of
// the time and the median of the allocations.
func compare(rounds int, a, b *service) (sample, sample) {
	runtime.LockOSThread() // whose time is taken
	defer runtime.UnlockOSThread()
	var as, bs []sample
	for i := range rounds + 5 {
		x, y := a.round(), b.round()
		if i >= 5 { // the first warm up
			as, bs = append(as, x), append(bs, y)
		}
	}
	return typical(as), typical(bs)
}

func typical(s []sample) sample {
	times, allocations := make([]float64, len(s)), make([]float64, len(s))
	for i := range s {
		times[i], allocations[i] = s[i].nanoseconds, s[i].allocations
	}
	slices.SortFunc(times, cmp.Compare[float64])
	slices.SortFunc(allocations, cmp.Compare[float64])
	return sample{times[len(times)/4], allocations[len(allocations)/2]}
}

// round times requests of one service, then empties its queue.
func (s *service) round() sample {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	begin := now()
	for range requests {
		s.request()
	}
	took := now() - begin
	runtime.ReadMemStats(&after)
	if err := s.flush(); err != nil {
		log.Fatal(err)
	}
	return sample{float64(took.Nanoseconds()) / requests, float64(after.Mallocs-before.Mallocs) / requests}
}
