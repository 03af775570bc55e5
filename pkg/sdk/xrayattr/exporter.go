package xrayattr

import (
	"context"
	"slices"
	"strings"

	"go.opentelemetry.io/otel/attribute"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// Exporter returns an exporter that gives next the spans with each
// [Annotation] under its plain name and listed in [Annotations], beside the
// names that the span lists there already. Spans without annotations are passed
// on as they are. It owns next: Shutdown shuts next down.
func Exporter(next sdktrace.SpanExporter) sdktrace.SpanExporter { return exporter{next} }

type exporter struct{ sdktrace.SpanExporter }

func (e exporter) ExportSpans(ctx context.Context, spans []sdktrace.ReadOnlySpan) error {
	return e.SpanExporter.ExportSpans(ctx, plain(spans))
}

// plain returns spans, or a copy in which those with annotations are replaced.
// The slice is the caller's.
func plain(spans []sdktrace.ReadOnlySpan) []sdktrace.ReadOnlySpan {
	copied := false
	for i, s := range spans {
		attributes := s.Attributes()
		if !slices.ContainsFunc(attributes, isAnnotation) {
			continue
		}
		if !copied {
			spans, copied = slices.Clone(spans), true
		}
		spans[i] = annotated{s, Plain(attributes)}
	}
	return spans
}

func isAnnotation(kv attribute.KeyValue) bool {
	return strings.HasPrefix(string(kv.Key), AnnotationPrefix)
}

// Plain returns the attributes in the form that every collector knows: see
// [Exporter]. It is for exporters and tests. attributes stays as it is.
func Plain(attributes []attribute.KeyValue) []attribute.KeyValue {
	if !slices.ContainsFunc(attributes, isAnnotation) {
		return attributes
	}
	annotations := map[attribute.Key]bool{}
	var names []string
	for _, kv := range attributes {
		switch {
		case isAnnotation(kv):
			name := kv.Key[len(AnnotationPrefix):]
			annotations[name] = true
			names = append(names, string(name))
		case kv.Key == Annotations && kv.Value.Type() == attribute.STRINGSLICE:
			names = append(names, kv.Value.AsStringSlice()...)
		}
	}
	out := make([]attribute.KeyValue, 0, len(attributes)+1)
	for _, kv := range attributes {
		switch {
		case isAnnotation(kv):
			kv.Key = kv.Key[len(AnnotationPrefix):]
		case kv.Key == Annotations, annotations[kv.Key]:
			continue // the annotation has its name
		}
		out = append(out, kv)
	}
	slices.Sort(names)
	return append(out, attribute.StringSlice(Annotations, slices.Compact(names)))
}

// annotated is a span with other attributes.
type annotated struct {
	sdktrace.ReadOnlySpan
	attributes []attribute.KeyValue
}

func (a annotated) Attributes() []attribute.KeyValue { return a.attributes }
