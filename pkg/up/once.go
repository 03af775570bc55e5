package up

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/bragg-tracing/bragg/pkg/demo"
	"github.com/bragg-tracing/bragg/pkg/verify"
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
	report.Traces.Sent, report.Spans.Sent = len(sent), sent.Spans()
	if s.xray != nil {
		f, err := s.await(ctx, sent, progress, "X-Ray", s.xrayTrace)
		if err != nil {
			return Report{}, err
		}
		duplicates, err := s.xrayDuplicates(ctx)
		if err != nil {
			return Report{}, err
		}
		f.Duplicates += duplicates - duplicatesBefore
		report.setXRay(f, sent.Spans())
	}
	if s.newrelic != nil {
		f, err := s.await(ctx, sent, progress, "New Relic", s.newrelicTrace)
		if err != nil {
			return Report{}, err
		}
		report.setNewRelic(f, sent.Spans())
	}
	progress.end()
	return report, nil
}

// sent returns the spans that the services recorded, by trace.
func (s *Stack) sent() verify.Sent {
	sent := verify.Sent{}
	for _, span := range s.cfg.Recorder.Spans() {
		sent.Add(span.TraceID, span.SpanID)
	}
	return sent
}

// A lookup returns what a backend has of a trace.
type lookup func(ctx context.Context, traceID string) ([]verify.Arrival, error)

// await waits until a backend has all that was sent, or gets no more.
func (s *Stack) await(ctx context.Context, sent verify.Sent, progress *progressLine, name string, look lookup) (verify.Total, error) {
	arrived, err := verify.Await(ctx, verify.Wait{
		Sent: sent, Lookup: look, Patience: patience,
		Progress: func(have, want int) { progress.show("%s has %d of %d spans", name, have, want) },
	})
	if err != nil {
		return arrived, fmt.Errorf("%s: %w", name, err)
	}
	return arrived, nil
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
