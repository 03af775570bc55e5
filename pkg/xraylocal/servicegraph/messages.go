package servicegraph

import (
	"cmp"
	"encoding/binary"
	"slices"
	"strconv"
	"strings"

	"github.com/bragg-tracing/bragg/pkg/segment"
)

// A consumer's trace may name the span that sent its message, in another trace:
// https://docs.aws.amazon.com/xray/latest/devguide/xray-tracelinking.html
// Which node that span called only the other trace tells. So each trace's graph
// keeps the ids of what it sent, and of what it was sent, and the merger brings
// them together.

// messengers are the AWS services that pass messages on.
var messengers = []string{"SQS", "SNS", "Kinesis", "EventBridge", "Events", "StepFunctions", "SFN", "Lambda"}

// passes reports whether a call, of an inferred service, can be the sending of
// a message.
func passes(call *segment.Document) bool {
	service, isAWS := strings.CutPrefix(call.Origin, "AWS::")
	if !isAWS {
		return call.HTTP == nil && call.SQL == nil
	}
	service, _, _ = strings.Cut(service, "::")
	return slices.Contains(messengers, service)
}

// messages fills Sent and Links.
func (p *projection) messages(g *Graph, index map[Service]int) {
	for i, seg := range p.trace.Segments {
		v := &p.segments[i]
		node := index[v.service]
		if id, ok := number(seg.ParentID); ok && seg.Inferred && passes(seg) {
			g.Sent = append(g.Sent, Sent{Node: node, ID: id, At: microseconds(seg.StartTime)})
		}
		for _, l := range v.links {
			for _, link := range l.doc.Links {
				if id, ok := number(link.ID); ok {
					g.Links = append(g.Links, Receipt{Node: node, ID: id, Request: request(l.doc, l.receipt, v.lastEnd)})
				}
			}
		}
	}
	slices.SortFunc(g.Sent, func(a, b Sent) int {
		return cmp.Or(cmp.Compare(a.Node, b.Node), cmp.Compare(a.At, b.At), cmp.Compare(a.ID, b.ID))
	})
	slices.SortFunc(g.Links, func(a, b Receipt) int {
		return cmp.Or(cmp.Compare(a.Node, b.Node), cmp.Compare(a.Request.Start, b.Request.Start), cmp.Compare(a.ID, b.ID),
			cmp.Compare(a.Request.Document.ID, b.Request.Document.ID))
	})
}

// number reads the id of a segment.
func number(id string) (n uint64, ok bool) {
	if !segment.IsID(id) {
		return 0, false
	}
	n, err := strconv.ParseUint(id, 16, 64)
	return n, err == nil
}

func (g *Graph) appendMessages(dst []byte, receipt int64) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(g.Sent)))
	for _, s := range g.Sent {
		dst = binary.AppendUvarint(dst, uint64(s.Node))
		dst = binary.BigEndian.AppendUint64(dst, s.ID)
		dst = binary.AppendVarint(dst, s.At-g.Start)
	}
	dst = binary.AppendUvarint(dst, uint64(len(g.Links)))
	for i := range g.Links {
		l := &g.Links[i]
		dst = binary.AppendUvarint(dst, uint64(l.Node))
		dst = binary.BigEndian.AppendUint64(dst, l.ID)
		dst = g.appendRequest(dst, &l.Request, receipt)
	}
	return dst
}

// node reads an index of one of n nodes.
func (r *reader) node(n int) int {
	i := r.uvarint()
	if i >= uint64(n) {
		r.fail()
		return 0
	}
	return int(i)
}

func (r *reader) uint64() uint64 {
	if len(r.b) < 8 {
		r.fail()
		return 0
	}
	n := binary.BigEndian.Uint64(r.b)
	r.b = r.b[8:]
	return n
}

// sent calls f with what the traces of n nodes sent, as far as it can be read.
func (v *values) sent(nodes int, f func(Sent)) {
	for range v.count(10) {
		if s := (Sent{Node: v.node(nodes), ID: v.uint64(), At: v.varint() + v.start}); !v.bad {
			f(s)
		}
	}
}

func (v *values) links(nodes int, f func(Receipt)) {
	for range v.count(12) {
		l := Receipt{Node: v.node(nodes), ID: v.uint64()}
		if v.next(&l.Request); !v.bad {
			f(l)
		}
	}
}

// A sent is a message that some trace sent.
type sent struct {
	to *MapNode
	at int64
}

// A received is a request that some trace says a message led to.
type received struct {
	by      *MapNode
	id      uint64
	start   int64 // of its trace
	request Request
}

// connect makes the edges of those messages of which both ends were added.
func (m *Merger) connect() {
	for i := range m.links {
		l := &m.links[i]
		s, ok := m.sent[l.id]
		if !ok {
			continue
		}
		s.to.Period.add(l.start)
		l.by.Period.add(l.start)
		key := edgeKey{s.to.Service, l.by.Service, Link}
		e := m.edges[key]
		if e == nil {
			e = &MapEdge{Type: Link}
			m.edges[key] = e
		}
		e.add(l.start, &l.request)
		if !l.request.InProgress {
			e.Age.Add(max(0, l.request.Start-s.at))
		}
	}
	m.links = nil
}
