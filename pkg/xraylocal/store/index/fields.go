package index

import (
	"fmt"
	"strconv"

	"github.com/bragg-tracing/bragg/pkg/xraylocal/filter"
)

// flagOf are the keywords that a flag answers exactly.
var flagOf = map[filter.Keyword]Flags{
	filter.Error:    Error,
	filter.Fault:    Fault,
	filter.Throttle: Throttle,
	filter.Partial:  Partial,
	filter.Inferred: Inferred,
}

// columnOf are the keywords that a column answers.
var columnOf = map[filter.Keyword]string{
	filter.ResponseTime: "response",
	filter.Duration:     "duration",
	filter.HTTPStatus:   "status",
	filter.HTTPURL:      "url",
	filter.HTTPMethod:   "method",
}

// termOf are the keywords that terms of the signature answer.
var termOf = map[filter.Keyword]termKind{
	filter.User:             termUser,
	filter.AvailabilityZone: termZone,
	filter.InstanceID:       termInstance,
	filter.ResourceARN:      termARN,
	filter.HTTPUserAgent:    termUserAgent,
	filter.HTTPClientIP:     termClientIP,
}

// planBare plans a field alone, or its denial.
func planBare(f filter.Field, is bool) need {
	if f.Keyword == filter.OK {
		return planOK(is)
	}
	if flag, ok := flagOf[f.Keyword]; ok {
		return planFlag(f.Keyword, flag, is)
	}
	if !is {
		return nil
	}
	if name, ok := columnOf[f.Keyword]; ok {
		return column{where: name + " IS NOT NULL", words: string(f.Keyword) + " of the root segment"}
	}
	return planSet(f)
}

func planOK(is bool) need {
	if is {
		return column{where: fmt.Sprintf("flags & %d = 0", Error|Fault|Throttle), words: "no error, fault or throttle"}
	}
	return column{where: fmt.Sprintf("flags & %d <> 0 OR flags & %d = 0", Error|Fault|Throttle, HasRoot), words: "an error, fault or throttle"}
}

func planFlag(keyword filter.Keyword, flag Flags, is bool) need {
	if is {
		return column{where: fmt.Sprintf("flags & %d <> 0", flag), words: string(keyword)}
	}
	return column{where: fmt.Sprintf("flags & %d = 0", flag), words: "no " + string(keyword)}
}

// planSet plans that a field has any value.
func planSet(f filter.Field) need {
	if f.Keyword == filter.Annotation {
		return bits{term(termKey, f.Key), "annotation " + f.Key}
	}
	if kind, ok := termOf[f.Keyword]; ok {
		return bits{has(kind), string(f.Keyword)}
	}
	return nil
}

func planComparison(e *filter.Comparison) need {
	switch {
	case e.Keyword == filter.Annotation:
		return planAnnotation(e)
	case e.Value.Kind == filter.Bool:
		return planBool(e)
	case e.Value.Kind == filter.Number:
		return planNumber(e)
	case e.Value.Kind == filter.String:
		return planString(e)
	default:
		return nil
	}
}

func planAnnotation(e *filter.Comparison) need {
	set := planSet(e.Field)
	if e.Op == filter.NotEquals {
		return nil // what is not set may be counted as another value
	}
	if e.Op != filter.Equals {
		return set
	}
	var value any
	switch e.Value.Kind {
	case filter.Bool:
		value = e.Value.Bool
	case filter.Number:
		value = e.Value.Number
	case filter.String:
		value = e.Value.Text
	}
	kind, text := annotationText(value)
	return bits{term(termAnnotation, e.Key, kind, text), "annotation " + e.Key + " = " + valueText(e.Value)}
}

func planBool(e *filter.Comparison) need {
	switch e.Op {
	case filter.Equals:
		return planBare(e.Field, e.Value.Bool)
	case filter.NotEquals:
		return planBare(e.Field, !e.Value.Bool)
	default:
		return nil
	}
}

// slack makes up for what reading and printing a number may change.
const slack = 1e-6

func planNumber(e *filter.Comparison) need {
	name, ok := columnOf[e.Keyword]
	if !ok || name == "url" || name == "method" {
		return nil
	}
	var where string
	arg := e.Value.Number
	switch e.Op {
	case filter.Equals:
		return column{where: name + " BETWEEN ? AND ?", args: []any{arg - slack, arg + slack}, words: comparisonText(e)}
	case filter.Less, filter.LessOrEqual:
		where, arg = name+" <= ?", arg+slack
	case filter.Greater, filter.GreaterOrEqual:
		where, arg = name+" >= ?", arg-slack
	default:
		return nil
	}
	return column{where: where, args: []any{arg}, words: comparisonText(e)}
}

func planString(e *filter.Comparison) need {
	if e.Op == filter.NotEquals {
		return nil
	}
	if name, ok := columnOf[e.Keyword]; ok && (name == "url" || name == "method") {
		return planText(name, e)
	}
	kind, ok := termOf[e.Keyword]
	if !ok {
		return nil
	}
	if e.Op == filter.Equals && e.Value.Text != "" {
		return bits{term(kind, e.Value.Text), comparisonText(e)}
	}
	if e.Op == filter.Equals {
		return nil // what is not set may be counted as empty
	}
	return bits{has(kind), string(e.Keyword)}
}

func planText(name string, e *filter.Comparison) need {
	n := column{args: []any{e.Value.Text}, words: comparisonText(e)}
	switch {
	case e.Op == filter.Equals && e.Value.Text == "":
		return nil
	case e.Op == filter.Equals:
		n.where = name + " = ?"
	case e.Op == filter.BeginsWith:
		n.where = "instr(" + name + ", ?) = 1"
	case e.Op == filter.Contains:
		n.where = "instr(" + name + ", ?) > 0"
	case e.Op == filter.EndsWith: // and elsewhere: those are left to who evaluates
		n.where = "instr(" + name + ", ?) > 0"
	default:
		return nil
	}
	return n
}

func comparisonText(e *filter.Comparison) string {
	return fmt.Sprintf("%s %s %s", e.Keyword, e.Op, valueText(e.Value))
}

func valueText(v filter.Value) string {
	switch v.Kind {
	case filter.Bool:
		return strconv.FormatBool(v.Bool)
	case filter.Number:
		return strconv.FormatFloat(v.Number, 'g', -1, 64)
	default:
		return strconv.Quote(v.Text)
	}
}
