package api

import "unicode/utf8"

// A fastRequest can read itself from the body that its clients usually send. It
// reports false, and is unchanged, for any other body, right or wrong: that is
// then read, and judged, in the usual way.
type fastRequest interface {
	readFast(body []byte) bool
}

// readFast reads an object that has only TraceSegmentDocuments: the documents of
// a request are most of what X-Ray Local reads.
func (in *putTraceSegmentsRequest) readFast(body []byte) bool {
	if !utf8.Valid(body) {
		return false
	}
	r := envelope{b: body, text: make([]byte, 0, len(body))}
	docs := make([][]byte, 0, MaxDocuments)
	name, ok := r.punctuation('{').str()
	if !ok || string(name) != "TraceSegmentDocuments" {
		return false
	}
	r.punctuation(':').punctuation('[')
	for !r.failed {
		doc, ok := r.str()
		if !ok {
			return false
		}
		docs = append(docs, doc)
		if r.next() != ',' {
			break
		}
		r.punctuation(',')
	}
	r.punctuation(']').punctuation('}')
	if r.failed || r.next() != 0 || len(docs) == 0 {
		return false
	}
	in.raw = docs
	return true
}

// An envelope is a body that is being read. What is not as expected sets failed.
type envelope struct {
	b      []byte
	i      int
	text   []byte // what strings are: never more than the body
	failed bool
}

// next returns the first byte that is no white space, 0 at the end.
func (r *envelope) next() byte {
	for r.i < len(r.b) {
		switch c := r.b[r.i]; c {
		case ' ', '\t', '\r', '\n':
			r.i++
		case 0:
			return 1 // something, and nothing that can be
		default:
			return c
		}
	}
	return 0
}

func (r *envelope) punctuation(c byte) *envelope {
	if r.next() != c {
		r.failed = true
		return r
	}
	r.i++
	return r
}

// str reads a string.
func (r *envelope) str() (s []byte, ok bool) {
	if r.failed || r.next() != '"' {
		return nil, false
	}
	r.i++
	start := len(r.text)
	for r.i < len(r.b) {
		n := r.i
		for n < len(r.b) && !special[r.b[n]] {
			n++
		}
		r.text = append(r.text, r.b[r.i:n]...)
		if r.i = n + 1; n == len(r.b) {
			break
		}
		switch r.b[n] {
		case '"':
			return r.text[start:len(r.text):len(r.text)], true
		case '\\':
			if r.escape() {
				continue
			}
		}
		return nil, false // a control character, or an escape that is not known here
	}
	return nil, false
}

// special are the bytes at which the text of a string does not just go on.
var special = func() (t [256]bool) {
	for c := range 0x20 {
		t[c] = true
	}
	t['"'], t['\\'] = true, true
	return t
}()

// escapes are what may follow a backslash, but for u.
var escapes = [256]byte{'"': '"', '\\': '\\', '/': '/', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t'}

// escape reads what follows a backslash. Of \u it knows what encoders escape
// that need not be: other characters are left to the usual reader.
func (r *envelope) escape() bool {
	if r.i >= len(r.b) {
		return false
	}
	if c := escapes[r.b[r.i]]; c != 0 {
		r.text = append(r.text, c)
		r.i++
		return true
	}
	if r.b[r.i] != 'u' || len(r.b)-r.i < 5 || r.b[r.i+1] != '0' || r.b[r.i+2] != '0' {
		return false
	}
	high, low := hexDigit(r.b[r.i+3]), hexDigit(r.b[r.i+4])
	if high < 0 || low < 0 {
		return false
	}
	r.text = utf8.AppendRune(r.text, rune(high<<4|low))
	r.i += 5
	return true
}

func hexDigit(c byte) int {
	switch {
	case '0' <= c && c <= '9':
		return int(c - '0')
	case 'a' <= c && c <= 'f':
		return int(c-'a') + 10
	case 'A' <= c && c <= 'F':
		return int(c-'A') + 10
	default:
		return -1
	}
}
