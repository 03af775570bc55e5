package verify

import (
	"fmt"
	"strings"
	"unicode"
)

// compareNames accepts, of X-Ray, any name that follows from the span: X-Ray
// names segments by service, so that a server span has its service's name there
// and a client span the name of what it called.
func compareNames(want, got Span) (Difference, bool) {
	d := Difference{Field: "name", Want: want.Name, Got: got.Name}
	switch {
	case want.Name == got.Name:
		return d, false
	case want.document == nil && got.document != nil:
		return d, !namedAfter(want, got.Name)
	case want.document != nil && got.document == nil:
		return d, !namedAfter(got, want.Name)
	}
	return d, true
}

func namedAfter(s Span, name string) bool {
	name = plainName(name)
	if name == plainName(s.Name) || name == plainName(s.Service) {
		return true
	}
	var values []string
	for _, v := range s.Attributes {
		if text, ok := v.(string); ok && text != "" {
			values = append(values, plainName(text))
		}
	}
	// A database is database@host, each of an attribute of its own.
	for part := range strings.SplitSeq(name, "@") {
		found := false
		for _, v := range values {
			found = found || part != "" && strings.Contains(v, part)
		}
		if !found {
			return false
		}
	}
	return true
}

// plainName returns a name without what X-Ray does not allow in one, or what
// differs in its writing: X-Ray says DynamoDB where a span says dynamodb.
// https://docs.aws.amazon.com/xray/latest/devguide/xray-api-segmentdocuments.html
func plainName(name string) string {
	name = strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune("_.:/%&#=+\\-@", r) {
			return unicode.ToLower(r)
		}
		return -1
	}, name)
	if runes := []rune(name); len(runes) > 180 { // X-Ray's 200, less what was left out
		return string(runes[:180])
	}
	return name
}

// short returns a value as a person can read it in a line.
func short(v any) string {
	text := fmt.Sprint(v)
	if runes := []rune(text); len(runes) > 80 {
		return fmt.Sprintf("%s… (%d characters)", string(runes[:60]), len(runes))
	}
	return text
}
