package timeline

import "github.com/bragg-tracing/bragg/pkg/segment"

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
	status := 0
	if doc.HTTP != nil && doc.HTTP.Response != nil {
		status = doc.HTTP.Response.Status
	}
	switch {
	case doc.Throttle || status == 429:
		return Throttle
	case doc.Fault || status >= 500 && status <= 599:
		return Fault
	case doc.Error || status >= 400 && status <= 499:
		return Error
	default:
		return OK
	}
}
