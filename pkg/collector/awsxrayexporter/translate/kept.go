package translate

import (
	"github.com/bragg-tracing/bragg/pkg/collector/awsxrayreceiver/passthrough"
	"github.com/bragg-tracing/bragg/pkg/segment"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

// judge decides which documents that the awsxray receiver kept are sent as
// they came.
func (s *scratch) judge(td ptrace.Traces) (kept passthrough.Judgement) {
	defer s.recovered() // then all spans are rendered
	return passthrough.Judge(td)
}

// send emits the document that a span has kept.
func (s *scratch) send(span ptrace.Span, emit func(Document)) {
	document, _ := span.Attributes().Get(segment.DocumentAttribute)
	s.tmp = append(s.tmp[:0], document.Str()...)
	s.buf = segment.AppendQuoted(s.buf[:0], s.tmp)
	s.stats.Documents++
	emit(Document{Quoted: s.buf, TraceID: span.TraceID(), SegmentID: span.SpanID()})
}
