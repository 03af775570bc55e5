package logger

import (
	"context"
	"fmt"
	"log/slog"
	"strings"

	"github.com/bragg-tracing/bragg/pkg/sdk/xraysdk/xraylog"
)

// Slog is the logger for packages that log to a slog.Logger.
func Slog() *slog.Logger { return slog.New(handler{}) }

type handler struct{ attributes string }

// Enabled is for the levels that the X-Ray SDK's loggers have.
func (handler) Enabled(_ context.Context, level slog.Level) bool {
	h := current.Load()
	return h.gate == nil || h.gate.Enabled(levelOf(level))
}

func (h handler) Handle(_ context.Context, r slog.Record) error {
	var b strings.Builder
	b.WriteString(r.Message)
	b.WriteString(h.attributes)
	r.Attrs(func(a slog.Attr) bool {
		fmt.Fprintf(&b, " %s=%q", a.Key, a.Value.String())
		return true
	})
	log(levelOf(r.Level), "%s", []any{b.String()})
	return nil
}

func (h handler) WithAttrs(attributes []slog.Attr) slog.Handler {
	for _, a := range attributes {
		h.attributes += fmt.Sprintf(" %s=%q", a.Key, a.Value.String())
	}
	return h
}

func (h handler) WithGroup(string) slog.Handler { return h }

func levelOf(level slog.Level) xraylog.LogLevel {
	switch {
	case level >= slog.LevelError:
		return xraylog.LogLevelError
	case level >= slog.LevelWarn:
		return xraylog.LogLevelWarn
	case level >= slog.LevelInfo:
		return xraylog.LogLevelInfo
	}
	return xraylog.LogLevelDebug
}
