package servicegraph

import (
	"cmp"
	"math"
	"slices"
	"time"

	"github.com/bragg-tracing/bragg/pkg/segment"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/assembly"
)

// Of projects a trace. Received says when the document came that brought the
// entity with this id, or the zero time: then it came with what is around it. It
// may be nil.
//
// The result depends on the trace's documents, not on their order. Of takes
// O(n log n) for n entities.
func Of(t *assembly.Trace, received func(id string) time.Time) *Graph {
	p := projection{
		trace:    t,
		received: received,
		parents:  make(map[string]*entity, len(t.Segments)),
		nodes:    make(map[Service]*Node),
		edges:    make(map[edgeKey]*builtEdge),
	}
	for _, seg := range t.Segments {
		if seg.ParentID != "" {
			p.parents[seg.ParentID] = nil // wanted
		}
	}
	p.segments = make([]visit, len(t.Segments))
	for i, seg := range t.Segments {
		p.read(i, seg, nil, 0)
	}
	p.follow()
	for i := range p.segments {
		p.node(i)
	}
	for i := range p.segments {
		p.edge(i)
	}
	p.client()
	return p.graph()
}

// A projection is a Graph in the making.
type projection struct {
	trace    *assembly.Trace
	received func(id string) time.Time
	segments []visit            // what is known of trace.Segments, at the same index
	parents  map[string]*entity // those that segments name, by id; nil if not there
	nodes    map[Service]*Node
	edges    map[edgeKey]*builtEdge
}

// A visit is what the projection knows of a segment.
type visit struct {
	service  Service
	receipt  int64
	lastEnd  int64 // of its own entities at first, then of everything that it led to
	children []int // segments called
	followed bool
	links    []linked
}

// A linked is a segment or subsegment with links.
type linked struct {
	doc     *segment.Document
	receipt int64
}

// An entity is a segment or subsegment that is the parent of a segment.
type entity struct {
	doc     *segment.Document
	segment int // index of the segment that holds it
	receipt int64
	told    []*builtEdge // the edges that it is a request of
}

type edgeKey struct {
	from, to Service
	kind     EdgeType
}

type builtEdge struct {
	aliases  []Alias
	requests []Request
}

// read walks over a segment's entities.
func (p *projection) read(segment int, doc, parent *segment.Document, receipt int64) {
	if p.received != nil {
		if at := p.received(doc.ID); !at.IsZero() {
			receipt = at.UnixMicro()
		}
	}
	v := &p.segments[segment]
	if parent == nil {
		v.service, v.receipt = serviceOf(doc), receipt
	}
	start, end := span(doc)
	v.lastEnd = max(v.lastEnd, start, end)
	if found, wanted := p.parents[doc.ID]; wanted && found == nil {
		p.parents[doc.ID] = &entity{doc: doc, segment: segment, receipt: receipt}
	}
	if len(doc.Links) > 0 {
		v.links = append(v.links, linked{doc, receipt})
	}
	for _, sub := range doc.Subsegments {
		p.read(segment, sub, doc, receipt)
	}
}

// follow finds what each segment led to.
func (p *projection) follow() {
	for i, seg := range p.trace.Segments {
		if parent := p.parents[seg.ParentID]; parent != nil && seg.ParentID != "" {
			caller := &p.segments[parent.segment]
			caller.children = append(caller.children, i)
			if seg.Inferred {
				p.segments[i].receipt = parent.receipt
			}
		}
	}
	for i := range p.segments {
		p.reach(i)
	}
}

// reach returns the latest end of what segment i led to. Segments that are each
// other's parents end where the circle is entered.
func (p *projection) reach(i int) int64 {
	v := &p.segments[i]
	if !v.followed {
		v.followed = true
		for _, child := range v.children {
			v.lastEnd = max(v.lastEnd, p.reach(child))
		}
	}
	return v.lastEnd
}

func (p *projection) node(i int) {
	v, seg := &p.segments[i], p.trace.Segments[i]
	n := p.nodes[v.service]
	if n == nil {
		n = &Node{Service: v.service}
		p.nodes[v.service] = n
	}
	n.State = max(n.State, stateOf(seg))
	n.Requests = append(n.Requests, request(seg, v.receipt, v.lastEnd))
}

