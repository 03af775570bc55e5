package main

import (
	"context"
	_ "embed"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"sync"
)

// want is how many functions of public API version 2.0.1 of the SDK has.
const want = 141

//go:embed skips.txt
var skipsText string

//go:embed daemon.txt
var daemonText string

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "conformance:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	skips, err := readSkips(skipsText)
	if err != nil {
		return err
	}
	suites, err := extract()
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "xraysdk-conformance-")
	if err != nil {
		return err
	}
	if os.Getenv("CONFORMANCE_KEEP") == "" {
		defer os.RemoveAll(dir)
	} else {
		fmt.Println(dir)
	}
	modes := []struct {
		name     string
		replaced map[string]string
		skips    []string
	}{{"udp", nil, nil}, {"otlp", map[string]string{"util_test.go": daemonText}, skips}}
	results := make([]*result, len(modes))
	errs := make([]error, len(modes))
	var wg sync.WaitGroup
	for i, m := range modes {
		to := filepath.Join(dir, m.name)
		if err := writeModule(to, suites, m.replaced); err != nil {
			return err
		}
		wg.Go(func() { results[i], errs[i] = test(ctx, to, suites, m.skips) })
	}
	wg.Wait()
	return report(modes[0].name, modes[1].name, results, errs)
}

// extract finds the functions.
func extract() ([]*suite, error) {
	loaded, err := load()
	if err != nil {
		return nil, err
	}
	var suites []*suite
	n := 0
	for _, p := range loaded {
		s := newSuite(p)
		names, needed := s.public()
		if len(names) == 0 {
			continue
		}
		s.names, s.needed = names, needed
		suites = append(suites, s)
		n += len(names)
	}
	if n != want {
		return nil, fmt.Errorf("found %d functions of public API in %s, want %d", n, original, want)
	}
	return suites, nil
}

// readSkips reads lines "Name reason".
func readSkips(text string) (names []string, err error) {
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		name, reason, _ := strings.Cut(line, " ")
		if strings.TrimSpace(reason) == "" {
			return nil, fmt.Errorf("skips.txt: %s has no reason", name)
		}
		names = append(names, name)
	}
	return names, nil
}

func report(udp, otlp string, results []*result, errs []error) error {
	sum := &result{}
	for i, name := range []string{udp, otlp} {
		if errs[i] != nil {
			return errs[i]
		}
		r := results[i]
		if len(r.failed) > 0 {
			fmt.Println(r.output)
			slices.Sort(r.failed)
			fmt.Printf("%s failed: %s\n", name, strings.Join(r.failed, " "))
		}
		sum.passed = append(sum.passed, r.passed...)
		sum.failed = append(sum.failed, r.failed...)
		sum.skipped = append(sum.skipped, r.skipped...)
	}
	fmt.Printf("%s: %s\n%s: %s\n%s\n", udp, results[0], otlp, results[1], sum)
	if len(sum.failed) > 0 {
		return fmt.Errorf("%d failed", len(sum.failed))
	}
	return nil
}
