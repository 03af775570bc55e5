package awsxrayreceiver

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/receiver"
	"go.opentelemetry.io/collector/receiver/receiverhelper"
	"go.uber.org/zap"

	"github.com/bragg-tracing/bragg/pkg/segment/udp"
)

// xrayReceiver implements receiver.Traces.
type xrayReceiver struct {
	set    receiver.Settings
	cfg    *Config
	next   consumer.Traces
	report *receiverhelper.ObsReport

	started  bool
	losses   *losses
	listener *udp.Listener
	pipeline *pipeline
	proxy    *proxy // nil without an endpoint
}

func newReceiver(set receiver.Settings, cfg *Config, next consumer.Traces) (*xrayReceiver, error) {
	report, err := receiverhelper.NewObsReport(receiverhelper.ObsReportSettings{
		ReceiverID: set.ID, Transport: string(cfg.Transport), ReceiverCreateSettings: set,
	})
	if err != nil {
		return nil, err
	}
	return &xrayReceiver{set: set, cfg: cfg, next: next, report: report}, nil
}

// Start binds both ports; one that is taken is an error, and leaves none bound.
func (r *xrayReceiver) Start(_ context.Context, host component.Host) error {
	var err error
	if r.losses, err = newLosses(r.set.TelemetrySettings, r.set.ID); err != nil {
		return err
	}
	if r.cfg.ProxyServer.Endpoint != "" {
		if r.proxy, err = startProxy(&r.cfg.ProxyServer, r.set.Logger, host); err != nil {
			return errors.Join(err, r.losses.close())
		}
	}
	if r.listener, err = r.listen(); err != nil {
		return errors.Join(fmt.Errorf("segments: %w", err), r.losses.close(), r.proxy.close(context.Background()))
	}
	r.pipeline = &pipeline{queue: r.listener, next: r.next, report: r.report, losses: r.losses, options: r.cfg.translation()}
	r.pipeline.start(r.cfg.workers())
	r.started = true
	r.set.Logger.Info("Listening for X-Ray segments", zap.Stringer("udp", r.listener.Addr()))
	return nil
}

func (r *xrayReceiver) listen() (*udp.Listener, error) {
	return udp.Listen(udp.Config{
		Endpoint: r.cfg.Endpoint, ReadBufferBytes: r.cfg.ReadBufferBytes, QueueBytes: r.cfg.QueueBytes,
		Received:     r.losses.receive,
		LostInSocket: func(n int64, err error) { r.losses.add(lostInSocket, n, err) },
		LostInQueue:  func() { r.losses.add(lostInQueue, 1, nil) },
	})
}

// shutdownTimeout bounds Shutdown, together with its context.
const shutdownTimeout = 10 * time.Second

// Shutdown closes both ports and hands on what has come in until then. It may
// be called without Start, and again.
func (r *xrayReceiver) Shutdown(ctx context.Context) error {
	if !r.started {
		return nil
	}
	r.started = false
	ctx, cancel := context.WithTimeout(ctx, shutdownTimeout)
	defer cancel()
	err := r.listener.Close()
	return errors.Join(err, r.pipeline.finish(ctx), r.proxy.close(ctx), r.losses.close())
}
