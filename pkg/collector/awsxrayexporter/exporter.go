package awsxrayexporter

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"sync"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/exporter"
	"go.opentelemetry.io/collector/exporter/exporterhelper"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.uber.org/zap"

	"github.com/bragg-tracing/bragg/pkg/collector/awsxrayexporter/translate"
	"github.com/bragg-tracing/bragg/pkg/collector/awsxrayreceiver/passthrough"
)

// A translator renders spans; see translate.Translator.
type translator interface {
	Translate(td ptrace.Traces, emit func(translate.Document)) translate.Stats
}

// traces is exporterhelper's exporter (queue, retry, timeout) around push.
type traces struct {
	exporter.Traces
	cfg        *Config
	set        exporter.Settings
	translator translator
	batches    sync.Pool // of *batch
	mark       []byte    // of remainders of this exporter, random
	waiting    waiting
	sender     *sender            // from Start on
	front      *passthrough.Front // nil with a queue on disk
}

// How long, and for how many spans, the exporter waits for the rest of a
// document that the awsxray receiver kept and that a batch processor split. It
// hands on both parts at once, so that seconds are plenty.
const (
	documentWait  = 2 * time.Second
	documentSpans = 10_000
)

func newTraces(ctx context.Context, set exporter.Settings, cfg *Config) (*traces, error) {
	t, err := translate.New(cfg.translation())
	if err != nil {
		return nil, err
	}
	e := &traces{cfg: cfg, set: set, translator: t, mark: make([]byte, 16)}
	e.waiting.longest = 2*max(cfg.Retry.MaxInterval, cfg.Retry.InitialInterval) + time.Second
	e.batches.New = func() any { return new(batch) }
	if _, err := rand.Read(e.mark); err != nil {
		return nil, err
	}
	e.Traces, err = exporterhelper.NewTraces(ctx, set, cfg, e.push,
		exporterhelper.WithCapabilities(consumer.Capabilities{MutatesData: false}),
		exporterhelper.WithTimeout(cfg.Timeout),
		exporterhelper.WithRetry(cfg.Retry),
		exporterhelper.WithQueue(cfg.Queue),
		exporterhelper.WithStart(e.start),
		exporterhelper.WithShutdown(e.stop))
	if err != nil {
		return nil, err
	}
	return e, e.addFront()
}

// addFront puts a gatherer of documents before the queue. One on disk promises
// that what is accepted survives, which what a gatherer holds does not.
func (e *traces) addFront() error {
	if e.cfg.persistent() {
		return nil
	}
	queue, err := consumer.NewTraces(e.enqueue, consumer.WithCapabilities(e.Capabilities()))
	if err != nil {
		return err
	}
	e.front = passthrough.NewFront(queue, documentWait, documentSpans, e.set.Logger)
	return nil
}

// Start implements component.Component.
func (e *traces) Start(ctx context.Context, host component.Host) error {
	if err := e.Traces.Start(ctx, host); err != nil {
		return err
	}
	if e.front != nil {
		e.front.Start()
	}
	return nil
}

func (e *traces) start(ctx context.Context, _ component.Host) error {
	c, err := newClient(ctx, e.set, e.cfg)
	if err != nil {
		return err
	}
	e.sender, err = newSender(e.set, e.cfg, c)
	return err
}

// ConsumeTraces implements consumer.Traces.
func (e *traces) ConsumeTraces(ctx context.Context, td ptrace.Traces) error {
	if e.front == nil {
		return e.enqueue(ctx, td)
	}
	return e.front.ConsumeTraces(ctx, td)
}

// enqueue hands td to exporterhelper. What a caller does with the error must
// not depend on a remainder, which only this exporter understands.
func (e *traces) enqueue(ctx context.Context, td ptrace.Traces) error {
	err := e.Traces.ConsumeTraces(ctx, td)
	if left := (consumererror.Traces{}); errors.As(err, &left) {
		return errors.New(err.Error())
	}
	return err
}

// Shutdown delivers what is queued, for at most shutdown_timeout or until ctx
// ends, whichever comes first. What is left then stays on disk if the queue
// has a storage, and is counted as failed otherwise. It must be called once.
func (e *traces) Shutdown(ctx context.Context) error {
	if e.sender == nil {
		return e.Traces.Shutdown(ctx)
	}
	defer e.sender.drain(ctx)()
	var held error
	if e.front != nil {
		held = e.front.Shutdown(ctx)
	}
	if e.cfg.Retry.Enabled && !e.sender.persistent {
		quick, cancel := context.WithTimeout(ctx, e.cfg.ShutdownTimeout/2)
		defer cancel()
		e.waiting.wait(quick)
	}
	return errors.Join(held, e.Traces.Shutdown(ctx))
}

func (e *traces) stop(ctx context.Context) error {
	if e.sender == nil {
		return nil
	}
	return e.sender.close(ctx)
}

// push renders and delivers td. Documents that X-Ray refused for good are
// counted and logged, not returned. If some could not be delivered, the error
// is a consumererror.Traces that carries these and no others.
//
// The data of that error is a remainder: the rendered documents themselves in
// the shape of spans, not the spans that they came from. So a retry sends the
// same bytes, renders nothing twice, and works where one span gave two
// documents or many spans one. The queue on disk holds the original spans until
// the push of them, retries included, has ended: after a crash or a shutdown
// all of them are sent again, and X-Ray overwrites a document that has the
// trace id and the id of one that it holds.
func (e *traces) push(ctx context.Context, td ptrace.Traces) error {
	b := e.batches.Get().(*batch)
	defer func() {
		b.reset()
		e.batches.Put(b)
	}()
	if number, ok := b.restore(td, e.mark); ok {
		e.waiting.back(number)
	} else {
		stats := b.translate(e.translator, td)
		e.sender.metrics.translated(ctx, stats)
		if stats.Recovered > 0 {
			e.set.Logger.Error("spans could not be translated by the rules: please report this", zap.Int("spans", stats.Recovered))
		}
	}
	all := len(b.documents)
	left, refused, err := e.sender.deliver(ctx, b.documents)
	switch {
	case len(left) > 0:
		err = fmt.Errorf("%d of %d documents are not delivered: %w", len(left), all, err)
		return consumererror.NewTraces(err, remainder(left, e.mark, e.waiting.left()))
	case refused > 0 && refused == all:
		return consumererror.NewPermanent(errors.Join(fmt.Errorf("all %d documents were refused", all), err))
	}
	return nil
}
