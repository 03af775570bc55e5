package filter

import (
	"math"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

type tokenKind int

const (
	endToken    tokenKind = iota
	wordToken             // text
	stringToken           // text, without quotation marks and escapes
	numberToken           // number
	opToken               // op
	markToken             // text, one of ( ) { } [ ] , : ! #
)

// A token is one word or sign of an expression, at text[from:to].
type token struct {
	kind     tokenKind
	from, to int
	text     string
	number   float64
	op       Op
}

// is reports whether the token is this sign.
func (t token) is(mark string) bool { return t.kind == markToken && t.text == mark }

// isWord reports whether the token is this word, in any case of letters.
func (t token) isWord(word string) bool {
	return t.kind == wordToken && strings.EqualFold(t.text, word)
}

// A lexer reads tokens from valid UTF-8.
type lexer struct {
	text string
	pos  int
}

func (l *lexer) next() (token, *SyntaxError) {
	l.skipSpace()
	from := l.pos
	if from == len(l.text) {
		return token{kind: endToken, from: from, to: from}, nil
	}
	r, size := utf8.DecodeRuneInString(l.text[from:])
	switch {
	case r == '"':
		return l.quoted()
	case isLetter(r):
		return l.word(), nil
	case r >= '0' && r <= '9' || strings.ContainsRune("+-.", r) && l.digitAfter(from+size):
		return l.number()
	case strings.ContainsRune("=!<>", r):
		return l.operator(r)
	case strings.ContainsRune("(){}[],:#", r):
		l.pos += size
		return token{kind: markToken, from: from, to: l.pos, text: string(r)}, nil
	}
	return token{}, errorAt(l.text, from, from+size, "%s", strange(r))
}

// strange says what is wrong with a character that no token begins with.
func strange(r rune) string {
	switch r {
	case '&':
		return "unexpected '&': write AND"
	case '|':
		return "unexpected '|': write OR"
	case '\'', '‘', '’', '“', '”', '`':
		return `a string is written in straight double quotation marks, as in user = "alice"`
	case '~', '*', '%':
		return "unexpected '" + string(r) + "': there are no patterns; the operators for text are =, !=, CONTAINS, BEGINSWITH and ENDSWITH"
	default:
		return "unexpected " + strconv.QuoteRune(r)
	}
}

func (l *lexer) skipSpace() {
	for l.pos < len(l.text) {
		r, size := utf8.DecodeRuneInString(l.text[l.pos:])
		if !unicode.IsSpace(r) {
			return
		}
		l.pos += size
	}
}

func isLetter(r rune) bool { return r == '_' || unicode.IsLetter(r) }

func (l *lexer) digitAfter(pos int) bool {
	rest := strings.TrimPrefix(l.text[pos:], ".")
	return rest != "" && rest[0] >= '0' && rest[0] <= '9'
}

func (l *lexer) word() token {
	from := l.pos
	for l.pos < len(l.text) {
		r, size := utf8.DecodeRuneInString(l.text[l.pos:])
		if !isLetter(r) && !unicode.IsDigit(r) && r != '.' && r != '-' {
			break
		}
		l.pos += size
	}
	word := l.text[from:l.pos]
	switch op := Op(strings.ToUpper(word)); op {
	case Contains, BeginsWith, EndsWith:
		return token{kind: opToken, from: from, to: l.pos, op: op}
	}
	return token{kind: wordToken, from: from, to: l.pos, text: word}
}

// quoted reads a string. A backslash before anything but a quotation mark or
// another backslash is one.
func (l *lexer) quoted() (token, *SyntaxError) {
	from := l.pos
	var b strings.Builder
	for i := from + 1; i < len(l.text); i++ {
		switch c := l.text[i]; {
		case c == '"':
			l.pos = i + 1
			return token{kind: stringToken, from: from, to: l.pos, text: b.String()}, nil
		case c == '\\' && i+1 < len(l.text) && (l.text[i+1] == '"' || l.text[i+1] == '\\'):
			i++
			b.WriteByte(l.text[i])
		default:
			b.WriteByte(c)
		}
	}
	return token{}, errorAt(l.text, from, len(l.text), "the string that begins here has no closing quotation mark")
}

func (l *lexer) number() (token, *SyntaxError) {
	from := l.pos
	for l.pos < len(l.text) {
		r, size := utf8.DecodeRuneInString(l.text[l.pos:])
		sign := (r == '+' || r == '-') && (l.pos == from || strings.ContainsRune("eE", rune(l.text[l.pos-1])))
		if !sign && !isLetter(r) && !unicode.IsDigit(r) && r != '.' {
			break
		}
		l.pos += size
	}
	text := l.text[from:l.pos]
	t := token{kind: numberToken, from: from, to: l.pos}
	if strings.Trim(text, "+-.eE0123456789") == "" {
		var err error
		if t.number, err = strconv.ParseFloat(text, 64); err == nil && !math.IsInf(t.number, 0) {
			return t, nil
		}
	}
	message := "'%.60s' is not a number, or too large a one"
	switch unit := strings.ToLower(strings.TrimLeft(text, "+-.0123456789")); unit {
	case "ns", "us", "µs", "ms", "s", "m", "h":
		message = "'%.60s' is not a number: times are written in seconds, without a unit"
	}
	return token{}, errorAt(l.text, from, l.pos, message, text)
}

func (l *lexer) operator(r rune) (token, *SyntaxError) {
	from := l.pos
	l.pos++
	two := ""
	if l.pos < len(l.text) {
		two = l.text[from : l.pos+1]
	}
	switch {
	case two == "!=" || two == "<=" || two == ">=":
		l.pos++
		return token{kind: opToken, from: from, to: l.pos, op: Op(two)}, nil
	case two == "==":
		return token{}, errorAt(l.text, from, from+2, "unexpected '==': write =")
	case two == "=~" || two == "!~":
		return token{}, errorAt(l.text, from, from+2, "unexpected '%s': %s", two, "there are no patterns; the operators for text are =, !=, CONTAINS, BEGINSWITH and ENDSWITH")
	case two == "<>":
		return token{}, errorAt(l.text, from, from+2, "unexpected '<>': write !=")
	case r == '!':
		return token{kind: markToken, from: from, to: l.pos, text: "!"}, nil
	default:
		return token{kind: opToken, from: from, to: l.pos, op: Op(r)}, nil
	}
}
