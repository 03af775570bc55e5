package translate

import (
	"encoding/binary"
	"hash/maphash"
	"math"
	"math/bits"
	"sync/atomic"

	"github.com/bragg-tracing/bragg/pkg/segment"
	"go.opentelemetry.io/collector/pdata/pcommon"
)

// A resource is what every span of a resource has in common, rendered. Members
// begin with a comma. It does not change once it is made, but for own, and
// refers to no pdata.
type resource struct {
	origin      []byte // the origin member, or nothing
	service     []byte // the service member, or nothing
	noAWS       bool   // another cloud: documents have no aws block
	aws         []byte // members of the aws block, but for account_id
	account     string
	language    string // of the telemetry SDK, as the resource has it
	serviceName string
	named       bool // there is a service.name
	empty       bool // no attributes at all

	own atomic.Pointer[ownMembers] // made for the first document that needs them
}

// ownMembers are a resource's own attributes, which only segments show.
type ownMembers struct {
	annotations []byte // members, for the configured indexed attributes
	annotated   int    // how many
	metadata    []byte // members of the default namespace, the rest
}

var noResource = &resource{empty: true}

// A freshResource is a resource that was not seen before and may never be
// again: it is rendered into memory that the next one uses.
type freshResource struct {
	resource
	members     ownMembers
	buf, ownBuf []byte
}

// resourcePrefix is what the names of a resource's attributes begin with in
// annotations and metadata.
const resourcePrefix = "otel.resource."

// seed makes the hashes of resources unpredictable, so that nobody can send
// two that collide.
var seed = maphash.MakeSeed()

// hashResource hashes names, types and values, in order. It also returns their
// length in bytes.
func (s *scratch) hashResource(m pcommon.Map) (hash uint64, size int) {
	b := s.tmp[:0]
	for name, v := range m.All() {
		kind := v.Type()
		b = append(appendLength(b, len(name)), byte(kind))
		b = append(b, name...)
		switch kind {
		case pcommon.ValueTypeStr:
			text := v.Str()
			b = append(appendLength(b, len(text)), text...)
		case pcommon.ValueTypeInt:
			b = binary.LittleEndian.AppendUint64(b, uint64(v.Int()))
		case pcommon.ValueTypeDouble:
			b = binary.LittleEndian.AppendUint64(b, math.Float64bits(v.Double()))
		case pcommon.ValueTypeEmpty:
		default:
			at := len(b)
			b = appendValue(b, v, 0)
			b = appendLength(b, len(b)-at)
		}
	}
	s.tmp = b
	return maphash.Bytes(seed, b), len(b)
}

func appendLength(b []byte, n int) []byte { return binary.LittleEndian.AppendUint32(b, uint32(n)) }

func mix(h, x uint64) uint64 {
	hi, lo := bits.Mul64(h^x^0x9e3779b97f4a7c15, 0xd6e8feb86659fd93)
	return hi ^ lo ^ bits.RotateLeft64(h, 23)
}

// beginResource makes the resource that the following spans belong to current.
func (s *scratch) beginResource(r pcommon.Resource) {
	defer s.recovered()
	s.resource = noResource // if it panics
	s.resourceAttributes = r.Attributes()
	hash, size := s.hashResource(s.resourceAttributes)
	cached, again := s.t.resources.get(hash)
	switch {
	case cached != nil:
		s.resource = cached
	case again && size <= cachedSize:
		kept := new(resource)
		s.fill(kept, make([]byte, 0, 1024))
		s.t.resources.add(hash, kept)
		s.resource = kept
	default:
		s.fresh.buf = s.fill(&s.fresh.resource, s.fresh.buf[:0])
		s.fresh.own.Store(nil)
		s.resource = &s.fresh.resource
	}
}

// fill makes all of r but its own members of the current resource's attributes.
// The renderings share b, which it returns.
func (s *scratch) fill(r *resource, b []byte) []byte {
	m := s.resourceAttributes
	var f facts
	f.read(m)
	r.empty = m.Len() == 0
	r.account, r.language = f.account, f.firstLanguage.str()
	r.serviceName, r.named = f.serviceName.str(), f.serviceName.ok
	origin := len(b)
	b = appendMember(b, `,\"origin\":`, f.origin())
	service := len(b)
	b = f.appendService(b)
	aws := len(b)
	if r.noAWS = f.cloud != "" && f.cloud != "aws"; !r.noAWS {
		b = f.appendAWS(b, s.t.cfg.LogGroupNames)
	}
	r.origin, r.service, r.aws = b[origin:service:service], b[service:aws:aws], b[aws:len(b):len(b)]
	return b
}

// ownMembers returns the current resource's own members. It works on what a
// span is rendered with, so it comes before a span's attributes are read.
func (s *scratch) ownMembers() *ownMembers {
	if own := s.resource.own.Load(); own != nil {
		return own
	}
	fresh := s.resource == &s.fresh.resource
	own, b := &s.fresh.members, s.fresh.ownBuf[:0]
	if !fresh {
		own, b = new(ownMembers), make([]byte, 0, 2048)
	}
	b, own.annotated = s.appendResourceAnnotations(b, s.resourceAttributes, s.t.rules.annotationLimit())
	at := len(b)
	b = s.appendResourceMetadata(b, s.t.rules.annotationLimit())
	own.annotations, own.metadata = b[:at:at], b[at:len(b):len(b)]
	if fresh {
		s.fresh.ownBuf = b
	}
	s.resource.own.Store(own)
	return own
}

// appendMember appends a member, given as comma, name and colon, whose value
// is a string; nothing if that is empty.
func appendMember(b []byte, member, value string) []byte {
	if value == "" {
		return b
	}
	return segment.AppendString(append(b, member...), value)
}

// appendOrNull is appendMember with null for the empty string.
func appendOrNull(b []byte, member, value string) []byte {
	b = append(b, member...)
	if value == "" {
		return append(b, "null"...)
	}
	return segment.AppendString(b, value)
}
