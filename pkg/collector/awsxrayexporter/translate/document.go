package translate

import (
	"encoding/binary"
	"strings"

	"github.com/bragg-tracing/bragg/pkg/segment"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

// A scratch holds what one call of Translate works with. It is used again by
// later calls and belongs to one goroutine at a time.
type scratch struct {
	t        *Translator
	stats    Stats
	panicked bool // while the current span was translated
	foreign  bool // contrib has no document of the current span

	resource           *resource
	resourceAttributes pcommon.Map
	fresh              freshResource
	own                *ownMembers // of the resource, if the document is a segment
	shared             attributes  // of the resource, where the rendering in resource does not do

	span        ptrace.Span
	attributes  attributes
	segmentID   [8]byte
	parentID    [8]byte
	status      blocks
	annotations annotations
	namespaces  []namespace
	stack       stackWriter
	connection  string // the last span's db.connection_string that had one, and
	host        string // the host in it
	exceptions  uint64 // ids of exceptions given out for the document

	buf []byte // the document, quoted
	tmp []byte
}

// blocks notes what the blocks of a document found out, for each other.
type blocks struct {
	awsSDK     bool // the span is a call of an AWS SDK
	sql        bool // there is a sql block
	statusText bool // the cause consumed http.status_text

	unreadStack bool // some stack has no frames that could be read
	panicStack  bool // some stack makes contrib panic
	oddName     bool // X-Ray refuses the name
}

// A part says which of the documents of a span is rendered.
type part uint8

const (
	whole      part = iota // the only one
	local                  // the only one, of a LOCAL_ROOT server or internal span
	dependency             // the call that a LOCAL_ROOT client, producer or consumer span made
	service                // the service that made it
)

func newScratch(t *Translator) *scratch {
	s := &scratch{t: t, buf: make([]byte, 0, 4096)}
	s.stack.s = s
	s.annotations.extra = make(map[string]struct{})
	return s
}

// keptBytes and keptAttributes are how large a scratch may be that is kept.
const (
	keptBytes      = 256 << 10
	keptAttributes = 1024
)

// reset lets go of the batch and reports whether the scratch is worth keeping.
func (s *scratch) reset() bool {
	s.span, s.resourceAttributes, s.resource, s.own = ptrace.Span{}, pcommon.Map{}, nil, nil
	s.connection, s.host = "", ""
	s.attributes.release()
	s.shared.release()
	clear(s.namespaces[:cap(s.namespaces)])
	clear(s.annotations.extra)
	return cap(s.buf)+cap(s.tmp)+cap(s.fresh.buf)+cap(s.fresh.ownBuf) <= keptBytes && cap(s.attributes.list)+cap(s.shared.list) <= keptAttributes
}

// removedFromService are the attributes that belong to the dependency only.
var removedFromService = []string{"aws.remote.service", "aws.remote.operation", "remoteTarget", "K8s.RemoteNamespace"}

// translate renders the documents of one span.
func (s *scratch) translate(span ptrace.Span, emit func(Document)) {
	before := s.stats.Documents
	s.panicked, s.foreign = false, false
	switch s.kindOf(span) {
	case whole:
		s.emit(span, whole, emit)
	case local:
		s.emit(span, local, emit)
	default:
		s.emit(span, dependency, emit)
		s.emit(span, service, emit)
	}
	if s.panicked {
		s.stats.Recovered++
		if s.stats.Documents == before {
			s.drop(DroppedPanic)
		}
	}
}

// kindOf is whole, local, or dependency for one that a service follows.
func (s *scratch) kindOf(span ptrace.Span) (p part) {
	defer s.recovered()
	if kind, ok := span.Attributes().Get("aws.span.kind"); !ok || kind.Str() != "LOCAL_ROOT" {
		return whole
	}
	if k := span.Kind(); k == ptrace.SpanKindServer || k == ptrace.SpanKindInternal {
		return local
	}
	return dependency
}

// recovered is the last net, for defer: a panic costs the span its details, or
// at worst the span, never the batch.
func (s *scratch) recovered() {
	if recover() != nil {
		s.panicked = true
	}
}

func (s *scratch) drop(reason string) {
	if s.stats.Dropped == nil {
		s.stats.Dropped = make(map[string]int)
	}
	s.stats.Dropped[reason]++
}

func (s *scratch) emit(span ptrace.Span, p part, emit func(Document)) {
	if !s.tryRender(span, p) && !s.tryRenderMinimal(span, p) {
		return
	}
	if s.status.oddName && !s.foreign || p == dependency {
		s.foreign = s.isForeign(p)
		if s.foreign && s.status.oddName {
			s.tryRender(span, p) // with a name that X-Ray accepts
		}
	}
	d := Document{Quoted: s.buf, TraceID: span.TraceID(), SegmentID: s.segmentID}
	if s.isTooLarge() {
		s.buf = segment.AppendQuoted(s.buf[:0], segment.Trim(s.tmp, segment.MaxSize))
		d.Quoted, d.Trimmed = s.buf, true
		s.stats.Trimmed++
	}
	s.stats.Documents++
	emit(d)
}

// isTooLarge reports whether the document in buf is larger than X-Ray takes;
// then it is in tmp, not quoted.
func (s *scratch) isTooLarge() bool {
	if len(s.buf) <= segment.MaxSize {
		return false
	}
	s.tmp = segment.AppendUnquoted(s.tmp[:0], s.buf)
	return len(s.tmp) > segment.MaxSize
}

// tryRender renders a document into buf, and reports whether it could.
func (s *scratch) tryRender(span ptrace.Span, p part) (ok bool) {
	defer s.recovered()
	s.render(span, p)
	return true
}

// tryRenderMinimal renders what a document cannot be without.
func (s *scratch) tryRenderMinimal(span ptrace.Span, p part) (ok bool) {
	defer s.recovered()
	s.identify(span, p)
	b := append(s.buf[:0], `{\"name\":`...)
	b = s.appendSanitized(b, span.Name())
	b = s.appendIdentity(b)
	b = s.appendTimes(b, false)
	b = appendBool(append(b, `,\"fault\":`...), span.Status().Code() == ptrace.StatusCodeError)
	b = append(b, `,\"error\":false,\"throttle\":false`...)
	if p == dependency || p == whole && s.isSubsegment() {
		b = append(b, `,\"type\":\"subsegment\"`...)
	}
	s.buf = append(b, '}')
	return true
}

// identify sets the ids of the document. Those of a LOCAL_ROOT span's service
// segment derive from the span's, so that they are the same each time.
func (s *scratch) identify(span ptrace.Span, p part) {
	s.span = span
	s.segmentID, s.parentID = span.SpanID(), span.ParentSpanID()
	s.exceptions = 0
	switch p {
	case dependency:
		s.parentID = derive(span.TraceID(), span.SpanID(), 0)
	case service:
		s.segmentID = derive(span.TraceID(), span.SpanID(), 0)
	}
}

// derive makes the nth id from the ids of a span; never zero.
func derive(trace [16]byte, span [8]byte, n uint64) (id [8]byte) {
	h := mix(binary.BigEndian.Uint64(trace[:8]), binary.BigEndian.Uint64(trace[8:]))
	h = mix(h, binary.BigEndian.Uint64(span[:]))
	h = mix(mix(h, n), 0)
	binary.BigEndian.PutUint64(id[:], max(h, 1))
	return id
}

// isSubsegment reports whether the span is part of another's segment: servers
// and consumers begin a segment of their own, and so do spans without parent.
func (s *scratch) isSubsegment() bool {
	k := s.span.Kind()
	return k != ptrace.SpanKindServer && k != ptrace.SpanKindConsumer && s.parentID != [8]byte{}
}

// render renders a document into buf.
func (s *scratch) render(span ptrace.Span, p part) {
	s.identify(span, p)
	s.status = blocks{}
	subsegment := s.isSubsegment()
	if s.own = nil; !subsegment && !s.resource.empty {
		s.own = s.ownMembers()
	}
	var removed []string
	if p == service {
		removed = removedFromService
	}
	s.attributes.read(span.Attributes(), removed)
	inProgress := s.takeInProgress()
	s.status.awsSDK = s.isAWSSDK()

	b := s.buf[:0]
	b, namespaced := s.appendName(b, p)
	b = s.appendIdentity(b)
	b = s.appendTimes(b, inProgress)
	b = append(b, s.resource.service...)
	b = append(b, s.resource.origin...)
	b = appendMember(b, `,\"user\":`, s.attributes.show(enduserID))
	if links := span.Links(); links.Len() > 0 && (p != dependency || span.Kind() != ptrace.SpanKindConsumer) &&
		(p != service || span.Kind() == ptrace.SpanKindConsumer) {
		b = s.appendLinks(b, links)
	}
	at := len(b)
	b = s.appendHTTP(b)
	if p == service {
		b = b[:at]
	}
	b = s.appendFlags(b)
	b = s.appendCause(b)
	b = s.appendAWS(b, p)
	b = s.appendSQL(b)
	b = s.appendAnnotationsAndMetadata(b, p)
	if p == whole || p == dependency {
		b = s.appendKind(b, subsegment || p == dependency, namespaced, p)
	}
	s.buf = append(b, '}')
}

// takeInProgress removes aws.xray.inprogress, if it is a boolean, and returns
// it.
func (s *scratch) takeInProgress() bool {
	if !s.attributes.has(xrayInProgress) {
		return false
	}
	v, _ := s.attributes.get(xrayInProgress)
	if v.Type() != pcommon.ValueTypeBool {
		return false
	}
	s.attributes.remove("aws.xray.inprogress")
	s.attributes.index()
	return v.Bool()
}

func (s *scratch) appendIdentity(b []byte) []byte {
	b = append(b, `,\"id\":`...)
	if s.segmentID == [8]byte{} {
		b = append(b, "null"...)
	} else {
		b = segment.AppendID(b, s.segmentID)
	}
	b = segment.AppendTraceID(append(b, `,\"trace_id\":`...), s.span.TraceID())
	if s.parentID != [8]byte{} {
		b = segment.AppendID(append(b, `,\"parent_id\":`...), s.parentID)
	}
	return b
}

// appendTimes appends the times as seconds, with the precision that a float64
// leaves them.
func (s *scratch) appendTimes(b []byte, inProgress bool) []byte {
	b = segment.AppendSeconds(append(b, `,\"start_time\":`...), uint64(s.span.StartTimestamp()))
	if inProgress {
		return append(b, `,\"in_progress\":true`...)
	}
	return segment.AppendSeconds(append(b, `,\"end_time\":`...), uint64(s.span.EndTimestamp()))
}

// appendKind appends type and namespace.
func (s *scratch) appendKind(b []byte, subsegment, aws bool, p part) []byte {
	if subsegment {
		b = append(b, `,\"type\":\"subsegment\"`...)
	}
	k := s.span.Kind()
	switch {
	case aws:
		b = append(b, `,\"namespace\":\"aws\"`...)
	case p == dependency || k == ptrace.SpanKindClient || k == ptrace.SpanKindProducer:
		b = append(b, `,\"namespace\":\"remote\"`...)
	}
	return b
}

func (s *scratch) appendLinks(b []byte, links ptrace.SpanLinkSlice) []byte {
	b = append(b, `,\"links\":`...)
	start := len(b)
	for _, link := range links.All() {
		b = segment.AppendTraceID(append(b, `,{\"trace_id\":`...), link.TraceID())
		b = append(b, `,\"id\":`...)
		if id := link.SpanID(); id.IsEmpty() {
			b = append(b, `\"\"`...)
		} else {
			b = segment.AppendID(b, id)
		}
		if link.Attributes().Len() > 0 {
			b = appendMap(append(b, `,\"attributes\":`...), link.Attributes(), 1)
		}
		b = append(b, '}')
	}
	return segment.CloseArray(b, start)
}

func appendBool(b []byte, v bool) []byte {
	if v {
		return append(b, "true"...)
	}
	return append(b, "false"...)
}

// isAWSSDK reports whether the span is a call of an AWS SDK.
func (s *scratch) isAWSSDK() bool {
	if s.attributes.str(rpcSystem) == "aws-api" {
		return true
	}
	return s.t.rules.has(ruleStableRPC) && s.attributes.str(rpcSystemName) == "aws-api"
}

// trimSDKPrefix cuts what AWS SDK instrumentation puts before a service.
func trimSDKPrefix(name string) string {
	if after, ok := strings.CutPrefix(name, "AWS.SDK."); ok {
		return after
	}
	return strings.TrimPrefix(name, "AWS::")
}
