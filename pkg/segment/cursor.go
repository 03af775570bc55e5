package segment

import (
	"bytes"
	"encoding/json"
	"math"
	"strconv"
	"unicode/utf8"
)

// A cursor reads values one after another from text that is known to be valid
// JSON. Every method but kind consumes exactly one value, whatever its type;
// one that wants another type returns its zero value. So a document is read in
// one pass, and nothing in it can fail.
type cursor struct {
	b []byte
	i int
}

// kind returns the first byte of the next value or, in an array or object that
// is at its end, the closing bracket. It is 0 at the end of the text.
func (c *cursor) kind() byte {
	for c.i < len(c.b) {
		switch c.b[c.i] {
		case ' ', '\t', '\r', '\n', ',', ':':
			c.i++
		default:
			return c.b[c.i]
		}
	}
	return 0
}

// skip consumes a value and returns its text, which is part of the input.
func (c *cursor) skip() []byte {
	first := c.kind()
	start := c.i
	switch first {
	case '{', '[':
		c.skipNested()
	case '"':
		c.skipString()
	default:
		for c.i < len(c.b) && bytes.IndexByte([]byte(",:]} \t\r\n"), c.b[c.i]) < 0 {
			c.i++
		}
	}
	return c.b[start:c.i]
}

func (c *cursor) skipNested() {
	for open := 0; c.i < len(c.b); {
		switch c.b[c.i] {
		case '"':
			c.skipString()
			continue
		case '{', '[':
			open++
		case '}', ']':
			open--
		}
		c.i++
		if open == 0 {
			return
		}
	}
}

func (c *cursor) skipString() {
	for c.i++; c.i < len(c.b); c.i++ {
		switch c.b[c.i] {
		case '\\':
			c.i++
		case '"':
			c.i++
			return
		}
	}
}

// members calls f at the value of each member of an object; f must consume it,
// and may not keep the key. It reports whether the value is an object.
func (c *cursor) members(f func(key []byte)) bool {
	if c.kind() != '{' {
		c.skip()
		return false
	}
	c.i++
	for c.kind() == '"' {
		f(c.key())
	}
	c.i++ // the closing brace
	return true
}

// elements calls f at each element of an array; f must consume it.
func (c *cursor) elements(f func()) {
	if c.kind() != '[' {
		c.skip()
		return
	}
	c.i++
	for k := c.kind(); k != ']' && k != 0; k = c.kind() {
		f()
	}
	c.i++ // the closing bracket
}

// key consumes a string; what it returns may be part of the input.
func (c *cursor) key() []byte {
	raw := c.skip()
	inner := raw[1 : len(raw)-1]
	if bytes.IndexByte(inner, '\\') < 0 && utf8.Valid(inner) {
		return inner
	}
	var s string
	_ = json.Unmarshal(raw, &s) // valid; it replaces what is not UTF-8
	return []byte(s)
}

func (c *cursor) str() string {
	raw := c.skip()
	if len(raw) < 2 || raw[0] != '"' {
		return ""
	}
	inner := raw[1 : len(raw)-1]
	if bytes.IndexByte(inner, '\\') < 0 && utf8.Valid(inner) {
		return string(inner)
	}
	var s string
	_ = json.Unmarshal(raw, &s) // valid; it replaces what is not UTF-8
	return s
}

func (c *cursor) strs() []string {
	var ss []string
	c.elements(func() {
		if s := c.str(); s != "" {
			ss = append(ss, s)
		}
	})
	return ss
}

// number reports false for what is not a number or is out of float64's range.
func (c *cursor) number() (float64, bool) {
	raw := c.skip()
	if len(raw) == 0 || (raw[0] != '-' && (raw[0] < '0' || raw[0] > '9')) {
		return 0, false
	}
	n, err := strconv.ParseFloat(string(raw), 64)
	return n, err == nil
}

func (c *cursor) optionalNumber() *float64 {
	if n, ok := c.number(); ok {
		return &n
	}
	return nil
}

// integer takes 200.0 for 200, and nothing beyond 32 bits.
func (c *cursor) integer() int {
	n, _ := c.number()
	if n != math.Trunc(n) || math.Abs(n) > math.MaxInt32 {
		return 0
	}
	return int(n)
}

func (c *cursor) flag() bool { return string(c.skip()) == "true" }

// object returns an object as encoding/json would, nil for anything else.
func (c *cursor) object() map[string]any {
	m := make(map[string]any)
	if !c.members(func(key []byte) { m[string(key)] = c.any() }) {
		return nil
	}
	return m
}

// any returns a value as encoding/json would; a number out of range is nil.
func (c *cursor) any() any {
	switch c.kind() {
	case '{':
		return c.object()
	case '[':
		list := []any{}
		c.elements(func() { list = append(list, c.any()) })
		return list
	case '"':
		return c.str()
	case 't', 'f':
		return c.flag()
	case 'n':
		c.skip()
		return nil
	default:
		if n, ok := c.number(); ok {
			return n
		}
		return nil
	}
}
