package awsxrayexporter

import (
	"bytes"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/bragg-tracing/bragg/pkg/collector/awsxrayexporter/translate"
)

// A document is one segment document on its way.
type document struct {
	body    []byte // as an element of TraceSegmentDocuments: a JSON string in its quotes
	trace   pcommon.TraceID
	segment [8]byte
}

// id is the document's id as X-Ray writes it.
func (d *document) id() string { return pcommon.SpanID(d.segment).String() }

// A batch holds the documents of one push. Its memory is used again.
type batch struct {
	documents []document
	ends      []int // of the documents' bodies in arena, while it grows
	arena     []byte
}

// maxKeptArena is the most memory that a batch keeps for the next push.
const maxKeptArena = 8 << 20

func (b *batch) reset() {
	clear(b.documents)
	b.documents, b.ends, b.arena = b.documents[:0], b.ends[:0], b.arena[:0]
	if cap(b.arena) > maxKeptArena {
		*b = batch{}
	}
}

// translate fills the batch with the documents of td.
func (b *batch) translate(t translator, td ptrace.Traces) translate.Stats {
	stats := t.Translate(td, func(d translate.Document) {
		b.arena = append(append(append(b.arena, '"'), d.Quoted...), '"')
		b.add(d.TraceID, d.SegmentID)
	})
	b.seal()
	return stats
}

func (b *batch) add(trace pcommon.TraceID, segment [8]byte) {
	b.documents = append(b.documents, document{trace: trace, segment: segment})
	b.ends = append(b.ends, len(b.arena))
}

// seal cuts the arena, which moves no more, into bodies.
func (b *batch) seal() {
	start := 0
	for i, end := range b.ends {
		b.documents[i].body = b.arena[start:end:end]
		start = end
	}
}

const (
	markKey     = "bragg.xray.remainder"
	numberKey   = "bragg.xray.remainder.number"
	documentKey = "bragg.xray.document"
)

// remainder wraps documents into traces that restore understands.
func remainder(documents []document, mark []byte, number int64) ptrace.Traces {
	td := ptrace.NewTraces()
	rs := td.ResourceSpans().AppendEmpty()
	rs.Resource().Attributes().PutEmptyBytes(markKey).FromRaw(mark)
	rs.Resource().Attributes().PutInt(numberKey, number)
	spans := rs.ScopeSpans().AppendEmpty().Spans()
	spans.EnsureCapacity(len(documents))
	for i := range documents {
		s := spans.AppendEmpty()
		s.SetTraceID(documents[i].trace)
		s.SetSpanID(documents[i].segment)
		s.Attributes().PutStr(documentKey, string(documents[i].body))
	}
	return td
}

// restore fills the batch from a remainder with this mark and returns its
// number, or false if td is none.
func (b *batch) restore(td ptrace.Traces, mark []byte) (number int64, ok bool) {
	if td.ResourceSpans().Len() != 1 {
		return 0, false
	}
	rs := td.ResourceSpans().At(0)
	v, ok := rs.Resource().Attributes().Get(markKey)
	if !ok || v.Type() != pcommon.ValueTypeBytes || !bytes.Equal(v.Bytes().AsRaw(), mark) {
		return 0, false
	}
	for _, s := range rs.ScopeSpans().At(0).Spans().All() {
		body, _ := s.Attributes().Get(documentKey)
		b.arena = append(b.arena, body.Str()...)
		b.add(s.TraceID(), s.SpanID())
	}
	b.seal()
	if v, ok = rs.Resource().Attributes().Get(numberKey); ok {
		number = v.Int()
	}
	return number, true
}
