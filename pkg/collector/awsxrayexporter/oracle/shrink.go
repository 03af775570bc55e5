package oracle

import (
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

// Shrink leaves out of a case what it can without making fails false.
func Shrink(c Case, fails func(Case) bool) Case {
	for again := true; again; {
		again = false
		for i := 0; ; i++ {
			smaller, ok := without(c, i)
			if !ok {
				break
			}
			if fails(smaller) {
				c, again = smaller, true
				i--
			}
		}
	}
	return c
}

// without copies a case but for its ith removable thing; ok is false if there
// are fewer.
func without(c Case, i int) (smaller Case, ok bool) {
	smaller = c
	smaller.Resource, smaller.Span = pcommon.NewResource(), ptrace.NewSpan()
	c.Resource.CopyTo(smaller.Resource)
	c.Span.CopyTo(smaller.Span)
	span := smaller.Span
	nth := func() bool {
		i--
		return i < 0 && !ok
	}
	drop := func() bool {
		if nth() {
			ok = true
			return true
		}
		return false
	}
	attributes := func(m pcommon.Map) { m.RemoveIf(func(string, pcommon.Value) bool { return drop() }) }
	span.Events().RemoveIf(func(ptrace.SpanEvent) bool { return drop() })
	span.Links().RemoveIf(func(ptrace.SpanLink) bool { return drop() })
	attributes(smaller.Resource.Attributes())
	attributes(span.Attributes())
	for _, e := range span.Events().All() {
		attributes(e.Attributes())
	}
	for _, l := range span.Links().All() {
		attributes(l.Attributes())
	}
	if status := span.Status(); status.Code() != ptrace.StatusCodeUnset && drop() {
		status.SetCode(ptrace.StatusCodeUnset)
		status.SetMessage("")
	}
	if span.Name() != "work" && drop() {
		span.SetName("work")
	}
	return smaller, ok
}
