package passthrough

import (
	"encoding/binary"
	"math/rand/v2"

	"github.com/bragg-tracing/bragg/pkg/segment"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

// Mark puts document on the first span of rs and a marker on every span of it.
// All spans of rs must have been made from document, the first from the
// document itself, and must be complete: what changes afterwards counts as
// changed by a processor. It reports whether it did: nothing is marked if there
// is no span, or more than can come from one document.
func Mark(rs ptrace.ResourceSpans, document string) bool {
	count := 0
	for _, ss := range rs.ScopeSpans().All() {
		count += ss.Spans().Len()
	}
	if count == 0 || count > segment.MaxParts {
		return false
	}
	part := segment.Part{Count: count}
	binary.LittleEndian.PutUint64(part.Document[:], rand.Uint64())
	var d digester
	for _, ss := range rs.ScopeSpans().All() {
		d.setScope(rs, ss)
		for _, span := range ss.Spans().All() {
			if part.Index == 0 {
				span.Attributes().PutStr(segment.DocumentAttribute, document)
			}
			part.Digest = d.span(span)
			span.Attributes().PutStr(segment.PartAttribute, part.String())
			part.Index++
		}
	}
	return true
}

// Remark makes the spans that are there, of documents by segment.Part's
// Document, count as unchanged. It is for a processor that has changed document
// and spans alike, of documents that [Judge] sends.
func Remark(td ptrace.Traces, documents map[[8]byte]bool) {
	var d digester
	for _, rs := range td.ResourceSpans().All() {
		for _, ss := range rs.ScopeSpans().All() {
			d.setScope(rs, ss)
			for _, span := range ss.Spans().All() {
				if part, ok := partOf(span); ok && documents[part.Document] {
					part.Digest = d.span(span)
					span.Attributes().PutStr(segment.PartAttribute, part.String())
				}
			}
		}
	}
}
