package passthrough

import (
	"encoding/json"

	"github.com/bragg-tracing/bragg/pkg/segment"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

// A Verdict says what an exporter does with a span.
type Verdict uint8

const (
	// Render makes a document from the span, without the two attributes.
	Render Verdict = iota
	// Send sends the span's segment.DocumentAttribute, which is one JSON
	// object of at most segment.MaxSize bytes, in the place of the span.
	Send
	// Skip does nothing: the span is part of a document that is sent.
	Skip
)

// A Judgement holds the verdicts on the spans of one batch. The zero Judgement
// renders all.
type Judgement struct {
	verdicts map[int]Verdict // by the span's place; others are rendered
}

// Of returns the verdict on the ith span of the batch, counted from 0 through
// all resources and scopes in order.
func (j Judgement) Of(i int) Verdict { return j.verdicts[i] }

// Judge decides on the spans of a batch by the rule that is stated at
// [segment.DocumentAttribute]. It reads td only. For a batch without markers it
// allocates nothing.
func Judge(td ptrace.Traces) Judgement {
	var j Judgement
	for _, doc := range findDocuments(td) {
		if !doc.whole() {
			continue
		}
		if j.verdicts == nil {
			j.verdicts = make(map[int]Verdict)
		}
		for _, i := range doc.spans {
			j.verdicts[i] = Skip
		}
		j.verdicts[doc.root] = Send
	}
	return j
}

// A documentState is what a batch holds of a document.
type documentState struct {
	count   int
	seen    map[int]bool // by index of the part
	spans   []int        // places in the batch
	root    int          // place in the batch, -1 if absent
	changed bool
}

func (s *documentState) whole() bool {
	return !s.changed && s.root >= 0 && len(s.seen) == s.count
}

// findDocuments returns the documents of which a batch holds parts, by
// segment.Part's Document; nil if there are none.
func findDocuments(td ptrace.Traces) map[[8]byte]*documentState {
	var docs map[[8]byte]*documentState
	var d digester
	i := 0
	for _, rs := range td.ResourceSpans().All() {
		for _, ss := range rs.ScopeSpans().All() {
			scoped := false
			for _, span := range ss.Spans().All() {
				if part, ok := partOf(span); ok {
					if !scoped {
						d.setScope(rs, ss)
						scoped = true
					}
					if docs == nil {
						docs = make(map[[8]byte]*documentState)
					}
					key := part.Document
					if docs[key] == nil {
						docs[key] = &documentState{count: part.Count, seen: make(map[int]bool), root: -1}
					}
					docs[key].add(i, part, span, d.span(span))
				}
				i++
			}
		}
	}
	return docs
}

// partOf returns the marker of a span. ok is false if it has none that can be
// read: then the document that it was part of stays incomplete.
func partOf(span ptrace.Span) (part segment.Part, ok bool) {
	v, ok := span.Attributes().Get(segment.PartAttribute)
	if !ok {
		return part, false
	}
	return segment.ParsePart(v.Str())
}

func (s *documentState) add(i int, part segment.Part, span ptrace.Span, digest [16]byte) {
	s.spans = append(s.spans, i)
	s.seen[part.Index] = true
	if part.Digest != digest || part.Count != s.count {
		s.changed = true
	}
	if part.Index != 0 {
		return
	}
	s.root = i
	if document, ok := documentOf(span); !ok || len(document) > segment.MaxSize || !isObject(document) {
		s.changed = true
	}
}

func documentOf(span ptrace.Span) (string, bool) {
	v, ok := span.Attributes().Get(segment.DocumentAttribute)
	if !ok {
		return "", false
	}
	return v.Str(), true
}

// isObject guards the request that the document becomes part of. Whether X-Ray
// takes the document is for X-Ray to say.
func isObject(document string) bool {
	return len(document) > 0 && document[0] == '{' && json.Valid([]byte(document))
}
