package index

import (
	"encoding/binary"
	"iter"
	"math"

	"github.com/bragg-tracing/bragg/pkg/xraylocal/assembly"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/summary"
)

// The rest of the facts is what a summary says and no term does: how many
// segments were sent, the services, the one of the root, and the root causes.
// What tells one way to a cause from another comes first, so that traces that
// went the same way have the same bytes there; messages and coverages follow.

// The bits of what is on a way.
const (
	causeImpacting = 1 << iota // ClientImpacting
	causeInferred              // of a service
	causeRemote                // of an entity
)

// CauseKind is what root causes are of.
type CauseKind int

// The kinds, in the order in which they are stored.
const (
	FaultCause CauseKind = iota
	ErrorCause
	ResponseTimeCause
	causeKinds = iota
)

func appendRest(dst []byte, trace *assembly.Trace) []byte {
	sent := 0
	for _, seg := range trace.Segments {
		if !seg.Inferred {
			sent++
		}
	}
	services := trace.Services()
	dst = binary.AppendUvarint(dst, uint64(sent))
	dst = binary.AppendUvarint(dst, uint64(len(services)))
	entry := 0
	for i, s := range services {
		dst = appendText(appendText(dst, s.Name), s.Type)
		if root := trace.Root(); root != nil && entry == 0 && s == assembly.ServiceOf(root) {
			entry = i + 1
		}
	}
	dst = binary.AppendUvarint(dst, uint64(entry))
	return appendCauses(dst, summary.CausesOf(trace))
}

func appendCauses(dst []byte, causes summary.Causes) []byte {
	var scratch [256]byte
	details := scratch[:0]
	for _, kind := range [][]summary.Cause{causes.Fault, causes.Error} {
		dst = binary.AppendUvarint(dst, uint64(len(kind)))
		for i := range kind {
			var way [256]byte
			dst = appendText(dst, string(appendWay(way[:0], &kind[i])))
			details = appendMessages(details, &kind[i])
		}
	}
	dst = binary.AppendUvarint(dst, uint64(len(causes.ResponseTime)))
	for i := range causes.ResponseTime {
		var way [256]byte
		dst = appendText(dst, string(appendSlowWay(way[:0], &causes.ResponseTime[i])))
		details = appendCoverages(details, &causes.ResponseTime[i])
	}
	return append(dst, details...)
}

func bitOf(bit byte, is bool) byte {
	if is {
		return bit
	}
	return 0
}

func appendWay(dst []byte, c *summary.Cause) []byte {
	dst = append(dst, bitOf(causeImpacting, c.ClientImpacting))
	dst = binary.AppendUvarint(dst, uint64(len(c.Services)))
	for _, s := range c.Services {
		dst = appendText(appendText(append(dst, bitOf(causeInferred, s.Inferred)), s.Name), s.Type)
		dst = binary.AppendUvarint(dst, uint64(len(s.EntityPath)))
		for _, e := range s.EntityPath {
			dst = appendText(append(dst, bitOf(causeRemote, e.Remote)), e.Name)
			dst = binary.AppendUvarint(dst, uint64(len(e.Exceptions)))
			for _, x := range e.Exceptions {
				dst = appendText(dst, x.Name)
			}
		}
	}
	return dst
}

func appendSlowWay(dst []byte, c *summary.SlowCause) []byte {
	dst = append(dst, bitOf(causeImpacting, c.ClientImpacting))
	dst = binary.AppendUvarint(dst, uint64(len(c.Services)))
	for _, s := range c.Services {
		dst = appendText(appendText(append(dst, bitOf(causeInferred, s.Inferred)), s.Name), s.Type)
		dst = binary.AppendUvarint(dst, uint64(len(s.EntityPath)))
		for _, e := range s.EntityPath {
			dst = appendText(append(dst, bitOf(causeRemote, e.Remote)), e.Name)
		}
	}
	return dst
}

// appendMessages appends those of all exceptions on the way: 0 for none, else one
// more than the length, and the text.
func appendMessages(dst []byte, c *summary.Cause) []byte {
	for _, s := range c.Services {
		for _, e := range s.EntityPath {
			for _, x := range e.Exceptions {
				if x.Message == nil {
					dst = append(dst, 0)
					continue
				}
				dst = append(binary.AppendUvarint(dst, uint64(len(*x.Message))+1), *x.Message...)
			}
		}
	}
	return dst
}

// appendCoverages appends thousandths: that is how exact they are.
func appendCoverages(dst []byte, c *summary.SlowCause) []byte {
	for _, s := range c.Services {
		for _, e := range s.EntityPath {
			dst = binary.AppendUvarint(dst, uint64(math.Round(e.Coverage*1000)))
		}
	}
	return dst
}

// Whole reports whether the facts tell all that a summary does: those that an
// older build stored do not, until they are made anew.
func (f *Facts) Whole() bool { return f.rest != nil }

// Segments returns how many segments were sent of the trace.
func (f *Facts) Segments() int {
	r := reader{b: f.rest}
	return int(r.number())
}

// Services iterates over name and type of the services, as they are encoded, each
// pair once: the segments', oldest first, and then the client.
func (f *Facts) Services() iter.Seq2[[]byte, []byte] {
	return func(yield func(name, kind []byte) bool) {
		r := reader{b: f.rest}
		r.number()
		for range r.count() {
			if name, kind := r.text(), r.text(); r.bad || !yield(name, kind) {
				return
			}
		}
	}
}

// Ways iterates over the ways to root causes, as they are encoded: two are equal
// if all but messages and coverages is. DecodeWay reads them.
func (f *Facts) Ways() iter.Seq2[CauseKind, []byte] {
	return func(yield func(kind CauseKind, way []byte) bool) {
		r := f.causes()
		for kind := range CauseKind(causeKinds) {
			for range r.count() {
				if way := r.text(); r.bad || !yield(kind, way) {
					return
				}
			}
		}
	}
}

// causes is a reader of the rest that stands before the causes.
func (f *Facts) causes() *reader {
	r := &reader{b: f.rest}
	r.number()
	for range r.count() {
		r.text()
		r.text()
	}
	r.number()
	return r
}

// A reader takes values off the front of bytes. After the first that is not
// there, all are zero and bad is set.
type reader struct {
	b   []byte
	bad bool
}

func (r *reader) number() uint64 {
	v, n := binary.Uvarint(r.b)
	if n <= 0 {
		r.b, r.bad = nil, true
		return 0
	}
	r.b = r.b[n:]
	return v
}

// count reads how many things follow, which take at least a byte each.
func (r *reader) count() int {
	v := r.number()
	if v > uint64(len(r.b)) {
		r.b, r.bad = nil, true
		return 0
	}
	return int(v)
}

func (r *reader) text() []byte {
	text, rest, ok := cutText(r.b)
	if !ok {
		r.b, r.bad = nil, true
		return nil
	}
	r.b = rest
	return text
}

func (r *reader) byte() byte {
	if len(r.b) == 0 {
		r.bad = true
		return 0
	}
	c := r.b[0]
	r.b = r.b[1:]
	return c
}
