package translate

import (
	"encoding/json"
	"maps"
	"math"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/bragg-tracing/bragg/pkg/segment"
	"go.opentelemetry.io/collector/pdata/pcommon"
)

// A fate is what becomes of an attribute that no block consumes.
type fate uint8

const (
	dropped    fate = iota
	annotated       // an annotation
	both            // an annotation, cut, and whole in the metadata
	kept            // in the default namespace of the metadata
	namespaced      // an object that is a namespace of the metadata
)

// X-Ray's limits of annotations. Beyond them it does not index.
// https://docs.aws.amazon.com/xray/latest/devguide/xray-sdk-go-segment.html
const (
	maxAnnotations     = 50
	maxAnnotationKey   = 500  // characters
	maxAnnotationValue = 1000 // characters
)

func (r ruleSet) annotationLimit() int {
	if r.has(ruleAnnotationLimits) {
		return maxAnnotations
	}
	return math.MaxInt
}

// metadataPrefix begins the name of an attribute that holds a namespace, as
// JSON. The awsxray receiver makes such attributes.
const metadataPrefix = "aws.xray.metadata."

// annotationPrefix begins the name of an attribute that is an annotation by
// itself, so that several need no common list.
const annotationPrefix = "aws.xray.annotation."

const defaultNamespace = "default"

// annotations is what the annotations of a document need to know.
type annotations struct {
	extra    map[string]struct{} // names that the span's aws.xray.annotations lists
	n        int                 // how many there are so far
	keys     []span              // where their keys are in the buffer
	collide  bool                // some key was changed, so that two may be equal
	shadowed bool                // an attribute may have the name of one of the resource
}

// A span is a part of the buffer.
type span struct{ from, to int }

// A namespace is one of the metadata, from an attribute that holds it as JSON.
type namespace struct {
	name   string
	values map[string]any // nil: null
}

// appendAnnotationsAndMetadata appends what no block has consumed.
func (s *scratch) appendAnnotationsAndMetadata(b []byte, p part) []byte {
	s.settle()
	storeResource := s.own != nil
	rendered := storeResource && !s.annotations.shadowed && len(s.annotations.extra) == 0 &&
		s.annotations.n+s.own.annotated <= s.t.rules.annotationLimit()
	if storeResource && !rendered {
		s.shared.read(s.resourceAttributes, nil)
	}
	at := len(b)
	b = append(b, `,\"annotations\":`...)
	start := len(b)
	b = s.appendAnnotations(b)
	spanAnnotations := s.annotations.n
	switch {
	case rendered:
		b = append(b, s.own.annotations...)
	case storeResource:
		b, _ = s.appendSharedAnnotations(b, s.t.rules.annotationLimit())
	}
	if len(b) == start {
		b = b[:at]
	} else {
		b = segment.CloseObject(b, start)
	}
	s.annotations.n = spanAnnotations
	return s.appendMetadata(b, storeResource, rendered, p)
}

// settle decides the fate of each attribute.
func (s *scratch) settle() {
	s.annotations.n, s.annotations.keys = 0, s.annotations.keys[:0]
	s.annotations.collide, s.annotations.shadowed = false, false
	s.namespaces = s.namespaces[:0]
	s.readAnnotationNames()
	limit := s.t.rules.annotationLimit()
	list := s.attributes.list
	for i := range list {
		x := &list[i]
		if x.gone {
			continue
		}
		x.fate = s.fateOf(x, limit)
		if x.fate == annotated || x.fate == both {
			s.annotations.n++
		}
		if x.key == other && strings.HasPrefix(x.name, resourcePrefix) {
			s.annotations.shadowed = true
		}
	}
}

// readAnnotationNames takes the attribute by which the awsxray receiver says
// which attributes were annotations.
func (s *scratch) readAnnotationNames() {
	if len(s.annotations.extra) > 0 {
		clear(s.annotations.extra)
	}
	x := s.attributes.latest(xrayAnnotations)
	if x == nil || x.value.Type() != pcommon.ValueTypeSlice {
		return
	}
	for _, name := range x.value.Slice().All() {
		if name.Type() == pcommon.ValueTypeStr {
			s.annotations.extra[name.Str()] = struct{}{}
		}
	}
}

