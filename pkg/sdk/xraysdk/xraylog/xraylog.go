// Package xraylog is the logging interface of the xray package.
package xraylog

import (
	"fmt"
	"io"
	"strconv"
	"sync"
	"time"
)

// Logger takes what the xray package has to say. The message is made only when
// its String method is called, so that what is not shown costs nothing. Log is
// called concurrently.
type Logger interface {
	Log(level LogLevel, msg fmt.Stringer)
}

// LogLevel is how serious a message is: the higher, the more. The numbers are
// not to be stored.
type LogLevel int

// The levels.
const (
	LogLevelDebug LogLevel = iota + 1
	LogLevelInfo
	LogLevelWarn
	LogLevelError
)

func (ll LogLevel) String() string {
	switch ll {
	case LogLevelDebug:
		return "DEBUG"
	case LogLevelInfo:
		return "INFO"
	case LogLevelWarn:
		return "WARN"
	case LogLevelError:
		return "ERROR"
	}
	return "UNKNOWNLOGLEVEL<" + strconv.Itoa(int(ll)) + ">"
}

// NewDefaultLogger returns a logger that writes a line for each message of at
// least minLogLevel to w, one Write at a time.
func NewDefaultLogger(w io.Writer, minLogLevel LogLevel) Logger {
	return &lineLogger{w: w, least: minLogLevel}
}

type lineLogger struct {
	least LogLevel
	mu    sync.Mutex
	w     io.Writer
}

// Enabled reports whether messages of a level are written: those that are not
// need not be made.
func (l *lineLogger) Enabled(level LogLevel) bool { return level >= l.least }

func (l *lineLogger) Log(level LogLevel, msg fmt.Stringer) {
	if !l.Enabled(level) {
		return
	}
	line := time.Now().Format(time.RFC3339) + " [" + level.String() + "] " + msg.String() + "\n"
	l.mu.Lock()
	defer l.mu.Unlock()
	_, _ = io.WriteString(l.w, line)
}

// NullLogger turns logging off, given to xray.SetLogger.
var NullLogger = nullLogger{}

type nullLogger struct{}

func (nullLogger) Enabled(LogLevel) bool      { return false }
func (nullLogger) Log(LogLevel, fmt.Stringer) {}
