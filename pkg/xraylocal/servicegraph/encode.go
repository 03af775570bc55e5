package servicegraph

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
)

// The encodings begin with their version, so that what is stored can be told
// from what a later build writes.
const (
	shapeVersion  = 1
	valuesVersion = 1
)

// The bits of a request's first byte, above its outcome.
const (
	outcomeBits  = 0x03
	bitProgress  = 0x04
	bitReached   = 0x08 // what it led to ended later: by how much follows
	bitOtherTime = 0x10 // it came at another time than the first: how much later follows
)

// ErrEncoding is wrapped by the errors of what cannot be decoded.
var ErrEncoding = errors.New("malformed service graph")

// AppendShape appends who called whom: nodes and edges, without their requests.
// Two graphs that went the same way have the same shape, byte for byte.
func (g *Graph) AppendShape(dst []byte) []byte {
	dst = append(dst, shapeVersion)
	dst = binary.AppendUvarint(dst, uint64(len(g.Nodes)))
	for i := range g.Nodes {
		n := &g.Nodes[i]
		flags := byte(n.State)
		if n.Root {
			flags |= 0x80
		}
		dst = append(dst, flags)
		for _, s := range [...]string{n.Name, n.Type, n.AccountID, n.Region} {
			dst = appendString(dst, s)
		}
	}
	dst = binary.AppendUvarint(dst, uint64(len(g.Edges)))
	for i := range g.Edges {
		e := &g.Edges[i]
		dst = binary.AppendUvarint(dst, uint64(e.From))
		dst = binary.AppendUvarint(dst, uint64(e.To))
		dst = append(dst, byte(e.Type))
		dst = binary.AppendUvarint(dst, uint64(len(e.Aliases)))
		for _, alias := range e.Aliases {
			dst = appendString(appendString(dst, alias.Name), alias.Type)
		}
	}
	return dst
}

func appendString(dst []byte, s string) []byte {
	return append(binary.AppendUvarint(dst, uint64(len(s))), s...)
}

// AppendValues appends the requests of all nodes and then of all edges, and the
// messages, to be read together with the shape.
func (g *Graph) AppendValues(dst []byte) []byte {
	base := g.firstReceipt()
	dst = append(dst, valuesVersion)
	dst = binary.AppendUvarint(dst, uint64(g.Start))
	dst = binary.AppendUvarint(dst, uint64(base))
	for i := range g.Nodes {
		dst = g.appendRequests(dst, g.Nodes[i].Requests, base)
	}
	for i := range g.Edges {
		dst = g.appendRequests(dst, g.Edges[i].Requests, base)
	}
	return g.appendMessages(dst, base)
}

// firstReceipt returns what most receipts are likely to be.
func (g *Graph) firstReceipt() int64 {
	for i := range g.Nodes {
		if len(g.Nodes[i].Requests) > 0 {
			return g.Nodes[i].Requests[0].Receipt
		}
	}
	return 0
}

func (g *Graph) appendRequests(dst []byte, requests []Request, receipt int64) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(requests)))
	for i := range requests {
		dst = g.appendRequest(dst, &requests[i], receipt)
	}
	return dst
}

func (g *Graph) appendRequest(dst []byte, r *Request, receipt int64) []byte {
	flags := byte(r.Outcome)
	if r.InProgress {
		flags |= bitProgress
	}
	if r.LastEnd > r.End {
		flags |= bitReached
	}
	if r.Receipt != receipt {
		flags |= bitOtherTime
	}
	dst = append(dst, flags)
	dst = binary.AppendVarint(dst, r.Start-g.Start)
	dst = binary.AppendUvarint(dst, uint64(r.Duration()))
	if flags&bitReached != 0 {
		dst = binary.AppendUvarint(dst, uint64(r.LastEnd-r.End))
	}
	if flags&bitOtherTime != 0 {
		dst = binary.AppendVarint(dst, r.Receipt-receipt)
	}
	return dst
}

// Decode returns the graph that was encoded, without its documents. The error
// wraps ErrEncoding.
func Decode(shape, values []byte) (*Graph, error) {
	g, err := decodeShape(shape)
	if err != nil {
		return nil, err
	}
	v, err := newValues(values)
	if err != nil {
		return nil, err
	}
	g.Start = v.start
	for i := range g.Nodes {
		if g.Nodes[i].Requests, err = v.requests(); err != nil {
			return nil, err
		}
	}
	for i := range g.Edges {
		if g.Edges[i].Requests, err = v.requests(); err != nil {
			return nil, err
		}
	}
	v.sent(len(g.Nodes), func(s Sent) { g.Sent = append(g.Sent, s) })
	v.links(len(g.Nodes), func(r Receipt) { g.Links = append(g.Links, r) })
	return g, v.end()
}