func (s *scratch) fateOf(x *attribute, limit int) fate {
	if x.key == xrayDocument || x.key == xrayDocumentPart {
		return dropped
	}
	indexed := false
	if len(s.t.indexed) > 0 {
		_, indexed = s.t.indexed[x.name]
	}
	if s.isConsumed(x) {
		if !indexed || x.key == enduserID || x.key == xrayAnnotations {
			return dropped
		}
		x.value, _ = s.attributes.get(x.key) // contrib takes the first here
		x.kind = x.value.Type()
	}
	if !indexed && len(s.annotations.extra) > 0 {
		_, indexed = s.annotations.extra[x.name]
	}
	switch {
	case indexed || s.t.cfg.IndexAllAttributes:
		return s.t.rules.annotation(x.name, x.value, s.annotations.n < limit)
	case x.kind == pcommon.ValueTypeEmpty:
		return dropped
	case x.key == other && strings.HasPrefix(x.name, annotationPrefix) && s.t.rules.has(ruleAnnotationPrefix):
		s.annotations.collide = true // an attribute may have the name without the prefix
		f := s.t.rules.annotation(x.name[len(annotationPrefix):], x.value, s.annotations.n < limit)
		if f != kept {
			x.name = x.name[len(annotationPrefix):]
		}
		return f
	case x.key == other && x.kind == pcommon.ValueTypeStr && strings.HasPrefix(x.name, metadataPrefix):
		return s.readNamespace(x)
	}
	return kept
}

// annotation is the fate of an attribute that is to be an annotation.
func (r ruleSet) annotation(name string, v pcommon.Value, room bool) fate {
	switch {
	case !isScalar(v):
		if v.Type() == pcommon.ValueTypeEmpty || !r.has(ruleKeepNonScalar) {
			return dropped
		}
		return kept
	case !r.has(ruleAnnotationLimits):
		return annotated
	case !room || len(name) > maxAnnotationKey && utf8.RuneCountInString(name) > maxAnnotationKey:
		return kept
	}
	if text := v.Str(); len(text) > maxAnnotationValue && utf8.RuneCountInString(text) > maxAnnotationValue {
		return both
	}
	return annotated
}

// isConsumed reports whether a block has consumed the attribute. By rule it
// has only if it shows it.
func (s *scratch) isConsumed(x *attribute) bool {
	switch k := x.key; {
	case k == other || k > httpStatusText:
		return false
	case k == xrayInProgress:
		return false // it was removed, if it was a boolean
	case k == xrayAnnotations:
		return x.value.Type() == pcommon.ValueTypeSlice
	case s.t.rules.has(ruleKeepConsumed):
		return x.shown
	case k == enduserID:
		return true
	case k == httpStatusText:
		return s.status.statusText
	case k >= dbConnectionString:
		return s.status.sql
	}
	return true
}

// readNamespace reads a namespace from JSON. What is no object stays as it is.
func (s *scratch) readNamespace(x *attribute) fate {
	var values map[string]any
	if err := json.Unmarshal([]byte(x.value.Str()), &values); err != nil {
		return kept
	}
	name := x.name[len(metadataPrefix):]
	if strings.EqualFold(name, defaultNamespace) {
		name = defaultNamespace
		for key := range values {
			s.annotations.shadowed = s.annotations.shadowed || strings.HasPrefix(key, resourcePrefix)
		}
	}
	s.namespaces = append(s.namespaces, namespace{name, values})
	return namespaced
}

func (s *scratch) appendAnnotations(b []byte) []byte {
	if s.annotations.n == 0 {
		return b
	}
	list := s.attributes.list
	for i := range list {
		x := &list[i]
		if x.gone || x.fate != annotated && x.fate != both {
			continue
		}
		at := len(b)
		b = s.appendAnnotation(b, "", x.name, x.value, x.fate)
		if len(b) == at && s.t.rules.has(ruleKeepConsumed) {
			x.fate = kept // another attribute has its key
		}
	}
	return b
}

// appendAnnotation appends an annotation, unless there is one with this key
// already.
func (s *scratch) appendAnnotation(b []byte, prefix, name string, v pcommon.Value, f fate) []byte {
	at := len(b)
	b = append(b, `,\"`...)
	from := len(b)
	b = append(b, prefix...)
	b, changed := appendAnnotationKey(b, name)
	key := span{from, len(b)}
	if s.annotations.collide = s.annotations.collide || changed; s.annotations.collide {
		for _, k := range s.annotations.keys {
			if string(b[k.from:k.to]) == string(b[key.from:key.to]) {
				return b[:at]
			}
		}
	}
	s.annotations.keys = append(s.annotations.keys, key)
	b = append(b, `\":`...)
	if f == both {
		return segment.AppendString(b, cutRunes(v.Str(), maxAnnotationValue))
	}
	return appendValue(b, v, 0)
}

