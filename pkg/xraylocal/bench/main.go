//go:build linux

package main

import (
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/bragg-tracing/bragg/pkg/xraylocal/store"
)

// jaeger is the processor time, in seconds, that a million of the same spans
// cost Jaeger v1.76 all-in-one with Badger.
const jaeger = 66

func main() {
	if dir := os.Getenv(serverVariable); dir != "" {
		exit(serve(dir))
	}
	sizes := []int{10_000, 100_000}
	if os.Getenv("BENCH") == "full" {
		sizes = append(sizes, 1_000_000)
	}
	traces := flag.Int("traces", 0, "measure this many traces only")
	seed := flag.Uint64("seed", 1, "of the generator")
	dir := flag.String("dir", "", "where to put the store (default a temporary directory)")
	flag.Parse()
	if *traces > 0 {
		sizes = []int{*traces}
	}
	exit(run(*dir, generator{*seed}, sizes))
}

func exit(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

// run fills one store up to each size, the smallest first, and measures there.
func run(parent string, g generator, sizes []int) (err error) {
	dir, err := os.MkdirTemp(parent, "bragg-bench-*")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	if err := checkDisk(dir, sizes[len(sizes)-1]); err != nil {
		return err
	}
	have := 0
	for _, size := range sizes {
		fmt.Printf("\n%d traces, %d documents, %d traces to an hour\n", size, size*documentsPerTrace, tracesPerHour)
		if err := measureIngest(dir, g, have, size); err != nil {
			return err
		}
		if err := measureQueries(dir, g, size); err != nil {
			return err
		}
		have = size
	}
	return nil
}

// checkDisk refuses to fill more than half of what is free.
func checkDisk(dir string, traces int) error {
	var fs syscall.Statfs_t
	if err := syscall.Statfs(dir, &fs); err != nil {
		return err
	}
	free := int64(fs.Bavail) * int64(fs.Bsize)
	need := int64(traces) * documentsPerTrace * documentSize
	fmt.Printf("%.1f GB free in %s, at most %.1f GB needed\n", float64(free)/1e9, dir, float64(need)/1e9)
	if need > free/2 {
		return fmt.Errorf("%s: %.1f GB may be needed, and %.1f GB are free: name a larger disk with -dir", dir, float64(need)/1e9, float64(free)/1e9)
	}
	return nil
}

func measureIngest(dir string, g generator, have, size int) error {
	p, err := startProcess(dir)
	if err != nil {
		return err
	}
	took, err := fill(p, g, have, size)
	cpu, memory, stopErr := p.stop()
	if err := errors.Join(err, stopErr); err != nil {
		return err
	}
	documents := float64(size-have) * documentsPerTrace
	name := sizeName(size)
	perMillion := cpu.Seconds() / documents * 1e6
	figure("ingest-"+name, documents/took.Seconds(), "documents/s")
	figure("ingest-cpu-"+name, perMillion, "s/million-documents")
	figure("ingest-memory-"+name, float64(memory)/1e6, "MB")
	fmt.Printf("ratio ingest-cpu-%s-against-jaeger-badger-%ds %.2f\n", name, jaeger, jaeger/perMillion)
	bytes, err := diskUse(dir)
	figure("disk-"+name, float64(bytes)/float64(size*documentsPerTrace), "bytes/document")
	return err
}

func measureQueries(dir string, g generator, size int) (err error) {
	p, err := startProcess(dir)
	if err != nil {
		return err
	}
	defer func() {
		_, memory, stopErr := p.stop()
		err = errors.Join(err, stopErr)
		figure("query-memory-"+sizeName(size), float64(memory)/1e6, "MB")
	}()
	name := sizeName(size)
	figure("start-"+name, p.started.Seconds()*1e3, "ms")
	a := &asker{p: p, g: g, random: rand.New(rand.NewPCG(g.seed, 99)), traces: size}
	for _, m := range []struct {
		name string
		n    int
		f    func(int) error
	}{
		{"summaries-1h-filtered-first-page", 100, a.summaries(a.faultsOfClient)},
		{"summaries-1h-first-page", 30, a.summaries(func() string { return "" })},
		{"summaries-1h-no-match", 30, a.summaries(func() string { return `http.url CONTAINS "/nowhere/"` })},
		{"batch-get-5", 200, a.traces5},
		{"service-graph-1h", 20, a.graph},
	} {
		t, err := repeat(m.n, m.f)
		if err != nil {
			return fmt.Errorf("%s: %w", m.name, err)
		}
		figure(m.name+"-p50-"+name, ms(t.percentile(0.5)), "ms")
		figure(m.name+"-p95-"+name, ms(t.percentile(0.95)), "ms")
	}
	return nil
}

func ms(d time.Duration) float64 { return d.Seconds() * 1e3 }

func figure(name string, value float64, unit string) {
	fmt.Printf("figure %s %.1f %s\n", name, value, unit)
}

// sizeName is the number of traces in thousands.
func sizeName(traces int) string { return fmt.Sprintf("%dk", traces/1000) }

func diskUse(dir string) (size int64, err error) {
	for _, suffix := range []string{"", "-wal"} {
		info, err := os.Stat(filepath.Join(dir, store.File) + suffix)
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil {
			return 0, err
		}
		size += info.Size()
	}
	return size, nil
}
