package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bragg-tracing/bragg/pkg/verify"
)

// TestEverySpanIsAccountedFor runs the rows of `make soak` that do not need
// time, with outages of a second, and judges counts alone.
func TestEverySpanIsAccountedFor(t *testing.T) {
	l := testLab(t, "deploy/collector/durable.yaml")
	l.outage, l.settle, l.inputs = time.Second, 30*time.Second, 1000
	if err := l.collector.start(t.Context()); err != nil {
		t.Fatal(err)
	}
	names := []string{
		"nothing is wrong", "X-Ray throttles (429)", "X-Ray refuses one put in three for good", "X-Ray stores, its answer is lost",
		"New Relic refuses the key (403)", "New Relic answers 400, 401, 500 in turn", "New Relic: 502, 503, 504, reset, no answer",
		"both are down, and the collector is killed", "the disk of the queues is full, both are down", "malformed OTLP and datagrams",
	}
	ran := 0
	for _, r := range rows() {
		if !slices.Contains(names, r.name) {
			continue
		}
		ran++
		t.Run(r.name, func(t *testing.T) {
			r.brief = false
			o, err := l.run(t.Context(), r)
			if errors.Is(err, errNoMount) {
				t.Skip(err)
			}
			if err != nil {
				t.Fatal(err)
			}
			o.failures = slices.DeleteFunc(o.failures, isAboutMemory) // the race detector needs its own
			for _, f := range o.failures {
				t.Error(f)
			}
			t.Logf("%d acknowledged, %d not; X-Ray %s, New Relic %s; %s", o.sent, o.unanswered, o.xray, o.newrelic, o.note)
			if r.refuses != "" && o.xray.refused+o.newrelic.refused == 0 {
				t.Error("nothing was refused: the row shows nothing")
			}
		})
	}
	if ran != len(names) {
		t.Errorf("%d rows ran, want %d", ran, len(names))
	}
}

func isAboutMemory(failure string) bool { return strings.Contains(failure, "MiB of memory") }

// TestJudge wants each kind of loss to fail a row.
func TestJudge(t *testing.T) {
	healthy := func() outcome {
		full := tally{stored: 100}
		return outcome{row: row{well: "X-Ray"}, sent: 100, xray: full, newrelic: full, p95: 200 * time.Millisecond, latency: 3 * time.Millisecond}
	}
	running := &process{done: make(chan struct{})}
	for _, tt := range []struct {
		name   string
		change func(*outcome)
		fails  int
	}{
		{"as it should be", func(*outcome) {}, 0},
		{"one lost", func(o *outcome) { o.xray.stored, o.xray.lost = 99, 1 }, 1},
		{"one that nobody counted", func(o *outcome) { o.newrelic.stored = 99 }, 1},
		{"refused, and it may be", func(o *outcome) { o.row.refuses, o.newrelic.stored, o.newrelic.refused = "New Relic", 99, 1 }, 0},
		{"refused where it may not be", func(o *outcome) { o.newrelic.stored, o.newrelic.refused = 99, 1 }, 1},
		{"queued", func(o *outcome) { o.xray.stored, o.xray.queued = 99, 1 }, 0},
		{"late", func(o *outcome) { o.p95 = 421 * time.Millisecond }, 1},
		{"just in time", func(o *outcome) { o.p95 = 420 * time.Millisecond }, 0},
		{"a slow demo", func(o *outcome) { o.latency = 40 * time.Millisecond }, 1},
		{"memory", func(o *outcome) { o.memory = memoryLimit + 1 }, 1},
		{"nothing sent", func(o *outcome) { *o = outcome{} }, 1},
		{"never taken", func(o *outcome) { o.unanswered = 20 }, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			l := &lab{collector: running, calm: 3 * time.Millisecond, baseline: map[string]time.Duration{"X-Ray": 200 * time.Millisecond}}
			o := healthy()
			tt.change(&o)
			l.judge(&o)
			if len(o.failures) != tt.fails {
				t.Errorf("failures %q, want %d", o.failures, tt.fails)
			}
		})
	}
}

