package redact

import (
	"strings"
)

// url redacts a URL, or a path with a query.
func (r *Redactor) url(s string) string { return r.parameters(userinfo(s, false), false, false) }

// Text redacts the URLs and the tokens inside a text that people read, such as
// the message of an error or the name of a span. It allocates nothing if there
// are none.
func (r *Redactor) Text(s string) string {
	if r == nil || r.off&kindTexts != 0 {
		return s
	}
	s = r.parameters(userinfo(s, true), false, true)
	return bearer(bearer(s, "earer "), "asic ") // in any case of the first letter
}

// longestAuthority is how far userinfo is looked for in a text.
const longestAuthority = 512

// userinfo replaces what is before the @ of a URL, with a scheme or without; in
// a text, of each URL with a scheme in it.
// https://opentelemetry.io/docs/specs/semconv/registry/attributes/url/: user
// and password of url.full are REDACTED:REDACTED.
func userinfo(s string, text bool) string {
	var e edit
	for from := 0; ; {
		i := strings.Index(s[from:], "//")
		if i < 0 {
			return e.done(s)
		}
		from += i + len("//")
		if text && (from < 3 || s[from-3] != ':') {
			continue
		}
		authority := s[from:]
		if text {
			authority = authority[:min(len(authority), longestAuthority)]
			if end := strings.IndexFunc(authority, endsURL); end >= 0 {
				authority = authority[:end]
			}
		}
		if at := userinfoEnd(authority); at > 0 {
			hidden := Replacement
			if strings.IndexByte(authority[:at], ':') >= 0 {
				hidden += ":" + Replacement
			}
			e.replace(s, from, from+at, hidden)
			from += at
		}
		if !text {
			return e.done(s)
		}
	}
}

// userinfoEnd returns where the @ behind the userinfo is, or -1. It ends before
// the path, unless what is there cannot be host:port: then someone put a / or
// a # into a password.
func userinfoEnd(authority string) int {
	end := strings.IndexAny(authority, "/?#")
	if end < 0 {
		end = len(authority)
	}
	if at := strings.LastIndexByte(authority[:end], '@'); at >= 0 {
		return at
	}
	_, port, ok := strings.Cut(authority[:end], ":")
	if !ok || strings.HasPrefix(authority, "[") || strings.Trim(port, "0123456789") == "" {
		return -1
	}
	at := strings.IndexByte(authority, '@')
	if at < 0 {
		return -1
	}
	host := authority[at:]
	if end := strings.IndexAny(host, "/?#"); end >= 0 {
		host = host[:end]
	}
	return at + strings.LastIndexByte(host, '@')
}

// endsURL reports whether a URL in a text ends before the character.
func endsURL(c rune) bool {
	return c <= ' ' || c == '"' || c == '\'' || c == '`' || c == '<' || c == '>'
}

// parameters replaces the values of parameters that are secret, behind ?, & ; or
// #; with atStart also at the start. Names and separators may be escaped, as
// in a URL that is a parameter of another. In a text a value ends with the URL.
func (r *Redactor) parameters(s string, atStart, text bool) string {
	if !strings.Contains(s, "=") && !strings.Contains(s, "%3") {
		return s
	}
	var e edit
	for i := 0; i < len(s); {
		n := 0
		if i > 0 || !atStart {
			if n = separator(s[i:]); n == 0 {
				i++
				continue
			}
		}
		from, to := r.secretValue(s, i+n, text)
		i = max(to, i+1)
		if from < to {
			e.replace(s, from, to, Replacement)
		}
	}
	return e.done(s)
}

// separator returns the length of what separates parameters at the start of s.
func separator(s string) int {
	switch s[0] {
	case '?', '&', ';', '#':
		return 1
	case '%':
		if len(s) >= 3 && (s[1] == '3' && (s[2] == 'F' || s[2] == 'f' || s[2] == 'B' || s[2] == 'b') || s[1] == '2' && (s[2] == '6' || s[2] == '3')) {
			return 3
		}
	}
	return 0
}

// secretValue reads the parameter at from. It returns where its value begins and
// ends; of one that is no secret, twice where the next separator may be.
func (r *Redactor) secretValue(s string, from int, text bool) (begin, end int) {
	var buf [longest]byte
	n := 0
	for i := from; i < len(s); i++ {
		c := s[i]
		if c == '=' || c == '%' && strings.HasPrefix(s[i+1:], "3D") || c == '%' && strings.HasPrefix(s[i+1:], "3d") {
			begin = i + 1
			if c == '%' {
				begin += 2
			}
			if !r.isParameter(buf[:n]) {
				return begin, begin
			}
			return begin, valueEnd(s, begin, text)
		}
		if separator(s[i:]) > 0 || text && endsURL(rune(c)) {
			return i, i
		}
		if c == '%' && i+2 < len(s) {
			if high, low := unhex(s[i+1]), unhex(s[i+2]); high >= 0 && low >= 0 {
				c = byte(high<<4 | low)
				i += 2
			}
		}
		switch {
		case c == '[': // user[password]
			n = 0
			continue
		case c == '-' || c == '_' || c == ']' || c == '+' || c == ' ':
			continue
		case 'A' <= c && c <= 'Z':
			c += 'a' - 'A'
		}
		if n == len(buf) {
			return i, i
		}
		buf[n] = c
		n++
	}
	return len(s), len(s)
}

func valueEnd(s string, from int, text bool) int {
	for i := from; i < len(s); i++ {
		if c := s[i]; separator(s[i:]) > 0 || text && (endsURL(rune(c)) || c == ',' || c == ')') {
			return i
		}
	}
	return len(s)
}

func unhex(c byte) int {
	switch {
	case '0' <= c && c <= '9':
		return int(c - '0')
	case 'a' <= c && c <= 'f':
		return int(c-'a') + 10
	case 'A' <= c && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}
