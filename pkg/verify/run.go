package verify

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// Config says what [Run] verifies.
type Config struct {
	Collector Collector
	Paths     []string  // of sending; not for Existing
	Existing  string    // id of a trace that is there already, 32 hex digits
	Backends  []Backend // where it is read back, at least one
	Metrics   string    // URL of the collector's own metrics, "" for none
	// Wait is how long a backend may get nothing new of what is missing before
	// that counts as lost.
	Wait time.Duration
	// LicenseKey and Ingest are checked against each other if a trace does not
	// arrive at New Relic: the key as this environment has it, and the endpoint
	// that the collector sends to. Both may be "".
	LicenseKey, Ingest string
	Progress           func(format string, args ...any) // may be nil
}

// A Report says what became of each trace. It can be marshalled to JSON.
type Report struct {
	OK       bool          `json:"ok"`
	Traces   []TraceReport `json:"traces"`
	Findings []Finding     `json:"findings"`
	Seconds  float64       `json:"seconds"`
}

// A TraceReport says what became of one trace.
type TraceReport struct {
	Path      string          `json:"path"` // or "existing"
	TraceID   string          `json:"trace_id"`
	Sent      int             `json:"sent"`                 // spans
	SendError string          `json:"send_error,omitempty"` // why the collector did not take them
	Target    string          `json:"target,omitempty"`     // where they were sent
	Backends  []BackendReport `json:"backends"`

	sendErr error
	view    View
}

// A BackendReport says what one backend has of a trace.
type BackendReport struct {
	Backend string  `json:"backend"`
	Where   string  `json:"endpoint"`
	Seconds float64 `json:"seconds"` // from sending until the last span of it was there, or until the wait ended
	Error   string  `json:"error,omitempty"`
	Result  Result  `json:"result"`

	err  error
	view View
}

// Run sends a known trace along each path, or takes the one that exists, waits
// until each backend has it, compares, and explains what is not as it should be.
// It returns an error only if it could not do that; what did not arrive is in
// the report.
func Run(ctx context.Context, cfg Config) (Report, error) {
	if len(cfg.Backends) == 0 {
		return Report{}, errors.New("verify: no backend to read from")
	}
	if cfg.Progress == nil {
		cfg.Progress = func(string, ...any) {}
	}
	r := &run{Config: cfg, begun: time.Now()}
	if cfg.Metrics != "" {
		r.before, r.metricsErr = ReadCounts(ctx, cfg.Metrics)
	}
	report := Report{Findings: []Finding{}}
	if cfg.Existing != "" {
		trace, err := r.existing(ctx)
		if err != nil {
			return report, err
		}
		report.Traces = append(report.Traces, trace)
	} else {
		report.Traces = r.sendAll(ctx)
		for i := range report.Traces {
			if err := r.readBack(ctx, &report.Traces[i]); err != nil {
				return report, err
			}
		}
	}
	if cfg.Metrics != "" && r.metricsErr == nil {
		r.after, r.metricsErr = ReadCounts(ctx, cfg.Metrics)
	}
	report.Findings = append(report.Findings, r.explain(ctx, report.Traces)...)
	report.OK = true
	for _, f := range report.Findings {
		report.OK = report.OK && f.Severity != Fault
	}
	report.Seconds = time.Since(r.begun).Round(time.Millisecond).Seconds()
	return report, nil
}

// A run is one call of Run.
type run struct {
	Config
	begun         time.Time
	before, after Counts
	metricsErr    error
}

func (r *run) sendAll(ctx context.Context) []TraceReport {
	var traces []TraceReport
	for _, path := range r.Paths {
		r.Progress("sending a trace over %s", path)
		k, target, err := r.sendOver(ctx, path)
		t := TraceReport{Path: path, TraceID: k.TraceID, Sent: len(k.View.Spans), Target: target, view: k.View, sendErr: err}
		if err != nil {
			t.SendError = err.Error()
		} else if k.continues != "" {
			t.view.Spans = append(t.view.Spans, Span{ID: continued, ParentID: k.continues, Name: "(the service's span)", Start: time.Now()})
		}
		traces = append(traces, t)
	}
	return traces
}

func (r *run) sendOver(ctx context.Context, path string) (k Known, target string, err error) {
	c := r.Collector
	switch path {
	case PathGRPC:
		k = newKnownSpans(time.Now(), path)
		return k, c.GRPC, c.send(ctx, path, k)
	case PathHTTP:
		k = newKnownSpans(time.Now(), path)
		return k, c.HTTP, c.send(ctx, path, k)
	case PathUDP:
		if k, err = newKnownDocuments(time.Now()); err == nil {
			err = c.send(ctx, path, k)
		}
		return k, c.Daemon, err
	case PathHeader:
		k, err = c.sendHeader(ctx)
		if target = c.Service; target == "" {
			target = "a service in this process"
		}
		return k, target, err
	}
	return k, "", fmt.Errorf("%q is no path: want one of %q", path, Paths)
}

