package telemetry

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/bragg-tracing/bragg/pkg/sdk/spanfeed"
)

// stopTimeout bounds Flush and Shutdown when their context has no deadline.
const stopTimeout = 5 * time.Second

// abandonTimeout bounds how long Shutdown waits, beyond its context, for the
// exports that it cancelled to end. They end at once unless an exporter does
// not heed its context.
const abandonTimeout = 500 * time.Millisecond

// stopper lets Shutdown run once and all its callers see the result.
type stopper struct {
	begun atomic.Bool
	done  chan struct{} // closed when err is set
	err   error
}

// Flush sends what is queued and returns when that is done: before a Lambda
// function is frozen, or at the end of a test. It returns an error when ctx
// ends before, or when an export failed meanwhile, which loses that data. A
// ctx without a deadline gets one of 5 seconds. After Shutdown it does nothing.
func (s *SDK) Flush(ctx context.Context) error {
	if s == nil || s.stop.begun.Load() {
		return nil
	}
	ctx, cancel := withStopTimeout(ctx)
	defer cancel()
	if err := s.each(ctx, part.ForceFlush); err != nil {
		return fmt.Errorf("flush telemetry: %w", err)
	}
	return nil
}

// Shutdown sends what is queued, stops all goroutines of the SDK and shuts its
// processors and exporters down. It returns when that is done or when ctx
// ends, which abandons what is not sent yet: do not pass the context whose end
// is the reason for the shutdown. A ctx without a deadline gets one of
// 5 seconds. It only executes once: later and concurrent calls wait for the
// first and return its error, or their own ctx's. Spans that end afterwards
// are lost.
//
// With http/protobuf, idle connections stay for up to 90 seconds in a pool that
// OpenTelemetry's exporters share in a process and give no way to close.
func (s *SDK) Shutdown(ctx context.Context) error {
	if s == nil {
		return nil
	}
	ctx, cancel := withStopTimeout(ctx)
	defer cancel()
	if s.stop.begun.CompareAndSwap(false, true) {
		s.stop.err = s.shutdown(ctx)
		close(s.stop.done)
	}
	select {
	case <-s.stop.done:
		return s.stop.err
	case <-ctx.Done():
		return fmt.Errorf("shut telemetry down: %w", context.Cause(ctx))
	}
}

func (s *SDK) shutdown(ctx context.Context) error {
	// Exports have time-outs of their own, longer than ctx's.
	stop := context.AfterFunc(ctx, s.exports.cancel)
	defer stop()
	spanfeed.Unset(s.feed)
	err := s.each(ctx, part.Shutdown)
	if s.sampler != nil {
		err = errors.Join(err, s.sampler.Shutdown(ctx))
	}
	s.exports.cancel()
	abandoned := time.After(abandonTimeout)
	for _, w := range s.workers {
		// A provider does not reach its processors when ctx is done before.
		err = errors.Join(err, w.Shutdown(ctx))
		select {
		case <-w.done:
			w.left()
		case <-abandoned:
		}
	}
	if err != nil {
		return fmt.Errorf("shut telemetry down: %w", err)
	}
	return nil
}

// each does the same with all parts at once, so that one that waits for the
// network does not take the others' time.
func (s *SDK) each(ctx context.Context, do func(part, context.Context) error) error {
	failed := s.exports.failed.Load()
	errs := make([]error, len(s.parts))
	var wg sync.WaitGroup
	for i, p := range s.parts {
		wg.Go(func() { errs[i] = do(p, ctx) })
	}
	wg.Wait()
	if n := s.exports.failed.Load() - failed; n > 0 {
		errs = append(errs, fmt.Errorf("%d exports failed", n))
	}
	return errors.Join(errs...)
}

func withStopTimeout(ctx context.Context) (context.Context, context.CancelFunc) {
	if _, limited := ctx.Deadline(); limited {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, stopTimeout)
}
