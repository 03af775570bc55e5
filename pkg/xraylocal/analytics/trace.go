package analytics

import (
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/xray/types"

	"github.com/bragg-tracing/bragg/pkg/xraylocal/assembly"
)

// Dimension is something that traces are grouped by.
type Dimension string

// The dimensions. Annotation stands for all of them; a table of one key has the
// dimension "annotation.key".
const (
	URL               Dimension = "url" // without what follows "?" or "#"
	Method            Dimension = "method"
	Status            Dimension = "status"
	User              Dimension = "user"
	Service           Dimension = "service" // each that took part, clients not
	Annotation        Dimension = "annotation"
	ResponseTimeCause Dimension = "responsetime cause" // the way to the root cause
	FaultCause        Dimension = "fault cause"
	ErrorCause        Dimension = "error cause"
)

// Dimensions returns all, in the order in which tables come.
func Dimensions() []Dimension {
	return []Dimension{URL, Method, Status, User, Service, Annotation, ResponseTimeCause, FaultCause, ErrorCause}
}

// None is the value of a trace that has none in a dimension.
const None = "(none)"

// A Trace is what is counted of one trace.
type Trace struct {
	ID           string
	Start        float64  // seconds since the epoch
	ResponseTime *float64 // seconds; nil if not known
	Outcome      string   // ok, error, fault or throttle
	URL, Method  string
	Status       int // 0 if the root has no HTTP response
	User         string
	values       map[Dimension][]string
	roots        *rootCauses
}

// Of reads the summary of a trace.
func Of(s types.TraceSummary) Trace {
	t := Trace{ID: aws.ToString(s.Id), ResponseTime: s.ResponseTime, Outcome: outcomeOf(aws.ToBool(s.HasThrottle), aws.ToBool(s.HasFault), aws.ToBool(s.HasError)), values: make(map[Dimension][]string)}
	if s.StartTime != nil {
		t.Start = float64(s.StartTime.UnixMicro()) / 1e6
	}
	if h := s.Http; h != nil {
		t.URL, t.Method, t.Status = aws.ToString(h.HttpURL), aws.ToString(h.HttpMethod), int(aws.ToInt32(h.HttpStatus))
		url, _, _ := strings.Cut(aws.ToString(h.HttpURL), "?")
		url, _, _ = strings.Cut(url, "#")
		t.add(URL, url)
		t.add(Method, aws.ToString(h.HttpMethod))
		if h.HttpStatus != nil {
			t.add(Status, strconv.Itoa(int(*h.HttpStatus)))
		}
	}
	for _, u := range s.Users {
		t.add(User, aws.ToString(u.UserName))
	}
	if len(s.Users) > 0 {
		t.User = aws.ToString(s.Users[0].UserName)
	}
	for _, id := range s.ServiceIds {
		if aws.ToString(id.Type) != assembly.TypeClient {
			t.add(Service, aws.ToString(id.Name))
		}
	}
	for key, values := range s.Annotations {
		for _, v := range values {
			t.add(Annotation+Dimension("."+key), annotationText(v.AnnotationValue))
		}
	}
	t.causes(s)
	return t
}

// outcomeOf returns the one outcome that a trace counts as, of those that it has.
func outcomeOf(throttle, fault, err bool) string {
	switch {
	case throttle:
		return "throttle"
	case fault:
		return "fault"
	case err:
		return "error"
	default:
		return "ok"
	}
}

func (t *Trace) add(d Dimension, value string) {
	if value != "" && !slices.Contains(t.values[d], value) {
		t.values[d] = append(t.values[d], value)
	}
}

func annotationText(v types.AnnotationValue) string {
	switch v := v.(type) {
	case *types.AnnotationValueMemberBooleanValue:
		return strconv.FormatBool(v.Value)
	case *types.AnnotationValueMemberNumberValue:
		return strconv.FormatFloat(v.Value+0, 'g', -1, 64) // + 0: no -0
	case *types.AnnotationValueMemberStringValue:
		return strconv.Quote(v.Value)
	default:
		return ""
	}
}

// rootCauses are those of one trace; their texts are values of the trace.
type rootCauses struct {
	slow  []types.ResponseTimeRootCause
	fault []types.FaultRootCause
	err   []types.ErrorRootCause
}

// causes writes root causes as the console of X-Ray does: entities with " → ",
// services with " ⇒ ", and what was thrown at the end.
func (t *Trace) causes(s types.TraceSummary) {
	t.roots = &rootCauses{s.ResponseTimeRootCauses, s.FaultRootCauses, s.ErrorRootCauses}
	for _, c := range s.ResponseTimeRootCauses {
		t.add(ResponseTimeCause, slowText(c))
	}
	for _, c := range s.FaultRootCauses {
		t.add(FaultCause, faultText(c))
	}
	for _, c := range s.ErrorRootCauses {
		t.add(ErrorCause, errorText(c))
	}
}

func slowText(c types.ResponseTimeRootCause) string {
	var services []string
	for _, service := range c.Services {
		path := []string{aws.ToString(service.Name)}
		for _, e := range service.EntityPath[min(1, len(service.EntityPath)):] {
			path = append(path, aws.ToString(e.Name))
		}
		services = append(services, strings.Join(path, " → "))
	}
	return strings.Join(services, " ⇒ ")
}

func faultText(c types.FaultRootCause) string {
	var services []string
	for _, service := range c.Services {
		path := []string{aws.ToString(service.Name)}
		for i, e := range service.EntityPath {
			path = step(path, i, e.Name, e.Exceptions)
		}
		services = append(services, strings.Join(path, " → "))
	}
	return strings.Join(services, " ⇒ ")
}

func errorText(c types.ErrorRootCause) string {
	var services []string
	for _, service := range c.Services {
		path := []string{aws.ToString(service.Name)}
		for i, e := range service.EntityPath {
			path = step(path, i, e.Name, e.Exceptions)
		}
		services = append(services, strings.Join(path, " → "))
	}
	return strings.Join(services, " ⇒ ")
}

// step adds an entity to a path; the first is the service itself.
func step(path []string, i int, name *string, exceptions []types.RootCauseException) []string {
	text := aws.ToString(name)
	for _, x := range exceptions {
		text += " (" + aws.ToString(x.Name) + ")"
	}
	if i == 0 {
		path[0] += strings.TrimPrefix(text, aws.ToString(name))
		return path
	}
	return append(path, text)
}
