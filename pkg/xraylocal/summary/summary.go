package summary

import (
	"maps"
	"slices"

	"github.com/bragg-tracing/bragg/pkg/segment"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/assembly"
)

// A Trace is the summary of a trace. It marshals as the API's TraceSummary:
// lists are never null, what is not known is.
type Trace struct {
	ID                     string   `json:"Id"`
	StartTime              float64  // of the first segment, seconds since the epoch
	Duration               *float64 // seconds from first start to last end; nil while anything is in progress
	ResponseTime           *float64 // seconds, of the root segment; nil without one and while it is in progress
	HasFault               bool     // the root segment, and so the next two
	HasError               bool
	HasThrottle            bool
	IsPartial              bool // a parent is missing
	HTTP                   HTTP `json:"Http"`
	Annotations            map[string][]Annotation
	Users                  []User
	ServiceIDs             []ServiceID `json:"ServiceIds"`
	ResourceARNs           []ResourceARN
	InstanceIDs            []InstanceID `json:"InstanceIds"`
	AvailabilityZones      []AvailabilityZone
	EntryPoint             *ServiceID // nil without a root segment
	FaultRootCauses        []Cause
	ErrorRootCauses        []Cause
	ResponseTimeRootCauses []SlowCause
	Revision               int             // of the store, 0 where there is none
	MatchedEventTime       *float64        // second of the arrival that a query found
	MatchedService         *MatchedService // what a query for services found
	MatchedEdge            *MatchedEdge    // what a query for edges found

	// SegmentCount is how many segments were sent of the trace; 0 is not written.
	// X-Ray's API has no such member.
	SegmentCount int `json:",omitempty"`
}

// HTTP is the request that the root segment served.
type HTTP struct {
	HTTPURL    *string `json:"HttpURL"`
	HTTPStatus *int    `json:"HttpStatus"`
	HTTPMethod *string `json:"HttpMethod"`
	UserAgent  *string
	ClientIP   *string `json:"ClientIp"`
}

// An Annotation is one value of an annotation's key.
type Annotation struct {
	AnnotationValue AnnotationValue
	ServiceIDs      []ServiceID `json:"ServiceIds"` // null, as X-Ray has it
}

// An AnnotationValue has one member that is not nil.
type AnnotationValue struct {
	NumberValue  *float64
	BooleanValue *bool
	StringValue  *string
}

// A User is one user of any segment.
type User struct {
	UserName   string
	ServiceIDs []ServiceID `json:"ServiceIds"` // null, as X-Ray has it
}

// A ServiceID names a node of the trace's map.
type ServiceID struct {
	Name      string
	Names     []string
	AccountID *string `json:"AccountId"`
	Type      *string
}

type (
	// A ResourceARN is a resource of any segment.
	ResourceARN struct{ ARN string }

	// An InstanceID is an EC2 instance of any segment.
	InstanceID struct {
		ID string `json:"Id"`
	}

	// An AvailabilityZone is the zone of any segment.
	AvailabilityZone struct{ Name string }
)

// A LinkIn is a link that another trace has to one. X-Ray's API tells of no such
// thing: X-Ray Local's answers have it for callers that are not held to AWS's
// limits.
type LinkIn struct {
	TraceID   string  `json:"TraceId"`
	SegmentID string  `json:"SegmentId"`    // the segment or subsegment there that has the link
	ID        string  `json:"Id,omitempty"` // of what it links to
	Kind      string  `json:",omitempty"`   // what kind of link it is
	StartTime float64 `json:",omitempty"`   // of that trace, in seconds since the epoch
	Request   string  `json:",omitempty"`   // what that trace served, in short
}

// A MatchedService is the request to a service that made a trace match.
type MatchedService struct {
	Annotations  map[string][]Annotation
	HasError     bool
	HasFault     bool
	HasThrottle  bool
	ResponseTime *float64 // seconds
}

// A MatchedEdge is the call that made a trace match.
type MatchedEdge struct {
	DestinationAnnotations map[string][]Annotation
	HasError               bool
	HasFault               bool
	HasThrottle            bool
	ResponseTime           *float64 // seconds
}

// Of computes the summary of a trace, in O(n log n) for n entities. Revision and
// what begins with Matched are the caller's to set: a trace alone does not tell.
func Of(t *assembly.Trace) *Trace {
	s := &Trace{ID: t.ID, StartTime: t.Start(), IsPartial: t.Partial(), ServiceIDs: []ServiceID{}}
	if seconds, ok := t.Duration(); ok && t.Complete() {
		s.Duration = &seconds
	}
	if root := t.Root(); root != nil {
		s.root(root)
	}
	for _, seg := range t.Segments {
		if !seg.Inferred {
			s.SegmentCount++
		}
	}
	for _, service := range t.Services() {
		s.ServiceIDs = append(s.ServiceIDs, serviceID(service))
	}
	s.collect(t)
	causes := CausesOf(t)
	s.FaultRootCauses = orEmpty(causes.Fault)
	s.ErrorRootCauses = orEmpty(causes.Error)
	s.ResponseTimeRootCauses = orEmpty(causes.ResponseTime)
	return s
}

