package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"sync"
	"syscall"
	"time"

	"github.com/bragg-tracing/bragg/pkg/verify"
)

func main() {
	outage := flag.Duration("outage", 60*time.Second, "how long an outage lasts")
	adot := flag.Bool("adot", true, "show also what ADOT's configuration does, with short outages")
	only := flag.String("only", "", "the rows whose names contain this, or one of these with | between them")
	inputs := flag.Int("inputs", 100_000, "malformed inputs, and datagrams of the flood")
	flag.Parse()
	if flag.NArg() == 3 && flag.Arg(0) == shopArgument {
		exit(beShop(flag.Arg(1), flag.Arg(2)))
		return
	}
	if os.Getenv("SOAK") == "long" {
		*outage = 10 * time.Minute
	}
	exit(stepBack())
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	failed, err := soak(ctx, os.Stdout, options{outage: *outage, adot: *adot, only: *only, inputs: *inputs})
	exit(err)
	if failed > 0 {
		os.Exit(1)
	}
}

// exit ends the program if there is an error.
func exit(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "soak:", err)
		os.Exit(1)
	}
}

type options struct {
	outage time.Duration
	adot   bool
	only   string
	inputs int
}

// adotOutage is the length of an outage in the comparison: what is lost is lost
// in seconds.
const adotOutage = 9 * time.Second

// soak runs everything and prints the comparison, and then the table that
// counts. Interrupted, it prints what there is, and how to go on.
func soak(ctx context.Context, out io.Writer, opts options) (failed int, err error) {
	dir, err := os.MkdirTemp("", "soak-")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(dir)
	begun := time.Now()
	tell := newProgress(os.Stderr)
	ours := &table{title: fmt.Sprintf("This collector with durable.yaml, outages of %s", opts.outage), tell: tell.of("")}
	adot := &table{title: fmt.Sprintf("For comparison: otel-collector.yaml with contrib's awsxray exporter, as on ADOT, outages of %s", adotOutage), tell: tell.of("ADOT")}
	err = runAll(ctx, dir, ours, adot, tell, opts)
	if opts.adot {
		adot.print(out)
		fmt.Fprintf(out, "\n  there: %d as they should be, %d not\n", adot.passed, adot.failed)
	}
	ours.print(out)
	fmt.Fprintf(out, "\n  in %s; a row fails for a span that was acknowledged and is nowhere, a backend that is well and\n  slower than it may be (baseline × 1.1 + 200 ms), more than %d MiB, or a demo that answers later\n",
		time.Since(begun).Round(time.Second), memoryLimit)
	if again := ours.notPassed(chosen(rows(), opts.only)); again != "" {
		fmt.Fprintf(out, "  those that have not passed: make soak ARGS=\"-adot=false -only '%s'\"\n", again)
	}
	ours.foot(out)
	return ours.failed, err
}

// runAll runs side by side the rows that leave the processors alone, each group
// with a collector, backends, a demo and a baseline of its own, and then one
// after another those that do not.
func runAll(ctx context.Context, dir string, ours, adot *table, tell *progress, opts options) error {
	tell.say("", "builds the collector")
	program, err := build(ctx, dir, "./cmd/collector", "collector", nil)
	if err != nil {
		return err
	}
	side, alone := groups(chosen(rows(), opts.only))
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var running sync.WaitGroup
	run := func(f func() error) {
		running.Go(func() {
			if err := f(); err != nil {
				cancel(err)
			}
		})
	}
	if opts.adot {
		tell.say("", "builds contrib's, for the comparison")
		theirs, err := build(ctx, dir, "./pkg/collector/awsxrayexporter/oracle/collectormix/contribcollector", "contribcollector", nil)
		if err != nil {
			return err
		}
		run(func() error { return runADOT(ctx, filepath.Join(dir, "adot"), theirs, adot, tell, opts) })
	}
	for name, group := range side {
		run(func() error { return runOurs(ctx, filepath.Join(dir, name), program, name, group, ours, tell, opts) })
	}
	running.Wait()
	if context.Cause(ctx) == nil && len(alone) > 1 {
		run(func() error {
			return runOurs(ctx, filepath.Join(dir, "alone"), program, "alone", alone, ours, tell, opts)
		})
		running.Wait()
	}
	if cause := context.Cause(ctx); cause != nil && !errors.Is(cause, context.Canceled) {
		return cause
	}
	return nil
}