// edge connects segment i with its caller, if that is there. What a call cost
// is what the caller saw of it, the network included; a caller that did not
// tell is taken to have seen what the callee did.
func (p *projection) edge(i int) {
	v, seg := &p.segments[i], p.trace.Segments[i]
	parent := p.parents[seg.ParentID]
	if seg.ParentID == "" || parent == nil {
		return
	}
	key := edgeKey{p.segments[parent.segment].service, v.service, Call}
	e := p.edges[key]
	if e == nil {
		e = new(builtEdge)
		p.edges[key] = e
	}
	if !assembly.IsCall(parent.doc) || parent.doc == p.trace.Segments[parent.segment] {
		e.requests = append(e.requests, request(seg, v.receipt, v.lastEnd))
		return
	}
	if !slices.Contains(parent.told, e) { // one call may be served by several segments of a service
		parent.told = append(parent.told, e)
		e.requests = append(e.requests, request(parent.doc, parent.receipt, v.lastEnd))
	}
	if callee := assembly.CalleeOf(parent.doc); !seg.Inferred && !slices.Contains(e.aliases, Alias(callee)) {
		e.aliases = append(e.aliases, Alias(callee))
	}
}

// client adds whoever called the entry point.
func (p *projection) client() {
	i := slices.Index(p.trace.Segments, p.trace.Root())
	if i < 0 {
		return
	}
	v, root := &p.segments[i], p.trace.Segments[i]
	p.nodes[v.service].Root = true
	client := Service{Name: root.Name, Type: assembly.TypeClient}
	p.nodes[client] = &Node{Service: client}
	p.edges[edgeKey{client, v.service, Call}] = &builtEdge{requests: []Request{request(root, v.receipt, v.lastEnd)}}
}

// graph puts everything in order.
func (p *projection) graph() *Graph {
	g := &Graph{Start: microseconds(p.trace.Start()), Nodes: make([]Node, 0, len(p.nodes)), Edges: make([]Edge, 0, len(p.edges))}
	for _, n := range p.nodes {
		sortRequests(n.Requests)
		g.Nodes = append(g.Nodes, *n)
	}
	slices.SortFunc(g.Nodes, func(a, b Node) int { return a.Service.Compare(b.Service) })
	index := make(map[Service]int, len(g.Nodes))
	for i := range g.Nodes {
		index[g.Nodes[i].Service] = i
	}
	for key, e := range p.edges {
		sortRequests(e.requests)
		slices.SortFunc(e.aliases, Alias.Compare)
		g.Edges = append(g.Edges, Edge{From: index[key.from], To: index[key.to], Type: key.kind, Aliases: e.aliases, Requests: e.requests})
	}
	slices.SortFunc(g.Edges, func(a, b Edge) int {
		return cmp.Or(cmp.Compare(a.From, b.From), cmp.Compare(a.To, b.To), cmp.Compare(a.Type, b.Type))
	})
	p.messages(g, index)
	return g
}

func sortRequests(requests []Request) {
	slices.SortFunc(requests, func(a, b Request) int {
		return cmp.Or(cmp.Compare(a.Start, b.Start), cmp.Compare(a.End, b.End), cmp.Compare(a.Document.ID, b.Document.ID))
	})
}

// serviceOf adds to the name and type of a node where the documents say that it
// runs: a Lambda function or a resource may be another account's.
func serviceOf(seg *segment.Document) Service {
	s := assembly.ServiceOf(seg)
	account, _ := seg.AWS["account_id"].(string)
	region, _ := seg.AWS["region"].(string)
	if s.Type == assembly.TypeRemote {
		region = "" // of the caller, if of anything
	}
	return Service{Name: s.Name, Type: s.Type, AccountID: account, Region: region}
}

func stateOf(seg *segment.Document) State {
	switch {
	case !seg.Inferred:
		return Active
	case seg.Origin == "":
		return Passive
	default:
		return Unknown
	}
}

func request(doc *segment.Document, receipt, lastEnd int64) Request {
	start, end := span(doc)
	return Request{
		Document: doc, Start: start, End: end, LastEnd: max(end, lastEnd), Receipt: receipt,
		InProgress: doc.EndTime == nil, Outcome: OutcomeOf(doc),
	}
}

// span returns when a document began and ended. What ended before it began
// ended when it began, as does what has not ended.
func span(doc *segment.Document) (start, end int64) {
	start = microseconds(doc.StartTime)
	if doc.EndTime == nil {
		return start, start
	}
	return start, max(start, microseconds(*doc.EndTime))
}

// microseconds turns a document's time into microseconds since the epoch, which
// is what a float64 of today holds. What is before 1970, or so late that sums
// could overflow, is moved there.
func microseconds(seconds float64) int64 {
	const latest = 1e11
	if math.IsNaN(seconds) || seconds < 0 {
		return 0
	}
	return int64(math.Round(min(seconds, latest) * 1e6))
}
