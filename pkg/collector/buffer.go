package collector

import (
	"context"
	"errors"
	"sync"

	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.uber.org/zap"
)

// bufferSize is how many segments wait between the UDP receiver and pipelines
// that are busy. A segment of the X-Ray SDK has 1 to 5 KB, at most 64 KB.
const bufferSize = 8192

// errBufferFull is what a receiver is told, and counts as refused.
var errBufferFull = errors.New("the pipelines are behind and the buffer is full")

// A buffer takes segments from a receiver at once and hands them on in order.
// UDP cannot wait: where an OTLP client is held up by a busy pipeline, a
// datagram is lost as soon as the socket's some 200 KB are full.
type buffer struct {
	next   consumer.Traces
	logger *zap.Logger
	done   chan struct{} // closed when all is handed on

	mu     sync.Mutex // guards closed and sends to items
	closed bool
	items  chan ptrace.Traces
}

// newBuffer starts a buffer. Its owner must call close.
func newBuffer(next consumer.Traces, logger *zap.Logger) *buffer {
	b := &buffer{next: next, logger: logger, done: make(chan struct{}), items: make(chan ptrace.Traces, bufferSize)}
	go b.run()
	return b
}

func (b *buffer) run() {
	defer close(b.done)
	for traces := range b.items {
		if err := b.next.ConsumeTraces(context.Background(), traces); err != nil {
			b.logger.Warn("segments were refused by the pipelines and are lost", zap.Int("spans", traces.SpanCount()), zap.Error(err))
		}
	}
}

// Capabilities implements consumer.Traces.
func (b *buffer) Capabilities() consumer.Capabilities { return b.next.Capabilities() }

// ConsumeTraces implements consumer.Traces. It never blocks.
func (b *buffer) ConsumeTraces(_ context.Context, traces ptrace.Traces) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return errors.New("the receiver is closed")
	}
	select {
	case b.items <- traces:
		return nil
	default:
		return errBufferFull
	}
}

// close takes no more and waits until what was taken is handed on, or ctx ends.
func (b *buffer) close(ctx context.Context) error {
	b.mu.Lock()
	if !b.closed {
		b.closed = true
		close(b.items)
	}
	b.mu.Unlock()
	select {
	case <-b.done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
