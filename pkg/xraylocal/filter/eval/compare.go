package eval

import (
	"strings"

	"github.com/bragg-tracing/bragg/pkg/xraylocal/filter"
)

// isSet is what a field alone asks for: a boolean that is true, or any other
// value.
func isSet(v filter.Value) bool { return v.Kind != filter.Bool || v.Bool }

// compare reports whether a value of the field of c matches.
func compare(c *filter.Comparison, v filter.Value) bool {
	want := c.Value
	if v.Kind == filter.Bool && want.Kind == filter.String && c.Keyword != filter.Annotation {
		switch { // a boolean keyword may be compared with a word in quotation marks
		case strings.EqualFold(want.Text, "true"):
			want = filter.Value{Kind: filter.Bool, Bool: true}
		case strings.EqualFold(want.Text, "false"):
			want = filter.Value{Kind: filter.Bool}
		}
	}
	if v.Kind != want.Kind {
		return false
	}
	switch c.Op {
	case filter.Equals:
		return v == want
	case filter.NotEquals:
		return v != want
	}
	switch v.Kind {
	case filter.Number:
		return compareNumbers(c.Op, v.Number, want.Number)
	case filter.String:
		return compareTexts(c.Op, v.Text, want.Text)
	default:
		return false
	}
}

func compareNumbers(op filter.Op, have, want float64) bool {
	switch op {
	case filter.Less:
		return have < want
	case filter.LessOrEqual:
		return have <= want
	case filter.Greater:
		return have > want
	case filter.GreaterOrEqual:
		return have >= want
	default:
		return false
	}
}

func compareTexts(op filter.Op, have, want string) bool {
	switch op {
	case filter.Contains:
		return strings.Contains(have, want)
	case filter.BeginsWith:
		return strings.HasPrefix(have, want)
	case filter.EndsWith:
		return strings.HasSuffix(have, want)
	default:
		return false
	}
}

func text(s string) filter.Value    { return filter.Value{Kind: filter.String, Text: s} }
func number(n float64) filter.Value { return filter.Value{Kind: filter.Number, Number: n} }
func boolean(b bool) filter.Value   { return filter.Value{Kind: filter.Bool, Bool: b} }

// one asks about the one value of a text field, which is not set if it is empty.
func one(s string, is func(filter.Value) bool) bool { return s != "" && is(text(s)) }

// maybe asks about the one value of a number field that may not be set.
func maybe(n *float64, is func(filter.Value) bool) bool { return n != nil && is(number(*n)) }
