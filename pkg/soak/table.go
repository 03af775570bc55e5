package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/bragg-tracing/bragg/pkg/verify"
)

// A table gathers outcomes, and tells them as they come. It is safe for
// concurrent use.
type table struct {
	title string
	tell  func(format string, args ...any)

	mu                      sync.Mutex
	lines                   []line
	passed, failed, skipped int
}

// A line is one row's outcome, as text of several lines.
type line struct {
	row    string
	passed bool
	text   string
}

const nameWidth = 44

func (t *table) add(o outcome) {
	l := line{o.row.name, len(o.failures) == 0, describe(o)}
	t.mu.Lock()
	if l.passed {
		t.passed++
	} else {
		t.failed++
	}
	t.lines = append(t.lines, l)
	t.mu.Unlock()
	t.tell("%s", strings.TrimSpace(l.text))
}

func describe(o outcome) string {
	var b strings.Builder
	mark := "✓"
	if len(o.failures) > 0 {
		mark = "✗"
	}
	fmt.Fprintf(&b, "  %s %-*s %8d  %-22s  %-22s  %9s %8s %6d\n", mark, nameWidth, o.row.name, o.sent,
		o.xray, o.newrelic, wellText(o), shortTime(o.latency), o.memory)
	if o.note != "" {
		fmt.Fprintf(&b, "      · %s\n", strings.TrimPrefix(o.note, "; "))
	}
	for _, f := range o.failures {
		fmt.Fprintf(&b, "      ✗ %s\n", f)
	}
	return b.String()
}

func (t *table) skip(r row, why error) {
	text := fmt.Sprintf("  - %-*s skipped: %s\n", nameWidth, r.name, strings.TrimSpace(why.Error()))
	t.mu.Lock()
	t.skipped++
	t.lines = append(t.lines, line{r.name, true, text})
	t.mu.Unlock()
	t.tell("%s", strings.TrimSpace(text))
}

// print writes what was gathered, in the order of the rows.
func (t *table) print(out io.Writer) {
	t.mu.Lock()
	defer t.mu.Unlock()
	all := rows()
	place := func(l line) int {
		return slices.IndexFunc(all, func(r row) bool { return l.row == r.name || strings.HasPrefix(l.row, r.name+" (") })
	}
	slices.SortStableFunc(t.lines, func(a, b line) int { return place(a) - place(b) })
	fmt.Fprintf(out, "\n%s\n\n", t.title)
	fmt.Fprintf(out, "    %-*s %8s  %-22s  %-22s  %9s %8s %6s\n", nameWidth, "", "acked", "X-Ray", "New Relic", "p95 well", "demo", "MiB")
	fmt.Fprintf(out, "    %-*s %8s  %-22s  %-22s  %9s %8s %6s\n", nameWidth, "what is wrong", "spans", "stored +ref =lost ×2", "stored +ref =lost ×2", "", "median", "peak")
	for _, l := range t.lines {
		fmt.Fprint(out, l.text)
	}
}

// notPassed names those of the rows that have failed or were not run, as -only
// takes them.
func (t *table) notPassed(all []row) string {
	t.mu.Lock()
	defer t.mu.Unlock()
	var names []string
	for _, r := range all[1:] {
		if !slices.ContainsFunc(t.lines, func(l line) bool { return l.row == r.name && l.passed }) {
			names = append(names, r.name)
		}
	}
	return strings.Join(names, "|")
}

// String is stored + refused = lost, ~ queued, × stored again.
func (t tally) String() string {
	text := fmt.Sprintf("%d +%d =%d", t.stored, t.refused, t.lost)
	if t.queued > 0 {
		text += fmt.Sprintf(" ~%d", t.queued)
	}
	if t.twice > 0 {
		text += fmt.Sprintf(" ×%d", t.twice)
	}
	return text
}

func wellText(o outcome) string {
	if o.row.well == "" || o.p95 == 0 {
		return ""
	}
	initial := map[string]string{verify.XRay: "X", verify.NewRelic: "N"}[o.row.well]
	return initial + " " + shortTime(o.p95)
}

func shortTime(d time.Duration) string {
	if d == 0 {
		return ""
	}
	return d.Round(time.Millisecond).String()
}

func (t *table) foot(out io.Writer) {
	if t.skipped > 0 {
		fmt.Fprintf(out, "\n%d passed, %d failed, %d skipped\n", t.passed, t.failed, t.skipped)
		return
	}
	fmt.Fprintf(out, "\n%d passed, %d failed\n", t.passed, t.failed)
}
