package up

import (
	"fmt"
	"log/slog"
	"os"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// collectorLog keeps the collector's log in a file, so that the terminal shows
// what the stack says of itself, and hands errors on to the stack's logger.
type collectorLog struct {
	core zapcore.Core
	file *os.File
}

func openCollectorLog(path string, log *slog.Logger) (*collectorLog, error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("collector's log: %w", err)
	}
	encoder := zap.NewProductionEncoderConfig()
	encoder.EncodeTime = zapcore.ISO8601TimeEncoder
	return &collectorLog{
		file: file,
		core: zapcore.NewTee(
			zapcore.NewCore(zapcore.NewConsoleEncoder(encoder), zapcore.Lock(file), zap.InfoLevel),
			newErrorCore(log),
		),
	}, nil
}

func (l *collectorLog) Close() error { return l.file.Close() }

// errorCore hands entries of level error to a slog.Logger, without the stacks
// that the collector attaches.
type errorCore struct {
	zapcore.LevelEnabler
	log    *slog.Logger
	fields []zapcore.Field
}

func newErrorCore(log *slog.Logger) zapcore.Core {
	return &errorCore{LevelEnabler: zap.ErrorLevel, log: log.With("from", "collector")}
}

func (c *errorCore) With(fields []zapcore.Field) zapcore.Core {
	return &errorCore{c.LevelEnabler, c.log, append(c.fields[:len(c.fields):len(c.fields)], fields...)}
}

func (c *errorCore) Check(e zapcore.Entry, ce *zapcore.CheckedEntry) *zapcore.CheckedEntry {
	if c.Enabled(e.Level) {
		return ce.AddCore(e, c)
	}
	return ce
}

func (c *errorCore) Write(e zapcore.Entry, fields []zapcore.Field) error {
	enc := zapcore.NewMapObjectEncoder()
	for _, f := range append(c.fields[:len(c.fields):len(c.fields)], fields...) {
		f.AddTo(enc)
	}
	attrs := []any{}
	for _, key := range []string{"otelcol.component.id", "error", "dropped_items"} {
		if v, ok := enc.Fields[key]; ok {
			attrs = append(attrs, key, v)
		}
	}
	c.log.Error(e.Message, attrs...)
	return nil
}

func (c *errorCore) Sync() error { return nil }
