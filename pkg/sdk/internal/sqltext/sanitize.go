package sqltext

import (
	"strings"
	"unicode/utf8"
)

// Sanitize returns the statement with ? for each literal, one ? for a list
// after IN, without comments, with blanks for line breaks, and of at most max
// bytes. What it cannot read to its end, such as a string that does not end, it
// leaves out. see is told each part of the statement, unless it is nil.
func Sanitize(query string, d Dialect, max int, see func(Kind, string)) string {
	s := Scanner{Dialect: d, In: query}
	var b strings.Builder
	b.Grow(min(len(query), max))
	list := outside
	for kind, text := s.Next(); kind != End; kind, text = s.Next() {
		if see != nil {
			see(kind, text)
		}
		written := text
		switch kind {
		case Blank:
			written = " "
			if d.words && strings.ContainsAny(text, "\r\n") {
				written = "\n" // what follows is another command
			}
		case Literal:
			written = "?"
		}
		list = nextList(list, kind, text)
		if kind == Blank && (b.Len() == 0 || isBlank(b.String()[b.Len()-1])) {
			continue
		}
		if list == skipping {
			continue
		}
		if b.Len() < max {
			b.WriteString(written)
		}
	}
	return Cut(strings.TrimRight(b.String(), " \n"), max)
}

// Clean reports whether a statement has neither literals nor comments, so that
// nothing needs to be hidden in it. It allocates nothing.
func Clean(query string, d Dialect) bool {
	s := Scanner{Dialect: d, In: query}
	for kind, text := s.Next(); kind != End; kind, text = s.Next() {
		if kind == Literal || kind == Blank && len(text) > 1 {
			return false
		}
	}
	return true
}

// Cut returns at most max bytes of the text, and no broken character.
func Cut(text string, max int) string {
	if len(text) <= max {
		return text
	}
	n := max
	for n > 0 && !utf8.RuneStart(text[n]) {
		n--
	}
	return text[:n]
}

// Where a statement is, relative to a list after IN.
const (
	outside = iota
	afterIn
	inList  // after its parenthesis
	started // after its first value
	skipping
)

// nextList follows IN ( value , value … ): from the second value on, and up to
// the closing parenthesis, everything is left out.
func nextList(state int, k Kind, text string) int {
	isValue := k == Literal || k == Placeholder
	switch {
	case k == Word && strings.EqualFold(text, "IN"):
		return afterIn
	case state == afterIn && text == "(":
		return inList
	case state == inList && isValue:
		return started
	case (state == started || state == skipping) && (text == "," || isValue || k == Blank):
		return skipping
	case k == Blank:
		return state
	}
	return outside
}
