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
	// requests of a round are as many as fit into a batch, so that nothing is
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
	only := flag.String("only", "", "the id of the one case to run")
	flag.Parse()
	address, stop, err := startCollector()
	if err != nil {
		log.Fatal(err)
	}
	defer stop()
	ok := true
	var ratios []string
	for _, c := range cases {
		if *only != "" && c.id != *only {
			continue
		}
		hand, err := c.byHand(address)
		if err != nil {
			log.Fatal(err)
		}
		ours, err := c.ours(address)
		if err != nil {
			log.Fatal(err)
		}
		a, b, slowdown := compare(*rounds, hand, ours)
		fmt.Printf("%-34s by hand %7.0f ns %5.1f allocations   ours %7.0f ns %5.1f allocations\n",
			c.name, a.nanoseconds, a.allocations, b.nanoseconds, b.allocations)
		more := b.allocations / a.allocations
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

// compare runs rounds of both sides in turn, and returns the median of what
// each took. slower is the median of how much longer b took than a in the same
// round: what else the machine does meanwhile, both sides feel.
func compare(rounds int, a, b *service) (hand, ours sample, slower float64) {
	runtime.LockOSThread() // whose time is taken
	defer runtime.UnlockOSThread()
	var as, bs []sample
	for i := range rounds + 6 {
		var x, y sample
		if i%2 == 0 {
			x, y = a.round(), b.round()
		} else {
			y, x = b.round(), a.round()
		}
		if i >= 6 { // the first warm up
			as, bs = append(as, x), append(bs, y)
		}
	}
	ratios := make([]float64, len(as))
	for i := range as {
		ratios[i] = bs[i].nanoseconds / as[i].nanoseconds
	}
	return typical(as), typical(bs), median(ratios)
}

func typical(s []sample) sample {
	times, allocations := make([]float64, len(s)), make([]float64, len(s))
	for i := range s {
		times[i], allocations[i] = s[i].nanoseconds, s[i].allocations
	}
	return sample{median(times), median(allocations)}
}

func median(values []float64) float64 {
	slices.Sort(values)
	return values[len(values)/2]
}

// round times requests of one service, then empties its queue.
func (s *service) round() sample {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	n, clock := cmp.Or(s.requests, requests), now
	if s.goroutines {
		clock = nowProcess
	}
	begin := clock()
	for range n {
		s.request()
	}
	took := clock() - begin
	runtime.ReadMemStats(&after)
	if err := s.flush(); err != nil {
		log.Fatal(err)
	}
	return sample{float64(took.Nanoseconds()) / float64(n), float64(after.Mallocs-before.Mallocs) / float64(n)}
}
