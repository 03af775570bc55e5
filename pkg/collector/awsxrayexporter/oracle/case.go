package oracle

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/bragg-tracing/bragg/pkg/collector/awsxrayexporter/translate"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

// A Case is one span with its resource, and the configuration under which it
// is translated.
type Case struct {
	Name     string
	Config   translate.Config // its Mode is not looked at
	Resource pcommon.Resource
	Span     ptrace.Span
}

// A Part sets something of a Case.
type Part func(*Case)

// NewCase makes a case from its parts. Without any it is an internal span with
// a parent and one attribute, of a resource without attributes.
func NewCase(name string, parts ...Part) Case {
	c := Case{Name: name, Resource: pcommon.NewResource(), Span: ptrace.NewSpan()}
	c.Span.SetName("work")
	c.Span.SetKind(ptrace.SpanKindInternal)
	c.Span.SetTraceID([16]byte{0x68, 0x3d, 0x10, 0x01, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16})
	c.Span.SetSpanID([8]byte{1, 2, 3, 4, 5, 6, 7, 8})
	c.Span.SetParentSpanID([8]byte{8, 7, 6, 5, 4, 3, 2, 1})
	c.Span.SetStartTimestamp(1748832001123456789)
	c.Span.SetEndTimestamp(1748832001987654321)
	for _, part := range parts {
		part(&c)
	}
	return c.withDuplicates()
}

// Kind sets the kind.
func Kind(k ptrace.SpanKind) Part { return func(c *Case) { c.Span.SetKind(k) } }

// Kinds, short for tables.
var (
	Server      = Kind(ptrace.SpanKindServer)
	Client      = Kind(ptrace.SpanKindClient)
	Producer    = Kind(ptrace.SpanKindProducer)
	Consumer    = Kind(ptrace.SpanKindConsumer)
	Internal    = Kind(ptrace.SpanKindInternal)
	Unspecified = Kind(ptrace.SpanKindUnspecified)
)

// Root takes the parent away.
func Root(c *Case) { c.Span.SetParentSpanID(pcommon.SpanID{}) }

// LocalRoot says that the span is the first of its service.
func LocalRoot(c *Case) { c.Span.Attributes().PutStr("aws.span.kind", "LOCAL_ROOT") }

// Name sets the span's name.
func Name(s string) Part { return func(c *Case) { c.Span.SetName(s) } }

// IDs sets the ids.
func IDs(trace pcommon.TraceID, span, parent pcommon.SpanID) Part {
	return func(c *Case) {
		c.Span.SetTraceID(trace)
		c.Span.SetSpanID(span)
		c.Span.SetParentSpanID(parent)
	}
}

// Times sets start and end, in nanoseconds.
func Times(start, end uint64) Part {
	return func(c *Case) {
		c.Span.SetStartTimestamp(pcommon.Timestamp(start))
		c.Span.SetEndTimestamp(pcommon.Timestamp(end))
	}
}

// Status sets the status.
func Status(code ptrace.StatusCode, message string) Part {
	return func(c *Case) {
		c.Span.Status().SetCode(code)
		c.Span.Status().SetMessage(message)
	}
}

// Failed sets the status Error without a message.
var Failed = Status(ptrace.StatusCodeError, "")

// Attributes sets attributes of the span: keys and values in turn. A value is
// whatever pcommon.Value.FromRaw takes.
func Attributes(pairs ...any) Part {
	return func(c *Case) { put(c.Span.Attributes(), pairs) }
}

// Resource sets attributes of the resource, as Attributes does.
func Resource(pairs ...any) Part {
	return func(c *Case) { put(c.Resource.Attributes(), pairs) }
}

// Event adds an event with attributes, as Attributes does.
func Event(name string, pairs ...any) Part {
	return func(c *Case) {
		e := c.Span.Events().AppendEmpty()
		e.SetName(name)
		e.SetTimestamp(1748832001555666777)
		put(e.Attributes(), pairs)
	}
}

// Exception adds an exception event.
func Exception(typ, message, stack string) Part {
	return Event("exception", "exception.type", typ, "exception.message", message, "exception.stacktrace", stack)
}

// Language sets what SDK made the span.
func Language(s string) Part { return Resource("telemetry.sdk.language", s) }

// Link adds a link with attributes, as Attributes does.
func Link(trace pcommon.TraceID, span pcommon.SpanID, pairs ...any) Part {
	return func(c *Case) {
		l := c.Span.Links().AppendEmpty()
		l.SetTraceID(trace)
		l.SetSpanID(span)
		put(l.Attributes(), pairs)
	}
}

// Index names the indexed attributes.
func Index(names ...string) Part {
	return func(c *Case) { c.Config.IndexedAttributes = names }
}

// IndexAll indexes all attributes.
func IndexAll(c *Case) { c.Config.IndexAllAttributes = true }

// LogGroups configures aws_log_groups.
func LogGroups(names ...string) Part {
	return func(c *Case) { c.Config.LogGroupNames = names }
}

// duplicate is a mark within a key, which stands for the key without it.
const duplicate = "\x01"

// Again marks a key so that it is put once more, although it is there already.
// OpenTelemetry forbids it; nothing on the wire prevents it.
func Again(key string) string { return key[:len(key)-1] + duplicate + key[len(key)-1:] }

func put(m pcommon.Map, pairs []any) {
	for i := 0; i < len(pairs); i += 2 {
		if err := m.PutEmpty(pairs[i].(string)).FromRaw(pairs[i+1]); err != nil {
			panic(fmt.Sprintf("%s: %v", pairs[i], err))
		}
	}
}

// withDuplicates takes the marks of Again away. A map refuses to hold a key
// twice, so that it is done on the wire.
func (c Case) withDuplicates() Case {
	if !hasMark(c.Span.Attributes()) && !hasMark(c.Resource.Attributes()) {
		return c
	}
	td := Traces([]Case{c})
	wire := must((&ptrace.JSONMarshaler{}).MarshalTraces(td))
	wire = bytes.ReplaceAll(wire, []byte(`\u0001`), nil)
	td = must((&ptrace.JSONUnmarshaler{}).UnmarshalTraces(wire))
	rs := td.ResourceSpans().At(0)
	c.Resource, c.Span = rs.Resource(), rs.ScopeSpans().At(0).Spans().At(0)
	return c
}

func hasMark(m pcommon.Map) bool {
	for key := range m.All() {
		if strings.Contains(key, duplicate) {
			return true
		}
	}
	return false
}

// Traces copies cases into a batch, in order. Neighbours of one resource share
// a ResourceSpans.
func Traces(cases []Case) ptrace.Traces {
	td := ptrace.NewTraces()
	var spans ptrace.SpanSlice
	for i, c := range cases {
		if i == 0 || c.Resource != cases[i-1].Resource {
			rs := td.ResourceSpans().AppendEmpty()
			c.Resource.CopyTo(rs.Resource())
			spans = rs.ScopeSpans().AppendEmpty().Spans()
		}
		c.Span.CopyTo(spans.AppendEmpty())
	}
	return td
}

// JSON renders the case as OTLP JSON, for reports.
func (c Case) JSON() string {
	return string(must((&ptrace.JSONMarshaler{}).MarshalTraces(Traces([]Case{c}))))
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
