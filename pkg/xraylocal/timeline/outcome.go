package timeline

import (
	"github.com/bragg-tracing/bragg/pkg/segment"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/assembly"
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

// OutcomeOf returns the one outcome that a document counts as. A document may
// say several; the first of throttle, fault, error and ok holds, which is the
// order in which X-Ray's statistics count it. The status of the response says
// as much as the flags do.
func OutcomeOf(doc *segment.Document) Outcome {
	switch o := assembly.OutcomeOf(doc); {
	case o.Throttle:
		return Throttle
	case o.Fault:
		return Fault
	case o.Error:
		return Error
	default:
		return OK
	}
}
