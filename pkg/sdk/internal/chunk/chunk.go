// Package chunk splits OTLP traces into requests that a backend takes.
package chunk

import (
	"fmt"

	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"
)

// Limits are what one request may have. Bytes are those of the protobuf
// encoding, without compression.
type Limits struct {
	Bytes     int
	Spans     int // 0 for any number
	SpanBytes int // of a single span; 0 for as much as a request
}

// LostError says that some of the spans of an export are lost.
type LostError struct {
	Spans int
	Cause error
}

// Error implements error.
func (e *LostError) Error() string { return fmt.Sprintf("%d spans: %v", e.Spans, e.Cause) }

// Unwrap returns the cause.
func (e *LostError) Unwrap() error { return e.Cause }

// Count returns how many spans the requests have.
func Count(traces []*tracepb.ResourceSpans) (n int) {
	for _, rs := range traces {
		for _, ss := range rs.GetScopeSpans() {
			n += len(ss.GetSpans())
		}
	}
	return n
}

// framing is more than the tags and lengths of one element of a request take.
const framing = 12

// Split returns requests that each keep the limits, in the order of the spans,
// and how many spans it left out because they do not fit into any. It shares
// the spans, resources and scopes with what it was given, and changes none.
func Split(traces []*tracepb.ResourceSpans, l Limits) (requests [][]*tracepb.ResourceSpans, left int) {
	s := splitter{limits: l}
	for _, rs := range traces {
		for _, ss := range rs.GetScopeSpans() {
			s.begin(rs, ss)
			for _, span := range ss.GetSpans() {
				s.add(span)
			}
		}
	}
	s.cut()
	return s.requests, s.left
}

type splitter struct {
	limits   Limits
	requests [][]*tracepb.ResourceSpans
	left     int

	resource     *tracepb.ResourceSpans // of the spans that are added
	scope        *tracepb.ScopeSpans
	resourceSize int
	scopeSize    int

	request []*tracepb.ResourceSpans // the one that is filled
	from    *tracepb.ResourceSpans   // whose resource its last element has
	to      *tracepb.ScopeSpans      // its last scope, nil if that must be made
	size    int
	spans   int
}

func (s *splitter) begin(rs *tracepb.ResourceSpans, ss *tracepb.ScopeSpans) {
	if s.resource != rs {
		s.resource = rs
		s.resourceSize = proto.Size(rs.GetResource()) + len(rs.GetSchemaUrl()) + 2*framing
	}
	s.scope, s.to = ss, nil
	s.scopeSize = proto.Size(ss.GetScope()) + len(ss.GetSchemaUrl()) + 2*framing
}

func (s *splitter) add(span *tracepb.Span) {
	size := proto.Size(span) + framing
	if s.limits.SpanBytes > 0 && size-framing > s.limits.SpanBytes || size+s.resourceSize+s.scopeSize > s.limits.Bytes {
		s.left++
		return
	}
	if s.size+size+s.overhead() > s.limits.Bytes || s.limits.Spans > 0 && s.spans == s.limits.Spans {
		s.cut()
	}
	s.open()
	s.to.Spans = append(s.to.Spans, span)
	s.size += size
	s.spans++
}

// overhead is what resource and scope of the next span add to the request.
func (s *splitter) overhead() int {
	switch {
	case s.to != nil:
		return 0
	case s.from == s.resource:
		return s.scopeSize
	}
	return s.resourceSize + s.scopeSize
}

// open makes the elements of the request that the next span goes into.
func (s *splitter) open() {
	if s.to != nil {
		return
	}
	s.size += s.overhead()
	if s.from != s.resource {
		s.request = append(s.request, &tracepb.ResourceSpans{Resource: s.resource.GetResource(), SchemaUrl: s.resource.GetSchemaUrl()})
		s.from = s.resource
	}
	s.to = &tracepb.ScopeSpans{Scope: s.scope.GetScope(), SchemaUrl: s.scope.GetSchemaUrl()}
	last := s.request[len(s.request)-1]
	last.ScopeSpans = append(last.ScopeSpans, s.to)
}

// cut ends the request.
func (s *splitter) cut() {
	if s.spans > 0 {
		s.requests = append(s.requests, s.request)
	}
	s.request, s.from, s.to, s.size, s.spans = nil, nil, nil, 0, 0
}
