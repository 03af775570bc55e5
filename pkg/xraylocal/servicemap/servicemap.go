package servicemap

import (
	"cmp"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/xray/types"

	"github.com/bragg-tracing/bragg/pkg/xraylocal/filter"
)

// A Map is a service graph to be drawn.
type Map struct {
	Seconds float64 // how long the range is that rates are of
	Nodes   []Node  // in the order of the answer
	Edges   []Edge  // by From
}

// A Node is a service, a resource, a remote host or a client.
type Node struct {
	ID     string // unique in the map, and the same in another map of the same service
	Name   string
	Type   string // as X-Ray has it: "AWS::DynamoDB::Table", "remote", "client" or ""
	Kind   Kind
	State  string
	Root   bool // an entry point
	Filter string
	Figures
}

// Label returns a name to be read: of a queue's URL and of an ARN the last part,
// which names it.
func (n *Node) Label() string {
	label := n.Name
	switch {
	case n.Kind == Queue && strings.Contains(label, "://"):
		label = label[strings.LastIndexByte(label, '/')+1:]
	case strings.HasPrefix(label, "arn:"):
		label = label[strings.LastIndexByte(label, ':')+1:]
	}
	return cmp.Or(label, n.Name)
}

// An Edge is the calls of one node by another.
type Edge struct {
	From, To int  // indexes of Nodes
	Link     bool // messages that led to other traces
	Aliases  []string
	Filter   string
	Figures
}

// Figures say how requests fared. A client has the figures of what it asked for.
type Figures struct {
	OK, Error, Throttle, Fault, Total int64
	Rate                              float64 // requests per second
	Mean, P50, P90, P95, P99          float64 // response times in seconds; 0 without requests
	Histogram                         []Bin   `json:",omitempty"` // of response times, by value
}

// A Bin counts requests of about the same response time.
type Bin struct {
	Seconds float64
	Count   int64
}

// Kind is what a node looks like.
type Kind string

// The kinds.
const (
	Client   Kind = "client"
	Service  Kind = "service"
	Function Kind = "function"
	Database Kind = "database"
	Storage  Kind = "storage"
	Queue    Kind = "queue"
	Topic    Kind = "topic"
	Resource Kind = "resource" // any other AWS resource that was called
	Remote   Kind = "remote"
)

// kinds are those of types, by what follows "AWS::".
var kinds = map[string]Kind{
	"Lambda": Function, "DynamoDB": Database, "RDS": Database, "Redshift": Database, "ElastiCache": Database,
	"S3": Storage, "SQS": Queue, "Kinesis": Queue, "SNS": Topic, "Events": Topic, "EventBridge": Topic,
}

func kindOf(typ, state string) Kind {
	switch typ {
	case "client":
		return Client
	case "remote":
		return Remote
	}
	service, isAWS := strings.CutPrefix(typ, "AWS::")
	service, _, _ = strings.Cut(service, "::")
	if kind, ok := kinds[service]; isAWS && ok {
		return kind
	}
	if isAWS && state != "active" {
		return Resource
	}
	return Service
}

// New makes a map of the answer of GetServiceGraph or GetTraceGraph. Rates are
// over the range of time that was asked for; with 0 there are none.
func New(services []types.Service, over time.Duration) *Map {
	m := &Map{Seconds: over.Seconds(), Nodes: make([]Node, len(services)), Edges: []Edge{}}
	index := make(map[int32]int, len(services))
	for i, s := range services {
		index[aws.ToInt32(s.ReferenceId)] = i
		m.Nodes[i] = m.node(s)
	}
	for from, s := range services {
		for _, e := range s.Edges {
			if to, ok := index[aws.ToInt32(e.ReferenceId)]; ok {
				m.Edges = append(m.Edges, m.edge(from, to, e))
			}
		}
	}
	return m
}

func (m *Map) node(s types.Service) Node {
	name, typ, account := aws.ToString(s.Name), aws.ToString(s.Type), aws.ToString(s.AccountId)
	n := Node{
		ID:   strings.Join([]string{name, typ, account}, "|"),
		Name: name, Type: typ, State: aws.ToString(s.State), Root: aws.ToBool(s.Root),
		Filter: (&filter.Service{Node: selector(name, typ)}).String(),
	}
	n.Kind = kindOf(typ, n.State)
	if st := s.SummaryStatistics; st != nil {
		n.Figures = m.figures(st.OkCount, st.ErrorStatistics, st.FaultStatistics, st.TotalCount, st.TotalResponseTime, s.ResponseTimeHistogram)
	} else {
		for _, e := range s.Edges { // a client
			own := m.edgeFigures(e)
			own.Histogram = nil
			n.Figures = sum(n.Figures, own)
		}
	}
	return n
}

func selector(name, typ string) *filter.Selector {
	s := &filter.Selector{Name: &name}
	if typ != "" {
		s.Type = &typ
	}
	return s
}

func (m *Map) edge(from, to int, e types.Edge) Edge {
	a, b := &m.Nodes[from], &m.Nodes[to]
	out := Edge{
		From: from, To: to, Link: aws.ToString(e.EdgeType) == "link", Figures: m.edgeFigures(e),
		Filter: (&filter.Edge{Source: *selector(a.Name, a.Type), Destination: *selector(b.Name, b.Type)}).String(),
	}
	for _, alias := range e.Aliases {
		if name := aws.ToString(alias.Name); name != b.Name {
			out.Aliases = append(out.Aliases, name)
		}
	}
	return out
}

func (m *Map) edgeFigures(e types.Edge) Figures {
	st := e.SummaryStatistics
	if st == nil {
		return Figures{}
	}
	return m.figures(st.OkCount, st.ErrorStatistics, st.FaultStatistics, st.TotalCount, st.TotalResponseTime, e.ResponseTimeHistogram)
}

func (m *Map) figures(ok *int64, errors *types.ErrorStatistics, faults *types.FaultStatistics, total *int64, seconds *float64, histogram []types.HistogramEntry) Figures {
	f := Figures{OK: aws.ToInt64(ok), Total: aws.ToInt64(total)}
	if errors != nil {
		f.Error, f.Throttle = aws.ToInt64(errors.OtherCount), aws.ToInt64(errors.ThrottleCount)
	}
	if faults != nil {
		f.Fault = aws.ToInt64(faults.TotalCount)
	}
	if m.Seconds > 0 {
		f.Rate = float64(f.Total) / m.Seconds
	}
	if f.Total > 0 {
		f.Mean = aws.ToFloat64(seconds) / float64(f.Total)
	}
	f.Histogram = binsOf(histogram)
	f.P50, f.P90 = quantile(f.Histogram, 0.5), quantile(f.Histogram, 0.9)
	f.P95, f.P99 = quantile(f.Histogram, 0.95), quantile(f.Histogram, 0.99)
	return f
}

// sum adds figures up, but for histograms, of which the larger part's
// percentiles stay.
func sum(a, b Figures) Figures {
	total := a.Total + b.Total
	larger := a
	if b.Total > a.Total {
		larger = b
	}
	out := Figures{OK: a.OK + b.OK, Error: a.Error + b.Error, Throttle: a.Throttle + b.Throttle, Fault: a.Fault + b.Fault,
		Total: total, Rate: a.Rate + b.Rate, P50: larger.P50, P90: larger.P90, P95: larger.P95, P99: larger.P99}
	if total > 0 {
		out.Mean = (a.Mean*float64(a.Total) + b.Mean*float64(b.Total)) / float64(total)
	}
	return out
}
