package verify

import (
	"math"
	"strings"
	"time"

	"github.com/bragg-tracing/bragg/pkg/newrelic"
	"github.com/bragg-tracing/bragg/pkg/newrelic/sink"
	"github.com/bragg-tracing/bragg/pkg/segment"
)

// A View is what one place knows of one trace.
type View struct {
	Name  string // of the place, as people read it: "sent", "X-Ray", "New Relic"
	Spans []Span // in any order; a span that is there twice is there twice
}

// A Span is a span, segment or subsegment of a [View].
type Span struct {
	ID, ParentID string // 16 lower-case hex digits; a root has no parent: ""
	Name         string
	Service      string // of the resource; of X-Ray, the segment's name
	Kind         string // server, client, internal, producer, consumer; "" in X-Ray
	Start, End   time.Time
	InProgress   bool // X-Ray has its start alone
	// Status is OpenTelemetry's UNSET, OK or ERROR; of X-Ray, it is ok, error,
	// throttle or fault.
	Status     string
	Attributes map[string]any // of the span over those of its resource; nil in X-Ray
	// Reason says why a backend may have made this span on its own: see the
	// constants that begin with Made.
	Reason string

	document *segment.Document // X-Ray's, with its subsegments
	segment  *segment.Document // the one that document is in, perhaps itself
}

// The reasons for which a backend has what nobody sent.
const (
	// MadeInferred is X-Ray's segment for the other end of a call to something
	// that sends no traces.
	MadeInferred = "inferred"
	// MadeForLocalRoot is the exporter's segment around a client, producer or
	// consumer span that is the first of its service in a trace: X-Ray wants a
	// segment for each service, so the span becomes a subsegment of it.
	MadeForLocalRoot = "service segment"
	// MadeByAWS is a segment that an AWS service wrote, such as API Gateway or
	// Lambda. Only X-Ray has it.
	MadeByAWS = "AWS service"
)

// XRayView is the view that the documents of a trace give, as BatchGetTraces
// returns them: segments, with their subsegments inside.
func XRayView(documents []*segment.Document) View {
	v := View{Name: "X-Ray"}
	for _, d := range documents {
		v.addDocument(d, d, d.ParentID)
	}
	return v
}

func (v *View) addDocument(d, top *segment.Document, parent string) {
	s := Span{
		ID: strings.ToLower(d.ID), ParentID: strings.ToLower(parent),
		Name: d.Name, Service: top.Name,
		Start: fromSeconds(d.StartTime), InProgress: d.EndTime == nil,
		Status: xrayStatus(d), Reason: madeBecause(d, top),
		document: d, segment: top,
	}
	if d.EndTime != nil {
		s.End = fromSeconds(*d.EndTime)
	}
	v.Spans = append(v.Spans, s)
	for _, sub := range d.Subsegments {
		v.addDocument(sub, top, d.ID)
	}
}

// madeBecause returns the reason why a segment may be nobody's span.
func madeBecause(d, top *segment.Document) string {
	switch {
	case d.Inferred:
		return MadeInferred
	case d != top:
		return "" // a subsegment is what it says
	case isAWSService(d.Origin):
		return MadeByAWS
	case len(d.Subsegments) == 1 && sameTimes(d, d.Subsegments[0]):
		return MadeForLocalRoot
	}
	return ""
}

// isAWSService says whether segments of that origin come from AWS itself. A
// function's own code has AWS::Lambda::Function as well, so that such a segment
// is only excused when nobody sent it.
func isAWSService(origin string) bool {
	for _, prefix := range []string{"AWS::ApiGateway", "AWS::APIGateway", "AWS::Lambda", "AWS::StepFunctions", "AWS::AppSync", "AWS::SNS", "AWS::SQS", "AWS::Events"} {
		if strings.HasPrefix(origin, prefix) {
			return true
		}
	}
	return false
}

func sameTimes(a, b *segment.Document) bool {
	return a.StartTime == b.StartTime && (a.EndTime == nil) == (b.EndTime == nil) && (a.EndTime == nil || *a.EndTime == *b.EndTime)
}

// xrayStatus is the outcome of a document. A segment's flags may all be unset
// where the HTTP status says it.
func xrayStatus(d *segment.Document) string {
	status := 0
	if d.HTTP != nil && d.HTTP.Response != nil {
		status = d.HTTP.Response.Status
	}
	switch {
	case d.Throttle || status == 429:
		return "throttle"
	case d.Fault || status >= 500:
		return "fault"
	case d.Error || status >= 400:
		return "error"
	}
	return "ok"
}

// fromSeconds returns the time of X-Ray's seconds since 1970, which are exact
// to the microsecond.
func fromSeconds(seconds float64) time.Time {
	whole, fraction := math.Modf(seconds)
	return time.Unix(int64(whole), int64(math.Round(fraction*1e6))*1000).UTC()
}

// NewRelicView is the view of the spans that NerdGraph returns of a trace.
func NewRelicView(spans []newrelic.Span) View {
	v := View{Name: "New Relic"}
	for _, s := range spans {
		v.Spans = append(v.Spans, Span{
			ID: strings.ToLower(s.ID), ParentID: strings.ToLower(s.ParentID),
			Name: s.Name, Service: s.Service, Kind: s.Kind,
			Start: s.Start, End: s.Start.Add(s.Duration), Status: s.Status, Attributes: s.Attributes,
		})
	}
	return v
}

// SinkView is the view of the spans that the local New Relic sink has of a
// trace.
func SinkView(spans []sink.Span) View {
	v := View{Name: "New Relic"}
	for _, s := range spans {
		v.Spans = append(v.Spans, Span{
			ID: s.SpanID, ParentID: s.ParentID, Name: s.Name, Service: s.Service, Kind: s.Kind,
			Start: time.Unix(0, s.Start).UTC(), End: time.Unix(0, s.End).UTC(), Status: s.Status, Attributes: s.Attributes,
		})
	}
	return v
}

// Arrivals returns the spans of the view as [MatchIDs] takes them.
func (v View) Arrivals() []Arrival {
	arrivals := make([]Arrival, len(v.Spans))
	for i, s := range v.Spans {
		arrivals[i] = Arrival{SpanID: s.ID, Received: 1, Reason: s.Reason}
	}
	return arrivals
}
