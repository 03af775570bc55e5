package console

import "github.com/bragg-tracing/bragg/pkg/xraylocal/timeline"

// A mark is how an outcome looks: Name is the class that colours it and the
// symbol that draws its shape, Word says it.
type mark struct{ Name, Word string }

var inProgress = mark{"progress", "in progress"}

// markOf returns the mark of an outcome; what has neither ended nor failed yet
// is in progress.
func markOf(outcome timeline.Outcome, running bool) mark {
	if running && outcome == timeline.OK {
		return inProgress
	}
	return mark{string(outcome), string(outcome)}
}
