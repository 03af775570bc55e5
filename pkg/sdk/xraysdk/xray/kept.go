package xray

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"sync"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"
)

// The attributes by which a segment document travels beside its span to Bragg's
// awsxray exporter, which sends it as it is if the span arrives unchanged. The
// protocol is described in pkg/segment of the module
// github.com/bragg-tracing/bragg.
const (
	documentKey attribute.Key = "aws.xray.document"
	partKey     attribute.Key = "aws.xray.document.part"
)

// maxDocument is X-Ray's limit of a document, in bytes.
const maxDocument = 64 << 10

// keepsDocuments reports whether spans carry their documents: unless
// BRAGG_XRAY_DOCUMENTS is false, for exporters that do not know the attributes
// and would show them.
var keepsDocuments = sync.OnceValue(func() bool {
	return !strings.EqualFold(os.Getenv("BRAGG_XRAY_DOCUMENTS"), "false")
})

// keepDocument adds the document and what tells it from a changed one: version;
// random id; index/count; digest. The document has no subsegments: those are
// spans and documents of their own.
func (p *span) keepDocument(w *said, doc *Segment) {
	document := doc.document()
	if len(document) > maxDocument {
		return
	}
	w.attributes = append(w.attributes, documentKey.String(string(document)))
	digest := p.digest(w)
	part := make([]byte, 0, 64)
	part = append(part, "1;"...)
	part = hex.AppendEncode(part, binary.LittleEndian.AppendUint64(nil, rand.Uint64()))
	part = append(part, ";0/1;"...)
	part = hex.AppendEncode(part, digest[:16])
	w.attributes = append(w.attributes, partKey.String(string(part)))
}

// digest is over all that the span holds, in the form of the protocol: strings
// and lists with their length, values with their type, attributes sorted.
func (p *span) digest(w *said) [sha256.Size]byte {
	resource := resources.of(p.feed.Resource, w.service)
	var d form
	d.text(resource.SchemaURL())
	d.attributes(resource.Attributes())
	d.number(0) // dropped attributes
	d.text("")  // schema URL of the scope
	d.text(p.InstrumentationScope().Name)
	d.text(p.InstrumentationScope().Version)
	d.attributes(nil)
	d.number(0)
	scope := sha256.Sum256(d)

	d = slices.Concat(scope[:], p.traceID[:], p.id[:], p.parentID[:])
	d.text("") // trace state
	d.text(w.name)
	d.number(uint64(p.kind))
	d.number(p.flags())
	d.number(uint64(max(0, p.start)))
	d.number(uint64(max(0, p.end)))
	d.number(map[codes.Code]uint64{codes.Ok: 1, codes.Error: 2}[w.status.Code])
	d.text(w.status.Description)
	d.attributes(w.attributes)
	d.number(0)
	d.number(uint64(len(w.events)))
	for _, e := range w.events {
		d.number(uint64(e.Time.UnixNano()))
		d.text(e.Name)
		d.attributes(e.Attributes)
		d.number(0)
	}
	d.number(0) // dropped events
	d.number(0) // links
	d.number(0) // dropped links
	return sha256.Sum256(d)
}

// flags are those of OTLP: W3C's, and whether the parent is remote.
// https://github.com/open-telemetry/opentelemetry-proto/blob/v1.9.0/opentelemetry/proto/trace/v1/trace.proto
func (p *span) flags() uint64 {
	const hasIsRemote, isRemote = 0x100, 0x200
	flags := uint64(trace.FlagsSampled) | hasIsRemote
	if p.remote {
		flags |= isRemote
	}
	return flags
}

// The types of values in the collector.
const (
	typeText   = 1
	typeInt    = 2
	typeDouble = 3
	typeBool   = 4
	typeSlice  = 6
)

type form []byte

func (d *form) number(n uint64) { *d = binary.LittleEndian.AppendUint64(*d, n) }

func (d *form) text(s string) {
	d.number(uint64(len(s)))
	*d = append(*d, s...)
}

func (d *form) attributes(list []attribute.KeyValue) {
	sorted := slices.Clone(list)
	slices.SortStableFunc(sorted, func(a, b attribute.KeyValue) int { return strings.Compare(string(a.Key), string(b.Key)) })
	d.number(uint64(len(sorted)))
	for _, a := range sorted {
		d.text(string(a.Key))
		d.value(a.Value)
	}
}

// value takes the types that attributes of spans and resources have here; of
// others the digest is wrong, and the span is rendered.
func (d *form) value(v attribute.Value) {
	switch v.Type() {
	case attribute.STRING:
		*d = append(*d, typeText)
		d.text(v.AsString())
	case attribute.INT64:
		*d = append(*d, typeInt)
		d.number(uint64(v.AsInt64()))
	case attribute.FLOAT64:
		*d = append(*d, typeDouble)
		d.number(math.Float64bits(v.AsFloat64()))
	case attribute.BOOL:
		*d = append(*d, typeBool)
		d.number(map[bool]uint64{true: 1}[v.AsBool()])
	case attribute.STRINGSLICE:
		*d = append(*d, typeSlice)
		d.number(uint64(len(v.AsStringSlice())))
		for _, s := range v.AsStringSlice() {
			*d = append(*d, typeText)
			d.text(s)
		}
	}
}
