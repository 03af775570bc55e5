// Package contributors holds what the awsxray receivers of this process count
// for X-Ray's telemetry, where the awsxray exporter that reports it finds it:
// the two meet only by the id that each has in the configuration.
package contributors

import (
	"sync"
	"sync/atomic"

	"go.opentelemetry.io/collector/component"
)

// A Receiver counts the segment documents of one receiver since they were last
// taken. It is safe for concurrent use.
type Receiver struct {
	Received  atomic.Int64 // read from the socket
	Rejected  atomic.Int64 // of them: not understood, or refused by a pipeline
	Spillover atomic.Int64 // lost because something was full
}

// Counts are those of Receivers, taken.
type Counts struct{ Received, Rejected, Spillover int64 }

var receivers sync.Map // component.ID to *Receiver

// Of returns the counts of the receiver with an id, the same for each call.
func Of(id component.ID) *Receiver {
	if r, ok := receivers.Load(id); ok {
		return r.(*Receiver)
	}
	r, _ := receivers.LoadOrStore(id, new(Receiver))
	return r.(*Receiver)
}

// Take returns what the receivers with these ids have counted, and sets their
// counts to zero. ok tells whether any of them exists.
func Take(ids ...component.ID) (sum Counts, ok bool) {
	for _, id := range ids {
		found, exists := receivers.Load(id)
		if !exists {
			continue
		}
		r := found.(*Receiver)
		sum.Received += r.Received.Swap(0)
		sum.Rejected += r.Rejected.Swap(0)
		sum.Spillover += r.Spillover.Swap(0)
		ok = true
	}
	return sum, ok
}
