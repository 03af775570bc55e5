package xray

import (
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/bragg-tracing/bragg/pkg/sdk/spanfeed"
	"github.com/bragg-tracing/bragg/pkg/sdk/xraysdk/internal/logger"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/sdk/instrumentation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// A span is a closed segment as OpenTelemetry's SDK exports it. Attributes and
// events are made when an exporter asks for them, which is not on the
// goroutine that closed the segment.
type span struct {
	sdktrace.ReadOnlySpan // nil: for its private method

	doc             Segment // a snapshot, without its node
	context, parent trace.SpanContext
	kind            trace.SpanKind
	start, end      int64 // nanoseconds since the epoch
	feed            *spanfeed.Feed
	service         string // the name of the segment that this is part of

	once       sync.Once
	attributes []attribute.KeyValue
	events     []sdktrace.Event
}

// finished makes a span of a closed segment, or nil if its ids are none for a
// span.
func finished(feed *spanfeed.Feed, s *Segment) *span {
	segment := s.segment()
	s.Lock()
	defer s.Unlock()
	traceID, ok := parseTraceID(segment.TraceID)
	id, ok2 := parseSpanID(s.ID)
	if !ok || !ok2 {
		logger.Warnf("segment %q is not exported: trace id %q or id %q cannot be those of a span", s.Name, segment.TraceID, s.ID)
		return nil
	}
	p := &span{feed: feed, start: s.start, end: s.end, service: segment.Name}
	s.snapshotInto(&p.doc)
	p.context = trace.NewSpanContext(trace.SpanContextConfig{TraceID: traceID, SpanID: id, TraceFlags: trace.FlagsSampled})
	if parent, ok := parseSpanID(s.ParentID); ok {
		p.parent = trace.NewSpanContext(trace.SpanContextConfig{
			TraceID: traceID, SpanID: parent, TraceFlags: trace.FlagsSampled, Remote: s.parent == nil || s.parent.Facade,
		})
	}
	p.kind = s.spanKind()
	if s.StartTime != seconds(s.start) { // the program changed it
		p.start = int64(s.StartTime * 1e9)
	}
	if s.EndTime != seconds(s.end) {
		p.end = int64(s.EndTime * 1e9)
	}
	return p
}

// spanKind is Server for a segment, Client for a call of another service.
func (s *Segment) spanKind() trace.SpanKind {
	switch {
	case s.parent == nil:
		return trace.SpanKindServer
	case s.Namespace == "remote" || s.Namespace == "aws":
		return trace.SpanKindClient
	}
	return trace.SpanKindInternal
}

// snapshot is a copy of what the document of a segment says, under its lock.
func (s *Segment) snapshot() *Segment {
	doc := &Segment{}
	s.snapshotInto(doc)
	return doc
}

func (s *Segment) snapshotInto(doc *Segment) {
	s.exported = true
	doc.TraceID, doc.ID, doc.Name = s.segment().TraceID, s.ID, s.Name
	doc.StartTime, doc.EndTime, doc.InProgress, doc.ParentID = s.StartTime, s.EndTime, s.InProgress, s.ParentID
	doc.Fault, doc.Error, doc.Throttle, doc.Cause = s.Fault, s.Error, s.Throttle, s.Cause
	doc.ResourceARN, doc.Origin, doc.Type, doc.Namespace = s.ResourceARN, s.Origin, s.Type, s.Namespace
	doc.User, doc.PrecursorIDs, doc.HTTP, doc.AWS = s.User, s.PrecursorIDs, s.HTTP, s.AWS
	doc.Service, doc.SQL, doc.Annotations, doc.Metadata = s.Service, s.SQL, s.Annotations, s.Metadata
	if s.parent != nil {
		doc.Type = "subsegment"
	}
}

func (p *span) Name() string                   { return valid(p.doc.Name) }
func (p *span) SpanContext() trace.SpanContext { return p.context }
func (p *span) Parent() trace.SpanContext      { return p.parent }
func (p *span) SpanKind() trace.SpanKind       { return p.kind }
func (p *span) StartTime() time.Time           { return time.Unix(0, p.start) }
func (p *span) EndTime() time.Time             { return time.Unix(0, p.end) }
func (p *span) Links() []sdktrace.Link         { return nil }
func (p *span) Status() sdktrace.Status        { return p.doc.status(p.kind) }
func (p *span) DroppedAttributes() int         { return 0 }
func (p *span) DroppedLinks() int              { return 0 }
func (p *span) DroppedEvents() int             { return 0 }
func (p *span) ChildSpanCount() int            { return 0 }

func (p *span) InstrumentationScope() instrumentation.Scope {
	return instrumentation.Scope{Name: scope}
}

// InstrumentationLibrary is InstrumentationScope under its former name.
//
//lint:ignore SA1019 the interface has it
func (p *span) InstrumentationLibrary() instrumentation.Library {
	return p.InstrumentationScope()
}

func (p *span) Attributes() []attribute.KeyValue {
	p.render()
	return p.attributes
}

func (p *span) Events() []sdktrace.Event {
	p.render()
	return p.events
}

func (p *span) render() {
	p.once.Do(func() {
		p.events = p.doc.events(p.EndTime())
		p.attributes = p.doc.attributes(p.kind)
		if keepsDocuments() {
			p.keepDocument()
		}
	})
}

// Resource is the process's. A process without a name is named after its
// segment, as X-Ray does it.
func (p *span) Resource() *resource.Resource {
	return resources.of(p.feed.Resource, p.service)
}

// resources remembers the resources that name a service.
var resources namedResources

type namedResources struct{ last atomic.Pointer[namedResource] }

type namedResource struct {
	base, named *resource.Resource
	others      sync.Map // resource by name
	count       atomic.Int32
}

// maxNames bounds how many names are remembered; others share the process's
// resource.
const maxNames = 1000

const unnamed = "unknown_service"

func (n *namedResources) of(base *resource.Resource, name string) *resource.Resource {
	last := n.last.Load()
	if last == nil || last.base != base {
		last = &namedResource{base: base, named: base}
		if service, ok := base.Set().Value("service.name"); !ok || strings.HasPrefix(service.AsString(), unnamed) {
			last.named = nil
		}
		n.last.Store(last)
	}
	if last.named != nil {
		return last.named
	}
	if r, ok := last.others.Load(name); ok {
		return r.(*resource.Resource)
	}
	if last.count.Add(1) > maxNames {
		return base
	}
	r, err := resource.Merge(base, resource.NewSchemaless(attribute.String("service.name", valid(name))))
	if err != nil || r == nil {
		r = base
	}
	stored, _ := last.others.LoadOrStore(name, r)
	return stored.(*resource.Resource)
}

// status is an error for a fault, and for a call that failed by the caller's
// fault: of a server that is none.
func (s *Segment) status(kind trace.SpanKind) sdktrace.Status {
	if !s.Fault && (kind == trace.SpanKindServer || !s.Error && !s.Throttle) {
		return sdktrace.Status{}
	}
	status := sdktrace.Status{Code: codes.Error}
	if s.Cause != nil && len(s.Cause.Exceptions) > 0 {
		status.Description = valid(s.Cause.Exceptions[len(s.Cause.Exceptions)-1].Message)
	}
	return status
}
