package xray

import (
	"maps"
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

// A span is a segment that becomes one when it is closed. What it says is put
// together when an exporter asks for it, which is not on the goroutine that
// closed the segment; what the program adds until then is in it.
type span struct {
	*unused
	recording
	seg Segment

	// What the segment was when it was closed; see seal.
	feed     *spanfeed.Feed
	traceID  trace.TraceID
	id       trace.SpanID
	parentID trace.SpanID // zero if there is none
	remote   bool         // the parent is another process's
	said     atomic.Pointer[said]
}

// unused has the private method of the interface.
type unused struct{ sdktrace.ReadOnlySpan }

// said is what a span says.
type said struct {
	name       string
	service    string // the name of the segment that this is part of
	status     sdktrace.Status
	attributes []attribute.KeyValue
	events     []sdktrace.Event
}

// begin returns the segment, which is a recording from now on.
func (p *span) begin(kind trace.SpanKind) *Segment {
	p.span, p.kind = p, int8(kind)
	p.seg.record.Store(&p.recording)
	return &p.seg
}

// seal notes, under the segment's lock, what cannot change any more. It reports
// whether the ids are some that a span can have.
func (p *span) seal(feed *spanfeed.Feed) bool {
	s := &p.seg
	traceID := s.segment().TraceID
	var ok, ok2 bool
	if p.traceID, ok = parseTraceID(traceID); ok {
		p.id, ok2 = parseSpanID(s.ID)
	}
	if !ok || !ok2 {
		logger.Warnf("segment %q is not exported: trace id %q or id %q cannot be those of a span", s.Name, traceID, s.ID)
		return false
	}
	if id, ok := parseSpanID(s.ParentID); ok {
		p.parentID, p.remote = id, s.parent == nil || s.parent.Facade
	}
	p.feed, p.kind = feed, int8(s.spanKind())
	if s.TraceID != traceID { // not so of the segment itself, whose parts read it
		s.TraceID = traceID
	}
	if s.StartTime != seconds(p.start) { // the program changed it
		p.start = int64(s.StartTime * 1e9)
	}
	if s.EndTime != seconds(p.end) {
		p.end = int64(s.EndTime * 1e9)
	}
	return true
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

// copyTo copies what the document of a segment says, under its lock. Maps and
// what pointers point to are the same.
func (s *Segment) copyTo(doc *Segment) {
	doc.TraceID, doc.ID, doc.Name = s.TraceID, s.ID, s.Name
	doc.StartTime, doc.EndTime, doc.InProgress, doc.ParentID = s.StartTime, s.EndTime, s.InProgress, s.ParentID
	doc.Fault, doc.Error, doc.Throttle, doc.Cause = s.Fault, s.Error, s.Throttle, s.Cause
	doc.ResourceARN, doc.Origin, doc.Type, doc.Namespace = s.ResourceARN, s.Origin, s.Type, s.Namespace
	doc.User, doc.PrecursorIDs, doc.HTTP, doc.AWS = s.User, s.PrecursorIDs, s.HTTP, s.AWS
	doc.Service, doc.SQL, doc.Annotations, doc.Metadata = s.Service, s.SQL, s.Annotations, s.Metadata
}

// snapshot is a copy with maps of its own, so that what is done with it needs no
// lock, which values in them may want that have a method for their JSON. It is
// nil if the lock cannot be had.
func (s *Segment) snapshot() *Segment {
	if !s.borrow() {
		return nil
	}
	defer s.RUnlock()
	doc := &Segment{}
	s.copyTo(doc)
	doc.AWS, doc.Annotations, doc.Metadata = maps.Clone(s.AWS), maps.Clone(s.Annotations), maps.Clone(s.Metadata)
	for namespace, values := range doc.Metadata {
		doc.Metadata[namespace] = maps.Clone(values)
	}
	if s.Cause != nil {
		cause := *s.Cause
		doc.Cause = &cause
	}
	if s.parent != nil {
		doc.Type = "subsegment"
	}
	return doc
}

func (p *span) Name() string                     { return p.say().name }
func (p *span) SpanKind() trace.SpanKind         { return trace.SpanKind(p.kind) }
func (p *span) StartTime() time.Time             { return time.Unix(0, p.start) }
func (p *span) EndTime() time.Time               { return time.Unix(0, p.end) }
func (p *span) Attributes() []attribute.KeyValue { return p.say().attributes }
func (p *span) Events() []sdktrace.Event         { return p.say().events }
func (p *span) Links() []sdktrace.Link           { return nil }
func (p *span) Status() sdktrace.Status          { return p.say().status }
func (p *span) DroppedAttributes() int           { return 0 }
func (p *span) DroppedLinks() int                { return 0 }
func (p *span) DroppedEvents() int               { return 0 }
func (p *span) ChildSpanCount() int              { return 0 }

func (p *span) SpanContext() trace.SpanContext {
	return trace.NewSpanContext(trace.SpanContextConfig{TraceID: p.traceID, SpanID: p.id, TraceFlags: trace.FlagsSampled})
}

func (p *span) Parent() trace.SpanContext {
	if !p.parentID.IsValid() {
		return trace.SpanContext{}
	}
	return trace.NewSpanContext(trace.SpanContextConfig{
		TraceID: p.traceID, SpanID: p.parentID, TraceFlags: trace.FlagsSampled, Remote: p.remote,
	})
}

func (p *span) InstrumentationScope() instrumentation.Scope {
	return instrumentation.Scope{Name: scope}
}

// InstrumentationLibrary is InstrumentationScope under its former name.
//
//lint:ignore SA1019 the interface has it
func (p *span) InstrumentationLibrary() instrumentation.Library {
	return p.InstrumentationScope()
}

// say returns what the span says: the same every time.
func (p *span) say() *said {
	if w := p.said.Load(); w != nil {
		return w
	}
	p.said.CompareAndSwap(nil, p.compose())
	return p.said.Load()
}

func (p *span) compose() *said {
	w, doc := &said{}, p.seg.snapshot()
	if doc == nil {
		logger.Errorf("segment %s of trace %s is exported without what it says: it was locked and not unlocked", p.id, p.traceID)
		w.name, w.service = unlocked, unlocked
		return w
	}
	p.describe(w, doc)
	return w
}

// describe fills w with what the document says.
func (p *span) describe(w *said, doc *Segment) {
	w.service = doc.Name
	if segment := p.seg.segment(); segment != &p.seg {
		w.service = segment.name()
	}
	kind := p.SpanKind()
	w.name, w.status = valid(doc.Name), doc.status(kind)
	w.events = doc.events(p.EndTime())
	w.attributes = doc.attributes(kind)
	if keepsDocuments() {
		p.keepDocument(w, doc)
	}
}

// unlocked is the name of a span whose segment cannot be read.
const unlocked = "locked segment"

// patience is how long an exporter waits for the lock of a segment that is
// closed.
const patience = 100 * time.Millisecond

// borrow takes the lock for reading. It reports whether it got it: a program
// that does not give the lock back must not stop the export of all others.
func (s *Segment) borrow() bool {
	if s.TryRLock() {
		return true
	}
	for begun := time.Now(); time.Since(begun) < patience; time.Sleep(time.Millisecond) {
		if s.TryRLock() {
			return true
		}
	}
	return false
}

// name is the name, read under the lock if nobody keeps that.
func (s *Segment) name() string {
	if !s.borrow() {
		return unlocked
	}
	defer s.RUnlock()
	return s.Name
}

// Resource is the process's. A process without a name is named after its
// segment, as X-Ray does it.
func (p *span) Resource() *resource.Resource {
	return resources.of(p.feed.Resource, p.say().service)
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
