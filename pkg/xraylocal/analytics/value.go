package analytics

import (
	"encoding/json"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/xray/types"

	"github.com/bragg-tracing/bragg/pkg/xraylocal/filter"
)

// keywordOf are the dimensions that are a keyword of the filter language.
var keywordOf = map[Dimension]filter.Keyword{URL: filter.HTTPURL, Method: filter.HTTPMethod, Status: filter.HTTPStatus, User: filter.User}

// filterOf returns the filter expression that traces match which have a value
// that t has, or None. It is "" if there is no such expression.
func (t *Trace) filterOf(d Dimension, value string) string {
	key, isAnnotation := strings.CutPrefix(string(d), string(Annotation)+".")
	switch keyword, ok := keywordOf[d]; {
	case isAnnotation:
		field := filter.Field{Keyword: filter.Annotation, Key: key}
		if value == None {
			return (&filter.Not{Term: &filter.Comparison{Field: field, Op: filter.Contains}}).String()
		}
		return field.String() + " = " + value // which annotationText wrote so
	case d == Service && value != None:
		return (&filter.Service{Node: &filter.Selector{Name: &value}}).String()
	case ok && value == None:
		return (&filter.Not{Term: &filter.Bare{Field: filter.Field{Keyword: keyword}}}).String()
	case d == URL:
		return urlFilter(value)
	case ok:
		return equals(keyword, filter.Equals, value)
	case value != None:
		return t.causeFilter(d, value)
	}
	return ""
}

func equals(k filter.Keyword, op filter.Op, value string) string {
	v := filter.Value{Kind: filter.String, Text: value}
	if number, err := strconv.ParseFloat(value, 64); err == nil && k == filter.HTTPStatus {
		v = filter.Value{Kind: filter.Number, Number: number}
	}
	return (&filter.Comparison{Field: filter.Field{Keyword: k}, Op: op, Value: v}).String()
}

// urlFilter matches a URL with whatever query and fragment.
func urlFilter(url string) string {
	return "(" + equals(filter.HTTPURL, filter.Equals, url) + " OR " + equals(filter.HTTPURL, filter.BeginsWith, url+"?") +
		" OR " + equals(filter.HTTPURL, filter.BeginsWith, url+"#") + ")"
}

// A pattern is what rootcause.json compares with: a root cause of the API, with
// what tells it from others, and its kind, which only X-Ray Local knows (see
// filter/eval).
type pattern struct {
	Kind     string
	Services []patternService
}

type patternService struct {
	Name       string
	EntityPath []patternEntity
}

type patternEntity struct {
	Name       string
	Exceptions *[]patternException `json:",omitempty"` // nil: any; those of response times have none
}

type patternException struct{ Name string }

func (p pattern) String() string {
	var b strings.Builder
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if encoder.Encode([]pattern{p}) != nil {
		return "" // strings alone: it cannot fail
	}
	return (&filter.RootCauseJSON{Op: filter.Equals, Patterns: strings.TrimSpace(b.String())}).String()
}

// causeFilter finds the root cause that is written as text.
func (t *Trace) causeFilter(d Dimension, text string) string {
	var p pattern
	add := func(name *string) *[]patternEntity {
		p.Services = append(p.Services, patternService{Name: aws.ToString(name)})
		return &p.Services[len(p.Services)-1].EntityPath
	}
	switch d {
	case ResponseTimeCause:
		p.Kind = "responsetime"
		for _, c := range t.roots.slow {
			if slowText(c) == text {
				for _, s := range c.Services {
					path := add(s.Name)
					for _, e := range s.EntityPath {
						*path = append(*path, patternEntity{Name: aws.ToString(e.Name)})
					}
				}
				return p.String()
			}
		}
	case FaultCause:
		p.Kind = "fault"
		for _, c := range t.roots.fault {
			if faultText(c) == text {
				for _, s := range c.Services {
					path := add(s.Name)
					for _, e := range s.EntityPath {
						*path = append(*path, patternEntity{aws.ToString(e.Name), exceptions(e.Exceptions)})
					}
				}
				return p.String()
			}
		}
	case ErrorCause:
		p.Kind = "error"
		for _, c := range t.roots.err {
			if errorText(c) == text {
				for _, s := range c.Services {
					path := add(s.Name)
					for _, e := range s.EntityPath {
						*path = append(*path, patternEntity{aws.ToString(e.Name), exceptions(e.Exceptions)})
					}
				}
				return p.String()
			}
		}
	}
	return ""
}

func exceptions(all []types.RootCauseException) *[]patternException {
	out := []patternException{}
	for _, x := range all {
		out = append(out, patternException{aws.ToString(x.Name)})
	}
	return &out
}