// appendAnnotationKey appends a key with what X-Ray does not allow in one
// replaced by underscores, and reports whether there was any.
func appendAnnotationKey(b []byte, name string) (_ []byte, changed bool) {
	for _, r := range name {
		if 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || r == '.' || r == '_' {
			b = append(b, byte(r))
			continue
		}
		b, changed = append(b, '_'), true
	}
	return b, changed
}

func cutRunes(s string, n int) string {
	for i := range s {
		if n == 0 {
			return s[:i]
		}
		n--
	}
	return s
}

// appendMetadata appends the metadata: the default namespace with what the
// resource and the span have, and those that attributes hold. The service
// segment of a LOCAL_ROOT call keeps what is the resource's.
func (s *scratch) appendMetadata(b []byte, storeResource, rendered bool, p part) []byte {
	at := len(b)
	b = append(b, `,\"metadata\":`...)
	start := len(b)
	b = append(b, `,\"default\":`...)
	inner := len(b)
	switch {
	case rendered:
		b = append(b, s.own.metadata...)
	case storeResource:
		b = s.appendSharedMetadata(b, s.t.rules.annotationLimit())
	}
	resourceOnly := p == service
	b, some := s.appendKept(b, resourceOnly)
	if !resourceOnly && s.t.rules.has(ruleSpanEvents) {
		b = s.appendEvents(b)
	}
	if len(b) > inner || some {
		b = segment.CloseObject(b, inner)
	} else {
		b = b[:start]
	}
	b = s.appendNamespaces(b, resourceOnly)
	if len(b) == start {
		return b[:at]
	}
	return segment.CloseObject(b, start)
}

// appendKept appends the span's members of the default namespace, and reports
// whether there are any, appended or not. Members that an attribute holds as
// JSON win over attributes.
func (s *scratch) appendKept(b []byte, resourceOnly bool) (_ []byte, some bool) {
	var merged map[string]any
	if len(s.namespaces) > 0 {
		merged = s.mergedDefault()
	}
	list := s.attributes.list
	for i := range list {
		x := &list[i]
		if x.gone || x.fate != kept && x.fate != both {
			continue
		}
		some = true
		if resourceOnly && !strings.HasPrefix(x.name, resourcePrefix) {
			continue
		}
		if merged != nil {
			if _, ok := merged[x.name]; ok {
				continue
			}
		}
		b = segment.AppendStringPart(append(b, `,\"`...), x.name)
		b = append(b, `\":`...)
		if x.kind == pcommon.ValueTypeStr {
			b = segment.AppendString(b, x.value.Str())
		} else {
			b = appendValue(b, x.value, 0)
		}
	}
	return s.appendMembers(b, merged, resourceOnly), some || len(merged) > 0
}

// appendMembers appends what was read from JSON, in order.
func (s *scratch) appendMembers(b []byte, members map[string]any, resourceOnly bool) []byte {
	if len(members) == 0 {
		return b
	}
	for _, key := range slices.Sorted(maps.Keys(members)) {
		if !resourceOnly || strings.HasPrefix(key, resourcePrefix) {
			b = appendAny(segment.AppendString(append(b, ','), key), members[key])
		}
	}
	return b
}

// mergedDefault is what attributes hold for the default namespace, as JSON.
func (s *scratch) mergedDefault() map[string]any {
	merged := map[string]any{}
	for _, n := range s.namespaces {
		if n.name == defaultNamespace {
			maps.Copy(merged, n.values)
		}
	}
	return merged
}

func (s *scratch) appendNamespaces(b []byte, resourceOnly bool) []byte {
	for _, n := range s.namespaces {
		if n.name == defaultNamespace {
			continue
		}
		b = append(segment.AppendString(append(b, ','), n.name), ':')
		if n.values == nil {
			b = append(b, "null"...)
			continue
		}
		start := len(b)
		b = segment.CloseObject(s.appendMembers(b, n.values, resourceOnly), start)
	}
	return b
}

// appendAny appends a colon and a value that encoding/json has read.
func appendAny(b []byte, value any) []byte {
	b = append(b, ':')
	text, err := json.Marshal(value)
	if err != nil {
		return append(b, "null"...) // not reached: what was read can be written
	}
	return segment.AppendQuoted(b, text)
}
