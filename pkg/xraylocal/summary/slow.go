package summary

import (
	"math"

	"github.com/bragg-tracing/bragg/pkg/segment"
)

// A SlowCause is the way to where the response time was spent. It marshals as
// the API's ResponseTimeRootCause.
type SlowCause struct {
	Services        []SlowService
	ClientImpacting bool // true: the way begins at the root of the trace
}

// A SlowService is a service on the way, with the way inside of it.
type SlowService struct {
	CauseServiceID
	EntityPath []SlowEntity
	Inferred   bool
}

// A SlowEntity is a segment or subsegment on the way.
type SlowEntity struct {
	Name     string
	Coverage float64 // share of the root's response time, rounded to 0.001
	Remote   bool    // the entity is a call of another service
}

// slow follows the longest child as long as it took more than half of the
// root's time. A segment that outlasted the call that it served is not on the
// way: the response did not wait for it.
func (t *tree) slow(root *segment.Document) []SlowCause {
	total := *ResponseTime(root)
	path := []*segment.Document{root}
	seen := map[*segment.Document]bool{root: true}
	for doc := root; doc != nil; {
		doc = t.longest(doc, total/2)
		if doc != nil && !seen[doc] {
			seen[doc] = true
			path = append(path, doc)
		} else {
			doc = nil
		}
	}
	if len(path) == 1 {
		return nil
	}
	cause := SlowCause{ClientImpacting: true}
	for i, doc := range path {
		if seg := t.segmentOf(doc); i == 0 || seg != t.segmentOf(path[i-1]) {
			cause.Services = append(cause.Services, SlowService{CauseServiceID: causeServiceID(seg), Inferred: seg.Inferred})
		}
		last := &cause.Services[len(cause.Services)-1]
		last.EntityPath = append(last.EntityPath, SlowEntity{
			Name: doc.Name, Coverage: math.Round(*ResponseTime(doc)/total*1000) / 1000, Remote: t.remote(doc)})
	}
	return []SlowCause{cause}
}

// longest returns the child that took longest, the first of several, if it took
// more than least seconds and not longer than its parent.
func (t *tree) longest(doc *segment.Document, least float64) *segment.Document {
	limit := *ResponseTime(doc)
	var longest *segment.Document
	for _, child := range t.children(doc) {
		if seconds := ResponseTime(child); seconds != nil && *seconds > least && *seconds <= limit {
			longest, least = child, *seconds
		}
	}
	return longest
}
