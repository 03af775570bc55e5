package redact

import "strings"

// An edit makes a text of another, from its start to its end. It allocates when
// there is something to replace.
type edit struct {
	b    strings.Builder
	upTo int // what b has of the text
}

// replace puts another text in the place of s[from:to]. It is called with the
// same s and with rising places.
func (e *edit) replace(s string, from, to int, by string) {
	if s[from:to] == by {
		return
	}
	e.b.WriteString(s[e.upTo:from])
	e.b.WriteString(by)
	e.upTo = to
}

// done returns the text: s itself if nothing was replaced.
func (e *edit) done(s string) string {
	if e.upTo == 0 {
		return s
	}
	e.b.WriteString(s[e.upTo:])
	return e.b.String()
}
