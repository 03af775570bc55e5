package up

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/bragg-tracing/bragg/pkg/demo"
)

// patience is how long Once waits for a backend to get more of what is missing
// before it calls that lost. It is longer than the collector's first retries.
const patience = 10 * time.Second

// onceSeed makes every run send the same requests.
const onceSeed = 1

// Once starts a stack, sends requests through the demo, waits until the backends
// have all of their spans or get no more, stops, and reports. The report is
// valid when the error is nil, complete or not.
func Once(ctx context.Context, cfg Config, requests int) (Report, error) {
	if cfg.Real {
		return Report{}, errors.New("--once counts what arrived on this machine, so it cannot be used with --real")
	}
	begun := time.Now()
	cfg.Rate = 0
	cfg.Recorder = demo.NewRecorder()
	s, err := Start(ctx, cfg)
	if err != nil {
		return Report{}, err
	}
	report, err := s.sendAndCount(ctx, requests)
	stopCtx, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopLimit)
	defer cancel()
	if err := errors.Join(err, s.Stop(stopCtx)); err != nil {
		return Report{}, err
	}
	report.Seconds = float64(time.Since(begun).Milliseconds()) / 1000
	return report, nil
}

func (s *Stack) sendAndCount(ctx context.Context, requests int) (Report, error) {
	progress := newProgressLine(s.cfg.Progress)
	duplicatesBefore, err := s.xrayDuplicates(ctx)
	if err != nil {
		return Report{}, err
	}
	_, err = demo.Load(ctx, demo.LoadConfig{
		URL: s.demo.URL(), Requests: requests, Concurrency: 16, Seed: onceSeed,
		Progress: func(done, total int) { progress.show("sent %d of %d requests", done, total) },
	})
	if err != nil {
		return Report{}, fmt.Errorf("send requests: %w", err)
	}
	if err := s.demo.Flush(ctx); err != nil {
		return Report{}, fmt.Errorf("flush the demo: %w", err)
	}
	sent := s.sent()
	report := Report{Requests: requests, Backends: s.cfg.Backends}
	report.Traces.Sent, report.Spans.Sent = len(sent), sent.spans()
	if s.xray != nil {
		f, err := s.await(ctx, sent, progress, "X-Ray", s.xrayTrace)
		if err != nil {
			return Report{}, err
		}
		duplicates, err := s.xrayDuplicates(ctx)
		if err != nil {
			return Report{}, err
		}
		f.duplicates += duplicates - duplicatesBefore
		report.setXRay(f, sent.spans())
	}
	if s.newrelic != nil {
		f, err := s.await(ctx, sent, progress, "New Relic", s.newrelicTrace)
		if err != nil {
			return Report{}, err
		}
		report.setNewRelic(f, sent.spans())
	}
	progress.end()
	return report, nil
}

// traceSpans holds span ids by trace id, both in lower-case hex.
type traceSpans map[string]map[string]bool

func (t traceSpans) spans() int {
	n := 0
	for _, spans := range t {
		n += len(spans)
	}
	return n
}

func (s *Stack) sent() traceSpans {
	sent := traceSpans{}
	for _, span := range s.cfg.Recorder.Spans() {
		if sent[span.TraceID] == nil {
			sent[span.TraceID] = map[string]bool{}
		}
		sent[span.TraceID][span.SpanID] = true
	}
	return sent
}

// An arrival is one span or segment that a backend has of a trace.
type arrival struct {
	spanID   string
	received int    // how often it was given to the backend
	reason   string // why it may exist without having been sent; "" if it may not
}

// found is what a backend has of the traces that were sent.
type found struct {
	traces     map[string]bool
	spans      int
	duplicates int
	extra      map[string]int
}

// await asks a backend for each trace until it has all of its spans, or until
// the backend has got nothing new for as long as patience lasts.
func (s *Stack) await(ctx context.Context, sent traceSpans, progress *progressLine, name string,
	lookup func(ctx context.Context, traceID string) ([]arrival, error),
) (*found, error) {
	have := map[string]*found{} // by trace id, the complete ones
	last, lastProgress := -1, time.Now()
	for {
		total := &found{traces: map[string]bool{}, extra: map[string]int{}}
		for id, spans := range sent {
			f := have[id]
			if f == nil {
				arrivals, err := lookup(ctx, id)
				if err != nil {
					return nil, fmt.Errorf("read trace %s from %s: %w", id, name, err)
				}
				f = match(spans, arrivals)
				if f.spans == len(spans) {
					have[id] = f
				}
			}
			total.add(id, f)
		}
		progress.show("%s has %d of %d spans", name, total.spans, sent.spans())
		if total.spans == sent.spans() {
			return total, nil
		}
		if total.spans > last {
			last, lastProgress = total.spans, time.Now()
		}
		if time.Since(lastProgress) > patience {
			return total, nil
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// match compares what a backend has of one trace with what was sent of it.
func match(sent map[string]bool, arrivals []arrival) *found {
	f := &found{extra: map[string]int{}}
	seen := map[string]bool{}
	for _, a := range arrivals {
		again := 0
		if seen[a.spanID] {
			again = 1
		}
		f.duplicates += a.received - 1 + again
		if seen[a.spanID] {
			continue
		}
		seen[a.spanID] = true
		switch {
		case sent[a.spanID]:
			f.spans++
		case a.reason != "":
			f.extra[a.reason]++
		default:
			f.extra["unknown"]++
		}
	}
	return f
}

func (f *found) add(traceID string, one *found) {
	if one.spans > 0 {
		f.traces[traceID] = true
	}
	f.spans += one.spans
	f.duplicates += one.duplicates
	for reason, n := range one.extra {
		f.extra[reason] += n
	}
}

// progressLine rewrites one line of a terminal; what is no terminal gets
// nothing but the lines that matter.
type progressLine struct {
	out  io.Writer
	last time.Time
	used bool
}

func newProgressLine(out io.Writer) *progressLine {
	if !isTerminal(out) {
		out = io.Discard
	}
	return &progressLine{out: out}
}

func (p *progressLine) show(format string, args ...any) {
	if time.Since(p.last) < 100*time.Millisecond {
		return
	}
	p.last, p.used = time.Now(), true
	fmt.Fprintf(p.out, "\r\x1b[K  "+format, args...)
}

func (p *progressLine) end() {
	if p.used {
		fmt.Fprint(p.out, "\r\x1b[K")
	}
}
