package insights

import (
	"github.com/bragg-tracing/bragg/pkg/xraylocal/servicegraph"
)

// Lookback is how far before a range of time a History has to begin, so that
// what was going on when the range began is found, in seconds.
const Lookback = 60 * (longest + before + recent)

// Counts are completed requests. What is neither OK nor a fault is the caller's
// mistake, or was throttled.
type Counts struct {
	OK, Fault, Total int64
}

func (c *Counts) add(other Counts) {
	c.OK, c.Fault, c.Total = c.OK+other.OK, c.Fault+other.Fault, c.Total+other.Total
}

// ratio returns the share of faults; 0 of nothing.
func (c Counts) ratio() float64 {
	if c.Total == 0 {
		return 0
	}
	return float64(c.Fault) / float64(c.Total)
}

// A series holds counts by minute: seconds since the epoch, divided by 60.
type series map[int64]Counts

func (s series) add(minute int64, o servicegraph.Outcome) {
	c := s[minute]
	c.Total++
	switch o {
	case servicegraph.OK:
		c.OK++
	case servicegraph.Fault:
		c.Fault++
	}
	s[minute] = c
}

// between adds up the minutes from first to last.
func (s series) between(first, last int64) (sum Counts) {
	if last-first > int64(len(s)) {
		for minute, c := range s {
			if minute >= first && minute <= last {
				sum.add(c)
			}
		}
		return sum
	}
	for minute := first; minute <= last; minute++ {
		sum.add(s[minute])
	}
	return sum
}

// A History counts what services did, minute by minute. It is not safe for
// concurrent use.
type History struct {
	window   servicegraph.Window
	walker   servicegraph.Walker
	shapes   map[*servicegraph.Graph]counters
	services map[servicegraph.Service]series
	clients  series // what clients saw
	calls    map[call]bool
}

// counters are the series of a shape's nodes, and which of its edges come from
// clients.
type counters struct {
	nodes   []series
	clients []bool
}

type call struct{ from, to servicegraph.Service }

// NewHistory returns a history of the requests of a window.
func NewHistory(w servicegraph.Window) *History {
	return &History{
		window:   w,
		shapes:   make(map[*servicegraph.Graph]counters),
		services: make(map[servicegraph.Service]series),
		clients:  make(series),
		calls:    make(map[call]bool),
	}
}

// Add adds the encoded graph of a trace. It keeps neither slice. The error wraps
// servicegraph.ErrEncoding.
func (h *History) Add(shape, values []byte) error {
	g, err := h.walker.Shape(shape)
	if err != nil {
		return err
	}
	c, ok := h.shapes[g]
	if !ok {
		c = h.learn(g)
		h.shapes[g] = c
	}
	return servicegraph.Requests(g, values,
		func(i int, r *servicegraph.Request) { h.count(c.nodes[i], r) },
		func(i int, r *servicegraph.Request) {
			if c.clients[i] {
				h.count(h.clients, r)
			}
		})
}

func (h *History) count(s series, r *servicegraph.Request) {
	if at := h.window.By.Time(r); !r.InProgress && at >= h.window.From && at <= h.window.To {
		s.add(at/60e6, r.Outcome)
	}
}

func (h *History) learn(g *servicegraph.Graph) (c counters) {
	for i := range g.Nodes {
		service := g.Nodes[i].Service
		if h.services[service] == nil {
			h.services[service] = make(series)
		}
		c.nodes = append(c.nodes, h.services[service])
	}
	for _, e := range g.Edges {
		from, to := g.Nodes[e.From].Service, g.Nodes[e.To].Service
		c.clients = append(c.clients, from.Client())
		if from != to {
			h.calls[call{from, to}] = true
		}
	}
	return c
}
