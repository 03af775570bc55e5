package index

import (
	"strconv"

	"github.com/bragg-tracing/bragg/pkg/segment"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/assembly"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/servicegraph"
)

// An Entry is what is kept of one trace. Status, ResponseTime, Method and URL
// are the root segment's: nil, or "", if it does not tell.
type Entry struct {
	Flags        Flags
	Status       *int
	ResponseTime *float64 // seconds; nil while the root segment is in progress
	Duration     *float64 // seconds; nil while anything is
	Method, URL  string
	Signature    Signature
}

// Flags are the yes-or-no questions that an Entry answers.
type Flags uint8

// The flags. The first three are the root segment's outcome.
const (
	Error Flags = 1 << iota
	Fault
	Throttle
	Partial
	Inferred  // it has an inferred segment
	HasRoot   // it has a root segment
	Unindexed // nothing else of the entry says anything: look at the trace
)

// MaxEntities is how many documents a trace has at most of which an entry is
// made; one with more is Unindexed. So the cost of a document does not grow with
// those that are there.
const MaxEntities = 1000

// None is the entry of a trace that is too large, or of which nothing is known.
var None = Entry{Flags: Unindexed}

// Of makes the entry of a trace. Graph is its projection with documents, as
// servicegraph.Of makes it.
func Of(trace *assembly.Trace, graph *servicegraph.Graph) Entry {
	var e Entry
	if trace.Partial() {
		e.Flags |= Partial
	}
	if seconds, ok := trace.Duration(); ok && trace.Complete() {
		e.Duration = &seconds
	}
	if root := trace.Root(); root != nil {
		e.root(root)
	}
	for entity := range trace.All() {
		e.entity(entity)
	}
	e.graph(graph)
	return e
}

func (e *Entry) root(root *segment.Document) {
	e.Flags |= HasRoot
	outcome := assembly.OutcomeOf(root)
	e.set(Error, outcome.Error)
	e.set(Fault, outcome.Fault)
	e.set(Throttle, outcome.Throttle)
	if root.EndTime != nil {
		seconds := assembly.Seconds(*root.EndTime - root.StartTime)
		e.ResponseTime = &seconds
	}
	if root.HTTP == nil {
		return
	}
	if r := root.HTTP.Request; r != nil {
		e.Method, e.URL = r.Method, r.URL
		e.text(termUserAgent, r.UserAgent)
		e.text(termClientIP, r.ClientIP)
	}
	if r := root.HTTP.Response; r != nil && r.Status != 0 {
		e.Status = &r.Status
	}
}

func (e *Entry) set(flag Flags, on bool) {
	if on {
		e.Flags |= flag
	}
}

// entity adds what any segment or subsegment contributes.
func (e *Entry) entity(entity assembly.Entity) {
	e.set(Inferred, entity.Inferred)
	e.ended(termAnyOutcome, assembly.OutcomeOf(entity.Document))
	for key, value := range entity.Annotations {
		e.Signature.add(termKey, key)
		if kind, text := annotationText(value); kind != "" {
			e.Signature.add(termAnnotation, key, kind, text)
		}
	}
	ec2, _ := entity.AWS["ec2"].(map[string]any)
	instance, _ := ec2["instance_id"].(string)
	zone, _ := ec2["availability_zone"].(string)
	e.text(termUser, entity.User)
	e.text(termARN, entity.ResourceARN)
	e.text(termInstance, instance)
	e.text(termZone, zone)
}

// ended adds how something ended, by words that are in front.
func (e *Entry) ended(kind termKind, outcome assembly.Outcome, of ...string) {
	if outcome.Error {
		e.Signature.add(kind, append(of, "error")...)
	}
	if outcome.Fault {
		e.Signature.add(kind, append(of, "fault")...)
	}
	if outcome.Throttle {
		e.Signature.add(kind, append(of, "throttle")...)
	}
}

// annotationText returns the kind of an annotation's value, and the value as
// text: the same text for values that are equal.
func annotationText(value any) (kind, text string) {
	switch v := value.(type) {
	case string:
		return "s", v
	case bool:
		return "b", strconv.FormatBool(v)
	case float64:
		return "n", strconv.FormatFloat(v+0, 'g', -1, 64) // + 0: no -0
	default:
		return "", ""
	}
}

func (e *Entry) text(kind termKind, text string) {
	if text != "" {
		e.Signature.addHas(kind, text)
	}
}

// graph adds who took part, and who called whom.
func (e *Entry) graph(g *servicegraph.Graph) {
	for i := range g.Nodes {
		n := &g.Nodes[i]
		e.Signature.add(termService, n.Name)
		e.Signature.add(termType, n.Type)
		for j := range n.Requests {
			e.ended(termOutcome, assembly.OutcomeOf(n.Requests[j].Document), n.Name)
		}
	}
	for i := range g.Edges {
		edge := &g.Edges[i]
		from := g.Nodes[edge.From].Name
		e.Signature.add(termCaller, from)
		e.callee(from, g.Nodes[edge.To].Name)
		for _, alias := range edge.Aliases {
			e.callee(from, alias.Name)
		}
	}
}

func (e *Entry) callee(from, to string) {
	e.Signature.add(termEdge, from, to)
	e.Signature.add(termCallee, to)
}
