package collector

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.opentelemetry.io/collector/otelcol"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// Options say how to run a collector inside this process.
type Options struct {
	// ConfigFile is the path of the configuration. Empty means DefaultConfig.
	ConfigFile string
	// Env holds variables that win over the process's own in ${env:NAME}.
	Env map[string]string
	// Log receives the collector's log entries. Nil discards them.
	Log zapcore.Core
}

// A Collector is a collector that runs inside this process.
type Collector struct {
	inner *otelcol.Collector
	done  chan struct{} // closed when Run returned
	err   error         // of Run; read after done
}

// Start starts a collector and returns when it serves, or with the reason why
// it does not. The caller must call Shutdown. Canceling ctx after Start has
// returned does not stop the collector.
func Start(ctx context.Context, opts Options) (*Collector, error) {
	uri := "yaml:" + DefaultConfig
	if opts.ConfigFile != "" {
		uri = "file:" + opts.ConfigFile
	}
	set := settings(opts.Env, uri)
	set.DisableGracefulShutdown = true // signals are the process's business
	set.LoggingOptions = []zap.Option{zap.WrapCore(func(zapcore.Core) zapcore.Core {
		if opts.Log == nil {
			return zapcore.NewNopCore()
		}
		return opts.Log
	}), hideSecrets(opts.Env)}
	inner, err := otelcol.NewCollector(set)
	if err != nil {
		return nil, fmt.Errorf("collector: %w", err)
	}
	c := &Collector{inner: inner, done: make(chan struct{})}
	go func() {
		defer close(c.done)
		c.err = inner.Run(context.WithoutCancel(ctx))
	}()
	if err := c.waitRunning(ctx); err != nil {
		return nil, err
	}
	return c, nil
}

// waitRunning polls the state: otelcol offers no signal for it.
func (c *Collector) waitRunning(ctx context.Context) error {
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-c.done:
			if c.err == nil {
				return errors.New("collector: stopped while starting")
			}
			return fmt.Errorf("collector: %w", c.err)
		case <-ctx.Done():
			c.inner.Shutdown()
			<-c.done
			return fmt.Errorf("collector: %w", ctx.Err())
		case <-tick.C:
			if c.inner.GetState() == otelcol.StateRunning {
				return nil
			}
		}
	}
}

// Done is closed when the collector has stopped, for whatever reason.
func (c *Collector) Done() <-chan struct{} { return c.done }

// Shutdown stops the receivers, flushes the processors and exporters, and waits
// until that is done or ctx ends. It may be called more than once.
func (c *Collector) Shutdown(ctx context.Context) error {
	c.inner.Shutdown()
	select {
	case <-c.done:
		return c.err
	case <-ctx.Done():
		return fmt.Errorf("collector shutdown: %w", ctx.Err())
	}
}
