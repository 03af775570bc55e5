package servicegraph

import (
	"cmp"
	"slices"
)

// A Map is what many traces together say of services and of who calls whom.
// Nodes are sorted by Service, and edges by From, To and Type.
type Map struct {
	Nodes []MapNode
	Edges []MapEdge
}

// A MapNode is a service with what it served.
type MapNode struct {
	Service
	State    State
	Root     bool // the entry point of some trace
	Period   Period
	Served   Statistics
	Response Histogram // of the requests themselves
	Duration Histogram // of the requests and everything that they led to
}

// A MapEdge is one service's calls of another.
type MapEdge struct {
	From, To int // indexes of Map.Nodes
	Type     EdgeType
	Aliases  []Alias // sorted, each once
	Period   Period
	Calls    Statistics
	Response Histogram
	Age      Histogram // of a Link: from sending a message to the start of the request that it led to
}

// A Period spans the starts of traces, in whole seconds since the epoch: Start is
// the second of the first, End the one after that of the last.
type Period struct {
	Start, End int64
}

func (p *Period) add(microseconds int64) {
	second := microseconds / 1e6
	if p.End == 0 {
		*p = Period{second, second + 1}
	}
	p.Start, p.End = min(p.Start, second), max(p.End, second+1)
}

// Statistics counts completed requests, each under one outcome.
type Statistics struct {
	OK, Error, Throttle, Fault int64
	Time                       int64 // sum of the response times, in microseconds
}

// Total returns how many requests were counted.
func (s *Statistics) Total() int64 { return s.OK + s.Error + s.Throttle + s.Fault }

func (s *Statistics) add(r *Request) {
	s.Time += r.Duration()
	switch r.Outcome {
	case OK:
		s.OK++
	case Error:
		s.Error++
	case Throttle:
		s.Throttle++
	case Fault:
		s.Fault++
	}
}

// A Merger adds up the graphs of traces. It is not safe for concurrent use.
type Merger struct {
	window Window
	shapes map[string]*mergedShape
	nodes  map[Service]*MapNode
	edges  map[edgeKey]*MapEdge
	sent   map[uint64]sent // messages, by id
	links  []received
}

// A mergedShape leads from a shape's nodes and edges to those of the map.
type mergedShape struct {
	nodes []*MapNode
	edges []*MapEdge
	ends  [][2]*MapNode // of the edges
}

// NewMerger returns a merger that counts the requests of a window.
func NewMerger(w Window) *Merger {
	return &Merger{
		window: w,
		shapes: make(map[string]*mergedShape),
		nodes:  make(map[Service]*MapNode),
		edges:  make(map[edgeKey]*MapEdge),
		sent:   make(map[uint64]sent),
	}
}

// AddGraph adds a graph.
func (m *Merger) AddGraph(g *Graph) error {
	return m.Add(g.AppendShape(nil), g.AppendValues(nil))
}

// Add adds an encoded graph. It keeps neither slice, and does not allocate for a
// shape that it knows. The error wraps ErrEncoding; some of the graph may have
// been added then.
func (m *Merger) Add(shape, encoded []byte) error {
	s, ok := m.shapes[string(shape)]
	if !ok {
		var err error
		if s, err = m.learn(shape); err != nil {
			return err
		}
	}
	v, err := newValues(encoded)
	if err != nil {
		return err
	}
	var r Request
	for _, n := range s.nodes {
		for range v.count(3) {
			if v.next(&r); m.window.has(&r) {
				n.add(v.start, &r)
			}
		}
	}
	for i, e := range s.edges {
		for range v.count(3) {
			if v.next(&r); m.window.has(&r) {
				e.add(v.start, &r)
				s.ends[i][0].Period.add(v.start)
				s.ends[i][1].Period.add(v.start)
			}
		}
	}
	v.sent(len(s.nodes), func(one Sent) { m.sent[one.ID] = sent{s.nodes[one.Node], one.At} })
	v.links(len(s.nodes), func(one Receipt) {
		if m.window.has(&one.Request) {
			m.links = append(m.links, received{s.nodes[one.Node], one.ID, v.start, one.Request})
		}
	})
	return v.end()
}

func (n *MapNode) add(start int64, r *Request) {
	n.Period.add(start)
	if !r.InProgress {
		n.Served.add(r)
		n.Response.Add(r.Duration())
		n.Duration.Add(r.LastEnd - r.Start)
	}
}

func (e *MapEdge) add(start int64, r *Request) {
	e.Period.add(start)
	if !r.InProgress {
		e.Calls.add(r)
		e.Response.Add(r.Duration())
	}
}

// learn takes in a shape that was not seen before.
func (m *Merger) learn(shape []byte) (*mergedShape, error) {
	g, err := decodeShape(shape)
	if err != nil {
		return nil, err
	}
	s := &mergedShape{}
	for i := range g.Nodes {
		n := m.nodes[g.Nodes[i].Service]
		if n == nil {
			n = &MapNode{Service: g.Nodes[i].Service}
			m.nodes[n.Service] = n
		}
		n.State, n.Root = max(n.State, g.Nodes[i].State), n.Root || g.Nodes[i].Root
		s.nodes = append(s.nodes, n)
	}
	for _, own := range g.Edges {
		key := edgeKey{g.Nodes[own.From].Service, g.Nodes[own.To].Service, own.Type}
		e := m.edges[key]
		if e == nil {
			e = &MapEdge{Type: own.Type}
			m.edges[key] = e
		}
		for _, alias := range own.Aliases {
			if !slices.Contains(e.Aliases, alias) {
				e.Aliases = append(e.Aliases, alias)
			}
		}
		s.edges = append(s.edges, e)
		s.ends = append(s.ends, [2]*MapNode{s.nodes[own.From], s.nodes[own.To]})
	}
	m.shapes[string(shape)] = s
	return s, nil
}

// Map returns what was added so far: the nodes and edges that have a request in
// the window. It shares histograms with the merger, to which nothing may be
// added afterwards.
func (m *Merger) Map() *Map {
	m.connect()
	out := &Map{Nodes: []MapNode{}, Edges: []MapEdge{}}
	for _, n := range m.nodes {
		if n.Period.End != 0 {
			out.Nodes = append(out.Nodes, *n)
		}
	}
	slices.SortFunc(out.Nodes, func(a, b MapNode) int { return a.Service.Compare(b.Service) })
	index := make(map[Service]int, len(out.Nodes))
	for i := range out.Nodes {
		index[out.Nodes[i].Service] = i
	}
	for key, e := range m.edges {
		if e.Period.End != 0 {
			edge := *e
			edge.From, edge.To = index[key.from], index[key.to]
			slices.SortFunc(edge.Aliases, Alias.Compare)
			out.Edges = append(out.Edges, edge)
		}
	}
	slices.SortFunc(out.Edges, func(a, b MapEdge) int {
		return cmp.Or(cmp.Compare(a.From, b.From), cmp.Compare(a.To, b.To), cmp.Compare(a.Type, b.Type))
	})
	return out
}
