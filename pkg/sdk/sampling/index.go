package sampling

import (
	"math/bits"
	"strings"
)

// indexWidth is how many rules one index holds: one bit each.
const indexWidth = 64

// index finds the rules whose pattern of one field can match a text, by the
// fixed beginnings and ends of the patterns, for all rules at once: a table for
// each position says which rules allow which byte there. It may find too many
// rules, never too few.
type index struct {
	all      uint64
	forward  []byteTable // at positions from the beginning
	backward []byteTable // at positions from the end
}

// byteTable says for each byte which rules allow it.
type byteTable [256]uint64

// newIndex makes the index of the patterns of one field, with at most as many
// positions as given.
func newIndex(patterns []pattern, forward, backward int) index {
	ix := index{all: 1<<len(patterns) - 1}
	for i, p := range patterns {
		head, tail := p.fixed()
		ix.forward = restrict(ix.forward, head[:min(len(head), forward)], i)
		tail = tail[max(0, len(tail)-backward):]
		ix.backward = restrict(ix.backward, reverse(tail), i)
	}
	return ix
}

// restrict lets rule i have the literal's bytes alone at their positions.
func restrict(tables []byteTable, literal string, i int) []byteTable {
	for at := range len(literal) {
		if at == len(tables) {
			tables = append(tables, byteTable{})
			for c := range tables[at] {
				tables[at][c] = ^uint64(0)
			}
		}
		for c := range tables[at] {
			if lowerByte(byte(c)) != literal[at] {
				tables[at][c] &^= 1 << i
			}
		}
	}
	return tables
}

func reverse(text string) string {
	b := []byte(text)
	for i, j := 0, len(b)-1; i < j; i, j = i+1, j-1 {
		b[i], b[j] = b[j], b[i]
	}
	return string(b)
}

// candidates returns those of the rules in mask whose pattern may match.
func (ix *index) candidates(mask uint64, text string) uint64 {
	forward := ix.forward
	if len(forward) > len(text) {
		forward = forward[:len(text)]
	}
	for i := range forward {
		mask &= forward[i][text[i]]
	}
	backward := ix.backward
	if len(backward) > len(text) {
		backward = backward[:len(text)]
	}
	for i := range backward {
		mask &= backward[i][text[len(text)-1-i]]
	}
	return mask
}

// fixed returns what every text begins and ends with that the pattern matches.
func (p *pattern) fixed() (head, tail string) {
	switch p.kind {
	case matchExact:
		return p.text, p.text
	case matchPrefix:
		return p.text, ""
	case matchSuffix:
		return "", p.text
	case matchGlob:
		return p.text[:strings.IndexAny(p.text, "*?")], p.text[strings.LastIndexAny(p.text, "*?")+1:]
	}
	return "", ""
}

// block is up to indexWidth rules, in the order in which they apply.
type block struct {
	matchers           []matcher
	path, host, method index
	service            index
}

func newBlock(matchers []matcher) block {
	field := func(of func(*matcher) pattern) []pattern {
		patterns := make([]pattern, len(matchers))
		for i := range matchers {
			patterns[i] = of(&matchers[i])
		}
		return patterns
	}
	return block{
		matchers: matchers,
		path:     newIndex(field(func(m *matcher) pattern { return m.path }), 16, 8),
		host:     newIndex(field(func(m *matcher) pattern { return m.host }), 6, 0),
		method:   newIndex(field(func(m *matcher) pattern { return m.method }), 2, 0),
		service:  newIndex(field(func(m *matcher) pattern { return m.service.name }), 8, 6),
	}
}

// match returns the first rule of the block for the request, nil if there is
// none. known says that the rules are known to be for the service.
func (b *block) match(r *Request, known bool) *rule {
	mask := b.path.all
	if !r.Partial {
		mask = b.method.candidates(mask, r.Method)
		mask = b.path.candidates(mask, r.Path)
		mask = b.host.candidates(mask, r.Host)
		if !known {
			mask = b.service.candidates(mask, r.ServiceName)
		}
	}
	for ; mask != 0; mask &= mask - 1 {
		m := &b.matchers[bits.TrailingZeros64(mask)]
		if m.matchRequest(r) && (known || m.matchService(r)) {
			return m.rule
		}
	}
	return nil
}

// newBlocks makes the blocks of all rules.
func newBlocks(matchers []matcher) []block {
	var blocks []block
	for len(matchers) > 0 {
		n := min(len(matchers), indexWidth)
		blocks = append(blocks, newBlock(matchers[:n:n]))
		matchers = matchers[n:]
	}
	return blocks
}
