package redact

import (
	"bytes"
	"encoding/json"
	"strings"
)

// maxJSON is the length up to which JSON in a text is looked into, far more than
// a document of X-Ray may have. What is longer is replaced.
const maxJSON = 1 << 20

// inJSON redacts the members of the JSON object or list that a text holds, by
// their names as those of a map. It reads on behind what is no JSON, so that a
// text that was cut off is redacted too. Beyond texts with escapes it allocates
// only when there is something to hide.
func (r *Redactor) inJSON(s string) string {
	if t := strings.TrimLeft(s, " \t\r\n"); t == "" || t[0] != '{' && t[0] != '[' {
		return s
	}
	if len(s) > maxJSON {
		return Replacement
	}
	j := jsonText{r: r, s: s}
	for j.at < len(s) {
		j.token()
	}
	return j.e.done(s)
}

// jsonText is a text with JSON while it is redacted.
type jsonText struct {
	r      *Redactor
	s      string
	at     int // where the next token begins
	e      edit
	inside [maxDepth + 1]Rule // of what is in the composites around: a list's elements, an object's member that comes
	depth  int
}

func (j *jsonText) token() {
	from, rule := j.at, &j.inside[j.depth]
	switch c := j.s[from]; c {
	case ' ', '\t', '\r', '\n', ':', ',':
		j.at++
	case '{', '[':
		if *rule == Secret || j.depth == maxDepth {
			j.at = endOfComposite(j.s, from)
			j.e.replace(j.s, from, j.at, `"`+Replacement+`"`)
			return
		}
		j.at++
		j.depth++
		j.inside[j.depth] = *rule
	case '}', ']':
		j.at++
		j.depth = max(0, j.depth-1)
	case '"':
		j.at = endOfString(j.s, from)
		if isName(j.s[j.at:]) {
			*rule = j.r.RuleOf(unquote(j.s[from:j.at]))
			return
		}
		j.text(from, *rule)
	default:
		for j.at++; j.at < len(j.s) && strings.IndexByte(" \t\r\n,:{}[]\"", j.s[j.at]) < 0; {
			j.at++
		}
		if *rule == Secret && j.s[from:j.at] != "null" {
			j.e.replace(j.s, from, j.at, `"`+Replacement+`"`)
		}
	}
}

// isName reports whether what is before behind is the name of a member.
func isName(behind string) bool {
	behind = strings.TrimLeft(behind, " \t\r\n")
	return behind != "" && behind[0] == ':'
}

// text redacts the string from there to where the next token begins.
func (j *jsonText) text(from int, rule Rule) {
	if rule == Keep {
		return
	}
	value := unquote(j.s[from:j.at])
	if other := j.r.Apply(rule, value, ""); other != value {
		j.e.replace(j.s, from, j.at, quote(other))
	}
}

// endOfString returns where the string that begins at from ends, its quotes
// included.
func endOfString(s string, from int) int {
	for i := from + 1; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return len(s)
}

// endOfComposite returns where the object or list that begins at from ends.
func endOfComposite(s string, from int) int {
	depth := 0
	for i := from; i < len(s); i++ {
		switch s[i] {
		case '"':
			i = endOfString(s, i) - 1
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth == 0 {
				return i + 1
			}
		}
	}
	return len(s)
}

// unquote returns what a string of JSON says, as it is if that is not valid.
func unquote(s string) string {
	inner := strings.TrimSuffix(s[1:], `"`)
	if strings.IndexByte(inner, '\\') < 0 {
		return inner
	}
	var text string
	if json.Unmarshal([]byte(s), &text) != nil {
		return inner
	}
	return text
}

func quote(s string) string {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(s); err != nil {
		return `"` + Replacement + `"`
	}
	return strings.TrimSuffix(b.String(), "\n")
}
