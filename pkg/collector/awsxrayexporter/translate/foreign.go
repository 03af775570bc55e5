package translate

import (
	"math"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

// Compat mode has contrib's names, even those that X-Ray refuses. Where contrib
// has no document to be like, because it panics or drops the span, or one that
// is too large, the document shall be one that X-Ray accepts.

// isForeign reports whether contrib has no document of at most 64 KB of the
// span whose document was just rendered.
func (s *scratch) isForeign(p part) bool {
	switch {
	case s.isTooLarge(), s.status.panicStack:
		return true
	case s.resource.noAWS && (p == dependency || p == service):
		return true
	}
	list := s.attributes.list
	for i := range list {
		if x := &list[i]; !x.gone && x.fate != dropped && x.fate != namespaced && hasNonNumber(x.value, 0) {
			return true
		}
	}
	for _, link := range s.span.Links().All() {
		for _, v := range link.Attributes().All() {
			if hasNonNumber(v, 0) {
				return true
			}
		}
	}
	if s.storesResource() {
		for _, v := range s.resourceAttributes.All() {
			if hasNonNumber(v, 0) {
				return true
			}
		}
	}
	return false
}

// storesResource reports whether a document of the span shows the resource:
// for a LOCAL_ROOT call that of its service, without which contrib has none.
func (s *scratch) storesResource() bool {
	k := s.span.Kind()
	return k == ptrace.SpanKindServer || k == ptrace.SpanKindConsumer || s.span.ParentSpanID().IsEmpty()
}

// hasNonNumber reports whether v is or holds NaN or an infinity.
func hasNonNumber(v pcommon.Value, depth int) bool {
	if depth > maxDepth {
		return false
	}
	switch v.Type() {
	case pcommon.ValueTypeDouble:
		return math.IsNaN(v.Double()) || math.IsInf(v.Double(), 0)
	case pcommon.ValueTypeSlice:
		for _, e := range v.Slice().All() {
			if hasNonNumber(e, depth+1) {
				return true
			}
		}
	case pcommon.ValueTypeMap:
		for _, e := range v.Map().All() {
			if hasNonNumber(e, depth+1) {
				return true
			}
		}
	}
	return false
}
