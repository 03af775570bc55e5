package awsxrayreceiver

import (
	"context"
	"fmt"
	"sync"
	"time"

	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/receiver/receiverhelper"

	"github.com/bragg-tracing/bragg/pkg/collector/awsxrayreceiver/spans"
	"github.com/bragg-tracing/bragg/pkg/segment/udp"
)

// What one call of the next component holds at most. A batch never waits for
// documents: it takes those that are there.
const (
	maxBatchDocuments = 64
	maxBatchSpans     = 512 // unless one document or datagram has more
	maxBatchDelay     = 50 * time.Millisecond
)

// A pipeline makes spans of the documents in a queue and hands them on.
type pipeline struct {
	queue   *udp.Listener
	next    consumer.Traces
	report  *receiverhelper.ObsReport
	losses  *losses
	options spans.Options

	ctx    context.Context // of what is handed on
	cancel context.CancelFunc
	active sync.WaitGroup
}

// start starts the workers, which end when the queue is closed and empty.
func (p *pipeline) start(workers int) {
	p.ctx, p.cancel = context.WithCancel(context.Background())
	for range workers {
		p.active.Go(p.work)
	}
}

// finish waits until all is handed on or ctx ends; then the rest is given up.
// The queue must have been closed.
func (p *pipeline) finish(ctx context.Context) error {
	defer p.cancel()
	done := make(chan struct{})
	go func() { p.active.Wait(); close(done) }()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
	}
	p.cancel()
	for datagram := range p.queue.Datagrams() {
		p.queue.Taken(datagram)
		p.losses.add(lostByShutdown, 1, nil)
	}
	return fmt.Errorf("hand on the last segments: %w", ctx.Err())
}

func (p *pipeline) work() {
	for datagram := range p.queue.Datagrams() {
		p.handOn(p.combine(datagram))
	}
}

// A batch is what is handed on at once.
type batch struct {
	traces           ptrace.Traces
	documents, spans int
}

// combine makes a batch of a datagram and those that wait behind it.
func (p *pipeline) combine(datagram []byte) batch {
	b := batch{traces: ptrace.NewTraces()}
	p.add(&b, datagram)
	for start := time.Now(); b.documents < maxBatchDocuments && b.spans < maxBatchSpans && time.Since(start) < maxBatchDelay; {
		select {
		case datagram, ok := <-p.queue.Datagrams():
			if !ok {
				return b
			}
			p.add(&b, datagram)
		default:
			return b
		}
	}
	return b
}

// add makes spans of a datagram, or counts it as lost.
func (p *pipeline) add(b *batch, datagram []byte) {
	p.queue.Taken(datagram)
	document, err := udp.DocumentIn(datagram)
	if err != nil {
		p.lose(lostByFraming, err)
		return
	}
	before := b.traces.ResourceSpans().Len()
	defer func() {
		if fault := recover(); fault != nil {
			n := 0
			b.traces.ResourceSpans().RemoveIf(func(ptrace.ResourceSpans) bool { n++; return n > before })
			p.lose(lostByPanic, fmt.Errorf("%v", fault))
		}
	}()
	n, err := p.read(b.traces, document)
	if err != nil {
		p.lose(lostByDocument, err)
		return
	}
	b.documents++
	b.spans += n
}

// read appends the spans of a document, or those that came as OTLP, and returns
// how many there are. Spans that are not sampled X-Ray does not keep.
func (p *pipeline) read(to ptrace.Traces, document []byte) (int, error) {
	message, kind, err := udp.OTLPIn(document)
	switch {
	case err != nil:
		return 0, err
	case kind == udp.Segment:
		return spans.Append(to, document, p.options)
	}
	var decoder ptrace.ProtoUnmarshaler // what an ExportTraceServiceRequest has is TracesData's
	td, err := decoder.UnmarshalTraces(message)
	if err != nil {
		return 0, fmt.Errorf("OTLP in a datagram: %w", err)
	}
	if kind == udp.Unsampled {
		return 0, nil
	}
	n := td.SpanCount()
	td.ResourceSpans().MoveAndAppendTo(to.ResourceSpans())
	return n, nil
}

// lose counts a document of which there are no spans.
func (p *pipeline) lose(why reason, err error) {
	ctx := p.report.StartTracesOp(p.ctx)
	p.report.EndTracesOp(ctx, format, 1, err)
	p.losses.add(why, 1, err)
}

// format is what obsreport calls the documents.
const format = "awsxray"

func (p *pipeline) handOn(b batch) {
	if b.documents == 0 {
		return
	}
	if p.ctx.Err() != nil {
		p.losses.add(lostByShutdown, int64(b.documents), nil)
		return
	}
	ctx := p.report.StartTracesOp(p.ctx)
	err := p.next.ConsumeTraces(ctx, b.traces)
	p.report.EndTracesOp(ctx, format, b.spans, err)
	if err != nil {
		p.losses.add(lostByPipeline, int64(b.documents), err)
	}
}
