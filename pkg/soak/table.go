package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/bragg-tracing/bragg/pkg/verify"
)

// table draws the outcomes, row by row as they come.
type table struct {
	out            io.Writer
	passed, failed int
	skipped        int
}

const nameWidth = 44

func (t *table) head(title string) {
	fmt.Fprintf(t.out, "\n%s\n\n", title)
	fmt.Fprintf(t.out, "    %-*s %8s  %-22s  %-22s  %9s %8s %6s\n", nameWidth, "", "acked", "X-Ray", "New Relic", "p95 well", "demo", "MiB")
	fmt.Fprintf(t.out, "    %-*s %8s  %-22s  %-22s  %9s %8s %6s\n", nameWidth, "what is wrong", "spans", "stored +ref =lost ×2", "stored +ref =lost ×2", "", "median", "peak")
}

func (t *table) add(o outcome) {
	mark := "✓"
	if len(o.failures) > 0 {
		mark = "✗"
		t.failed++
	} else {
		t.passed++
	}
	fmt.Fprintf(t.out, "  %s %-*s %8d  %-22s  %-22s  %9s %8s %6d\n", mark, nameWidth, o.row.name, o.sent,
		o.xray, o.newrelic, wellText(o), shortTime(o.latency), o.memory)
	if o.note != "" {
		fmt.Fprintf(t.out, "      · %s\n", o.note)
	}
	if o.unanswered > 0 {
		fmt.Fprintf(t.out, "      · %d more were refused to the sender, and not sent again in time\n", o.unanswered)
	}
	for _, f := range o.failures {
		fmt.Fprintf(t.out, "      ✗ %s\n", f)
	}
}

func (t *table) skip(r row, why error) {
	t.skipped++
	fmt.Fprintf(t.out, "  - %-*s skipped: %s\n", nameWidth, r.name, strings.TrimSpace(why.Error()))
}

// String is stored + refused = lost × stored again.
func (t tally) String() string {
	text := fmt.Sprintf("%d +%d =%d", t.stored, t.refused+t.queued, t.lost)
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

func (t *table) foot() {
	if t.skipped > 0 {
		fmt.Fprintf(t.out, "\n%d passed, %d failed, %d skipped\n", t.passed, t.failed, t.skipped)
		return
	}
	fmt.Fprintf(t.out, "\n%d passed, %d failed\n", t.passed, t.failed)
}
