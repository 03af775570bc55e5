// Command bench compares what segments cost with the X-Ray SDK and with package
// xraysdk, in one process. The X-Ray SDK sends to a UDP socket that is read;
// xraysdk makes spans for OpenTelemetry's batch processor.
//
// The first table is what the caller pays, in processor time of its thread. The
// second is what the process pays,
// in processor time on all threads: there the spans are exported over OTLP to a
// server that reads them without decoding, and the X-Ray SDK's datagrams are read likewise.
//
// Arguments are the cases to measure; without any, all are. It ends with lines "ratio <case> <original/ours>" of the first table's times,
// and "figure <case>_allocs <n> allocs".
package main

import (
	"fmt"
	"os"
	"time"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// A measure is what one operation costs.
type measure struct {
	time          time.Duration
	bytes, allocs int64
}

func run() error {
	theirs, err := newOriginal()
	if err != nil {
		return err
	}
	defer theirs.close()
	ours, err := newOurs()
	if err != nil {
		return err
	}
	defer ours.close()

	names := os.Args[1:]
	if len(names) == 0 {
		names = []string{"root", "root_10", "unsampled_root", "unsampled_root_10", "handler", "client"}
	}
	a, b, ratios := map[string]measure{}, map[string]measure{}, map[string]float64{}
	fmt.Printf("what the caller pays, in processor time of its thread\n%-20s %30s %30s\n", "", "X-Ray SDK", "xraysdk")
	for _, name := range names {
		a[name], b[name], ratios[name] = compare(theirs.operation(name), ours.operation(name))
		fmt.Printf("%-20s %9d ns %7d B %3d allocs %8d ns %7d B %3d allocs\n", name, a[name].time.Nanoseconds(), a[name].bytes, a[name].allocs,
			b[name].time.Nanoseconds(), b[name].bytes, b[name].allocs)
	}
	if err := ours.export(); err != nil {
		return err
	}
	fmt.Printf("\nwhat the process pays, export included, in processor time\n%-20s %15s %15s %8s\n", "", "X-Ray SDK", "xraysdk", "ratio")
	for _, name := range names {
		x, y := processorTime(theirs.operation(name), theirs.flush), processorTime(ours.operation(name), ours.flush)
		fmt.Printf("%-20s %12d ns %12d ns %8.2f\n", name, x.Nanoseconds(), y.Nanoseconds(), float64(x)/float64(y))
	}
	if lost := ours.lost.Load(); lost > 0 {
		fmt.Printf("%d spans were refused by the exporter\n", lost)
	}
	fmt.Println()
	for _, name := range names {
		fmt.Printf("ratio %s %.2f\n", name, ratios[name])
	}
	for _, name := range names {
		fmt.Printf("figure %s_allocs %d allocs\n", name, b[name].allocs)
	}
	return nil
}
