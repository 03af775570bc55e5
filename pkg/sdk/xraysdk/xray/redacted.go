package xray

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"go.opentelemetry.io/otel/attribute"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// redacted is a span of which some fields are hidden, its document included.
type redacted struct {
	*span
	said *said
}

func (r redacted) Name() string                     { return r.said.name }
func (r redacted) Attributes() []attribute.KeyValue { return r.said.attributes }
func (r redacted) Events() []sdktrace.Event         { return r.said.events }
func (r redacted) Status() sdktrace.Status          { return r.said.status }

// Redacted returns the span with what field returns in the place of what the
// segment's fields say, nil if that changes nothing. field gets the name of the
// attribute that OpenTelemetry has for a field, its value and for a statement
// the database's db.system.name. pkg/sdk/redact calls it before an export.
func (p *span) Redacted(field func(key, value, system string) string) sdktrace.ReadOnlySpan {
	doc := p.seg.snapshot()
	if doc == nil || !doc.redact(field) {
		return nil
	}
	r := redacted{p, &said{}}
	p.describe(r.said, doc)
	return r
}

// redact changes a snapshot and reports whether there was anything to hide.
func (s *Segment) redact(field func(key, value, system string) string) (changed bool) {
	hide := func(key, system string, value *string) {
		if hidden := field(key, *value, system); hidden != *value {
			*value, changed = hidden, true
		}
	}
	if s.HTTP != nil && s.HTTP.Request != nil {
		http, request := *s.HTTP, *s.HTTP.Request
		http.Request = &request
		hide("url.full", "", &request.URL)
		s.HTTP = &http
	}
	if s.SQL != nil {
		sql := *s.SQL
		hide("db.connection_string", "", &sql.ConnectionString)
		hide("db.connection_string", "", &sql.URL)
		hide("db.query.text", systemOf(sql.DatabaseType), &sql.SanitizedQuery)
		s.SQL = &sql
	}
	if s.Cause != nil {
		s.Cause.Exceptions = slices.Clone(s.Cause.Exceptions)
		for i := range s.Cause.Exceptions {
			hide("exception.message", "", &s.Cause.Exceptions[i].Message)
		}
	}
	for key, value := range s.Annotations {
		if text, ok := value.(string); ok {
			hide(key, "", &text)
			s.Annotations[key] = text
		}
	}
	return s.redactMetadata(field) || changed
}

// redactMetadata changes the metadata of a snapshot. What cannot be read any
// more goes.
func (s *Segment) redactMetadata(field func(key, value, system string) string) (changed bool) {
	var all attributes
	all.metadata(s.Metadata)
	for i, namespace := range slices.Sorted(maps.Keys(s.Metadata)) {
		text := all[i].Value.AsString()
		hidden := field(string(all[i].Key), text, "")
		if hidden == text {
			continue
		}
		changed = true
		decoder := json.NewDecoder(strings.NewReader(hidden))
		decoder.UseNumber()
		values := map[string]interface{}{}
		if decoder.Decode(&values) != nil {
			delete(s.Metadata, namespace)
			continue
		}
		s.Metadata[namespace] = values
	}
	return changed
}
