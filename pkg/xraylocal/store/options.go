package store

import (
	"log/slog"
	"time"
)

// The retention of X-Ray itself, and what fits a laptop.
const (
	DefaultMaxAge  = 30 * 24 * time.Hour
	DefaultMaxSize = 2 << 30
)

// An Option changes how Open opens a store.
type Option func(*options)

type options struct {
	maxAge  time.Duration
	maxSize int64
	logger  *slog.Logger
	now     func() time.Time
	every   time.Duration // between two looks at what is to be deleted
}

// WithRetention has the store delete, in the background, traces to which nothing
// was added for longer than age, and, of what is left, the oldest as long as the
// database holds more than size bytes. Zero means no limit. Without this option
// nothing is deleted.
func WithRetention(age time.Duration, size int64) Option {
	return func(o *options) { o.maxAge, o.maxSize = age, size }
}

// WithLogger has the store tell when retention begins to delete for want of
// space, and what goes wrong in the background.
func WithLogger(l *slog.Logger) Option { return func(o *options) { o.logger = l } }

func withClock(now func() time.Time) Option { return func(o *options) { o.now = now } }

func newOptions(opts []Option) options {
	o := options{logger: slog.New(slog.DiscardHandler), now: time.Now, every: 10 * time.Second}
	for _, opt := range opts {
		opt(&o)
	}
	return o
}
