package sampling

import (
	"strings"
	"unicode/utf8"
)

// patternKind says how a pattern is compared: what can be decided by one
// comparison of strings is.
type patternKind uint8

const (
	matchAny    patternKind = iota // *
	matchExact                     // text
	matchPrefix                    // text*
	matchSuffix                    // *text
	matchGlob                      // any other
	matchFolded                    // any with characters beyond ASCII
)

// pattern is a compiled pattern of a sampling rule: * stands for any number of
// characters, ? for one. Upper and lower case are the same. The zero pattern
// matches everything.
type pattern struct {
	kind patternKind
	text string // in lower case, for matchExact and the like without the *
}

func compilePattern(text string) pattern {
	text = strings.ToLower(text)
	inner := strings.Trim(text, "*")
	switch {
	case inner == "" && text != "":
		return pattern{}
	case !isASCII(text):
		return pattern{matchFolded, text}
	case strings.ContainsAny(inner, "*?"):
		return pattern{matchGlob, text}
	case inner == text:
		return pattern{matchExact, text}
	case text[0] != '*':
		return pattern{matchPrefix, inner}
	case text[len(text)-1] != '*':
		return pattern{matchSuffix, inner}
	}
	return pattern{matchGlob, text}
}

// match reports whether the pattern matches all of the text. It does not
// allocate unless the pattern has characters beyond ASCII.
func (p *pattern) match(text string) bool {
	switch p.kind {
	case matchAny:
		return true
	case matchExact:
		return len(text) == len(p.text) && equalFold(p.text, text)
	case matchPrefix:
		return len(text) >= len(p.text) && equalFold(p.text, text[:len(p.text)])
	case matchSuffix:
		return len(text) >= len(p.text) && equalFold(p.text, text[len(text)-len(p.text):])
	case matchFolded:
		return glob(p.text, strings.ToLower(text))
	}
	return glob(p.text, text)
}

// equalFold compares a text in lower case with one of the same length. It goes
// backwards, as paths differ at their ends.
func equalFold(lower, text string) bool {
	for i := len(lower) - 1; i >= 0; i-- {
		if lower[i] != lowerByte(text[i]) {
			return false
		}
	}
	return true
}

func lowerByte(c byte) byte {
	if c-'A' < 26 {
		return c + ('a' - 'A')
	}
	return c
}

// glob matches greedily and goes back to the last * when it fails, in time
// proportional to the product of the lengths at worst.
func glob(p, text string) bool {
	star, resume := -1, 0
	i, j := 0, 0
	for j < len(text) {
		switch {
		case i < len(p) && p[i] == '*':
			star, resume = i, j
			i++
		case i < len(p) && p[i] == '?':
			i++
			j += runeWidth(text[j:])
		case i < len(p) && p[i] == lowerByte(text[j]):
			i++
			j++
		case star >= 0:
			resume++
			i, j = star+1, resume
		default:
			return false
		}
	}
	return strings.Trim(p[i:], "*") == ""
}

func runeWidth(text string) int {
	if text[0] < utf8.RuneSelf {
		return 1
	}
	_, width := utf8.DecodeRuneInString(text)
	return width
}

func isASCII(text string) bool {
	for i := range len(text) {
		if text[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