func orEmpty[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

// root sets what is the root segment's.
func (s *Trace) root(root *segment.Document) {
	outcome := assembly.OutcomeOf(root)
	s.HasError, s.HasFault, s.HasThrottle = outcome.Error, outcome.Fault, outcome.Throttle
	s.ResponseTime = ResponseTime(root)
	entry := serviceID(assembly.ServiceOf(root))
	s.EntryPoint = &entry
	if root.HTTP == nil {
		return
	}
	if r := root.HTTP.Request; r != nil {
		s.HTTP = HTTP{HTTPURL: orNull(r.URL), HTTPMethod: orNull(r.Method), UserAgent: orNull(r.UserAgent), ClientIP: orNull(r.ClientIP)}
	}
	if r := root.HTTP.Response; r != nil && r.Status != 0 {
		s.HTTP.HTTPStatus = &r.Status
	}
}

// ResponseTime returns the seconds that an entity took, or nil while it is in
// progress or if it ended before it began.
func ResponseTime(doc *segment.Document) *float64 {
	if doc.EndTime == nil || *doc.EndTime < doc.StartTime {
		return nil
	}
	seconds := assembly.Seconds(*doc.EndTime - doc.StartTime)
	return &seconds
}

// Where returns EC2 instance and availability zone of a segment, "" for what
// it does not tell.
func Where(doc *segment.Document) (instance, zone string) {
	ec2, _ := doc.AWS["ec2"].(map[string]any)
	instance, _ = ec2["instance_id"].(string)
	zone, _ = ec2["availability_zone"].(string)
	return instance, zone
}

// collect gathers what any entity that was sent contributes, each value once.
func (s *Trace) collect(t *assembly.Trace) {
	annotations := make(map[string]*set[any])
	var users, arns, instances, zones set[string]
	for e := range t.All() {
		if e.Inferred {
			continue
		}
		for key, value := range e.Annotations {
			if annotations[key] == nil {
				annotations[key] = new(set[any])
			}
			annotations[key].add(value)
		}
		instance, zone := Where(e.Document)
		addText(&users, e.User)
		addText(&arns, e.ResourceARN)
		addText(&instances, instance)
		addText(&zones, zone)
	}
	s.Annotations = make(map[string][]Annotation)
	for _, key := range slices.Sorted(maps.Keys(annotations)) {
		s.Annotations[key] = list(*annotations[key], func(v any) Annotation { return Annotation{AnnotationValue: annotationValue(v)} })
	}
	s.Users = list(users, func(v string) User { return User{UserName: v} })
	s.ResourceARNs = list(arns, func(v string) ResourceARN { return ResourceARN{v} })
	s.InstanceIDs = list(instances, func(v string) InstanceID { return InstanceID{v} })
	s.AvailabilityZones = list(zones, func(v string) AvailabilityZone { return AvailabilityZone{v} })
}

func annotationValue(v any) (out AnnotationValue) {
	switch v := v.(type) {
	case string:
		out.StringValue = &v
	case float64:
		out.NumberValue = &v
	case bool:
		out.BooleanValue = &v
	}
	return out
}

func serviceID(s assembly.Service) ServiceID {
	return ServiceID{Name: s.Name, Names: []string{s.Name}, Type: orNull(s.Type)}
}

// orNull returns a pointer that marshals as s or, if that is empty, as null.
func orNull(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// A set keeps values in the order in which they were first added.
type set[T comparable] struct {
	order []T
	has   map[T]bool
}

func (s *set[T]) add(v T) {
	if !s.has[v] {
		if s.has == nil {
			s.has = make(map[T]bool)
		}
		s.has[v] = true
		s.order = append(s.order, v)
	}
}

func addText(s *set[string], v string) {
	if v != "" {
		s.add(v)
	}
}

// list maps a set to what is marshalled; it is never null.
func list[T comparable, O any](s set[T], out func(T) O) []O {
	all := make([]O, 0, len(s.order))
	for _, v := range s.order {
		all = append(all, out(v))
	}
	return all
}

// MatchService tells of a request that made a trace match: a segment.
func MatchService(seg *segment.Document) *MatchedService {
	o := assembly.OutcomeOf(seg)
	return &MatchedService{
		Annotations: annotationsOf(seg),
		HasError:    o.Error, HasFault: o.Fault, HasThrottle: o.Throttle, ResponseTime: ResponseTime(seg),
	}
}

// MatchEdge tells of a call that made a trace match: a subsegment, or a segment
// whose caller told nothing of the call.
func MatchEdge(t *assembly.Trace, call *segment.Document) *MatchedEdge {
	o := assembly.OutcomeOf(call)
	m := &MatchedEdge{
		DestinationAnnotations: map[string][]Annotation{},
		HasError:               o.Error, HasFault: o.Fault, HasThrottle: o.Throttle, ResponseTime: ResponseTime(call),
	}
	for _, seg := range t.Segments {
		if seg == call || seg.ParentID == call.ID {
			m.DestinationAnnotations = annotationsOf(seg)
			break
		}
	}
	return m
}

func annotationsOf(seg *segment.Document) map[string][]Annotation {
	all := make(map[string][]Annotation, len(seg.Annotations))
	for key, v := range seg.Annotations {
		all[key] = []Annotation{{AnnotationValue: annotationValue(v)}}
	}
	return all
}
