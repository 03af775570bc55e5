package timeline

import (
	"slices"

	"github.com/bragg-tracing/bragg/pkg/segment"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/servicegraph"
)

// Outcome says how a segment or subsegment ended.
type Outcome string

// The outcomes. The zero Outcome is not one of them.
const (
	OK       Outcome = "ok"
	Error    Outcome = "error"    // the caller's mistake: 4xx
	Throttle Outcome = "throttle" // refused for its rate: 429
	Fault    Outcome = "fault"    // the service's failure: 5xx
)

// order is the outcomes, the worst last.
var order = []Outcome{OK, Error, Throttle, Fault}

// Worse reports whether an outcome is worse than another: a fault is the worst, then
// a throttle, an error, and OK.
func (o Outcome) Worse(than Outcome) bool {
	return slices.Index(order, o) > slices.Index(order, than)
}

// OutcomeOf returns the one outcome that a document counts as, of the several
// that it may say: the one by which servicegraph.OutcomeOf counts it.
func OutcomeOf(doc *segment.Document) Outcome {
	return Outcome(servicegraph.OutcomeOf(doc).String())
}