func runOurs(ctx context.Context, dir, program, name string, group []row, t *table, tell *progress, opts options) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	limits := filepath.Join(dir, "limits.yaml")
	if err := os.WriteFile(limits, []byte(limitsYAML()), 0o600); err != nil {
		return err
	}
	l, err := newLab(dir, program, []string{"otel-collector.yaml", "deploy/collector/durable.yaml", limits})
	if err != nil {
		return err
	}
	l.name, l.say = name, tell.of(name)
	l.outage, l.settle, l.inputs = opts.outage, opts.outage+90*time.Second, opts.inputs
	return l.runAll(ctx, t, group)
}

// limitsYAML gives the collector the memory of a small task. In production the
// container's own limit does, of which otel-collector.yaml takes a share.
func limitsYAML() string {
	return fmt.Sprintf("processors:\n  memory_limiter:\n    check_interval: 1s\n    limit_mib: %d\n    spike_limit_mib: 64\n    limit_percentage: 0\n    spike_limit_percentage: 0\n", limiterLimit)
}

// runADOT runs the rows on ADOT's side.
func runADOT(ctx context.Context, dir, program string, t *table, tell *progress, opts options) error {
	l, err := newLab(dir, program, nil)
	if err != nil {
		return err
	}
	text, err := os.ReadFile("otel-collector.yaml")
	if err != nil {
		return errors.Join(err, l.close())
	}
	config := filepath.Join(dir, "adot.yaml")
	if err := os.WriteFile(config, []byte(expand(string(text), l.collector.env)), 0o600); err != nil {
		return errors.Join(err, l.close())
	}
	l.collector.configs = []string{config}
	l.name, l.say = "ADOT", tell.of("ADOT")
	l.outage, l.settle, l.inputs = adotOutage, adotOutage+6*time.Second, opts.inputs/10
	return l.runAll(ctx, t, slices.DeleteFunc(chosen(rows(), opts.only), func(r row) bool { return r.alone }))
}

// newLab starts backends; runAll starts the rest.
func newLab(dir, program string, configs []string) (*lab, error) {
	queues := filepath.Join(dir, "queues")
	if err := os.MkdirAll(queues, 0o700); err != nil {
		return nil, err
	}
	b, err := newBackends(dir)
	if err != nil {
		return nil, err
	}
	p, err := newProcess(program, configs, queues, b)
	if err != nil {
		return nil, err
	}
	return &lab{backends: b, say: func(string, ...any) {}, collector: p, rate: normalRate, baseline: map[string]time.Duration{}}, nil
}

// runAll runs the rows one after another, the first to know what healthy is.
func (l *lab) runAll(ctx context.Context, t *table, all []row) (err error) {
	defer func() { err = errors.Join(err, l.close()) }()
	if err := l.renew(); err != nil {
		return err
	}
	if err := l.collector.start(ctx); err != nil {
		return err
	}
	if l.demo, err = startShop(ctx, l.collector); err != nil {
		return err
	}
	if err := l.measure(ctx, t, all[0]); err != nil {
		return err
	}
	for _, r := range all[1:] {
		o, err := l.run(ctx, r)
		if errors.Is(err, errNoMount) {
			t.skip(r, err)
			continue
		}
		if err != nil {
			return fmt.Errorf("%s: %w", r.name, err)
		}
		t.add(o)
	}
	return nil
}

// measure runs the row without a fault, for both backends.
func (l *lab) measure(ctx context.Context, t *table, r row) error {
	r.well = verify.XRay
	from := time.Now()
	o, err := l.run(ctx, r)
	if err != nil {
		return err
	}
	l.baseline[verify.XRay], l.calm = o.p95, o.latency
	delays, err := l.newRelicDelays(ctx)
	if err != nil {
		return err
	}
	l.baseline[verify.NewRelic] = medianP95(delays, from, time.Now())
	o.row.name += l.baselineOf()
	o.note = fmt.Sprintf("baseline, p95 of the delay: X-Ray %s, New Relic %s", shortTime(l.baseline[verify.XRay]), shortTime(l.baseline[verify.NewRelic]))
	t.add(o)
	return nil
}

// baselineOf says for which rows this lab's first row is the measure.
func (l *lab) baselineOf() string {
	if l.name == "" || l.name == "ADOT" {
		return ""
	}
	return " (" + l.name + ")"
}

func (l *lab) close() error {
	var errs []error
	if l.demo != nil {
		errs = append(errs, l.demo.close())
	}
	l.xray.set(nil)
	l.newrelic.set(nil)
	l.collector.stop()
	if l.collector.mounted {
		l.collector.mounted = false
		errs = append(errs, unmountAt(l.collector.queues))
	}
	l.xray.down()
	l.newrelic.down()
	return errors.Join(append(errs, l.backends.close())...)
}
