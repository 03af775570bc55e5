package tracesql

import (
	"strings"
	"unicode/utf8"
)

// A dialect says how literals are written.
type dialect struct {
	doubleQuoted bool // "x" is a string, not a name
	backslash    bool // \ escapes inside strings
	dollar       bool // $tag$…$tag$ is a string
	hash         bool // # begins a comment
}

func dialectOf(system string) dialect {
	switch system {
	case "mysql", "mariadb":
		return dialect{doubleQuoted: true, backslash: true, hash: true}
	case "postgresql", "cockroachdb", "aws.redshift":
		return dialect{dollar: true}
	}
	return dialect{}
}

// Sanitize returns the statement as it is recorded for a value of
// db.system.name: ? for each literal, one ? for a list after IN, no comments,
// blanks for line breaks, and at most 8 KiB. What it cannot read to its end,
// such as a string that does not end, it leaves out.
func Sanitize(system, query string) string { return read(query, dialectOf(system)).text }

// maxText is what is recorded of a statement, in bytes.
const maxText = 8 << 10

func cut(text string) string {
	if len(text) <= maxText {
		return text
	}
	n := maxText
	for n > 0 && !utf8.RuneStart(text[n]) {
		n--
	}
	return text[:n]
}

// read sanitises a statement and finds out what it does.
func read(query string, d dialect) statement {
	s := scanner{dialect: d, in: query}
	var b strings.Builder
	b.Grow(min(len(query), maxText))
	var sum summary
	list := 0 // where we are: 1 after IN, 2 after its parenthesis, 3 after a literal there, 4 after a comma
	for kind, text := s.next(); kind != end; kind, text = s.next() {
		sum.see(kind, text)
		var written string
		switch kind {
		case blank:
			written = " "
		case literal:
			written = "?"
		default:
			written = text
		}
		list = nextList(list, kind, text)
		if kind == blank && (b.Len() == 0 || strings.HasSuffix(b.String(), " ")) {
			continue
		}
		if list == skipping {
			continue
		}
		if b.Len() < maxText {
			b.WriteString(written)
		}
	}
	return statement{
		text: cut(strings.TrimRight(b.String(), " ")), operation: sum.operation, table: sum.oneTable(), summary: sum.text(),
	}
}

// States of a list after IN.
const (
	outside = iota
	afterIn
	inList  // after its parenthesis
	started // after its first value
	skipping
)

// nextList follows IN ( value , value … ): from the second value on, and up to
// the closing parenthesis, everything is left out.
func nextList(state int, k kind, text string) int {
	isValue := k == literal || k == placeholder
	switch {
	case k == word && strings.EqualFold(text, "IN"):
		return afterIn
	case state == afterIn && text == "(":
		return inList
	case state == inList && isValue:
		return started
	case (state == started || state == skipping) && (text == "," || isValue || k == blank):
		return skipping
	case k == blank:
		return state
	}
	return outside
}

// A kind is one of what statements are made of.
type kind uint8

const (
	end kind = iota
	blank
	literal     // a string or a number
	placeholder // ?, $1, :name, @p1
	word        // a keyword or a name
	name        // a quoted name
	symbol      // one other character
)

// A scanner reads a statement from left to right. It never fails: what does
// not end, ends with the statement.
type scanner struct {
	dialect
	in string
	at int
}

func (s *scanner) next() (kind, string) {
	if s.at >= len(s.in) {
		return end, ""
	}
	from, c := s.at, s.in[s.at]
	k := s.scan(c)
	return k, s.in[from:s.at]
}

func (s *scanner) scan(c byte) kind {
	switch rest := s.in[s.at:]; {
	case c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f':
		s.at++
		return blank
	case strings.HasPrefix(rest, "--"), c == '#' && s.hash:
		return s.until("\n", blank)
	case strings.HasPrefix(rest, "/*"):
		s.at += 2
		return s.until("*/", blank)
	case c == '\'':
		return s.quoted('\'', s.backslash, literal)
	case c == '"':
		if s.doubleQuoted {
			return s.quoted('"', s.backslash, literal)
		}
		return s.quoted('"', false, name)
	case c == '`':
		return s.quoted('`', false, name)
	case c == '$' && s.dollar:
		return s.dollars()
	case '0' <= c && c <= '9', c == '.' && len(rest) > 1 && '0' <= rest[1] && rest[1] <= '9':
		s.skip(func(c byte) bool { return isWord(c) || c == '.' })
		return literal
	case c == '?':
		s.skip(func(c byte) bool { return c == '?' || '0' <= c && c <= '9' })
		return placeholder
	case (c == ':' || c == '@' || c == '$') && len(rest) > 1 && isWord(rest[1]):
		s.at++
		s.skip(isWord)
		return placeholder
	case isWord(c):
		return s.word()
	}
	s.at++
	return symbol
}

// word reads a word, or a string with a prefix such as E'x', N'x' or X'1f'.
func (s *scanner) word() kind {
	from := s.at
	s.skip(isWord)
	if s.at < len(s.in) && s.in[s.at] == '\'' && s.at-from <= 2 {
		prefix := strings.ToUpper(s.in[from:s.at])
		switch prefix {
		case "E", "N", "B", "X", "U", "_", "R":
			return s.quoted('\'', s.backslash || prefix == "E", literal)
		}
	}
	return word
}

func isWord(c byte) bool {
	return c == '_' || '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || c >= utf8.RuneSelf
}

func (s *scanner) skip(while func(byte) bool) {
	for s.at < len(s.in) && while(s.in[s.at]) {
		s.at++
	}
}

// until goes behind the next mark.
func (s *scanner) until(mark string, k kind) kind {
	i := strings.Index(s.in[s.at:], mark)
	if i < 0 {
		s.at = len(s.in)
	} else {
		s.at += i + len(mark)
	}
	return k
}

// quoted goes behind the closing quote; a doubled one is part of the text.
func (s *scanner) quoted(quote byte, backslash bool, k kind) kind {
	for s.at++; s.at < len(s.in); s.at++ {
		switch c := s.in[s.at]; {
		case c == '\\' && backslash:
			s.at++
		case c == quote && s.at+1 < len(s.in) && s.in[s.at+1] == quote:
			s.at++
		case c == quote:
			s.at++
			return k
		}
	}
	s.at = len(s.in)
	return k
}

// dollars reads $1, or a string $tag$…$tag$.
func (s *scanner) dollars() kind {
	from := s.at
	s.at++
	s.skip(isWord)
	tag := s.in[from:s.at]
	if s.at < len(s.in) && s.in[s.at] == '$' && !(len(tag) > 1 && '0' <= tag[1] && tag[1] <= '9') {
		s.at++
		return s.until(s.in[from:s.at], literal)
	}
	if len(tag) > 1 {
		return placeholder
	}
	return symbol
}
