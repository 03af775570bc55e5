package sampling

import (
	"regexp"
	"strings"
	"testing"
)

// matches is the meaning of a pattern, by way of a regular expression.
func matches(p, text string) bool {
	expression := regexp.QuoteMeta(strings.ToLower(p))
	expression = strings.NewReplacer(`\*`, `.*`, `\?`, `.`).Replace(expression)
	return regexp.MustCompile(`(?s)^` + expression + `$`).MatchString(strings.ToLower(text))
}

var patternCases = []struct {
	pattern, text string
	want          bool
}{
	{"*", "", true}, {"*", "anything", true}, {"**", "x", true}, {"", "", true}, {"", "x", false},
	{"/checkout", "/checkout", true}, {"/checkout", "/CheckOut", true}, {"/checkout", "/checkout/", false},
	{"/api/*", "/api/", true}, {"/API/*", "/api/x/y", true}, {"/api/*", "/ap", false},
	{"*.example.com", "a.example.com", true}, {"*.example.com", "example.com", false},
	{"*/x/*", "/a/x/b", true}, {"*/x/*", "/a/y/b", false}, {"/a/*/b", "/a/1/2/b", true}, {"/a/*/b", "/a/b", false},
	{"fo?", "foo", true}, {"?o?", "foo", true}, {"f??", "boo", false}, {"?", "", false}, {"a?*", "a", false},
	{"/k?che", "/küche", true}, {"/KÜCHE*", "/küche/1", true}, {"/küche", "/KÜCHE", true},
	{"*a*a*a*a*b", strings.Repeat("a", 300), false}, {"a*b*c", "aXbXbXc", true},
}

func TestPatterns(t *testing.T) {
	for _, tt := range patternCases {
		p := compilePattern(tt.pattern)
		if got := p.match(tt.text); got != tt.want || matches(tt.pattern, tt.text) != tt.want {
			t.Errorf("%q matches %q: %t, want %t", tt.pattern, tt.text, got, tt.want)
		}
	}
}

// compiled is pattern under a name that the parameters of a fuzz target leave free.
type compiled = pattern

func FuzzPattern(f *testing.F) {
	for _, tt := range patternCases {
		f.Add(tt.pattern, tt.text)
	}
	f.Fuzz(func(t *testing.T, pattern, text string) {
		if len(pattern) > 64 || len(text) > 256 || !isASCII(pattern+text) {
			return
		}
		p := compilePattern(pattern)
		want := matches(pattern, text)
		if got := p.match(text); got != want {
			t.Errorf("%q matches %q: %t, want %t", pattern, text, got, want)
		}
		ix := newIndex([]compiled{p}, 16, 8)
		if want && ix.candidates(ix.all, text) == 0 {
			t.Errorf("the index misses that %q matches %q", pattern, text)
		}
	})
}
