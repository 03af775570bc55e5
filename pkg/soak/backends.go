package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"github.com/bragg-tracing/bragg/pkg/newrelic/sink"
	"github.com/bragg-tracing/bragg/pkg/xraylocal"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/store"
)

// backends are X-Ray Local and the New Relic sink, new for each row, behind
// proxies that stay.
type backends struct {
	xray, newrelic *proxy
	local          *xraylocal.Server
	sink           *sink.Sink
	dir            string
	n              int
}

func newBackends(dir string) (*backends, error) {
	b := &backends{dir: dir}
	var err error
	if b.xray, err = newProxy(); err != nil {
		return nil, err
	}
	if b.newrelic, err = newProxy(); err != nil {
		return nil, err
	}
	return b, b.renew()
}

// renew replaces both by empty ones.
func (b *backends) renew() error {
	if err := b.close(); err != nil {
		return err
	}
	b.n++
	dir := filepath.Join(b.dir, fmt.Sprint("backends-", b.n))
	quiet := slog.New(slog.DiscardHandler)
	local, err := xraylocal.Open(xraylocal.Config{Dir: dir, Listen: "127.0.0.1:0", Logger: quiet})
	if err != nil {
		return err
	}
	b.local = local
	if b.sink, err = sink.Open(sink.Config{Dir: dir, Listen: "127.0.0.1:0", Logger: quiet}); err != nil {
		return err
	}
	if err := errors.Join(local.Start(), b.sink.Start()); err != nil {
		return err
	}
	b.xray.backend.Store(&url.URL{Scheme: "http", Host: local.Addr()})
	b.newrelic.backend.Store(&url.URL{Scheme: "http", Host: b.sink.Addr()})
	b.xray.takeDelays()
	return nil
}

func (b *backends) close() error {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	var errs []error
	if b.local != nil {
		errs = append(errs, b.local.Close(ctx))
	}
	if b.sink != nil {
		errs = append(errs, b.sink.Close(ctx))
	}
	if b.n > 0 {
		errs = append(errs, os.RemoveAll(filepath.Join(b.dir, fmt.Sprint("backends-", b.n))))
	}
	b.local, b.sink = nil, nil
	return errors.Join(errs...)
}

// A stored is what one backend has, by span id: how often.
type stored map[string]int

func (b *backends) inXRay(ctx context.Context) (stored, error) {
	ids := stored{}
	return ids, b.local.Store().Entities(ctx, func(e store.Entity) error {
		if !e.Inferred {
			ids[e.ID] += 1 + e.Duplicates
		}
		return nil
	})
}

func (b *backends) inNewRelic(ctx context.Context) (stored, error) {
	ids := stored{}
	return ids, b.sink.EachSpanID(ctx, func(_, id string) error { ids[id]++; return nil })
}

// newRelicDelays returns how late each span of the generator was, the first copy
// of it.
func (b *backends) newRelicDelays(ctx context.Context) ([]delay, error) {
	var delays []delay
	seen := map[string]bool{}
	err := b.sink.EachSpan(ctx, func(s sink.Span) error {
		if s.Service != generated || seen[s.SpanID] {
			return nil
		}
		seen[s.SpanID] = true
		delays = append(delays, delay{time.Unix(0, s.End), time.Duration(s.Received - s.End)})
		return nil
	})
	return delays, err
}
