package translate

import (
	"strconv"

	"github.com/bragg-tracing/bragg/pkg/segment"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

// appendFlags appends fault, error and throttle. The HTTP status decides, or
// else the gRPC status, or else the span's.
func (s *scratch) appendFlags(b []byte) []byte {
	a := &s.attributes
	var code int64
	if k := httpStatusCode; a.has(k) || a.has(httpResponseStatusCode) {
		if !a.has(k) {
			k = httpResponseStatusCode
		}
		v, _ := a.get(k)
		code = v.Int()
	}
	if (code < 400 || code > 599) && s.t.rules.has(ruleGRPCStatus) {
		code = s.grpcStatus()
	}
	fault, failed := code >= 500 && code <= 599, code >= 400 && code <= 499
	if !fault && !failed {
		fault = s.span.Status().Code() == ptrace.StatusCodeError
	}
	b = appendBool(append(b, `,\"fault\":`...), fault)
	b = appendBool(append(b, `,\"error\":`...), failed)
	return appendBool(append(b, `,\"throttle\":`...), code == 429 || (fault || failed) && s.isThrottledCall())
}

// isThrottledCall reports whether an AWS SDK call says that it was throttled.
func (s *scratch) isThrottledCall() bool {
	if !s.status.awsSDK || !s.attributes.has(awsThrottled) || !s.t.rules.has(ruleAWSThrottle) {
		return false
	}
	v, _ := s.attributes.get(awsThrottled)
	return v.Bool()
}

const (
	exceptionEvent   = "exception"
	httpFailureEvent = "HTTP request failure" // of the Java agent's AWS SDK instrumentation, one for each try
)

// appendCause appends the cause: the exceptions that the events tell of, or
// else the message of the span's status.
func (s *scratch) appendCause(b []byte) []byte {
	if s.hasExceptions() {
		b = append(b, `,\"cause\":{`...)
		at := len(b)
		b = append(b, `\"exceptions\":`...)
		start := len(b)
		events := s.span.Events()
		for i, n := 0, events.Len(); i < n; i++ {
			b = s.appendEventException(b, events.At(i))
		}
		if len(b) == start {
			return append(b[:at], '}')
		}
		return append(segment.CloseArray(b, start), '}')
	}
	status := s.span.Status()
	if status.Code() != ptrace.StatusCodeError {
		return b
	}
	s.status.statusText = true
	message := status.Message()
	if message == "" {
		message = s.attributes.show(httpStatusText)
	}
	if message == "" {
		return b
	}
	b = segment.AppendID(append(b, `,\"cause\":{\"exceptions\":[{\"id\":`...), s.nextExceptionID())
	b = segment.AppendString(append(b, `,\"message\":`...), message)
	return append(b, `,\"type\":\"\"}]}`...)
}

func (s *scratch) hasExceptions() bool {
	events := s.span.Events()
	for i, n := 0, events.Len(); i < n; i++ {
		if name := events.At(i).Name(); name == exceptionEvent || s.status.awsSDK && name == httpFailureEvent {
			return true
		}
	}
	return false
}

func (s *scratch) nextExceptionID() [8]byte {
	s.exceptions++
	return derive(s.span.TraceID(), s.segmentID, s.exceptions)
}

func (s *scratch) isRemote() bool {
	k := s.span.Kind()
	return k == ptrace.SpanKindClient || k == ptrace.SpanKindProducer
}

// appendEventException appends the exceptions of an event, each after a comma.
func (s *scratch) appendEventException(b []byte, event ptrace.SpanEvent) []byte {
	m := event.Attributes()
	switch {
	case event.Name() == exceptionEvent:
		text := func(name string) string {
			if v, ok := m.Get(name); ok {
				return v.Str()
			}
			return ""
		}
		w := &s.stack
		w.begin(b, text("exception.type"), text("exception.message"), s.isRemote())
		if trace := text("exception.stacktrace"); trace != "" {
			if parse := parserOf(s.resource.language, s.t.rules); parse != nil {
				parse(w, trace)
				s.status.unreadStack = s.status.unreadStack || !w.framed
			}
		}
		return w.end()
	case s.status.awsSDK && event.Name() == httpFailureEvent:
		code, ok1 := m.Get("http.response.status_code")
		message, ok2 := m.Get("aws.http.error_message")
		if !ok1 || !ok2 {
			return b
		}
		b = segment.AppendID(append(b, `,{\"id\":`...), s.nextExceptionID())
		b = append(b, `,\"type\":\"aws.http.error.event\",\"remote\":true,\"message\":\"`...)
		b = append(segment.AppendStringPart(b, code.AsString()), '@')
		b = strconv.AppendFloat(b, float64(event.Timestamp().AsTime().UnixMicro())/1_000_000, 'f', 6, 64)
		b = segment.AppendStringPart(append(b, '@'), message.Str())
		return append(b, `\"}`...)
	}
	return b
}