func TestMedianP95(t *testing.T) {
	from := time.Unix(1000, 0)
	var delays []delay
	for i := range 300 { // thirds of 1, 9 and 2 seconds
		took := []time.Duration{1, 9, 2}[i/100] * time.Second
		delays = append(delays, delay{from.Add(time.Duration(i) * time.Second), took})
	}
	if got := medianP95(delays, from, from.Add(300*time.Second)); got != 2*time.Second {
		t.Errorf("got %v", got)
	}
	if got := medianP95(nil, from, from.Add(time.Second)); got != 0 {
		t.Errorf("got %v of nothing", got)
	}
}

func TestExpand(t *testing.T) {
	got := expand("a: ${env:A:-x}\nb: ${env:B:-[awsxray]}\nc: '${env:C}'\nd: ${env:D:-}", []string{"B=[b/c]"})
	if want := "a: x\nb: [b/c]\nc: ''\nd: "; got != want {
		t.Errorf("got %q", got)
	}
}

// TestJudgeDatagrams wants as many documents to be counted as are missing.
func TestJudgeDatagrams(t *testing.T) {
	both := stored{"a": 1, "b": 1}
	for _, tt := range []struct {
		name           string
		x, n           stored
		queued         map[string]bool
		counted, read  int
		fails, missing int
	}{
		{"all are there", both, both, nil, 0, 2, 0, 0},
		{"one is in one alone", both, stored{"a": 1}, nil, 0, 2, 1, 1},
		{"and counted", both, stored{"a": 1}, nil, 1, 2, 0, 1},
		{"queued", both, stored{"a": 1}, map[string]bool{"b": true}, 0, 2, 0, 0},
		{"counted, and there", both, both, nil, 1, 2, 1, 0},
		{"counted, and another's", both, both, nil, 1, 3, 0, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := &datagrams{ids: map[string]bool{"a": true, "b": true}, read: tt.read}
			c, o := &census{inXRay: tt.x, inNewRelic: tt.n, queuedN: tt.queued}, outcome{}
			grown := verify.Counts{{Metric: "receiver_awsxray_dropped_documents", Why: "refused"}: float64(tt.counted)}
			if d.judge(c, grown, &o); len(o.failures) != tt.fails || d.missing(c) != tt.missing {
				t.Errorf("failures %q, missing %d", o.failures, d.missing(c))
			}
		})
	}
}

func TestChosenAndGroups(t *testing.T) {
	some := chosen(rows(), "throttles|a flood|(413)")
	side, alone := groups(some)
	got := fmt.Sprint(len(some), len(side["X-Ray"]), len(side["New Relic"]), len(side["both"]), len(alone))
	if got != "4 2 2 0 2" {
		t.Errorf("got %s of %v", got, some)
	}
	all := table{lines: []line{{row: some[1].name, passed: true}, {row: some[2].name}}}
	if got, want := all.notPassed(some), "New Relic finds it too large (413)|a flood of datagrams"; got != want {
		t.Errorf("again %q, want %q", got, want)
	}
	if got := len(chosen(rows(), "")); got != len(rows()) {
		t.Errorf("%d rows of %d", got, len(rows()))
	}
}

// buildDir is where the collector is built, once for all tests: with the race
// detector that takes longer than most of them.
var buildDir string

func TestMain(m *testing.M) {
	var err error
	if buildDir, err = os.MkdirTemp("", "soak-"); err != nil {
		panic(err)
	}
	code := m.Run()
	if err := os.RemoveAll(buildDir); err != nil {
		panic(err)
	}
	os.Exit(code)
}

// built builds the collector in the repository's root, where testLab is.
var built = sync.OnceValues(func() (string, error) {
	return build(context.Background(), buildDir, "./cmd/collector", "collector", buildMode)
})

// testLab builds the collector and everything around it, with the overlay on
// otel-collector.yaml. It ends with the test.
func testLab(t *testing.T, overlay string) *lab {
	t.Helper()
	if testing.Short() {
		t.Skip("builds the collector")
	}
	t.Chdir("../..")
	program, err := built()
	if err != nil {
		t.Fatal(err)
	}
	l, err := newLab(t.TempDir(), program, []string{"otel-collector.yaml", overlay})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.close(); err != nil {
			t.Error(err)
		}
		if t.Failed() {
			t.Logf("the collector said:\n%s", l.collector.output)
		}
	})
	return l
}