func malformed(what string) error { return fmt.Errorf("%w: %s", ErrEncoding, what) }

// A reader takes values off the front of bytes. After the first that is not
// there, all are zero and bad is set.
type reader struct {
	b   []byte
	bad bool
}

func (r *reader) fail() { r.b, r.bad = nil, true }

func (r *reader) byte() byte {
	if len(r.b) == 0 {
		r.fail()
		return 0
	}
	c := r.b[0]
	r.b = r.b[1:]
	return c
}

func (r *reader) uvarint() uint64 {
	if len(r.b) > 0 && r.b[0] < 0x80 { // most are
		v := uint64(r.b[0])
		r.b = r.b[1:]
		return v
	}
	v, n := binary.Uvarint(r.b)
	if n <= 0 {
		r.fail()
		return 0
	}
	r.b = r.b[n:]
	return v
}

// number reads an unsigned number of at most half of an int64, so that two of
// them have a sum.
func (r *reader) number() int64 {
	v := r.uvarint()
	if v > math.MaxInt64/4 {
		r.fail()
		return 0
	}
	return int64(v)
}

func (r *reader) varint() int64 {
	u := r.uvarint()
	v := int64(u>>1) ^ -int64(u&1)
	if v > math.MaxInt64/4 || v < -math.MaxInt64/4 {
		r.fail()
		return 0
	}
	return v
}

// count reads how many things follow that take at least size bytes each.
func (r *reader) count(size int) int {
	v := r.uvarint()
	if v > uint64(len(r.b)/size) {
		r.fail()
		return 0
	}
	return int(v)
}

func (r *reader) string() string {
	n := r.count(1)
	s := string(r.b[:n])
	r.b = r.b[n:]
	return s
}

func decodeShape(b []byte) (*Graph, error) {
	r := reader{b: b}
	if r.byte() != shapeVersion {
		return nil, malformed("version of the shape")
	}
	g := new(Graph)
	g.Nodes = make([]Node, r.count(5))
	for i := range g.Nodes {
		flags := r.byte()
		g.Nodes[i] = Node{State: State(flags & 0x7f), Root: flags&0x80 != 0,
			Service: Service{Name: r.string(), Type: r.string(), AccountID: r.string(), Region: r.string()}}
	}
	g.Edges = make([]Edge, r.count(4))
	for i := range g.Edges {
		e := Edge{From: int(r.uvarint()), To: int(r.uvarint()), Type: EdgeType(r.byte())}
		if e.From < 0 || e.To < 0 || e.From >= len(g.Nodes) || e.To >= len(g.Nodes) {
			r.fail()
		}
		if n := r.count(2); n > 0 {
			e.Aliases = make([]Alias, n)
		}
		for j := range e.Aliases {
			e.Aliases[j] = Alias{Name: r.string(), Type: r.string()}
		}
		g.Edges[i] = e
	}
	if r.bad || len(r.b) > 0 {
		return nil, malformed("shape")
	}
	return g, nil
}

// values reads the requests of a graph in their order.
type values struct {
	reader
	start   int64
	receipt int64
}

func newValues(b []byte) (values, error) {
	v := values{reader: reader{b: b}}
	if v.byte() != valuesVersion {
		return v, malformed("version of the values")
	}
	v.start, v.receipt = v.number(), v.number()
	return v, nil
}

// next reads one request. What it sets is bounded: all sums of two are.
func (v *values) next(r *Request) {
	flags := v.byte()
	start := v.varint() + v.start
	end := start + v.number()
	*r = Request{Start: start, End: end, LastEnd: end, Receipt: v.receipt,
		InProgress: flags&bitProgress != 0, Outcome: Outcome(flags & outcomeBits)}
	if flags&bitReached != 0 {
		r.LastEnd += v.number()
	}
	if flags&bitOtherTime != 0 {
		r.Receipt += v.varint()
	}
}

func (v *values) requests() ([]Request, error) {
	n := v.count(3)
	if n == 0 {
		return nil, v.check()
	}
	requests := make([]Request, n)
	for i := range requests {
		v.next(&requests[i])
	}
	return requests, v.check()
}

func (v *values) check() error {
	if v.bad {
		return malformed("values")
	}
	return nil
}

// end reports what is wrong with what was read, or with there being more.
func (v *values) end() error {
	if len(v.b) > 0 {
		return malformed("values after the last")
	}
	return v.check()
}
