package index

import (
	"github.com/bragg-tracing/bragg/pkg/xraylocal/filter"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/summary"
)

// Summary returns the summary of the trace with this id, whose first segment
// began at start, without what is the caller's to set: what summary.Of makes of
// the trace itself. The facts must be Whole.
func (f *Facts) Summary(id string, start float64) (*summary.Trace, error) {
	s := &summary.Trace{
		ID: id, StartTime: start, Duration: f.Duration, ResponseTime: f.Response,
		HasFault: f.Flags&Fault != 0, HasError: f.Flags&Error != 0, HasThrottle: f.Flags&Throttle != 0, IsPartial: f.Flags&Partial != 0,
		HTTP: summary.HTTP{
			HTTPURL: orNull(f.Text(filter.HTTPURL)), HTTPMethod: orNull(f.Text(filter.HTTPMethod)),
			UserAgent: orNull(f.Text(filter.HTTPUserAgent)), ClientIP: orNull(f.Text(filter.HTTPClientIP)),
		},
		Annotations: make(map[string][]summary.Annotation), Users: []summary.User{}, ServiceIDs: []summary.ServiceID{},
		ResourceARNs: []summary.ResourceARN{}, InstanceIDs: []summary.InstanceID{}, AvailabilityZones: []summary.AvailabilityZone{},
		SegmentCount: f.Segments(),
	}
	if f.Status != 0 {
		s.HTTP.HTTPStatus = &f.Status
	}
	for name, kind := range f.Services() {
		s.ServiceIDs = append(s.ServiceIDs, summary.ServiceID{Name: string(name), Names: []string{string(name)}, Type: orNull(string(kind))})
	}
	if entry := f.entry(); entry > 0 && entry <= len(s.ServiceIDs) {
		root := s.ServiceIDs[entry-1]
		s.EntryPoint = &root
	}
	for t := range f.Terms() {
		addTerm(s, t)
	}
	causes, err := f.Causes()
	s.FaultRootCauses, s.ErrorRootCauses, s.ResponseTimeRootCauses = causes.Fault, causes.Error, causes.ResponseTime
	return s, err
}

func orNull(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// entry returns the place of the root's service, counted from 1; 0 without root.
func (f *Facts) entry() int {
	r := reader{b: f.rest}
	r.number()
	for range r.count() {
		r.text()
		r.text()
	}
	return int(r.number())
}

func addTerm(s *summary.Trace, t Term) {
	text := string(t.value)
	switch t.encoded[0] {
	case factUser:
		s.Users = append(s.Users, summary.User{UserName: text})
	case factARN:
		s.ResourceARNs = append(s.ResourceARNs, summary.ResourceARN{ARN: text})
	case factInstance:
		s.InstanceIDs = append(s.InstanceIDs, summary.InstanceID{ID: text})
	case factZone:
		s.AvailabilityZones = append(s.AvailabilityZones, summary.AvailabilityZone{Name: text})
	case factString, factNumber, factBool:
		addAnnotation(s, string(t.key), t.Value())
	}
}

// addAnnotation adds a value, unless it is the other zero: those are equal.
func addAnnotation(s *summary.Trace, key string, v filter.Value) {
	var a summary.Annotation
	switch v.Kind {
	case filter.Number:
		for _, other := range s.Annotations[key] {
			if n := other.AnnotationValue.NumberValue; n != nil && *n == v.Number {
				return
			}
		}
		a.AnnotationValue.NumberValue = &v.Number
	case filter.Bool:
		a.AnnotationValue.BooleanValue = &v.Bool
	default:
		a.AnnotationValue.StringValue = &v.Text
	}
	s.Annotations[key] = append(s.Annotations[key], a)
}

// Causes returns the root causes; no list is nil.
func (f *Facts) Causes() (summary.Causes, error) {
	c := summary.Causes{Fault: []summary.Cause{}, Error: []summary.Cause{}, ResponseTime: []summary.SlowCause{}}
	for kind, way := range f.Ways() {
		cause, slow, err := DecodeWay(kind, way)
		switch {
		case err != nil:
			return c, err
		case kind == FaultCause:
			c.Fault = append(c.Fault, cause)
		case kind == ErrorCause:
			c.Error = append(c.Error, cause)
		default:
			c.ResponseTime = append(c.ResponseTime, slow)
		}
	}
	r := f.details()
	for _, kind := range [][]summary.Cause{c.Fault, c.Error} {
		for i := range kind {
			r.messages(&kind[i])
		}
	}
	for i := range c.ResponseTime {
		r.coverages(&c.ResponseTime[i])
	}
	if r.bad {
		return c, errFacts
	}
	return c, nil
}

// details is a reader that stands behind the ways.
func (f *Facts) details() *reader {
	r := f.causes()
	for range causeKinds {
		for range r.count() {
			r.text()
		}
	}
	return r
}

func (r *reader) messages(c *summary.Cause) {
	for i := range c.Services {
		for j := range c.Services[i].EntityPath {
			xs := c.Services[i].EntityPath[j].Exceptions
			for k := range xs {
				n := r.number()
				if n == 0 {
					continue
				}
				if n-1 > uint64(len(r.b)) {
					r.b, r.bad = nil, true
					return
				}
				message := string(r.b[:n-1])
				xs[k].Message, r.b = &message, r.b[n-1:]
			}
		}
	}
}

func (r *reader) coverages(c *summary.SlowCause) {
	for i := range c.Services {
		for j := range c.Services[i].EntityPath {
			c.Services[i].EntityPath[j].Coverage = float64(r.number()) / 1000
		}
	}
}

// DecodeWay returns the root cause that a way leads to, without messages and
// coverages: a SlowCause if the kind is ResponseTimeCause, else a Cause.
func DecodeWay(kind CauseKind, way []byte) (c summary.Cause, slow summary.SlowCause, err error) {
	r := &reader{b: way}
	impacting := r.byte()&causeImpacting != 0
	for range r.count() {
		inferred := r.byte()&causeInferred != 0
		name, typ := string(r.text()), string(r.text())
		id := summary.CauseServiceID{Name: name, Names: []string{name}, Type: typ}
		if kind == ResponseTimeCause {
			s := summary.SlowService{CauseServiceID: id, Inferred: inferred}
			for range r.count() {
				s.EntityPath = append(s.EntityPath, summary.SlowEntity{Remote: r.byte()&causeRemote != 0, Name: string(r.text())})
			}
			slow.Services = append(slow.Services, s)
			continue
		}
		s := summary.CauseService{CauseServiceID: id, Inferred: inferred, EntityPath: []summary.CauseEntity{}}
		for range r.count() {
			s.EntityPath = append(s.EntityPath, r.entity())
		}
		c.Services = append(c.Services, s)
	}
	c.ClientImpacting, slow.ClientImpacting = impacting, impacting
	if r.bad || len(r.b) > 0 {
		err = errFacts
	}
	return c, slow, err
}

func (r *reader) entity() summary.CauseEntity {
	e := summary.CauseEntity{Remote: r.byte()&causeRemote != 0, Name: string(r.text()), Exceptions: []summary.Exception{}}
	for range r.count() {
		e.Exceptions = append(e.Exceptions, summary.Exception{Name: string(r.text())})
	}
	return e
}
