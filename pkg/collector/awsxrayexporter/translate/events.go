package translate

import (
	"github.com/bragg-tracing/bragg/pkg/segment"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

// appendEvents appends the member otel.events, an array of the span's events
// {"name", "offset", "attributes"}, where offset is the seconds since the
// span's start. What the cause says already is left out: an exception's type,
// message and, if it was read, stack, and an exception with nothing else.
func (s *scratch) appendEvents(b []byte) []byte {
	events := s.span.Events()
	n := events.Len()
	if n == 0 {
		return b
	}
	at := len(b)
	b = append(b, `,\"otel.events\":`...)
	start := len(b)
	for i := range n {
		b = s.appendEvent(b, events.At(i))
	}
	if len(b) == start {
		return b[:at]
	}
	return segment.CloseArray(b, start)
}

func (s *scratch) appendEvent(b []byte, event ptrace.SpanEvent) []byte {
	at := len(b)
	b = segment.AppendString(append(b, `,{\"name\":`...), event.Name())
	b = append(b, `,\"offset\":`...)
	b = segment.AppendFloat(b, float64(int64(event.Timestamp()-s.span.StartTimestamp()))/1e9)
	isException := event.Name() == exceptionEvent
	mark := len(b)
	b = append(b, `,\"attributes\":`...)
	start := len(b)
	if m := event.Attributes(); isException {
		for name, v := range m.All() {
			if s.isInCause(name, v) {
				continue
			}
			b = segment.AppendString(append(b, ','), name)
			b = appendValue(append(b, ':'), v, 1)
		}
		b = segment.CloseObject(b, start)
	} else if m.Len() > 0 {
		b = appendMap(b, m, 1)
	} else {
		b = append(b, "{}"...)
	}
	if len(b) == start+len("{}") {
		if isException {
			return b[:at]
		}
		b = b[:mark]
	}
	return append(b, '}')
}

// isInCause reports whether the cause holds an attribute of an exception.
func (s *scratch) isInCause(name string, v pcommon.Value) bool {
	switch name {
	case "exception.type", "exception.message":
		return v.Type() == pcommon.ValueTypeStr
	case "exception.stacktrace":
		return v.Type() == pcommon.ValueTypeStr && (v.Str() == "" || !s.status.unreadStack && parserOf(s.resource.language, s.t.rules) != nil)
	}
	return false
}
