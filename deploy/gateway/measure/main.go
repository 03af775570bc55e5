// Command measure finds out what the gateway costs on this machine: it runs one
// balancer and two samplers with their files, TLS and tokens, sends traces
// through them as fast as they take them, and says how much processor time and
// memory a million spans took in each tier. Backends take everything at once, so
// what they cost elsewhere is not in the figures.
//
//	go run ./deploy/gateway/measure
//	go run ./deploy/gateway/measure -traces 200000 -spans 8 -keep 5
//
// It ends with lines "figure NAME VALUE UNIT".
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"time"
)

type options struct {
	traces, spans int
	keep          int // percent
	wait          time.Duration
}

func main() {
	var o options
	flag.IntVar(&o.traces, "traces", 100_000, "how many traces to send")
	flag.IntVar(&o.spans, "spans", 8, "how many spans a trace has, each with five attributes")
	flag.IntVar(&o.keep, "keep", 5, "percent of traces to keep")
	flag.DurationVar(&o.wait, "wait", 10*time.Second, "how long samplers hold a trace")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, o); err != nil {
		fmt.Fprintln(os.Stderr, "measure:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, o options) error {
	dir, err := os.MkdirTemp("", "bragg-measure-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	backend := startBackend()
	defer backend.close()
	g, err := startGateway(ctx, dir, o, backend.url)
	if err != nil {
		return err
	}
	defer g.kill()
	fmt.Printf("sending %d traces of %d spans\n", o.traces, o.spans)
	begun := time.Now()
	bytes, err := g.send(ctx, o)
	if err != nil {
		return err
	}
	took := time.Since(begun)
	memory := g.memory()
	if err := g.stop(); err != nil {
		return err
	}
	report(o, g, backend, took, bytes, memory)
	return nil
}

func report(o options, g *gateway, b *backend, took time.Duration, bytes int64, memory map[string]int64) {
	sent := float64(o.traces * o.spans)
	million := sent / 1e6
	kept := float64(b.spans.Load())
	samplers := g.samplers[0].cpu() + g.samplers[1].cpu()
	peak := max(memory["sampler 1"], memory["sampler 2"])
	fmt.Printf("\n%.0f spans in %.1f s, %.1f %% kept\n\n", sent, took.Seconds(), 100*kept/sent)
	figure := func(name string, value float64, unit string) { fmt.Printf("figure %s %.4g %s\n", name, value, unit) }
	figure("gateway_spans_per_second", sent/took.Seconds(), "spans/s")
	figure("gateway_spans_kept", 100*kept/sent, "%")
	figure("gateway_bytes_per_span_on_the_wire", float64(bytes)/sent, "bytes")
	figure("balancer_cpu_per_million_spans", g.balancer.cpu().Seconds()/million, "s")
	figure("sampler_cpu_per_million_spans", samplers.Seconds()/million, "s")
	figure("balancer_memory", float64(memory["balancer"])/(1<<20), "MiB")
	figure("sampler_memory", float64(peak)/(1<<20), "MiB")
	// What one sampler held: half of what came in within the time that it waits.
	held := sent / 2 * min(1, o.wait.Seconds()/took.Seconds())
	figure("sampler_memory_per_span_held", float64(peak)/held, "bytes")
}
