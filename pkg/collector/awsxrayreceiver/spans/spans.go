package spans

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"hash/fnv"
	"math"
	"strings"
	"unicode/utf8"

	"github.com/bragg-tracing/bragg/pkg/collector/awsxrayreceiver/passthrough"
	"github.com/bragg-tracing/bragg/pkg/segment"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

// Options say what is made beside the spans.
type Options struct {
	// KeepDocument puts the document on its span, with a marker on each of
	// the spans, if it is one that X-Ray accepts.
	KeepDocument bool
	// HTTP are the semantic conventions of http blocks.
	HTTP Conventions
}

// What a segment must have.
var (
	errName      = errors.New("it has no name")
	errID        = errors.New("its id is not 16 hexadecimal digits")
	errStartTime = errors.New("it has no start_time")
	errTraceID   = errors.New(`its trace_id is not of the form "1-8 digits-24 digits"`)
)

// Append adds the spans of a document to td, in a ResourceSpans of their own,
// and returns how many there are: first the document's, then those of its
// subsegments, each before its own. An error means that it cannot be told what
// the document is about, and nothing is added. Append does not retain document.
func Append(td ptrace.Traces, document []byte, o Options) (int, error) {
	doc, err := decode(document)
	if err != nil {
		return 0, err
	}
	f := flattener{options: o}
	root, err := f.root(doc)
	if err != nil {
		return 0, err
	}
	rs := td.ResourceSpans().AppendEmpty()
	f.language = fillResource(rs.Resource().Attributes(), doc)
	f.spans = rs.ScopeSpans().AppendEmpty().Spans()
	f.add(doc, root)
	if text := toUTF8(document); o.KeepDocument && accepted(text) {
		passthrough.Mark(rs, text)
	}
	return f.spans.Len(), nil
}

// accepted reports whether X-Ray takes a document as it is. One that it
// refuses is not kept: the spans, in which the fault is repaired, are rendered.
func accepted(document string) bool {
	_, err := segment.Parse([]byte(document))
	return err == nil
}

// toUTF8 returns a text that attributes can carry.
func toUTF8(document []byte) string {
	if utf8.Valid(document) {
		return string(document)
	}
	return strings.ToValidUTF8(string(document), "\uFFFD")
}

// A flattener makes the spans of one document.
type flattener struct {
	options  Options
	language string // of the SDK
	spans    ptrace.SpanSlice
}

// An identity is what a subsegment has from the segment that it is in, if not
// from itself.
type identity struct {
	trace      [16]byte
	id, parent [8]byte
	name       string
	start      float64
	subsegment bool // the document is, or is in, a subsegment
}

func (f *flattener) root(doc object) (root identity, err error) {
	var ok, hasName, hasStart bool
	if root.name, hasName = doc.str("name"); !hasName {
		return root, errName
	}
	if root.start, hasStart = doc.number("start_time"); !hasStart {
		return root, errStartTime
	}
	if root.id, ok = spanID(doc, "id"); !ok {
		return root, errID
	}
	if root.trace, ok = traceID(doc); !ok {
		return root, errTraceID
	}
	var hasParent bool
	root.parent, hasParent = spanID(doc, "parent_id")
	kind, _ := doc.str("type")
	root.subsegment = hasParent && strings.EqualFold(kind, segment.TypeSubsegment)
	return root, nil
}

// embedded returns the identity of the ith subsegment of parent.
func embedded(doc object, parent identity, i int) identity {
	sub := identity{trace: parent.trace, parent: parent.id, start: parent.start, name: "unnamed", subsegment: true}
	if id, ok := traceID(doc); ok {
		sub.trace = id
	}
	if name, ok := doc.str("name"); ok {
		sub.name = name
	}
	if start, ok := doc.number("start_time"); ok {
		sub.start = start
	}
	var ok bool
	if sub.id, ok = spanID(doc, "id"); !ok {
		sub.id = derive(parent.id, i)
	}
	return sub
}

// derive makes an id for the ith subsegment of a segment; never zero.
func derive(parent [8]byte, i int) (id [8]byte) {
	h := fnv.New64a()
	h.Write(parent[:])
	h.Write(binary.BigEndian.AppendUint64(nil, uint64(i)))
	binary.BigEndian.PutUint64(id[:], max(h.Sum64(), 1))
	return id
}

func traceID(doc object) (id [16]byte, ok bool) {
	text, _ := doc.str("trace_id")
	digits, ok := segment.HexTraceID(text)
	if !ok {
		return id, false
	}
	_, err := hex.Decode(id[:], []byte(digits))
	return id, err == nil
}

