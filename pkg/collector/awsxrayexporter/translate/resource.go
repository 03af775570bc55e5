package translate

import (
	"hash/maphash"
	"math"
	"math/bits"

	"github.com/bragg-tracing/bragg/pkg/segment"
	"go.opentelemetry.io/collector/pdata/pcommon"
)

// A resource is what every span of a resource has in common, rendered. Members
// begin with a comma. It does not change once it is made and refers to no
// pdata.
type resource struct {
	origin      []byte // the origin member, or nothing
	service     []byte // the service member, or nothing
	noAWS       bool   // another cloud: documents have no aws block
	aws         []byte // members of the aws block, but for account_id
	account     string
	language    string // of the telemetry SDK, as the resource has it
	serviceName string
	named       bool   // there is a service.name
	annotations []byte // members, for the configured indexed attributes
	annotated   int    // how many
	metadata    []byte // members of the default namespace, the rest
	empty       bool   // no attributes at all
}

var noResource = &resource{empty: true}

func (r *resource) size() int {
	return len(r.origin) + len(r.service) + len(r.aws) + len(r.account) + len(r.language) +
		len(r.serviceName) + len(r.annotations) + len(r.metadata)
}

// resourcePrefix is what the names of a resource's attributes begin with in
// annotations and metadata.
const resourcePrefix = "otel.resource."

// seed makes the hashes of resources unpredictable, so that nobody can send
// two that collide.
var seed = maphash.MakeSeed()

// hashResource hashes names, types and values, in order.
func (s *scratch) hashResource(m pcommon.Map) uint64 {
	h := uint64(m.Len())
	for name, v := range m.All() {
		h = mix(h, maphash.String(seed, name))
		h = mix(h, uint64(v.Type()))
		switch v.Type() {
		case pcommon.ValueTypeStr:
			h = mix(h, maphash.String(seed, v.Str()))
		case pcommon.ValueTypeInt:
			h = mix(h, uint64(v.Int()))
		case pcommon.ValueTypeDouble:
			h = mix(h, math.Float64bits(v.Double()))
		case pcommon.ValueTypeEmpty:
		default:
			s.tmp = appendValue(s.tmp[:0], v, 0)
			h = mix(h, maphash.Bytes(seed, s.tmp))
		}
	}
	return h
}

func mix(h, x uint64) uint64 {
	hi, lo := bits.Mul64(h^x^0x9e3779b97f4a7c15, 0xd6e8feb86659fd93)
	return hi ^ lo ^ bits.RotateLeft64(h, 23)
}

// beginResource makes the resource that the following spans belong to current.
func (s *scratch) beginResource(r pcommon.Resource) {
	defer s.recovered()
	s.resource = noResource // if it panics
	s.resourceAttributes = r.Attributes()
	hash := s.hashResource(s.resourceAttributes)
	if cached := s.t.resources.get(hash); cached != nil {
		s.resource = cached
		return
	}
	s.resource = s.newResource(s.resourceAttributes)
	s.t.resources.add(hash, s.resource)
}

func (s *scratch) newResource(m pcommon.Map) *resource {
	r := &resource{empty: m.Len() == 0}
	var f facts
	f.read(m)
	r.account = f.account
	if v, ok := m.Get("telemetry.sdk.language"); ok {
		r.language = v.Str()
	}
	if v, ok := m.Get("service.name"); ok {
		r.serviceName, r.named = v.Str(), true
	}
	// All renderings share one allocation.
	b := make([]byte, 0, 2048)
	cut := func(from int) []byte { return b[from:len(b):len(b)] }

	if origin := originOf(m); origin != "" {
		b = appendMember(b, `,"origin":`, origin)
	}
	r.origin = cut(0)

	at := len(b)
	b = appendService(b, m)
	r.service = cut(at)

	at = len(b)
	if r.noAWS = f.cloud != "" && f.cloud != "aws"; !r.noAWS {
		b = f.appendAWS(b, s.t.cfg.LogGroupNames)
	}
	r.aws = cut(at)

	at = len(b)
	b, r.annotated = s.appendResourceAnnotations(b, m, s.t.rules.annotationLimit())
	r.annotations = cut(at)

	at = len(b)
	b = s.appendResourceMetadata(b, s.t.rules.annotationLimit())
	r.metadata = cut(at)
	return r
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

// appendService appends the service member: the service's version or else its
// container's.
func appendService(b []byte, m pcommon.Map) []byte {
	version, ok := m.Get("service.version")
	if !ok {
		version, ok = m.Get("container.image.tags")
		if ok && version.Type() == pcommon.ValueTypeSlice && version.Slice().Len() > 0 {
			version = version.Slice().At(0)
		} else {
			version, ok = m.Get("container.image.tag")
		}
	}
	if !ok {
		return b
	}
	b = append(b, `,"service":`...)
	start := len(b)
	return segment.CloseObject(appendMember(b, `,"version":`, version.Str()), start)
}
