// Package logger holds the logger that the packages of this module share.
package logger

import (
	"fmt"
	"os"
	"sync/atomic"

	"github.com/bragg-tracing/bragg/pkg/sdk/xraysdk/xraylog"
)

type holder struct {
	logger xraylog.Logger
	gate   interface{ Enabled(xraylog.LogLevel) bool } // nil if the logger does not say
}

var current atomic.Pointer[holder]

func init() { Set(xraylog.NewDefaultLogger(os.Stdout, xraylog.LogLevelInfo)) }

// Set replaces the logger. It may be called at any time.
func Set(l xraylog.Logger) {
	if l == nil {
		l = xraylog.NullLogger
	}
	h := &holder{logger: l}
	h.gate, _ = l.(interface{ Enabled(xraylog.LogLevel) bool })
	current.Store(h)
}

// Debugf, Infof, Warnf and Errorf log a message that fmt.Sprintf makes when it
// is shown.
func Debugf(format string, args ...any) { log(xraylog.LogLevelDebug, format, args) }

// Infof logs at the info level.
func Infof(format string, args ...any) { log(xraylog.LogLevelInfo, format, args) }

// Warnf logs at the warn level.
func Warnf(format string, args ...any) { log(xraylog.LogLevelWarn, format, args) }

// Errorf logs at the error level.
func Errorf(format string, args ...any) { log(xraylog.LogLevelError, format, args) }

// Debugging reports whether debug messages are shown, for hot paths.
func Debugging() bool {
	h := current.Load()
	return h.gate == nil || h.gate.Enabled(xraylog.LogLevelDebug)
}

func log(level xraylog.LogLevel, format string, args []any) {
	h := current.Load()
	if h.gate == nil || h.gate.Enabled(level) {
		h.logger.Log(level, message{format, args})
	}
}

type message struct {
	format string
	args   []any
}

func (m message) String() string { return fmt.Sprintf(m.format, m.args...) }
