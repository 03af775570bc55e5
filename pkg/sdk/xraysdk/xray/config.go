package xray

import (
	"context"
	"os"
	"sync"
	"sync/atomic"

	"github.com/bragg-tracing/bragg/pkg/sdk/xraysdk/daemoncfg"
	"github.com/bragg-tracing/bragg/pkg/sdk/xraysdk/internal/logger"
	"github.com/bragg-tracing/bragg/pkg/sdk/xraysdk/strategy/ctxmissing"
	"github.com/bragg-tracing/bragg/pkg/sdk/xraysdk/strategy/exception"
	"github.com/bragg-tracing/bragg/pkg/sdk/xraysdk/strategy/sampling"
	"github.com/bragg-tracing/bragg/pkg/sdk/xraysdk/xraylog"
)

// Config is a configuration. What is zero stays as it was or, for one segment,
// as it is configured globally.
type Config struct {
	DaemonAddr                  string
	ServiceVersion              string
	Emitter                     Emitter
	SamplingStrategy            sampling.Strategy
	StreamingStrategy           StreamingStrategy
	ExceptionFormattingStrategy exception.FormattingStrategy
	ContextMissingStrategy      ctxmissing.Strategy

	// LogLevel and LogFormat have no effect; see SetLogger.
	LogLevel  string
	LogFormat string
}

// SetLogger sets the logger of all packages of this module. nil means
// xraylog.NullLogger.
func SetLogger(l xraylog.Logger) { logger.Set(l) }

// global is the global configuration: every field set, never changed in place.
var global atomic.Pointer[Config]

// explicitEmitter says that the global emitter is one that the program chose.
var explicitEmitter atomic.Bool

var configuring sync.Mutex

func init() {
	// None of these errors can be: the arguments are constants.
	strategy, _ := sampling.NewCentralizedStrategy()
	formatting, _ := exception.NewDefaultFormattingStrategy()
	streaming, _ := NewDefaultStreamingStrategy()
	c := &Config{
		Emitter:                     newDaemonEmitter(),
		SamplingStrategy:            strategy,
		StreamingStrategy:           streaming,
		ExceptionFormattingStrategy: formatting,
		ContextMissingStrategy:      ctxmissing.NewDefaultLogErrorStrategy(),
	}
	if s := missingStrategyFromEnvironment(); s != nil {
		c.ContextMissingStrategy = s
	}
	global.Store(c)
	signalLambda()
}

// missingStrategyFromEnvironment is what AWS_XRAY_CONTEXT_MISSING says, which
// wins over the program; nil if it says nothing.
func missingStrategyFromEnvironment() ctxmissing.Strategy {
	switch value := os.Getenv("AWS_XRAY_CONTEXT_MISSING"); value {
	case "":
		return nil
	case ctxmissing.RuntimeErrorStrategy:
		return ctxmissing.NewDefaultRuntimeErrorStrategy()
	case ctxmissing.IgnoreErrorStrategy:
		return ctxmissing.NewDefaultIgnoreErrorStrategy()
	case ctxmissing.LogErrorStrategy:
		return ctxmissing.NewDefaultLogErrorStrategy()
	default:
		logger.Errorf("AWS_XRAY_CONTEXT_MISSING=%s is none of RUNTIME_ERROR, LOG_ERROR and IGNORE_ERROR; it is taken as LOG_ERROR", value)
		return ctxmissing.NewDefaultLogErrorStrategy()
	}
}

// over returns c with what base has where c has nothing.
func (c Config) over(base *Config) Config {
	if c.ServiceVersion == "" {
		c.ServiceVersion = base.ServiceVersion
	}
	if c.Emitter == nil {
		c.Emitter = base.Emitter
	}
	if c.SamplingStrategy == nil {
		c.SamplingStrategy = base.SamplingStrategy
	}
	if c.StreamingStrategy == nil {
		c.StreamingStrategy = base.StreamingStrategy
	}
	if c.ExceptionFormattingStrategy == nil {
		c.ExceptionFormattingStrategy = base.ExceptionFormattingStrategy
	}
	if c.ContextMissingStrategy == nil {
		c.ContextMissingStrategy = base.ContextMissingStrategy
	}
	return c
}

// Configure changes the global configuration, for segments that begin from now
// on. An error is about the daemon's address; the rest is then done
// nevertheless.
func Configure(c Config) error {
	configuring.Lock()
	defer configuring.Unlock()
	if s := missingStrategyFromEnvironment(); s != nil {
		c.ContextMissingStrategy = s
	}
	if c.Emitter != nil {
		explicitEmitter.Store(true)
	}
	merged := c.over(global.Load())
	err := merged.point(c.DaemonAddr, merged.Emitter, merged.SamplingStrategy)
	merged.DaemonAddr, merged.LogLevel, merged.LogFormat = "", "", ""
	global.Store(&merged)
	return err
}

// ContextWithConfig returns a context whose segments use a configuration. An
// error is about the daemon's address; the context is then made nevertheless.
func ContextWithConfig(ctx context.Context, c Config) (context.Context, error) {
	err := c.point(c.DaemonAddr, c.Emitter, c.SamplingStrategy)
	if s := missingStrategyFromEnvironment(); s != nil {
		c.ContextMissingStrategy = s
	}
	return context.WithValue(orBackground(ctx), RecorderContextKey{}, &c), err
}

// point points an emitter and a sampling strategy to the daemon at an address,
// unless neither the address nor the environment variable is set.
func (c *Config) point(address string, emitter Emitter, strategy sampling.Strategy) error {
	if own, ok := emitter.(*DefaultEmitter); ok && address != "" && own.name != "" {
		// The emitter that nobody chose looks its address up by itself.
		return own.setName(address, strategy)
	}
	endpoints, err := daemoncfg.GetDaemonEndpointsFromString(address)
	if endpoints == nil {
		return err
	}
	if emitter != nil {
		emitter.RefreshEmitterWithAddress(endpoints.UDPAddr)
	}
	if centralized, ok := strategy.(*sampling.CentralizedStrategy); ok {
		centralized.LoadDaemonEndpoints(endpoints)
	}
	return err
}

// contextMissing tells the strategy of a context that a segment is missing.
func contextMissing(ctx context.Context, message string) {
	strategy := global.Load().ContextMissingStrategy
	if c := GetRecorder(ctx); c != nil && c.ContextMissingStrategy != nil {
		strategy = c.ContextMissingStrategy
	}
	strategy.ContextMissing(message)
}
