package collector

import (
	"context"
	"errors"
	"sync/atomic"

	"github.com/open-telemetry/opentelemetry-collector-contrib/receiver/awsxrayreceiver"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/receiver"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// newXRayReceiverFactory returns contrib's awsxray receiver, made when it is
// started and not before. Contrib's takes its UDP port when it is made, so that
// `validate` fails beside a running collector, and it panics when it is shut
// down without having been started, which happens when another component does
// not start. It also logs the closing of its own socket as an error, and loses
// datagrams while a pipeline is busy, for which it gets a [buffer].
func newXRayReceiverFactory() receiver.Factory {
	inner := awsxrayreceiver.NewFactory()
	create := func(_ context.Context, set receiver.Settings, cfg component.Config, next consumer.Traces) (receiver.Traces, error) {
		r := &xrayReceiver{}
		set.Logger = set.Logger.WithOptions(zap.WrapCore(func(c zapcore.Core) zapcore.Core {
			return &untilClosing{Core: c, closing: &r.closing}
		}))
		r.create = func(ctx context.Context) (receiver.Traces, error) {
			r.buffer = newBuffer(next, set.Logger)
			return inner.CreateTraces(ctx, set, cfg, r.buffer)
		}
		return r, nil
	}
	return receiver.NewFactory(inner.Type(), inner.CreateDefaultConfig, receiver.WithTraces(create, inner.TracesStability()))
}

type xrayReceiver struct {
	create  func(context.Context) (receiver.Traces, error)
	inner   receiver.Traces // nil until started
	buffer  *buffer         // nil until started
	closing atomic.Bool
}

func (r *xrayReceiver) Start(ctx context.Context, host component.Host) error {
	inner, err := r.create(ctx)
	if err != nil {
		return errors.Join(err, r.buffer.close(ctx))
	}
	r.inner = inner
	return inner.Start(ctx, host)
}

func (r *xrayReceiver) Shutdown(ctx context.Context) error {
	r.closing.Store(true)
	if r.inner == nil {
		return nil
	}
	return errors.Join(r.inner.Shutdown(ctx), r.buffer.close(ctx))
}

// untilClosing passes log entries on until closing is set.
type untilClosing struct {
	zapcore.Core
	closing *atomic.Bool
}

func (c *untilClosing) With(fields []zapcore.Field) zapcore.Core {
	return &untilClosing{Core: c.Core.With(fields), closing: c.closing}
}

func (c *untilClosing) Check(e zapcore.Entry, ce *zapcore.CheckedEntry) *zapcore.CheckedEntry {
	if c.closing.Load() {
		return ce
	}
	return c.Core.Check(e, ce)
}
