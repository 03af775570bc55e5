package servicegraph

import (
	"maps"
	"slices"
)

// A Selector says of what a Series is: of the services that Node matches or, if
// that is nil, of the edges whose ends From and To match. The zero Selector
// stands for the edges from clients, which is what users see of everything.
type Selector struct {
	Node     func(Service) bool
	From, To func(Service) bool
}

func (s Selector) edge(from, to Service) bool {
	switch {
	case s.Node != nil:
		return from.Client() && s.Node(from) // a client is what it asked for
	case s.From != nil && s.To != nil:
		return s.From(from) && s.To(to)
	default:
		return from.Client()
	}
}

// A Series adds up the completed requests of each period. It is not safe for
// concurrent use.
type Series struct {
	window   Window
	period   int64 // microseconds
	selector Selector
	walker   Walker
	selected map[*Graph]selection
	buckets  map[int64]*Bucket
}

// A selection says which nodes and edges of a shape count.
type selection struct{ nodes, edges []bool }

// A Bucket is one period of a series.
type Bucket struct {
	End      int64 // seconds since the epoch: the period is before it
	Requests Statistics
	Response Histogram
}

// NewSeries returns a series of periods of so many seconds. They begin where the
// seconds since the epoch divide; a window that cuts one cuts its requests.
func NewSeries(w Window, seconds int64, s Selector) *Series {
	return &Series{
		window: w, period: seconds * 1e6, selector: s,
		selected: make(map[*Graph]selection), buckets: make(map[int64]*Bucket),
	}
}

// Add adds an encoded graph. It keeps neither slice. The error wraps
// ErrEncoding; some of the graph may have been added then.
func (s *Series) Add(shape, encoded []byte) error {
	g, err := s.walker.Shape(shape)
	if err != nil {
		return err
	}
	chosen, ok := s.selected[g]
	if !ok {
		chosen = s.choose(g)
		s.selected[g] = chosen
	}
	return Requests(g, encoded,
		func(i int, r *Request) { s.add(chosen.nodes[i], r) },
		func(i int, r *Request) { s.add(chosen.edges[i], r) })
}

func (s *Series) choose(g *Graph) selection {
	chosen := selection{make([]bool, len(g.Nodes)), make([]bool, len(g.Edges))}
	for i := range g.Nodes {
		chosen.nodes[i] = s.selector.Node != nil && s.selector.Node(g.Nodes[i].Service)
	}
	for i, e := range g.Edges {
		chosen.edges[i] = s.selector.edge(g.Nodes[e.From].Service, g.Nodes[e.To].Service)
	}
	return chosen
}

// add counts a request; one that is not selected still shows that there is
// something in its period.
func (s *Series) add(selected bool, r *Request) {
	if r.InProgress || !s.window.has(r) {
		return
	}
	at := s.window.By.Time(r)
	end := at - at%s.period + s.period
	b := s.buckets[end]
	if b == nil {
		b = &Bucket{End: end / 1e6}
		s.buckets[end] = b
	}
	if selected {
		b.Requests.add(r)
		b.Response.Add(r.Duration())
	}
}

// Buckets returns the periods in which any request completed, newest first.
func (s *Series) Buckets() []*Bucket {
	var buckets []*Bucket
	for _, end := range slices.Sorted(maps.Keys(s.buckets)) {
		buckets = append(buckets, s.buckets[end])
	}
	slices.Reverse(buckets)
	return buckets
}
