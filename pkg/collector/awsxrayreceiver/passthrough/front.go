package passthrough

import (
	"context"
	"time"

	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.uber.org/zap"
)

// A Front is a consumer with a Gatherer, to stand before an exporter and its
// queue. It implements consumer.Traces and is safe for concurrent use.
type Front struct {
	gatherer *Gatherer
	next     consumer.Traces
	logger   *zap.Logger
	done     chan struct{} // closed by Shutdown
	gone     chan struct{} // closed when the goroutine has ended; nil before Start
}

// NewFront returns a Front before next. wait and maxSpans are NewGatherer's.
func NewFront(next consumer.Traces, wait time.Duration, maxSpans int, logger *zap.Logger) *Front {
	return &Front{gatherer: NewGatherer(wait, maxSpans), next: next, logger: logger, done: make(chan struct{})}
}

// Capabilities implements consumer.Traces.
func (f *Front) Capabilities() consumer.Capabilities { return f.next.Capabilities() }

// ConsumeTraces implements consumer.Traces. Spans that are held count as
// consumed. An error about a batch with spans of documents is permanent:
// sending the batch again would not bring those back that came before it.
func (f *Front) ConsumeTraces(ctx context.Context, td ptrace.Traces) error {
	out := f.gatherer.Gather(td, time.Now())
	if out == td {
		return f.next.ConsumeTraces(ctx, td)
	}
	if err := f.handOn(ctx, out); err != nil {
		return consumererror.NewPermanent(err)
	}
	return nil
}

func (f *Front) handOn(ctx context.Context, td ptrace.Traces) error {
	if td.SpanCount() == 0 {
		return nil
	}
	return f.next.ConsumeTraces(ctx, td)
}

// Start begins to hand on what is held for too long. Shutdown must follow.
func (f *Front) Start() {
	f.gone = make(chan struct{})
	go f.run()
}

func (f *Front) run() {
	defer close(f.gone)
	tick := time.NewTicker(max(f.gatherer.wait/4, time.Millisecond))
	defer tick.Stop()
	for {
		select {
		case now := <-tick.C:
			late := f.gatherer.Expire(now)
			if err := f.handOn(context.Background(), late); err != nil {
				f.logger.Warn("Spans of incomplete documents are lost", zap.Int("spans", late.SpanCount()), zap.Error(err))
			}
		case <-f.done:
			return
		}
	}
}

// Shutdown hands on all that is held. It comes before the shutdown of next,
// once, and after the last ConsumeTraces.
func (f *Front) Shutdown(ctx context.Context) error {
	if f.gone == nil {
		return nil
	}
	close(f.done)
	<-f.gone
	return f.handOn(ctx, f.gatherer.Flush())
}
