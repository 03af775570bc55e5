package api

import (
	"fmt"
	"net/http"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"unicode/utf8"
)

// validate checks a request against the constraints of X-Ray's model, which the
// tags of its fields hold, and returns the framework's error for all that are
// not satisfied. In the tag valid, separated by commas:
//
//	required    the member must be there; its field is a pointer, slice or map
//	len=1..32   length of a string in characters, of a list or map in elements
//	range=0..1  least and greatest number; either may be missing, as in "1.."
//	enum=A|B    the values of a string
//
// and in the tag pattern a regular expression that a whole string must match.
//
// https://docs.aws.amazon.com/xray/latest/api/API_Operations.html has the
// constraints, operation by operation.
func validate(in any) error {
	var c checker
	c.value(reflect.ValueOf(in).Elem(), "", "")
	switch len(c.found) {
	case 0:
		return nil
	case 1:
		return validation("1 validation error detected: " + c.found[0])
	default:
		return validation(fmt.Sprintf("%d validation errors detected: %s", len(c.found), strings.Join(c.found, "; ")))
	}
}

func validation(message string) error {
	return &apiError{status: http.StatusBadRequest, shape: "ValidationException", message: message, framework: true}
}

// mostFound bounds a message: a list of many may be wrong in each element.
const mostFound = 10

// A checker gathers what it finds wrong.
type checker struct{ found []string }

func (c *checker) wrong(v reflect.Value, path, constraint string) {
	if len(c.found) == mostFound {
		return
	}
	shown := "null"
	if v.IsValid() {
		shown = fmt.Sprintf("'%s'", shorten(fmt.Sprint(v.Interface())))
	}
	c.found = append(c.found, fmt.Sprintf("Value %s at '%s' failed to satisfy constraint: Member must %s", shown, path, constraint))
}

func shorten(s string) string {
	const most = 100 // bytes
	if len(s) > most {
		s = s[:most] + "..."
	}
	return strings.ToValidUTF8(s, "")
}

// value checks one member and what is inside.
func (c *checker) value(v reflect.Value, path string, tag reflect.StructTag) {
	rules := rulesOf(tag)
	for v.Kind() == reflect.Pointer {
		if v.IsNil() {
			break
		}
		v = v.Elem()
	}
	if k := v.Kind(); (k == reflect.Pointer || k == reflect.Slice || k == reflect.Map) && v.IsNil() {
		if rules.required {
			c.wrong(reflect.Value{}, path, "not be null")
		}
		return
	}
	c.constraints(v, path, rules)
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			switch f := v.Type().Field(i); {
			case f.Anonymous:
				c.value(v.Field(i), path, f.Tag)
			case f.IsExported():
				c.value(v.Field(i), join(path, memberName(f)), f.Tag)
			}
		}
	case reflect.Slice:
		elements := reflect.StructTag(tag.Get("each"))
		for i := range v.Len() {
			c.value(v.Index(i), path+"."+strconv.Itoa(i+1)+".member", elements)
		}
	}
}

func (c *checker) constraints(v reflect.Value, path string, r *rules) {
	if n, ok := length(v); ok {
		if r.len.hasMin && float64(n) < r.len.min {
			c.wrong(v, path, "have length greater than or equal to "+number(r.len.min))
		}
		if r.len.hasMax && float64(n) > r.len.max {
			c.wrong(v, path, "have length less than or equal to "+number(r.len.max))
		}
	}
	if n, ok := numeric(v); ok {
		if r.span.hasMin && n < r.span.min {
			c.wrong(v, path, "have value greater than or equal to "+number(r.span.min))
		}
		if r.span.hasMax && n > r.span.max {
			c.wrong(v, path, "have value less than or equal to "+number(r.span.max))
		}
	}
	if v.Kind() != reflect.String {
		return
	}
	if r.pattern != nil && !r.pattern.MatchString(v.String()) {
		c.wrong(v, path, "satisfy regular expression pattern: "+r.source)
	}
	if r.enum != nil && !r.enum[v.String()] {
		c.wrong(v, path, "satisfy enum value set: ["+strings.Join(r.values, ", ")+"]")
	}
}

func length(v reflect.Value) (int, bool) {
	switch v.Kind() {
	case reflect.String:
		return utf8.RuneCountInString(v.String()), true
	case reflect.Slice, reflect.Map:
		return v.Len(), true
	default:
		return 0, false
	}
}

func numeric(v reflect.Value) (float64, bool) {
	switch {
	case v.CanInt():
		return float64(v.Int()), true
	case v.CanFloat():
		return v.Float(), true
	default:
		return 0, false
	}
}

func number(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }

// memberName is how the framework writes a member: its name on the wire with a
// small first letter.
func memberName(f reflect.StructField) string {
	name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
	if name == "" {
		name = f.Name
	}
	return strings.ToLower(name[:1]) + name[1:]
}

func join(path, member string) string {
	if path == "" {
		return member
	}
	return path + "." + member
}

// rules are a field's tags, read.
type rules struct {
	required  bool
	len, span bounds
	enum      map[string]bool
	values    []string // of enum, in order
	pattern   *regexp.Regexp
	source    string // of pattern
}

type bounds struct {
	min, max       float64
	hasMin, hasMax bool
}

var readRules sync.Map // reflect.StructTag to *rules

func rulesOf(tag reflect.StructTag) *rules {
	if known, ok := readRules.Load(tag); ok {
		return known.(*rules)
	}
	r := new(rules)
	for rule := range strings.SplitSeq(tag.Get("valid"), ",") {
		key, value, _ := strings.Cut(rule, "=")
		switch key {
		case "":
		case "required":
			r.required = true
		case "len":
			r.len = readBounds(value)
		case "range":
			r.span = readBounds(value)
		case "enum":
			r.values = strings.Split(value, "|")
			r.enum = make(map[string]bool)
			for _, v := range r.values {
				r.enum[v] = true
			}
		default:
			panic("unknown rule " + rule)
		}
	}
	if source := tag.Get("pattern"); source != "" {
		r.source, r.pattern = source, regexp.MustCompile(`^(?:`+source+`)$`)
	}
	readRules.Store(tag, r)
	return r
}

func readBounds(s string) (b bounds) {
	low, high, _ := strings.Cut(s, "..")
	for _, end := range []struct {
		text string
		to   *float64
		has  *bool
	}{{low, &b.min, &b.hasMin}, {high, &b.max, &b.hasMax}} {
		if end.text == "" {
			continue
		}
		n, err := strconv.ParseFloat(end.text, 64)
		if err != nil {
			panic(err)
		}
		*end.to, *end.has = n, true
	}
	return b
}
