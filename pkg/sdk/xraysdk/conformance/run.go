package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
)

// A result is how the functions of a run ended.
type result struct {
	passed, failed, skipped []string
	output                  string // of those that failed
}

func (r *result) String() string {
	return fmt.Sprintf("%d passed, %d failed, %d skipped", len(r.passed), len(r.failed), len(r.skipped))
}

// atOnce is how many functions run at once: most of them sleep.
const atOnce = 12

// timeout is for one function.
const timeout = 60 * time.Second

// A function is a test, or a benchmark, which runs once. Each has a process of
// its own, because many configure the SDK globally.
type function struct{ binary, dir, pkg, name string }

// test builds the tests of a module in dir and runs its functions.
func test(ctx context.Context, dir string, suites []*suite, skips []string) (*result, error) {
	r := &result{}
	var functions []function
	for _, s := range suites {
		folder := filepath.Join(dir, strings.TrimPrefix(s.pkg.ForTest, original))
		binary := filepath.Join(folder, "conformance.test")
		if out, err := command(ctx, folder, "go", "test", "-c", "-o", binary, ".").CombinedOutput(); err != nil {
			return nil, fmt.Errorf("build the tests of %s: %w\n%s", s.pkg.ForTest, err, out)
		}
		for _, name := range s.names {
			f := function{binary, folder, filepath.Base(folder), name}
			if slices.Contains(skips, f.String()) {
				r.skipped = append(r.skipped, f.String())
			} else {
				functions = append(functions, f)
			}
		}
	}
	var mu sync.Mutex
	var wg sync.WaitGroup
	slots := make(chan struct{}, atOnce)
	for _, f := range functions {
		slots <- struct{}{}
		wg.Go(func() {
			output, ok := f.run(ctx)
			<-slots
			mu.Lock()
			defer mu.Unlock()
			if ok {
				r.passed = append(r.passed, f.String())
			} else {
				r.failed = append(r.failed, f.String())
				r.output += output
			}
		})
	}
	wg.Wait()
	return r, nil
}

func (f function) String() string { return f.pkg + "." + f.name }

// run reports whether the function ran and did not fail.
func (f function) run(ctx context.Context) (output string, ok bool) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	args, done := []string{"-test.v", "-test.run=^" + f.name + "$"}, "--- PASS: "+f.name
	if strings.HasPrefix(f.name, "Benchmark") {
		args, done = []string{"-test.run=^$", "-test.benchtime=1x", "-test.bench=^" + f.name + "$"}, " ns/op"
	}
	out, err := command(ctx, f.dir, f.binary, args...).CombinedOutput()
	return string(out), err == nil && strings.Contains(string(out), done)
}

// command is a command in an environment that says nothing of AWS or
// OpenTelemetry but credentials.
func command(ctx context.Context, dir, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = dir
	cmd.Env = append(slices.DeleteFunc(os.Environ(), func(s string) bool {
		return strings.HasPrefix(s, "AWS_") || strings.HasPrefix(s, "OTEL_")
	}), "GOWORK=off", "GOFLAGS=-mod=mod", "AWS_ACCESS_KEY_ID=a", "AWS_SECRET_ACCESS_KEY=s")
	return cmd
}
