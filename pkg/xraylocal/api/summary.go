package api

import (
	"maps"
	"slices"

	"github.com/bragg-tracing/bragg/pkg/segment"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/assembly"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/store"
)

type traceSummary struct {
	ID                     string `json:"Id"`
	StartTime              float64
	Duration               *float64
	ResponseTime           *float64
	HasFault               bool
	HasError               bool
	HasThrottle            bool
	IsPartial              bool
	HTTP                   httpOut `json:"Http"`
	Annotations            map[string][]annotationOut
	Users                  []userOut
	ServiceIDs             []serviceID `json:"ServiceIds"`
	ResourceARNs           []arnOut
	InstanceIDs            []instanceOut `json:"InstanceIds"`
	AvailabilityZones      []nameOut
	EntryPoint             *serviceID
	FaultRootCauses        []struct{}
	ErrorRootCauses        []struct{}
	ResponseTimeRootCauses []struct{}
	Revision               int
	MatchedEventTime       *float64
	MatchedService         *struct{}
	MatchedEdge            *struct{}
}

type httpOut struct {
	HTTPURL    *string `json:"HttpURL"`
	HTTPStatus *int    `json:"HttpStatus"`
	HTTPMethod *string `json:"HttpMethod"`
	UserAgent  *string
	ClientIP   *string `json:"ClientIp"`
}

type annotationOut struct {
	AnnotationValue annotationValue
	ServiceIDs      []serviceID `json:"ServiceIds"` // null, as the service has it
}

type annotationValue struct {
	NumberValue  *float64
	BooleanValue *bool
	StringValue  *string
}

type userOut struct {
	UserName   string
	ServiceIDs []serviceID `json:"ServiceIds"` // null, as the service has it
}

type serviceID struct {
	Name      string
	Names     []string
	AccountID *string `json:"AccountId"`
	Type      *string
}

type (
	arnOut      struct{ ARN string }
	nameOut     struct{ Name string }
	instanceOut struct {
		ID string `json:"Id"`
	}
)

func serviceIDOf(s assembly.Service) serviceID {
	return serviceID{Name: s.Name, Names: []string{s.Name}, Type: orNull(s.Type)}
}

// summarize computes a trace's summary. Outcome, response time, HTTP and entry
// point are the root segment's; a trace without one has none of them.
func summarize(trace *store.Trace) traceSummary {
	s := traceSummary{
		ID:                     trace.ID,
		StartTime:              trace.Start(),
		IsPartial:              trace.Partial(),
		Revision:               trace.Revision,
		ServiceIDs:             []serviceID{},
		FaultRootCauses:        []struct{}{},
		ErrorRootCauses:        []struct{}{},
		ResponseTimeRootCauses: []struct{}{},
	}
	if seconds, ok := trace.Duration(); ok && trace.Complete() {
		s.Duration = &seconds
	}
	if root := trace.Root(); root != nil {
		s.summarizeRoot(root)
	}
	for _, service := range trace.Services() {
		s.ServiceIDs = append(s.ServiceIDs, serviceIDOf(service))
	}
	s.collect(trace.Trace)
	return s
}

func (s *traceSummary) summarizeRoot(root *segment.Document) {
	outcome := assembly.OutcomeOf(root)
	s.HasError, s.HasFault, s.HasThrottle = outcome.Error, outcome.Fault, outcome.Throttle
	if root.EndTime != nil && *root.EndTime >= root.StartTime {
		seconds := assembly.Seconds(*root.EndTime - root.StartTime)
		s.ResponseTime = &seconds
	}
	entry := serviceIDOf(assembly.ServiceOf(root))
	s.EntryPoint = &entry
	if root.HTTP == nil {
		return
	}
	if r := root.HTTP.Request; r != nil {
		s.HTTP = httpOut{HTTPURL: orNull(r.URL), HTTPMethod: orNull(r.Method), UserAgent: orNull(r.UserAgent), ClientIP: orNull(r.ClientIP)}
	}
	if r := root.HTTP.Response; r != nil && r.Status != 0 {
		s.HTTP.HTTPStatus = &r.Status
	}
}

// collect gathers what any entity that was sent contributes, each value once.
func (s *traceSummary) collect(trace *assembly.Trace) {
	annotations := make(map[string]*set[any])
	var users, arns, instances, zones set[string]
	for e := range trace.All() {
		if e.Inferred {
			continue
		}
		for key, value := range e.Annotations {
			if annotations[key] == nil {
				annotations[key] = new(set[any])
			}
			annotations[key].add(value)
		}
		ec2, _ := e.AWS["ec2"].(map[string]any)
		instance, _ := ec2["instance_id"].(string)
		zone, _ := ec2["availability_zone"].(string)
		addText(&users, e.User)
		addText(&arns, e.ResourceARN)
		addText(&instances, instance)
		addText(&zones, zone)
	}
	s.Annotations = make(map[string][]annotationOut)
	for _, key := range slices.Sorted(maps.Keys(annotations)) {
		s.Annotations[key] = list(*annotations[key], func(v any) annotationOut { return annotationOut{AnnotationValue: annotationValueOf(v)} })
	}
	s.Users = list(users, func(v string) userOut { return userOut{UserName: v} })
	s.ResourceARNs = list(arns, func(v string) arnOut { return arnOut{v} })
	s.InstanceIDs = list(instances, func(v string) instanceOut { return instanceOut{v} })
	s.AvailabilityZones = list(zones, func(v string) nameOut { return nameOut{v} })
}

func annotationValueOf(v any) (out annotationValue) {
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

// A set keeps values in the order in which they were first added.
type set[T comparable] []T

func (s *set[T]) add(v T) {
	if !slices.Contains(*s, v) {
		*s = append(*s, v)
	}
}

func addText(s *set[string], v string) {
	if v != "" {
		s.add(v)
	}
}

// list maps a set to what is marshalled; it is never null.
func list[T comparable, O any](s set[T], out func(T) O) []O {
	all := make([]O, 0, len(s))
	for _, v := range s {
		all = append(all, out(v))
	}
	return all
}
