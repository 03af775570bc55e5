package redact

import (
	"strings"

	"github.com/bragg-tracing/bragg/pkg/sdk/internal/sqltext"
)

// statement replaces the literals of a statement, and takes its comments away.
func statement(query, system string) string {
	d := sqltext.Guess(query, sqltext.DialectOf(system))
	if sqltext.Clean(query, d) {
		return query
	}
	return sqltext.Sanitize(query, d, len(query), nil)
}

// connection hides the password of a data source, which has one of the forms
// scheme://user:password@host, user:password@tcp(host)/name and
// user=x password=y;… .
func (r *Redactor) connection(s string) string {
	if i := strings.Index(s, "//"); i >= 0 {
		at := userinfoEnd(s[i+len("//"):])
		if at > 0 && strings.IndexByte(s[i:i+len("//")+at], ':') < 0 {
			return r.parameters(s, false, false) // a user alone, as in db.user
		}
		return r.url(s)
	}
	if at := strings.LastIndexByte(s, '@'); at > 0 {
		if user, _, ok := strings.Cut(s[:at], ":"); ok && !strings.ContainsAny(user, "= ;/") {
			s = Replacement + ":" + Replacement + s[at:]
		}
	}
	return assignments(s)
}

// assignments replaces the values of password=, pwd= and the like, up to the
// next blank, ; or &, or the closing quote.
func assignments(s string) string {
	var e edit
	for i := 0; i < len(s); i++ {
		if s[i] != '=' {
			continue
		}
		name := strings.TrimRight(s[max(e.upTo, i-longest):i], " ")
		name = name[strings.LastIndexAny(name, " ;&?,(")+1:]
		if !in(fields, name) && !strings.EqualFold(name, "pwd") {
			continue
		}
		from := i + 1
		for from < len(s) && s[from] == ' ' {
			from++
		}
		to := assigned(s, from)
		if from < to {
			e.replace(s, from, to, Replacement)
			i = to - 1
		}
	}
	return e.done(s)
}

// assigned returns where the value that begins at from ends.
func assigned(s string, from int) int {
	end := from
	if from < len(s) {
		if i := strings.IndexByte(`'"{`, s[from]); i >= 0 {
			n := strings.IndexByte(s[from+1:], `'"}`[i])
			if n < 0 {
				return len(s)
			}
			end += 1 + n + 1
		}
	}
	if n := strings.IndexAny(s[end:], " ;&"); n >= 0 {
		return end + n
	}
	return len(s)
}

// minToken is the length from which a word behind "Bearer" is taken for a
// token, and not for a word of the sentence.
const minToken = 16

// bearer replaces the credentials behind a scheme of authentication.
func bearer(s, scheme string) string {
	var e edit
	for from := 0; ; {
		i := strings.Index(s[from:], scheme)
		if i < 0 {
			return e.done(s)
		}
		from += i + len(scheme)
		end := from
		for end < len(s) && isToken(s[end]) {
			end++
		}
		if end-from >= minToken {
			e.replace(s, from, end, Replacement)
		}
		from = end
	}
}

// isToken is for the characters of credentials.
// https://www.rfc-editor.org/rfc/rfc9110.html#name-credentials
func isToken(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || strings.IndexByte("-._~+/=", c) >= 0
}
