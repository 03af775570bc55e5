// Command realcode migrates code that other people wrote, builds it, and runs its
// tests: modules of the Go module proxy that use the X-Ray SDK, and the examples of
// the X-Ray SDK's own README. Nothing of them is kept here.
//
// Run it at the top of the source tree: go run ./pkg/migrate/realcode
// Arguments are parts of the names of what is to be tried, and not the rest.
//
// What cannot be had, or does not pass before it is migrated, is skipped.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/bragg-tracing/bragg/pkg/migrate"
)

// A result is a line of the table.
type result struct {
	name, to        string
	files, person   int // that change, and findings that need a person
	skipped, failed error
	took            time.Duration
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "realcode:", err)
		stop()
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	checkout, err := os.Getwd()
	if err != nil {
		return err
	}
	if _, err := os.Stat(filepath.Join(checkout, "pkg", "migrate", "realcode")); err != nil {
		return errors.New("run me at the top of the source tree")
	}
	dir, err := os.MkdirTemp("", "bragg-realcode-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	all := modules
	all = append(all, examples(ctx)...)
	var results []result
	for i, c := range all {
		if len(os.Args) > 1 && !slices.ContainsFunc(os.Args[1:], func(part string) bool { return strings.Contains(c.name, part) }) {
			continue
		}
		results = append(results, try(ctx, c, checkout, filepath.Join(dir, fmt.Sprint(i)))...)
	}
	return report(results)
}

// try migrates one piece of code to both of what there is.
func try(ctx context.Context, c code, checkout, dir string) (results []result) {
	for _, otel := range []bool{false, true} {
		r := result{name: c.name, to: map[bool]string{false: "xraysdk", true: "otel"}[otel]}
		begun := time.Now()
		dir := dir + "-" + r.to
		if err := c.lay(ctx, dir); err != nil {
			r.skipped = err
		} else if err := c.check(ctx, dir); err != nil {
			r.skipped = fmt.Errorf("before it is migrated: %w", err)
		} else {
			r.failed = c.migrate(ctx, migrate.Options{Dir: dir, Patterns: c.packages, OpenTelemetry: otel, Checkout: checkout}, &r)
		}
		r.took = time.Since(begun)
		fmt.Fprintf(os.Stderr, "%s to %s: %v\n", r.name, r.to, r.outcome())
		results = append(results, r)
	}
	return results
}

func (r result) outcome() string {
	switch {
	case r.skipped != nil:
		return "skipped: " + r.skipped.Error()
	case r.failed != nil:
		return "FAILED: " + r.failed.Error()
	}
	return "passed"
}

func report(results []result) error {
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "code\tto\tfiles changed\tlines for a person\tseconds\toutcome")
	passed, failed, skipped := 0, 0, 0
	for _, r := range results {
		fmt.Fprintf(w, "%s\t%s\t%d\t%d\t%.0f\t%s\n", r.name, r.to, r.files, r.person, r.took.Seconds(), short(r.outcome()))
		switch {
		case r.skipped != nil:
			skipped++
		case r.failed != nil:
			failed++
		default:
			passed++
		}
	}
	if err := w.Flush(); err != nil {
		return err
	}
	fmt.Printf("%d passed, %d failed, %d skipped\n", passed, failed, skipped)
	if failed > 0 || passed == 0 {
		return errors.New("not everything passed")
	}
	return nil
}
