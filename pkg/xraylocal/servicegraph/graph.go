package servicegraph

import (
	"cmp"

	"github.com/bragg-tracing/bragg/pkg/segment"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/assembly"
)

// A Service is what makes a node the same node in two traces.
type Service struct {
	Name      string
	Type      string // origin of a segment, "" if it has none; assembly.TypeRemote; assembly.TypeClient
	AccountID string // "" if no document told it
	Region    string // "" if no document told it
}

// Compare orders services by name, type, account and region.
func (s Service) Compare(other Service) int {
	return cmp.Or(cmp.Compare(s.Name, other.Name), cmp.Compare(s.Type, other.Type),
		cmp.Compare(s.AccountID, other.AccountID), cmp.Compare(s.Region, other.Region))
}

// Client reports whether the service stands for whoever called an entry point.
func (s Service) Client() bool { return s.Type == assembly.TypeClient }

// State is what X-Ray says of a node's own documents.
type State uint8

// The states, in the order in which the knowledge of a node grows: a node that
// has two is what the later one says.
const (
	Unknown State = iota // an AWS resource, or a client: sent nothing
	Passive              // anything else that was called and sent nothing
	Active               // sent segments
)

// String returns X-Ray's name of the state.
func (s State) String() string {
	return [...]string{"unknown", "passive", "active"}[min(s, Active)]
}

// Outcome is the one way in which a request counts.
type Outcome uint8

// The outcomes.
const (
	OK       Outcome = iota
	Error            // the caller's mistake: 4xx
	Throttle         // refused for its rate: 429
	Fault            // the service's failure: 5xx
)

// String returns the outcome as filter expressions name it.
func (o Outcome) String() string {
	return [...]string{"ok", "error", "throttle", "fault"}[min(o, Fault)]
}

// OutcomeOf returns how a document counts: the first of throttle, fault, error
// and ok that holds, which is the order of X-Ray's statistics.
func OutcomeOf(doc *segment.Document) Outcome {
	switch o := assembly.OutcomeOf(doc); {
	case o.Throttle:
		return Throttle
	case o.Fault:
		return Fault
	case o.Error:
		return Error
	default:
		return OK
	}
}

// A Graph is the projection of one trace. Nodes are sorted by Service, and edges
// by From, To and Type, each once. It is plain data, to be read only.
type Graph struct {
	Start int64 // of the trace, in microseconds since the epoch; 0 if it has no segment
	Nodes []Node
	Edges []Edge
	Sent  []Sent    // messages, by node, time and id
	Links []Receipt // of messages that other traces sent, in the same order
}

// A Sent is a call of something that passes messages on, which another trace may
// begin with.
type Sent struct {
	Node int    // index of Graph.Nodes: the queue or topic
	ID   uint64 // of the subsegment, as a number
	At   int64  // its start, microseconds since the epoch
}

// A Receipt is a request that a message of another trace led to. The edge
// between them shows when both traces are merged.
type Receipt struct {
	Node    int    // index of Graph.Nodes: who received it
	ID      uint64 // of the subsegment that sent it
	Request Request
}

// A Node is a service that took part.
type Node struct {
	Service
	State    State
	Root     bool      // the entry point of the trace
	Requests []Request // what it served, by start; none for a client
}

// Inferred reports whether the node sent nothing itself, and is no client.
func (n *Node) Inferred() bool { return n.State != Active && !n.Client() }

// EdgeType says how two services are connected.
type EdgeType uint8

// The types of edges.
const (
	Call EdgeType = iota // From waited for To, or sent it something
	Link                 // a message to From, of one trace, led to a request of To, in another
)

// String returns X-Ray's name of the type, "" for an ordinary call.
func (t EdgeType) String() string {
	if t == Link {
		return "link"
	}
	return ""
}

// An Edge is one service's calls of another, as the caller saw them where it
// told of them.
type Edge struct {
	From, To int // indexes of Graph.Nodes
	Type     EdgeType
	Aliases  []Alias // the names by which From called To, sorted, each once
	Requests []Request
}

// An Alias is what a caller knows a service as, which tells of itself under
// another name.
type Alias struct {
	Name string
	Type string
}

// Compare orders aliases by name and type.
func (a Alias) Compare(other Alias) int {
	return cmp.Or(cmp.Compare(a.Name, other.Name), cmp.Compare(a.Type, other.Type))
}

// A Request is one contribution to a node or an edge.
type Request struct {
	// Document is the segment or subsegment that tells of it; nil if the graph
	// was decoded.
	Document *segment.Document

	Start      int64 // microseconds since the epoch
	End        int64 // Start <= End; Start itself while InProgress
	LastEnd    int64 // the latest end of anything that it led to, End <= LastEnd
	Receipt    int64 // when the document came, microseconds since the epoch; 0 if not known
	InProgress bool  // not counted yet
	Outcome    Outcome
}

// Duration returns End - Start in microseconds.
func (r *Request) Duration() int64 { return r.End - r.Start }
