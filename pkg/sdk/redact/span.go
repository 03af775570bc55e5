package redact

import (
	"context"
	"slices"
	"strings"

	"go.opentelemetry.io/otel/attribute"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// SpanExporter returns an exporter that gives next the spans redacted: their
// names, attributes, events, links and the message of their status. Those in
// which there is nothing to hide it passes on as they are. It owns next:
// Shutdown shuts next down. With a nil Redactor it is next.
func SpanExporter(next sdktrace.SpanExporter, r *Redactor) sdktrace.SpanExporter {
	if r == nil {
		return next
	}
	return spanExporter{next, r}
}

type spanExporter struct {
	sdktrace.SpanExporter
	redactor *Redactor
}

// ExportSpans implements sdktrace.SpanExporter.
func (e spanExporter) ExportSpans(ctx context.Context, spans []sdktrace.ReadOnlySpan) error {
	return e.SpanExporter.ExportSpans(ctx, e.redactor.Spans(spans))
}

// Spans returns the spans redacted: spans itself if nothing is to hide, else
// a copy of the slice in which other spans are in the place of some.
func (r *Redactor) Spans(spans []sdktrace.ReadOnlySpan) []sdktrace.ReadOnlySpan {
	copied := false
	for i, s := range spans {
		other := r.span(s)
		if other == nil {
			continue
		}
		if !copied {
			spans, copied = slices.Clone(spans), true
		}
		spans[i] = other
	}
	return spans
}

// redacted is a span with other contents.
type redacted struct {
	sdktrace.ReadOnlySpan
	name       string
	attributes []attribute.KeyValue
	events     []sdktrace.Event
	links      []sdktrace.Link
	status     sdktrace.Status
}

func (s *redacted) Name() string                     { return s.name }
func (s *redacted) Attributes() []attribute.KeyValue { return s.attributes }
func (s *redacted) Events() []sdktrace.Event         { return s.events }
func (s *redacted) Links() []sdktrace.Link           { return s.links }
func (s *redacted) Status() sdktrace.Status          { return s.status }

// span returns what takes the place of a span, nil if it may stay.
func (r *Redactor) span(s sdktrace.ReadOnlySpan) sdktrace.ReadOnlySpan {
	document := documentOf(s)
	other := r.contents(s)
	if document == "" || other == nil && !strings.Contains(document, `"sql"`) {
		return other
	}
	if d, ok := s.(documented); ok {
		if made := d.Redacted(r.field); made != nil && r.contents(made) == nil {
			return made
		} else if made == nil && other == nil {
			return nil
		}
	}
	if other == nil {
		return nil
	}
	return withoutDocument(other)
}

func (r *Redactor) contents(s sdktrace.ReadOnlySpan) sdktrace.ReadOnlySpan {
	name, status := s.Name(), s.Status()
	otherName, description := r.Text(name), r.Text(status.Description)
	attributes, c1 := r.Attributes(s.Attributes())
	events, c2 := r.events(s.Events())
	links, c3 := r.links(s.Links())
	if !c1 && !c2 && !c3 && otherName == name && description == status.Description {
		return nil
	}
	status.Description = description
	return &redacted{s, otherName, attributes, events, links, status}
}

func (r *Redactor) field(key, value, system string) string {
	return r.Apply(r.RuleOf(key), value, system)
}

func (r *Redactor) events(events []sdktrace.Event) (_ []sdktrace.Event, changed bool) {
	for i, e := range events {
		attributes, c := r.Attributes(e.Attributes)
		if !c {
			continue
		}
		if !changed {
			events, changed = slices.Clone(events), true
		}
		events[i].Attributes = attributes
	}
	return events, changed
}

func (r *Redactor) links(links []sdktrace.Link) (_ []sdktrace.Link, changed bool) {
	for i, l := range links {
		attributes, c := r.Attributes(l.Attributes)
		if !c {
			continue
		}
		if !changed {
			links, changed = slices.Clone(links), true
		}
		links[i].Attributes = attributes
	}
	return links, changed
}
