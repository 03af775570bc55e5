package up

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/bragg-tracing/bragg/pkg/collector"
	"github.com/bragg-tracing/bragg/pkg/demo"
	"github.com/bragg-tracing/bragg/pkg/newrelic/sink"
	"github.com/bragg-tracing/bragg/pkg/xraylocal"
)

// A Stack is everything of `bragg up`, running.
type Stack struct {
	cfg       Config
	xray      *xraylocal.Server
	newrelic  *sink.Sink
	collector *collector.Collector
	demo      *demo.Stack
	log       *collectorLog
	stopLoad  func()

	stopOnce sync.Once
	stopErr  error
}

// Start starts the parts in the order in which traces need them, last first:
// backends, collector, demo. It prints a line to cfg.Progress for each. When a
// part does not start, those before it are stopped again.
//
// Unless cfg.Real is set, it calls [Isolate].
func Start(ctx context.Context, cfg Config) (_ *Stack, err error) {
	if err := cfg.setDefaults(); err != nil {
		return nil, err
	}
	if !cfg.Real {
		if err := Isolate(); err != nil {
			return nil, err
		}
	}
	if err := os.MkdirAll(cfg.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("data directory: %w; choose another with --data", err)
	}
	if err := cfg.Ports.check(); err != nil {
		return nil, err
	}
	s := &Stack{cfg: cfg, stopLoad: func() {}}
	defer func() {
		if err != nil {
			stopCtx, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopLimit)
			defer cancel()
			err = errors.Join(err, s.Stop(stopCtx))
		}
	}()
	for _, start := range []func(context.Context) error{
		s.startXRayLocal, s.startSink, s.startCollector, s.startDemo, s.startLoad,
	} {
		if err := start(ctx); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// line prints what runs where.
func (s *Stack) line(part, where, what string) {
	fmt.Fprintf(s.cfg.Progress, "  %-15s %-24s %s\n", part, where, what)
}

func (s *Stack) startXRayLocal(context.Context) error {
	if s.cfg.Real || !s.cfg.has(XRay) {
		return nil
	}
	cfg := s.cfg.XRay
	cfg.Dir, cfg.Listen, cfg.NewConsole, cfg.Logger = s.cfg.Dir, loopback(s.cfg.Ports.XRay), s.cfg.Console, s.cfg.Log
	server, err := xraylocal.Open(cfg)
	if err != nil {
		return err
	}
	s.xray = server
	if err := server.Start(); err != nil {
		return err
	}
	s.line("X-Ray Local", s.XRayURL(), "AWS X-Ray's API and the console")
	return nil
}

func (s *Stack) startSink(context.Context) error {
	if s.cfg.Real || !s.cfg.has(NewRelic) {
		return nil
	}
	newrelic, err := sink.Open(sink.Config{
		Dir:    s.cfg.Dir,
		Listen: loopback(s.cfg.Ports.NewRelic),
		Logger: s.cfg.Log,
	})
	if err != nil {
		return err
	}
	s.newrelic = newrelic
	if err := newrelic.Start(); err != nil {
		return err
	}
	s.line("New Relic sink", newrelic.URL(), "OTLP over gRPC and HTTP, as New Relic takes it")
	return nil
}

func (s *Stack) startCollector(ctx context.Context) error {
	env, err := s.cfg.collectorEnv()
	if err != nil {
		return err
	}
	s.log, err = openCollectorLog(filepath.Join(s.cfg.Dir, "collector.log"), s.cfg.Log)
	if err != nil {
		return err
	}
	p, config := s.cfg.Ports, s.cfg.CollectorConfig
	if config == "" {
		config = "the built-in configuration"
	}
	s.collector, err = collector.Start(ctx, collector.Options{
		ConfigFile: s.cfg.CollectorConfig,
		Env:        env,
		Log:        s.log.core,
	})
	if err != nil {
		return fmt.Errorf("start with %s: %w", config, err)
	}
	s.line("collector", loopback(p.OTLPGRPC), "OTLP gRPC, from "+config)
	s.line("", loopback(p.OTLPHTTP), "OTLP HTTP")
	s.line("", loopback(p.Daemon), "the X-Ray daemon's protocol, UDP and TCP")
	s.line("", loopback(p.Health), "health")
	s.line("", loopback(p.Metrics)+"/metrics", "the collector's own metrics")
	if s.cfg.has(XRay) {
		s.line("", "→ X-Ray", env["BRAGG_XRAY_ENDPOINT"])
	}
	if s.cfg.has(NewRelic) {
		s.line("", "→ New Relic", env["BRAGG_NEWRELIC_ENDPOINT"])
	}
	return nil
}

func (s *Stack) startDemo(ctx context.Context) error {
	p := s.cfg.Ports
	// The SDK's default of 5 s is long for somebody who waits for a trace.
	err := os.Setenv("OTEL_BSP_SCHEDULE_DELAY", "500") // milliseconds
	if err != nil {
		return err
	}
	s.demo, err = demo.Start(ctx, demo.Config{
		WebListen:         loopback(p.Web),
		OTLPEndpoint:      "http://" + loopback(p.OTLPGRPC),
		DaemonAddress:     loopback(p.Daemon),
		Recorder:          s.cfg.Recorder,
		DropLegacySegment: s.cfg.DropLegacySegment,
		Logger:            s.cfg.Log,
	})
	if err != nil {
		return err
	}
	for i, a := range s.demo.Addresses() {
		part := ""
		if i == 0 {
			part = "demo"
		}
		s.line(part, strings.TrimPrefix(a.URL, "http://"), a.Name)
	}
	return nil
}

// startLoad sends requests to the demo until Stop.
func (s *Stack) startLoad(context.Context) error {
	if s.cfg.Rate <= 0 {
		return nil
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		_, err := demo.Load(ctx, demo.LoadConfig{URL: s.demo.URL(), Rate: s.cfg.Rate, Concurrency: 8})
		if err != nil && ctx.Err() == nil {
			s.cfg.Log.Error("the demo's load has stopped", "error", err)
		}
	}()
	s.stopLoad = func() { cancel(); <-done }
	s.line("load", "→ web", fmt.Sprintf("%g requests a second: ok, slow, refused, throttled, failing", s.cfg.Rate))
	return nil
}

// XRayURL returns where X-Ray Local answers, "" if it does not run.
func (s *Stack) XRayURL() string {
	if s.xray == nil {
		return ""
	}
	return "http://" + s.xray.Addr()
}

// SinkURL returns where the New Relic sink answers, "" if it does not run.
func (s *Stack) SinkURL() string {
	if s.newrelic == nil {
		return ""
	}
	return s.newrelic.URL()
}

// DemoURL returns the demo's entry.
func (s *Stack) DemoURL() string { return s.demo.URL() }

// CollectorDone is closed when the collector has stopped on its own or by Stop.
func (s *Stack) CollectorDone() <-chan struct{} { return s.collector.Done() }

// stopLimit bounds Stop for callers without a deadline of their own.
const stopLimit = 5 * time.Second

// daemonGrace is how long Stop waits between the legacy service's last datagram
// and the receiver's end. UDP has no acknowledgement; on loopback the datagram
// is in the receiver's buffer at once, and this is its time to be read.
const daemonGrace = 300 * time.Millisecond

// Stop stops the parts in the order in which the traces flow, each after it has
// handed on what it holds: load, demo, collector, backends. It returns within
// the deadline of ctx, and does its work once.
func (s *Stack) Stop(ctx context.Context) error {
	s.stopOnce.Do(func() { s.stopErr = s.stop(ctx) })
	return s.stopErr
}

func (s *Stack) stop(ctx context.Context) error {
	var errs []error
	s.stopLoad()
	if s.demo != nil {
		errs = append(errs, s.demo.Stop(ctx))
		select {
		case <-time.After(daemonGrace):
		case <-ctx.Done():
		}
	}
	if s.collector != nil {
		errs = append(errs, s.collector.Shutdown(ctx))
	}
	if s.newrelic != nil {
		errs = append(errs, s.newrelic.Close(ctx))
	}
	if s.xray != nil {
		errs = append(errs, s.xray.Close(ctx))
	}
	if s.log != nil {
		errs = append(errs, s.log.Close())
	}
	return errors.Join(errs...)
}
