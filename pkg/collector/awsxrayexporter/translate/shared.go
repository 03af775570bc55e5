package translate

import (
	"strings"

	"github.com/bragg-tracing/bragg/pkg/segment"
	"go.opentelemetry.io/collector/pdata/pcommon"
)

// What follows renders a resource's attributes as annotations and metadata:
// once for the resource, and again for a span whose own attributes change the
// outcome. It works on s.shared.

// appendResourceAnnotations appends the annotations of a resource as they are
// for most of its spans, and returns how many there are.
func (s *scratch) appendResourceAnnotations(b []byte, m pcommon.Map, limit int) ([]byte, int) {
	clear(s.annotations.extra)
	s.annotations = annotations{extra: s.annotations.extra, keys: s.annotations.keys[:0]}
	s.attributes.list = s.attributes.list[:0]
	s.namespaces = s.namespaces[:0]
	s.shared.read(m, nil)
	return s.appendSharedAnnotations(b, limit)
}

// appendResourceMetadata appends what appendResourceAnnotations left.
func (s *scratch) appendResourceMetadata(b []byte, limit int) []byte {
	s.annotations.n = 0
	return s.appendSharedMetadata(b, limit)
}

func (s *scratch) appendSharedAnnotations(b []byte, limit int) ([]byte, int) {
	if !s.indexesResource() {
		return b, 0
	}
	n := 0
	s.annotations.collide = true
	for i := len(s.shared.list) - 1; i >= 0; i-- { // of two with one key the last wins
		x := &s.shared.list[i]
		if f := s.sharedFate(x, limit); f == annotated || f == both {
			n++
			b = s.appendAnnotation(b, resourcePrefix, x.name, x.value, f)
		}
	}
	return b, n
}

func (s *scratch) appendSharedMetadata(b []byte, limit int) []byte {
	for i := len(s.shared.list) - 1; i >= 0; i-- {
		x := &s.shared.list[i]
		x.fate = s.sharedFate(x, limit)
		if x.fate != kept && x.fate != both || x.gone && s.isKeptAfter(i) || s.annotations.shadowed && s.isShadowed(x.name) {
			continue
		}
		b = append(b, `,\"`+resourcePrefix...)
		b = segment.AppendStringPart(b, x.name)
		b = appendValue(append(b, `\":`...), x.value, 0)
	}
	return b
}

// isKeptAfter reports whether a later attribute of the resource with the name
// of the i-th is in the metadata. Of two, one may be an annotation.
func (s *scratch) isKeptAfter(i int) bool {
	for _, x := range s.shared.list[i+1:] {
		if x.name == s.shared.list[i].name && (x.fate == kept || x.fate == both) {
			return true
		}
	}
	return false
}

// indexesResource reports whether any attribute of a resource may be an
// annotation.
func (s *scratch) indexesResource() bool {
	return s.t.cfg.IndexAllAttributes || len(s.t.indexedOfResource) > 0 || len(s.annotations.extra) > 0
}

// sharedFate decides as fateOf does, and counts.
func (s *scratch) sharedFate(x *attribute, limit int) fate {
	if s.indexesResource() && s.isResourceIndexed(x.name) {
		f := s.t.rules.annotation(x.name, x.value, s.annotations.n < limit)
		if f == annotated || f == both {
			s.annotations.n++
		} else if f == dropped && x.value.Type() != pcommon.ValueTypeEmpty {
			return kept // contrib keeps these, though not those of a span
		}
		return f
	}
	if x.value.Type() == pcommon.ValueTypeEmpty {
		return dropped
	}
	return kept
}

func (s *scratch) isResourceIndexed(name string) bool {
	if s.t.cfg.IndexAllAttributes {
		return true
	}
	if _, ok := s.t.indexedOfResource[name]; ok {
		return true
	}
	if len(s.annotations.extra) == 0 {
		return false
	}
	_, ok := s.annotations.extra[resourcePrefix+name]
	return ok
}

// isShadowed reports whether the span has metadata of this name itself.
func (s *scratch) isShadowed(name string) bool {
	for i := range s.attributes.list {
		x := &s.attributes.list[i]
		if after, ok := strings.CutPrefix(x.name, resourcePrefix); ok && after == name && !x.gone && (x.fate == kept || x.fate == both) {
			return true
		}
	}
	for _, n := range s.namespaces {
		if _, ok := n.values[resourcePrefix+name]; ok && n.name == defaultNamespace {
			return true
		}
	}
	return false
}
