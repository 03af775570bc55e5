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
	"syscall"
	"time"

	"github.com/bragg-tracing/bragg/pkg/verify"
)

func main() {
	outage := flag.Duration("outage", 60*time.Second, "how long an outage lasts")
	adot := flag.Bool("adot", true, "show first what ADOT's configuration does, with short outages")
	only := flag.String("only", "", "the one row whose name contains this, after the first")
	inputs := flag.Int("inputs", 100_000, "malformed inputs, and datagrams of the flood")
	flag.Parse()
	if os.Getenv("SOAK") == "long" {
		*outage = 10 * time.Minute
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	failed, err := soak(ctx, os.Stdout, options{outage: *outage, adot: *adot, only: *only, inputs: *inputs})
	if err != nil {
		fmt.Fprintln(os.Stderr, "soak:", err)
		os.Exit(1)
	}
	if failed > 0 {
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

// soak prints the comparison, and then the table that counts.
func soak(ctx context.Context, out io.Writer, opts options) (failed int, err error) {
	dir, err := os.MkdirTemp("", "soak-")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(dir)
	begun := time.Now()
	if opts.adot {
		t := &table{out: out}
		t.head(fmt.Sprintf("For comparison: otel-collector.yaml with contrib's awsxray exporter, as on ADOT, outages of %s", adotOutage))
		if err := runADOT(ctx, filepath.Join(dir, "adot"), t, opts); err != nil {
			return 0, err
		}
		fmt.Fprintf(out, "\n  there: %d as they should be, %d not\n", t.passed, t.failed)
	}
	t := &table{out: out}
	t.head(fmt.Sprintf("This collector with durable.yaml, outages of %s", opts.outage))
	if err := runOurs(ctx, filepath.Join(dir, "ours"), t, opts); err != nil {
		return t.failed, err
	}
	fmt.Fprintf(out, "\n  in %s; a row fails for a span that was acknowledged and is nowhere, a backend that is well and\n  slower than %s (baseline × 1.1 + 200 ms), more than %d MiB, or a demo that answers later\n",
		time.Since(begun).Round(time.Second), "it may be", memoryLimit)
	t.foot()
	return t.failed, nil
}

func runOurs(ctx context.Context, dir string, t *table, opts options) error {
	program, err := build(ctx, dir, "./cmd/collector", "collector", nil)
	if err != nil {
		return err
	}
	limits := filepath.Join(dir, "limits.yaml")
	if err := os.WriteFile(limits, []byte(limitsYAML()), 0o600); err != nil {
		return err
	}
	l, err := newLab(ctx, dir, program, []string{"otel-collector.yaml", "deploy/collector/durable.yaml", limits})
	if err != nil {
		return err
	}
	l.outage, l.settle, l.inputs = opts.outage, opts.outage+90*time.Second, opts.inputs
	return l.runAll(ctx, t, pick(rows(), opts.only))
}

// limitsYAML gives the collector the memory of a small task. In production the
// container's own limit does, of which otel-collector.yaml takes a share.
func limitsYAML() string {
	return fmt.Sprintf("processors:\n  memory_limiter:\n    check_interval: 1s\n    limit_mib: %d\n    spike_limit_mib: 64\n    limit_percentage: 0\n    spike_limit_percentage: 0\n", limiterLimit)
}

// runADOT runs the rows that the comparison is about.
func runADOT(ctx context.Context, dir string, t *table, opts options) error {
	program, err := build(ctx, dir, "./pkg/collector/awsxrayexporter/oracle/collectormix/contribcollector", "contribcollector", nil)
	if err != nil {
		return err
	}
	l, err := newLab(ctx, dir, program, nil)
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
	l.outage, l.settle, l.inputs = adotOutage, adotOutage+6*time.Second, opts.inputs/10
	var chosen []row
	for _, r := range rows() {
		switch r.name {
		case "nothing is wrong", "X-Ray throttles (429)", "X-Ray takes 2 s for each put", "X-Ray is down", "X-Ray refuses one put in three for good",
			"New Relic is down", "New Relic refuses the key (403)", "both are down, and the collector is killed":
			chosen = append(chosen, r)
		}
	}
	return l.runAll(ctx, t, pick(chosen, opts.only))
}

// newLab starts backends; runAll starts the rest.
func newLab(_ context.Context, dir, program string, configs []string) (*lab, error) {
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
	return &lab{backends: b, collector: p, rate: normalRate, baseline: map[string]time.Duration{}}, nil
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
	o.note = fmt.Sprintf("baseline, p95 of the delay: X-Ray %s, New Relic %s", shortTime(l.baseline[verify.XRay]), shortTime(l.baseline[verify.NewRelic]))
	t.add(o)
	return nil
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
