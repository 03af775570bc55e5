package awsxrayreceiver

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.uber.org/zap"

	"github.com/bragg-tracing/bragg/pkg/collector/internal/contributors"
)

// A reason says why documents are lost.
type reason string

const (
	lostInSocket   reason = "socket"     // the kernel's buffer was full
	lostInQueue    reason = "queue_full" // the pipelines are behind
	lostByFraming  reason = "framing"    // the datagram holds no document
	lostByDocument reason = "document"   // the document is not understood
	lostByPanic    reason = "panic"      // a fault of ours
	lostByPipeline reason = "refused"    // the next component returned an error
	lostByShutdown reason = "shutdown"   // the pipelines did not take it in time
)

// logInterval is the time between two log entries about losses.
const logInterval = time.Minute

// losses counts documents that come in and that are lost, and logs the latter.
// It is safe for concurrent use.
type losses struct {
	logger   *zap.Logger
	counts   *contributors.Receiver // for X-Ray's telemetry
	received atomic.Int64           // datagrams
	dropped  metric.Int64Counter
	receiver attribute.KeyValue
	observed metric.Registration // of received

	wake chan struct{} // something is pending
	done chan struct{} // closed by close
	gone chan struct{} // closed when the goroutine has ended

	mu      sync.Mutex
	pending map[reason]loss // since the last log entry
}

type loss struct {
	documents int64
	err       error // the latest, or nil
}

// newLosses starts what logs. Its owner must call close.
func newLosses(set component.TelemetrySettings, id component.ID) (*losses, error) {
	l := &losses{
		logger: set.Logger, counts: contributors.Of(id), receiver: attribute.String("receiver", id.String()), pending: make(map[reason]loss),
		wake: make(chan struct{}, 1), done: make(chan struct{}), gone: make(chan struct{}),
	}
	meter := set.MeterProvider.Meter("github.com/bragg-tracing/bragg/pkg/collector/awsxrayreceiver")
	received, err1 := meter.Int64ObservableCounter("otelcol_receiver_awsxray_received_datagrams",
		metric.WithUnit("{datagram}"), metric.WithDescription("Datagrams that were read from the socket."))
	dropped, err2 := meter.Int64Counter("otelcol_receiver_awsxray_dropped_documents",
		metric.WithUnit("{document}"), metric.WithDescription("Documents that are lost, by reason; with reason socket, before they were read."))
	if err := errors.Join(err1, err2); err != nil {
		return nil, err
	}
	l.dropped = dropped
	var err error
	if l.observed, err = meter.RegisterCallback(func(_ context.Context, o metric.Observer) error {
		o.ObserveInt64(received, l.received.Load(), metric.WithAttributes(l.receiver))
		return nil
	}, received); err != nil {
		return nil, err
	}
	go l.run()
	return l, nil
}

// receive notes that a datagram was read.
func (l *losses) receive() {
	l.received.Add(1)
	l.counts.Received.Add(1)
}

// add notes that n documents are lost. err, if any, says more.
func (l *losses) add(why reason, n int64, err error) {
	switch why {
	case lostInSocket, lostInQueue, lostByShutdown:
		l.counts.Spillover.Add(n)
	default:
		l.counts.Rejected.Add(n)
	}
	l.dropped.Add(context.Background(), n, metric.WithAttributes(l.receiver, attribute.String("reason", string(why))))
	l.mu.Lock()
	l.pending[why] = loss{l.pending[why].documents + n, err}
	l.mu.Unlock()
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

// run logs the first loss at once, and what follows an interval later.
func (l *losses) run() {
	defer close(l.gone)
	for {
		select {
		case <-l.wake:
			l.log()
		case <-l.done:
			l.log()
			return
		}
		select {
		case <-time.After(logInterval):
		case <-l.done:
		}
	}
}

func (l *losses) log() {
	l.mu.Lock()
	pending := l.pending
	l.pending = make(map[reason]loss)
	l.mu.Unlock()
	for why, lost := range pending {
		l.logger.Warn("Segment documents are lost", zap.String("reason", string(why)), zap.Int64("documents", lost.documents), zap.Error(lost.err))
	}
}

// close logs what is pending.
func (l *losses) close() error {
	close(l.done)
	<-l.gone
	return l.observed.Unregister()
}
