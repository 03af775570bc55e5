package daemon

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/bragg-tracing/bragg/pkg/segment"
	"github.com/bragg-tracing/bragg/pkg/segment/udp"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/otlp"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/store"
)

// Sizes of what waits, and of what is put at once.
const (
	queueBytes = 64 << 20
	readBuffer = 4 << 20
	maxBatch   = 500 // documents
	workers    = 2
)

// A Config says what a Daemon listens on and hands on to. What does not say
// otherwise is required.
type Config struct {
	Listen string // "host:port" of UDP and TCP; port 0 takes one that is free for both
	// Put stores documents that came over UDP.
	Put func(context.Context, []store.Document) error
	// Refused, if not nil, is told of each document that was understood to be
	// one and was not taken. It keeps no part of raw.
	Refused func(raw []byte, err error)
	// RefusedSpans, if not nil, is told of spans likewise.
	RefusedSpans func(otlp.Refusal)
	// API answers what comes over TCP. Who may call is its business.
	API    http.Handler
	Logger *slog.Logger
}

// A Daemon listens until Close.
type Daemon struct {
	cfg       Config
	losses    *losses
	converter *otlp.Converter
	udp       *udp.Listener
	tcp       net.Listener
	server    *http.Server

	ctx    context.Context // of what is put
	cancel context.CancelFunc
	active sync.WaitGroup
}

// Start listens, and serves in the background.
func Start(cfg Config) (*Daemon, error) {
	d := &Daemon{cfg: cfg, losses: newLosses(cfg.Logger), converter: otlp.NewConverter()}
	if err := d.bind(); err != nil {
		return nil, err
	}
	d.server = &http.Server{
		Handler: cfg.API, MaxHeaderBytes: 64 << 10, ErrorLog: slog.NewLogLogger(cfg.Logger.Handler(), slog.LevelDebug),
		ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 30 * time.Second, WriteTimeout: time.Minute, IdleTimeout: 2 * time.Minute,
	}
	d.ctx, d.cancel = context.WithCancel(context.Background())
	d.active.Go(func() {
		if err := d.server.Serve(d.tcp); !errors.Is(err, http.ErrServerClosed) {
			cfg.Logger.Error("The daemon has stopped serving TCP", "address", d.Addr(), "error", err)
		}
	})
	for range workers {
		d.active.Go(d.work)
	}
	return d, nil
}

// bind takes the port for both protocols.
func (d *Daemon) bind() (err error) {
	for range 10 { // a port that is free for TCP may be taken for UDP
		if d.tcp, err = net.Listen("tcp", d.cfg.Listen); err != nil {
			return err
		}
		d.udp, err = udp.Listen(udp.Config{
			Endpoint: d.Addr(), ReadBufferBytes: readBuffer, QueueBytes: queueBytes,
			Received:     func() {},
			LostInSocket: func(n int64, err error) { d.losses.add("the socket's buffer was full", n, err) },
			LostInQueue:  func() { d.losses.add("the queue was full", 1, nil) },
		})
		if err == nil {
			return nil
		}
		_ = d.tcp.Close()
		if _, port, _ := net.SplitHostPort(d.cfg.Listen); port != "0" {
			return err
		}
	}
	return err
}

// Addr returns the "host:port" that is bound.
func (d *Daemon) Addr() string { return d.tcp.Addr().String() }

// Close puts what has arrived, lets calls finish until ctx ends, and releases
// the port. It may be called once.
func (d *Daemon) Close(ctx context.Context) error {
	err := d.udp.Close()
	stop := context.AfterFunc(ctx, d.cancel)
	defer stop()
	if e := d.server.Shutdown(ctx); e != nil {
		err = errors.Join(err, e, d.server.Close())
	}
	d.active.Wait()
	d.cancel()
	d.losses.log()
	return err
}

// work stores what is in the queue until that is closed and empty.
func (d *Daemon) work() {
	for datagram := range d.udp.Datagrams() {
		docs := d.batch(datagram)
		if len(docs) == 0 {
			continue
		}
		if err := d.cfg.Put(d.ctx, docs); err != nil {
			d.losses.add("they could not be stored", int64(len(docs)), err)
		}
	}
}

// batch reads a datagram and those that wait behind it.
func (d *Daemon) batch(datagram []byte) (docs []store.Document) {
	docs = d.read(docs, datagram)
	for len(docs) < maxBatch {
		select {
		case datagram, ok := <-d.udp.Datagrams():
			if !ok {
				return docs
			}
			docs = d.read(docs, datagram)
		default:
			return docs
		}
	}
	return docs
}

// read appends the document in a datagram, or counts it as lost.
func (d *Daemon) read(docs []store.Document, datagram []byte) []store.Document {
	d.udp.Taken(datagram)
	raw, err := udp.DocumentIn(datagram)
	if err != nil {
		d.losses.add("the datagram is not the daemon's", 1, err)
		return docs
	}
	if message, kind, err := udp.OTLPIn(raw); kind != udp.Segment {
		return d.readOTLP(docs, message, kind, err)
	}
	doc, err := segment.Parse(raw)
	if err != nil {
		d.losses.add("X-Ray refuses the document", 1, withIDs(err, raw))
		if d.cfg.Refused != nil {
			d.cfg.Refused(raw, err)
		}
		return docs
	}
	return append(docs, store.Document{Document: doc, Raw: raw})
}

// readOTLP appends the documents of spans. Those that are not sampled X-Ray
// counts and does not keep.
func (d *Daemon) readOTLP(docs []store.Document, message []byte, kind udp.Kind, err error) []store.Document {
	var decoder ptrace.ProtoUnmarshaler // what an ExportTraceServiceRequest has is TracesData's
	var td ptrace.Traces
	if err == nil {
		td, err = decoder.UnmarshalTraces(message)
	}
	if err != nil {
		d.losses.add("the datagram is not OTLP", 1, err)
		return docs
	}
	if kind == udp.Unsampled {
		return docs
	}
	made, refused, err := d.converter.Documents(td, true)
	if refused.Spans > 0 {
		d.losses.add("X-Ray refuses the span", int64(refused.Spans), errors.New(refused.Reason))
		if d.cfg.RefusedSpans != nil {
			d.cfg.RefusedSpans(refused)
		}
	}
	if err != nil {
		d.losses.add("the spans could not be read", int64(td.SpanCount()), err)
	}
	return append(docs, made...)
}

// withIDs says which document it is, as far as can be read.
func withIDs(err error, raw []byte) error {
	doc, broken := segment.Decode(raw)
	if broken != nil {
		return fmt.Errorf("%w: %.100q", err, raw)
	}
	return fmt.Errorf("segment %q of trace %q: %w", doc.ID, doc.TraceID, err)
}
