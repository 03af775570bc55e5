package redactprocessor

import (
	"context"

	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/bragg-tracing/bragg/pkg/segment"
)

func (r redactor) processTraces(_ context.Context, td ptrace.Traces) (ptrace.Traces, error) {
	if r.Redactor == nil {
		return td, nil
	}
	var changed documents
	eachSpan(td, func(span ptrace.Span) {
		if r.span(span) {
			changed.add(span)
		}
	})
	if len(changed) > 0 {
		eachSpan(td, changed.remove)
	}
	return td, nil
}

func eachSpan(td ptrace.Traces, f func(ptrace.Span)) {
	for _, rs := range td.ResourceSpans().All() {
		for _, ss := range rs.ScopeSpans().All() {
			for _, span := range ss.Spans().All() {
				f(span)
			}
		}
	}
}

// span redacts a span and reports whether there was something to hide.
func (r redactor) span(span ptrace.Span) bool {
	changed := r.attributes(span.Attributes(), 0)
	if name := r.Text(span.Name()); name != span.Name() {
		span.SetName(name)
		changed = true
	}
	if message := r.Text(span.Status().Message()); message != span.Status().Message() {
		span.Status().SetMessage(message)
		changed = true
	}
	for _, event := range span.Events().All() {
		changed = r.attributes(event.Attributes(), 0) || changed
	}
	for _, link := range span.Links().All() {
		changed = r.attributes(link.Attributes(), 0) || changed
	}
	return changed
}

// documents are X-Ray documents of which a span was redacted. Their text, which
// travels on one of the spans, holds what was hidden. The awsxray exporter would
// not send it, as the span is not any more what it was made from it; the text
// is removed so that nobody else does.
type documents map[[8]byte]bool

func documentOf(span ptrace.Span) (document [8]byte, ok bool) {
	v, ok := span.Attributes().Get(segment.PartAttribute)
	if !ok {
		return document, false
	}
	part, ok := segment.ParsePart(v.Str())
	return part.Document, ok
}

func (d *documents) add(span ptrace.Span) {
	id, ok := documentOf(span)
	if !ok {
		span.Attributes().Remove(segment.DocumentAttribute)
		return
	}
	if *d == nil {
		*d = documents{}
	}
	(*d)[id] = true
}

func (d documents) remove(span ptrace.Span) {
	if id, ok := documentOf(span); ok && d[id] {
		span.Attributes().Remove(segment.DocumentAttribute)
	}
}
