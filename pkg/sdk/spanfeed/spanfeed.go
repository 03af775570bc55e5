// Package spanfeed hands finished spans to the OpenTelemetry SDK of the
// process. It is for instrumentation that has a model of its own and makes its
// spans when they have ended, with ids and times that it chose; the Tracer of
// OpenTelemetry can make neither.
//
// telemetry.Start sets the feed and its Shutdown takes it away. A process that
// sets OpenTelemetry up by itself calls [Set] with the processors that it gave
// its TracerProvider.
package spanfeed

import (
	"sync/atomic"

	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// Feed is where finished spans go. It does not change once it is set.
type Feed struct {
	// Resource describes the process; not nil.
	Resource *resource.Resource
	// Processors get each span, by OnEnd alone.
	Processors []sdktrace.SpanProcessor
}

var current atomic.Pointer[Feed]

// Set replaces the feed; nil takes it away.
func Set(f *Feed) { current.Store(f) }

// Unset takes the feed away if it is still f.
func Unset(f *Feed) { current.CompareAndSwap(f, nil) }

// Current returns the feed, or nil if there is none.
func Current() *Feed { return current.Load() }

// End hands a span on. The span must not change any more and its context must
// be sampled. It does not block, as long as the processors do not.
func (f *Feed) End(s sdktrace.ReadOnlySpan) {
	for _, p := range f.Processors {
		p.OnEnd(s)
	}
}
