package spans

import (
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

// fillCause makes an event of each exception. A cause can also be the id of an
// exception that another subsegment has.
func (f *flattener) fillCause(span ptrace.Span, cause, doc object) {
	id, isID := doc.str("cause")
	if cause == nil && !isID {
		return
	}
	span.Status().SetCode(ptrace.StatusCodeError)
	if isID {
		span.Status().SetMessage(id)
		span.Attributes().PutStr(causeID, id)
		return
	}
	p := putter{cause, span.Attributes()}
	p.str("working_directory", causeDirectory)
	p.any("paths", causePaths)
	for _, exception := range cause.objects("exceptions") {
		event := span.Events().AppendEmpty()
		event.SetName("exception")
		event.SetTimestamp(span.EndTimestamp())
		f.fillException(event.Attributes(), exception)
	}
}

func (f *flattener) fillException(to pcommon.Map, exception object) {
	to.EnsureCapacity(8)
	p := putter{exception, to}
	p.str("id", exceptionID)
	p.str("message", "exception.message")
	p.str("type", "exception.type")
	p.boolean("remote", exceptionRemote)
	p.integer("truncated", exceptionTrunc)
	p.integer("skipped", exceptionSkipped)
	p.str("cause", exceptionCause)
	if frames := exception.objects("stack"); len(frames) > 0 {
		to.PutStr("exception.stacktrace", stacktrace(f.language, exception, frames))
	}
}