func spanID(doc object, key string) (id [8]byte, ok bool) {
	text, _ := doc.str(key)
	if !segment.IsID(text) {
		return id, false
	}
	_, err := hex.Decode(id[:], []byte(text))
	return id, err == nil
}

// add adds the span of doc and those of its subsegments.
func (f *flattener) add(doc object, who identity) {
	f.fill(f.spans.AppendEmpty(), doc, who)
	for i, sub := range doc.objects("subsegments") {
		f.add(sub, embedded(sub, who, i))
	}
}

func (f *flattener) fill(span ptrace.Span, doc object, who identity) {
	attributes := span.Attributes()
	attributes.EnsureCapacity(16)
	span.SetTraceID(who.trace)
	span.SetSpanID(who.id)
	span.SetParentSpanID(who.parent)
	span.SetName(who.name)
	f.fillKind(span, doc, who)
	fillTimes(span, doc, who.start)
	p := putter{doc, attributes}
	p.str("user", "enduser.id")
	f.fillHTTP(span, doc)
	f.fillCause(span, doc.object("cause"), doc)
	fillFlags(span, doc)
	fillAWS(attributes, doc.object("aws"), !who.subsegment)
	fillSQL(attributes, doc.object("sql"))
	p.boolean("traced", traced)
	p.any("precursor_ids", precursorIDs)
	fillLinks(span.Links(), doc)
	fillAnnotations(attributes, doc.object("annotations"))
	fillMetadata(attributes, doc.object("metadata"))
}

// fillKind sets the kind: a segment is what a server did; a subsegment with a
// namespace is a call, and one with a client's address what a server did.
func (f *flattener) fillKind(span ptrace.Span, doc object, who identity) {
	namespace, ok := doc.str("namespace")
	_, hasClient := doc.object("http").object("request").str("client_ip")
	switch {
	case ok && (namespace == segment.NamespaceAWS || namespace == segment.NamespaceRemote):
		span.SetKind(ptrace.SpanKindClient)
	case hasClient:
		span.SetKind(ptrace.SpanKindServer)
	default:
		span.SetKind(ptrace.SpanKindInternal)
	}
	if !who.subsegment {
		span.SetKind(ptrace.SpanKindServer)
	}
	switch namespace {
	case segment.NamespaceAWS:
		span.Attributes().PutStr(awsService, who.name)
	case segment.NamespaceRemote, "":
	default:
		span.Attributes().PutStr(namespaceName, namespace)
	}
}

// fillTimes sets the times. What has not ended is in progress, and its span
// ends when it started.
func fillTimes(span ptrace.Span, doc object, start float64) {
	span.SetStartTimestamp(timestamp(start))
	end, ended := doc.number("end_time")
	if !ended {
		end = start
	}
	span.SetEndTimestamp(timestamp(end))
	if running, ok := doc.boolean("in_progress"); ok || !ended {
		span.Attributes().PutBool(inProgress, running || !ended)
	}
}

// timestamp converts seconds, of which a document of this era has seven
// decimals, without the error of a product of floats.
func timestamp(seconds float64) pcommon.Timestamp {
	whole, fraction := math.Modf(seconds)
	switch {
	case !(seconds > 0):
		return 0
	case whole >= math.MaxUint64/1e9:
		return math.MaxUint64
	}
	return pcommon.Timestamp(uint64(whole)*1e9 + uint64(math.Round(fraction*1e7))*100)
}

// fillFlags makes the span an error if the document says so and nothing else
// in it did, and notes what only the flags say.
func fillFlags(span ptrace.Span, doc object) {
	fault, _ := doc.boolean("fault")
	failed, _ := doc.boolean("error")
	throttled, _ := doc.boolean("throttle")
	if !fault && !failed && !throttled {
		return
	}
	span.Status().SetCode(ptrace.StatusCodeError)
	status, _ := doc.object("http").object("response").integer("status")
	if failed && (status < 400 || status > 499) {
		span.Attributes().PutBool(errorFlag, true)
	}
	if throttled && status != 429 {
		span.Attributes().PutBool(throttleFlag, true)
	}
}

func fillLinks(links ptrace.SpanLinkSlice, doc object) {
	for _, from := range doc.objects("links") {
		trace, ok := traceID(from)
		if !ok {
			continue
		}
		link := links.AppendEmpty()
		link.SetTraceID(trace)
		id, _ := spanID(from, "id")
		link.SetSpanID(id)
		putAll(link.Attributes(), from.object("attributes"))
	}
}
