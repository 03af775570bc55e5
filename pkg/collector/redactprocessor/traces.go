package redactprocessor

import (
	"context"

	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/bragg-tracing/bragg/pkg/collector/awsxrayreceiver/passthrough"
	"github.com/bragg-tracing/bragg/pkg/segment"
)

func (r redactor) processTraces(_ context.Context, td ptrace.Traces) (ptrace.Traces, error) {
	if r.Redactor == nil {
		return td, nil
	}
	var found documents
	verdicts, i := passthrough.Judge(td), 0 // before anything changes
	eachSpan(td, func(span ptrace.Span) {
		r.document = found.of(span, verdicts.Of(i))
		i++
		switch changed := r.span(span); {
		case changed && r.document != nil:
			r.document.changed = true
		case changed:
			span.Attributes().Remove(segment.DocumentAttribute)
		}
	})
	found.redact(r, td)
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
		r.document.note(span.Name(), name)
		span.SetName(name)
		changed = true
	}
	if message := r.Text(span.Status().Message()); message != span.Status().Message() {
		r.document.note(span.Status().Message(), message)
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
