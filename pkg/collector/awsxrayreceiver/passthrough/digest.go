package passthrough

import (
	"crypto/sha256"
	"encoding/binary"
	"math"
	"slices"
	"strings"

	"github.com/bragg-tracing/bragg/pkg/segment"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

// A digester computes the digests of spans: SHA-256, cut to 128 bits, over a
// canonical form of all that a span holds, its resource and scope included,
// without segment.PartAttribute. Every string and list comes with its length,
// every value with its type, and attributes are in the order of their keys, so
// that two spans have the same form only if they say the same. The digest is
// the same in every process.
type digester struct {
	buf   []byte
	scope [sha256.Size]byte // of the resource and the scope
}

// setScope sets the resource and the scope of the spans to come.
func (d *digester) setScope(rs ptrace.ResourceSpans, ss ptrace.ScopeSpans) {
	d.buf = d.buf[:0]
	d.str(rs.SchemaUrl())
	d.attributes(rs.Resource().Attributes())
	d.number(uint64(rs.Resource().DroppedAttributesCount()))
	d.str(ss.SchemaUrl())
	d.str(ss.Scope().Name())
	d.str(ss.Scope().Version())
	d.attributes(ss.Scope().Attributes())
	d.number(uint64(ss.Scope().DroppedAttributesCount()))
	d.scope = sha256.Sum256(d.buf)
}

// span returns the digest of a span of the resource and scope that were set.
func (d *digester) span(s ptrace.Span) (digest [16]byte) {
	trace, id, parent := s.TraceID(), s.SpanID(), s.ParentSpanID()
	d.buf = append(append(append(append(d.buf[:0], d.scope[:]...), trace[:]...), id[:]...), parent[:]...)
	d.str(s.TraceState().AsRaw())
	d.str(s.Name())
	d.number(uint64(s.Kind()))
	d.number(uint64(s.Flags()))
	d.number(uint64(s.StartTimestamp()))
	d.number(uint64(s.EndTimestamp()))
	d.number(uint64(s.Status().Code()))
	d.str(s.Status().Message())
	d.attributes(s.Attributes())
	d.number(uint64(s.DroppedAttributesCount()))
	d.events(s.Events())
	d.number(uint64(s.DroppedEventsCount()))
	d.links(s.Links())
	d.number(uint64(s.DroppedLinksCount()))
	sum := sha256.Sum256(d.buf)
	copy(digest[:], sum[:])
	return digest
}

func (d *digester) events(events ptrace.SpanEventSlice) {
	d.number(uint64(events.Len()))
	for _, e := range events.All() {
		d.number(uint64(e.Timestamp()))
		d.str(e.Name())
		d.attributes(e.Attributes())
		d.number(uint64(e.DroppedAttributesCount()))
	}
}

func (d *digester) links(links ptrace.SpanLinkSlice) {
	d.number(uint64(links.Len()))
	for _, l := range links.All() {
		trace, id := l.TraceID(), l.SpanID()
		d.buf = append(append(d.buf, trace[:]...), id[:]...)
		d.str(l.TraceState().AsRaw())
		d.number(uint64(l.Flags()))
		d.attributes(l.Attributes())
		d.number(uint64(l.DroppedAttributesCount()))
	}
}

func (d *digester) number(n uint64) { d.buf = binary.LittleEndian.AppendUint64(d.buf, n) }

func (d *digester) str(s string) {
	d.number(uint64(len(s)))
	d.buf = append(d.buf, s...)
}

type attribute struct {
	key   string
	value pcommon.Value
}

func (d *digester) attributes(m pcommon.Map) {
	list := make([]attribute, 0, m.Len())
	for key, value := range m.All() {
		if key != segment.PartAttribute {
			list = append(list, attribute{key, value})
		}
	}
	slices.SortStableFunc(list, func(a, b attribute) int { return strings.Compare(a.key, b.key) })
	d.number(uint64(len(list)))
	for _, a := range list {
		d.str(a.key)
		d.value(a.value)
	}
}

func (d *digester) value(v pcommon.Value) {
	d.buf = append(d.buf, byte(v.Type()))
	switch v.Type() {
	case pcommon.ValueTypeStr:
		d.str(v.Str())
	case pcommon.ValueTypeBool:
		if v.Bool() {
			d.number(1)
		} else {
			d.number(0)
		}
	case pcommon.ValueTypeInt:
		d.number(uint64(v.Int()))
	case pcommon.ValueTypeDouble:
		d.number(math.Float64bits(v.Double()))
	case pcommon.ValueTypeBytes:
		d.str(string(v.Bytes().AsRaw()))
	case pcommon.ValueTypeMap:
		d.attributes(v.Map())
	case pcommon.ValueTypeSlice:
		d.number(uint64(v.Slice().Len()))
		for _, element := range v.Slice().All() {
			d.value(element)
		}
	}
}
