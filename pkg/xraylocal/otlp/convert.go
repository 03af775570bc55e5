package otlp

import (
	"bytes"
	"fmt"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/bragg-tracing/bragg/pkg/collector/awsxrayexporter/translate"
	"github.com/bragg-tracing/bragg/pkg/segment"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/store"
)

// MaxSpan is the largest span that X-Ray's OTLP endpoint takes, in bytes.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch-OTLPEndpoint.html
const MaxSpan = 200 << 10

// member is where a stored document has the span that it was made from, as the
// JSON of OTLP's TracesData with that span alone.
const member = "otel_span"

// A Converter makes documents of spans. It is safe for concurrent use.
type Converter struct {
	translator *translate.Translator
	marshaler  ptrace.JSONMarshaler
	sizer      ptrace.ProtoMarshaler
}

// NewConverter returns a Converter that makes annotations of all attributes:
// X-Ray indexes spans that come over OTLP so that each can be searched by.
func NewConverter() *Converter {
	t, err := translate.New(translate.Config{IndexAllAttributes: true})
	if err != nil {
		panic(err) // of a configuration that names nothing
	}
	return &Converter{translator: t}
}

// MaxRefused is how many refused spans of one call are told apart.
const MaxRefused = 50

// A Refusal says that spans were not taken.
type Refusal struct {
	Spans  int
	Reason string        // of the first
	Each   []RefusedSpan // the first MaxRefused
}

// A RefusedSpan is a span that was not taken.
type RefusedSpan struct {
	TraceID, SpanID string // hexadecimal, "" for none
	Reason          string
	Original        []byte // OTLP's TracesData in JSON with that span alone
}

func (r *Refusal) add(o original, why string) {
	span := o.spans().At(0)
	if r.Spans++; r.Spans == 1 {
		r.Reason = fmt.Sprintf("span %s of trace %s: %s", span.SpanID(), span.TraceID(), why)
	}
	if len(r.Each) < MaxRefused {
		text, _ := new(ptrace.JSONMarshaler).MarshalTraces(o.Traces) // without it the reason still tells
		r.Each = append(r.Each, RefusedSpan{span.TraceID().String(), span.SpanID().String(), why, text})
	}
}

// Documents returns what to store of the spans of td, in order, and what is not
// taken: spans without ids and, if strict, larger than MaxSpan. It does not
// change td.
func (c *Converter) Documents(td ptrace.Traces, strict bool) ([]store.Document, Refusal, error) {
	var refused Refusal
	good, originals := c.accept(td, strict, &refused)
	var docs []store.Document
	var failed error
	c.translator.Translate(good, func(d translate.Document) {
		raw := d.JSON()
		doc, err := segment.Parse(raw)
		original, ok := originals[spanKey{d.TraceID, pcommon.SpanID(d.SegmentID)}]
		switch {
		case err != nil && ok:
			refused.add(original, err.Error())
			return
		case err != nil: // the second document of a span
			return
		case ok:
			if raw, err = c.attach(raw, original); err != nil {
				failed = err
				return
			}
		}
		docs = append(docs, store.Document{Document: doc, Raw: raw})
	})
	return docs, refused, failed
}

type spanKey struct {
	trace pcommon.TraceID
	span  pcommon.SpanID
}

// An original is one span with its resource and scope.
type original struct{ ptrace.Traces }

func (o original) spans() ptrace.SpanSlice {
	return o.ResourceSpans().At(0).ScopeSpans().At(0).Spans()
}

// accept returns the spans of td that are taken, all together and each apart.
func (c *Converter) accept(td ptrace.Traces, strict bool, refused *Refusal) (ptrace.Traces, map[spanKey]original) {
	good := ptrace.NewTraces()
	originals := make(map[spanKey]original)
	for _, from := range td.ResourceSpans().All() {
		resource := good.ResourceSpans().AppendEmpty()
		from.Resource().CopyTo(resource.Resource())
		resource.SetSchemaUrl(from.SchemaUrl())
		for _, from := range from.ScopeSpans().All() {
			scope := resource.ScopeSpans().AppendEmpty()
			from.Scope().CopyTo(scope.Scope())
			scope.SetSchemaUrl(from.SchemaUrl())
			for _, span := range from.Spans().All() {
				switch {
				case span.TraceID().IsEmpty():
					refused.add(alone(resource, scope, span), "it has no trace id")
				case span.SpanID().IsEmpty():
					refused.add(alone(resource, scope, span), "it has no span id")
				case strict && c.sizer.SpanSize(span) > MaxSpan:
					refused.add(alone(resource, scope, span), fmt.Sprintf("it has more than %d bytes", MaxSpan))
				default:
					span.CopyTo(scope.Spans().AppendEmpty())
					originals[spanKey{span.TraceID(), span.SpanID()}] = alone(resource, scope, span)
				}
			}
		}
	}
	return good, originals
}

// alone returns a span with its resource and scope.
func alone(resource ptrace.ResourceSpans, scope ptrace.ScopeSpans, span ptrace.Span) original {
	td := ptrace.NewTraces()
	r := td.ResourceSpans().AppendEmpty()
	resource.Resource().CopyTo(r.Resource())
	r.SetSchemaUrl(resource.SchemaUrl())
	s := r.ScopeSpans().AppendEmpty()
	scope.Scope().CopyTo(s.Scope())
	s.SetSchemaUrl(scope.SchemaUrl())
	span.CopyTo(s.Spans().AppendEmpty())
	return original{td}
}

// attach puts a span into its document.
func (c *Converter) attach(raw []byte, o original) ([]byte, error) {
	text, err := c.marshaler.MarshalTraces(o.Traces)
	if err != nil {
		return nil, fmt.Errorf("marshal span %s: %w", o.spans().At(0).SpanID(), err)
	}
	raw = append(bytes.TrimSuffix(raw, []byte("}")), `,"`+member+`":`...)
	return append(append(raw, text...), '}'), nil
}
