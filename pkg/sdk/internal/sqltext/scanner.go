package sqltext

import (
	"strings"
	"unicode/utf8"
)

// A Kind is one of what statements are made of.
type Kind uint8

// The kinds.
const (
	End         Kind = iota
	Blank            // white space or a comment
	Literal          // a string or a number
	Placeholder      // ?, $1, :name, @p1
	Word             // a keyword or a name
	Name             // a quoted name
	Symbol           // one other character
)

// A Scanner reads a statement from left to right. It never fails: what does
// not end, ends with the statement.
type Scanner struct {
	Dialect
	In string
	at int
}

// Next returns the next part of the statement and what it is, End at its end.
func (s *Scanner) Next() (Kind, string) {
	if s.at >= len(s.In) {
		return End, ""
	}
	from := s.at
	k := s.scan(s.In[s.at])
	return k, s.In[from:s.at]
}

func (s *Scanner) scan(c byte) Kind {
	switch rest := s.In[s.at:]; {
	case isBlank(c):
		s.at++
		return Blank
	case s.words:
		return s.argument()
	case strings.HasPrefix(rest, "--"), c == '#' && s.hash:
		return s.until("\n", Blank)
	case strings.HasPrefix(rest, "/*"):
		return s.comment()
	case c == '\'':
		return s.quoted('\'', s.backslash, Literal)
	case c == '"':
		return s.doubleQuotes()
	case c == '`':
		return s.quoted('`', false, Name)
	case c == '[' && s.brackets:
		return s.quoted(']', false, Name)
	case c == '#' && s.unsure:
		return s.rest()
	case c == '$' && s.dollar:
		return s.dollars()
	case '0' <= c && c <= '9', c == '.' && len(rest) > 1 && '0' <= rest[1] && rest[1] <= '9':
		s.skip(func(c byte) bool { return isWord(c) || c == '.' })
		return Literal
	case c == '?':
		s.skip(func(c byte) bool { return c == '?' || '0' <= c && c <= '9' })
		return Placeholder
	case (c == ':' || c == '@' || c == '$') && len(rest) > 1 && isWord(rest[1]):
		s.at++
		s.skip(isWord)
		return Placeholder
	case isWord(c):
		return s.word()
	}
	s.at++
	return Symbol
}

func isBlank(c byte) bool {
	return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f'
}

func isWord(c byte) bool {
	return c == '_' || '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || c >= utf8.RuneSelf
}

// argument reads a command's name, at the start of a line, or one argument.
func (s *Scanner) argument() Kind {
	first := strings.TrimRight(s.In[:s.at], " \t")
	from := s.at
	s.skip(func(c byte) bool { return !isBlank(c) })
	if first == "" || strings.HasSuffix(first, "\n") {
		return Word
	}
	if s.In[from:s.at] == "?" {
		return Placeholder
	}
	return Literal
}

// word reads a word, or a string with a prefix such as E'x', N'x' or X'1f'.
func (s *Scanner) word() Kind {
	from := s.at
	s.skip(isWord)
	if s.at >= len(s.In) || s.In[s.at] != '\'' || s.at-from > 2 {
		return Word
	}
	switch prefix := strings.ToUpper(s.In[from:s.at]); prefix {
	case "E", "N", "B", "X", "U", "_", "R":
		return s.quoted('\'', s.backslash || prefix == "E", Literal)
	case "Q", "NQ":
		if s.quotedBy {
			return s.quotedByUser()
		}
	}
	return Word
}

// quotedByUser reads Oracle's q'[x]', where the user says what ends the string.
func (s *Scanner) quotedByUser() Kind {
	if s.at += 2; s.at > len(s.In) {
		return s.rest()
	}
	closing := s.In[s.at-1]
	if i := strings.IndexByte("[{(<", closing); i >= 0 {
		closing = "]})>"[i]
	}
	return s.until(string([]byte{closing, '\''}), Literal)
}

func (s *Scanner) skip(while func(byte) bool) {
	for s.at < len(s.In) && while(s.In[s.at]) {
		s.at++
	}
}

// rest takes what is left for one literal: nobody can say what is in it.
func (s *Scanner) rest() Kind {
	s.at = len(s.In)
	return Literal
}

// until goes behind the next mark.
func (s *Scanner) until(mark string, k Kind) Kind {
	i := strings.Index(s.In[s.at:], mark)
	if i < 0 {
		s.at = len(s.In)
	} else {
		s.at += i + len(mark)
	}
	return k
}

// comment goes behind the end of a comment and of those inside it.
func (s *Scanner) comment() Kind {
	s.at += 2
	for depth := 1; s.at < len(s.In) && depth > 0; {
		switch rest := s.In[s.at:]; {
		case s.nested && strings.HasPrefix(rest, "/*"):
			depth++
			s.at += 2
		case strings.HasPrefix(rest, "*/"):
			depth--
			s.at += 2
		default:
			s.at++
		}
	}
	return Blank
}

// quoted goes behind the closing quote; a doubled one is part of the text.
func (s *Scanner) quoted(quote byte, backslash bool, k Kind) Kind {
	for s.at++; s.at < len(s.In); s.at++ {
		switch c := s.In[s.at]; {
		case c == '\\' && backslash:
			s.at++
		case c == '\\' && s.unsure && s.at+1 < len(s.In) && s.In[s.at+1] == quote:
			return s.rest()
		case c == quote && s.at+1 < len(s.In) && s.In[s.at+1] == quote:
			s.at++
		case c == quote:
			s.at++
			return k
		}
	}
	s.at = len(s.In)
	return k
}

// doubleQuotes reads "x", which is a name or a string.
func (s *Scanner) doubleQuotes() Kind {
	if !s.doubleQuoted {
		return s.quoted('"', false, Name)
	}
	k := s.quoted('"', s.backslash, Literal)
	if s.json && strings.HasPrefix(strings.TrimLeft(s.In[s.at:], " \t\r\n"), ":") {
		return Name
	}
	return k
}

// dollars reads $1, or a string $tag$…$tag$.
func (s *Scanner) dollars() Kind {
	from := s.at
	s.at++
	s.skip(isWord)
	tag := s.In[from:s.at]
	if s.at < len(s.In) && s.In[s.at] == '$' && !(len(tag) > 1 && '0' <= tag[1] && tag[1] <= '9') {
		s.at++
		return s.until(s.In[from:s.at], Literal)
	}
	if len(tag) > 1 {
		return Placeholder
	}
	return Symbol
}