// readBack waits for each backend and compares.
func (r *run) readBack(ctx context.Context, t *TraceReport) error {
	if t.sendErr != nil {
		return nil
	}
	sent := Sent{}
	for _, s := range t.view.Spans {
		sent.Add(t.TraceID, s.ID)
	}
	for _, b := range r.Backends {
		report := BackendReport{Backend: b.Name, Where: b.Where}
		begun := time.Now()
		look := func(ctx context.Context, id string) ([]Arrival, error) {
			view, err := b.Read(ctx, id)
			report.err = err
			if err != nil && !temporary(err) {
				return nil, err
			}
			if err == nil {
				report.view = withContinuation(view, t.view)
			}
			return report.view.Arrivals(), nil
		}
		_, err := Await(ctx, Wait{
			Sent: sent, Lookup: look, Patience: r.Wait, First: firstPause(b), Most: mostPause(b),
			Progress: func(have, want int) {
				r.Progress("%s has %d of %d spans of the trace over %s, %.0f s", b.Name, have, want, t.Path, time.Since(begun).Seconds())
			},
		})
		if err != nil && (ctx.Err() != nil || report.err == nil) {
			return err
		}
		report.view.Name = b.Name
		report.Seconds = time.Since(begun).Round(time.Millisecond).Seconds()
		if report.err != nil {
			report.Error = report.err.Error()
		}
		report.Result = Compare(t.view, report.view)
		t.Backends = append(t.Backends, report)
	}
	return nil
}

// New Relic refuses an identical query that comes more than 120 times a minute,
// and X-Ray shows a trace after seconds at the earliest.
func firstPause(b Backend) time.Duration {
	if b.Local {
		return 100 * time.Millisecond
	}
	return 2 * time.Second
}

func mostPause(b Backend) time.Duration {
	if b.Local {
		return time.Second
	}
	return 10 * time.Second
}

// withContinuation gives the span that a service made of the caller's its place
// holder's id, so that it is waited for and compared.
func withContinuation(got, sent View) View {
	i := len(sent.Spans) - 1
	if i < 0 || sent.Spans[i].ID != continued {
		return got
	}
	for j, s := range got.Spans {
		if s.ParentID == sent.Spans[i].ParentID && s.Reason == "" {
			got.Spans[j].ID = continued
			got.Spans[j].Reason = "service"
			break
		}
	}
	for j := range got.Spans { // what else the service did is nobody's here
		if got.Spans[j].Reason == "" && got.Spans[j].ID != sent.Spans[0].ID {
			got.Spans[j].Reason = "service"
		}
	}
	return got
}

// existing compares what the backends have of a trace of which nobody knows
// what was sent. It waits, because one may be behind the other.
func (r *run) existing(ctx context.Context) (TraceReport, error) {
	t := TraceReport{Path: "existing", TraceID: r.Existing}
	begun := time.Now()
	for pause := firstPause(r.Backends[0]); ; pause = min(pause*3/2, mostPause(r.Backends[0])) {
		t.Backends = nil
		spans := 0
		for _, b := range r.Backends {
			view, err := b.Read(ctx, r.Existing)
			if ctx.Err() != nil {
				return t, ctx.Err()
			}
			report := BackendReport{Backend: b.Name, Where: b.Where, view: view, err: err, Seconds: time.Since(begun).Round(time.Millisecond).Seconds()}
			if err != nil {
				report.Error = err.Error()
			}
			spans += len(view.Spans)
			t.Backends = append(t.Backends, report)
		}
		t.compareEach()
		failed := false
		for _, b := range t.Backends {
			failed = failed || b.err != nil && !temporary(b.err)
		}
		if failed || spans > 0 && t.complete() || time.Since(begun) > r.Wait {
			return t, nil
		}
		r.Progress("the backends have %d spans of the trace, %.0f s", spans, time.Since(begun).Seconds())
		select {
		case <-ctx.Done():
			return t, ctx.Err()
		case <-time.After(pause):
		}
	}
}

// compareEach takes New Relic's view for what was sent, which has OpenTelemetry's
// spans as they were, else the only view that there is.
func (t *TraceReport) compareEach() {
	want := t.Backends[0].view
	for _, b := range t.Backends {
		if b.Backend == NewRelic && len(b.view.Spans) > 0 || len(want.Spans) == 0 {
			want = b.view
		}
	}
	sent := View{Name: want.Name}
	for _, s := range want.Spans {
		if s.Reason == "" { // what X-Ray makes on its own is nowhere else
			sent.Spans = append(sent.Spans, s)
		}
	}
	want, t.view, t.Sent = sent, sent, len(byID(sent))
	for i, b := range t.Backends {
		t.Backends[i].Result = Compare(want, b.view)
	}
}

func (t *TraceReport) complete() bool {
	for _, b := range t.Backends {
		if b.err != nil || b.Result.Missing > 0 || b.Result.Extra[Unknown] > 0 {
			return false // what differs does not get better by waiting
		}
	}
	return true
}

// JSON returns the report as indented JSON.
func (r Report) JSON() ([]byte, error) { return json.MarshalIndent(r, "", "  ") }
