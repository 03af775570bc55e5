package telemetrytest

import (
	"reflect"
	"slices"
	"testing"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/bragg-tracing/bragg/pkg/sdk/xrayattr"
)

// A Span is one that has ended. Its assertions report to the test and return
// the span, so that they can be chained.
type Span struct {
	sdktrace.ReadOnlySpan
	t          testing.TB
	attributes []attribute.KeyValue
}

// Attributes returns the attributes as they are exported: annotations made
// with xrayattr have their plain names and are listed in aws.xray.annotations.
func (s *Span) Attributes() []attribute.KeyValue { return s.attributes }

// Value returns the value of an attribute. Its Type is attribute.EMPTY if there
// is none.
func (s *Span) Value(key attribute.Key) attribute.Value {
	for _, kv := range s.attributes {
		if kv.Key == key {
			return kv.Value
		}
	}
	return attribute.Value{}
}

// Has asserts that the span has the attributes with these values.
func (s *Span) Has(attributes ...attribute.KeyValue) *Span {
	s.t.Helper()
	for _, want := range attributes {
		if got := s.Value(want.Key); !reflect.DeepEqual(got, want.Value) {
			s.t.Errorf("span %q: %s = %s, want %s", s.Name(), want.Key, show(got), show(want.Value))
		}
	}
	return s
}

func show(v attribute.Value) string {
	if v.Type() == (attribute.Value{}).Type() {
		return "nothing"
	}
	return v.Type().String() + " " + v.String()
}

// Lacks asserts that the span has none of the attributes.
func (s *Span) Lacks(keys ...attribute.Key) *Span {
	s.t.Helper()
	for _, key := range keys {
		if i := slices.IndexFunc(s.attributes, func(kv attribute.KeyValue) bool { return kv.Key == key }); i >= 0 {
			s.t.Errorf("span %q has %s = %s, want none", s.Name(), key, s.attributes[i].Value.String())
		}
	}
	return s
}

// Annotated asserts that X-Ray shows the attribute as an annotation of this
// value.
func (s *Span) Annotated(want attribute.KeyValue) *Span {
	s.t.Helper()
	s.Has(want)
	if !slices.Contains(s.Value(xrayattr.Annotations).AsStringSlice(), string(want.Key)) {
		s.t.Errorf("span %q: %s is no annotation; those are %s", s.Name(), want.Key, show(s.Value(xrayattr.Annotations)))
	}
	return s
}

// Kind asserts the span's kind.
func (s *Span) Kind(want trace.SpanKind) *Span {
	s.t.Helper()
	if got := s.SpanKind(); got != want {
		s.t.Errorf("span %q is of kind %s, want %s", s.Name(), got, want)
	}
	return s
}

// Failed asserts that the span's status is an error, with this description.
func (s *Span) Failed(description string) *Span {
	s.t.Helper()
	if got := s.Status(); got.Code != codes.Error || got.Description != description {
		s.t.Errorf("span %q has status %s %q, want %s %q", s.Name(), got.Code, got.Description, codes.Error, description)
	}
	return s
}

// Succeeded asserts that the span's status is no error.
func (s *Span) Succeeded() *Span {
	s.t.Helper()
	if got := s.Status(); got.Code == codes.Error {
		s.t.Errorf("span %q failed: %q", s.Name(), got.Description)
	}
	return s
}

// ChildOf asserts that the span's parent is the one given.
func (s *Span) ChildOf(parent *Span) *Span {
	s.t.Helper()
	if !s.isChildOf(parent.SpanContext()) {
		s.t.Errorf("span %q has parent %s, want %q", s.Name(), s.Parent().SpanID(), parent.Name())
	}
	return s
}

func (s *Span) isChildOf(parent trace.SpanContext) bool {
	return s.Parent().SpanID() == parent.SpanID() && s.SpanContext().TraceID() == parent.TraceID()
}

// Root asserts that the span has no parent.
func (s *Span) Root() *Span {
	s.t.Helper()
	if s.Parent().SpanID().IsValid() {
		s.t.Errorf("span %q has parent %s, want none", s.Name(), s.Parent().SpanID())
	}
	return s
}

// LinkedTo asserts that one of the span's links leads to the span context.
func (s *Span) LinkedTo(want trace.SpanContext) *Span {
	s.t.Helper()
	for _, link := range s.Links() {
		if link.SpanContext.TraceID() == want.TraceID() && link.SpanContext.SpanID() == want.SpanID() {
			return s
		}
	}
	s.t.Errorf("span %q has %d links, none to span %s of trace %s", s.Name(), len(s.Links()), want.SpanID(), want.TraceID())
	return s
}

// Event returns the one event with the name. It ends the test if there is
// none, or more than one.
func (s *Span) Event(name string) sdktrace.Event {
	s.t.Helper()
	var names []string
	var found []sdktrace.Event
	for _, e := range s.Events() {
		names = append(names, e.Name)
		if e.Name == name {
			found = append(found, e)
		}
	}
	if len(found) != 1 {
		s.t.Fatalf("span %q has %d events %q, want one; there are %q", s.Name(), len(found), name, names)
	}
	return found[0]
}
