// Package pattern matches text against patterns in which * stands for any
// text, the empty one too, and ? for any one byte.
package pattern

// WildcardMatchCaseInsensitive reports whether the pattern matches the whole
// text, whatever the case of ASCII letters.
func WildcardMatchCaseInsensitive(pattern, text string) bool {
	return WildcardMatch(pattern, text, true)
}

// WildcardMatch reports whether the pattern matches the whole text. The empty
// pattern matches the empty text. It does not allocate, and takes at most
// len(pattern)*len(text) steps.
func WildcardMatch(pattern, text string, caseInsensitive bool) bool {
	p, t := 0, 0
	star, mark := -1, 0 // the last * and where in the text it was met
	for t < len(text) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, mark = p, t
			p++
		case p < len(pattern) && (pattern[p] == '?' || same(pattern[p], text[t], caseInsensitive)):
			p, t = p+1, t+1
		case star >= 0: // let the last * take one byte more
			mark++
			p, t = star+1, mark
		default:
			return false
		}
	}
	for p < len(pattern) && pattern[p] == '*' {
		p++
	}
	return p == len(pattern)
}

func same(a, b byte, caseInsensitive bool) bool {
	if a == b {
		return true
	}
	return caseInsensitive && lower(a) == lower(b)
}

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}
