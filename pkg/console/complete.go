package console

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/xray/types"

	"github.com/bragg-tracing/bragg/pkg/xraylocal/client"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/filter"
)

// A completion is a choice for what is being typed.
type completion struct {
	Text string `json:"text"` // to put in the place of what is typed
	Role string `json:"role"`
	Help string `json:"help,omitempty"`
}

// completions are the choices at the cursor. Offsets count UTF-16 code units,
// as a browser's strings do.
type completions struct {
	From  int          `json:"from"` // From to the cursor is what a choice replaces
	Items []completion `json:"items"`
	Open  bool         `json:"open"`            // the cursor is in a string
	Error *problem     `json:"error,omitempty"` // of the whole expression
}

// complete answers ?filter=…&cursor=N, with from and to of the traces whose
// values are offered.
func (c *console) complete(r *http.Request) (any, error) {
	text := r.FormValue("filter")
	units, err := strconv.Atoi(r.FormValue("cursor"))
	if err != nil {
		units = len(text)
	}
	cursor := byteOffset(text, units)
	found := filter.Complete(text, cursor)
	out := completions{From: unitOffset(text, found.From), Open: found.InString, Items: []completion{}}
	for _, item := range found.Items {
		out.Items = append(out.Items, completion{item.Text, string(item.Role), item.Help})
	}
	values, err := c.values(r, found)
	if err != nil {
		return nil, err
	}
	typed := strings.ToLower(text[found.From:cursor])
	values = slices.DeleteFunc(values, func(v completion) bool { return !strings.Contains(strings.ToLower(v.Text), typed) })
	for _, v := range values[:min(len(values), mostOffered)] {
		if v.Role != "key" {
			v.Text = quote(v.Text, found.InString)
		}
		out.Items = append(out.Items, v)
	}
	if _, err := filter.Parse(text); err != nil {
		out.Error = problemOf(err)
	}
	return out, nil
}

// quote writes a value as the language has it; the first quotation mark may be
// there already.
func quote(value string, open bool) string {
	s := strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(value) + `"`
	if open {
		return s
	}
	return `"` + s
}

// sampled is how many traces values are taken from, and most how many are
// offered.
const (
	sampled     = 300
	mostOffered = 50
)

// values are the choices that only the data can tell, those of most traces
// first.
func (c *console) values(r *http.Request, found filter.Completions) ([]completion, error) {
	if found.Values == nil && !found.Services && !found.Types && !found.Keys && found.Groups == "" {
		return nil, nil
	}
	if found.Groups != "" {
		return c.groupValues(r.Context(), found.Groups)
	}
	q, err := c.selection(withoutFilter(r))
	if err != nil {
		return nil, err
	}
	q.Limit = sampled
	list, err := client.Find(r.Context(), c.xray, q)
	if err != nil {
		return nil, err
	}
	counts := map[completion]int{}
	for i := range list.Summaries {
		for _, v := range valuesOf(&list.Summaries[i], found) {
			counts[v]++
		}
	}
	all := make([]completion, 0, len(counts))
	for v := range counts {
		all = append(all, v)
	}
	slices.SortFunc(all, func(a, b completion) int {
		if n := counts[b] - counts[a]; n != 0 {
			return n
		}
		return strings.Compare(a.Text, b.Text)
	})
	return all, nil
}

// withoutFilter is the request with the time range alone: what is being typed
// is no expression yet.
func withoutFilter(r *http.Request) *http.Request {
	out := r.Clone(r.Context())
	query := out.URL.Query()
	query.Del("filter")
	out.URL.RawQuery = query.Encode()
	out.Form = nil
	return out
}

// valuesOf returns what one trace offers, each value once.
func valuesOf(s *types.TraceSummary, found filter.Completions) []completion {
	seen := map[completion]bool{}
	var all []completion
	add := func(role string, text *string) {
		if v := (completion{Text: aws.ToString(text), Role: role}); v.Text != "" && !seen[v] {
			seen[v] = true
			all = append(all, v)
		}
	}
	if found.Keys {
		for key := range s.Annotations {
			add("key", &key)
		}
	}
	for _, id := range s.ServiceIds {
		if found.Services {
			add("service", id.Name)
		}
		if found.Types {
			add("type", id.Type)
		}
	}
	if found.Values != nil {
		for _, text := range fieldValues(s, *found.Values) {
			add("value", &text)
		}
	}
	return all
}

// fieldValues returns the values that a trace has of a field of text.
func fieldValues(s *types.TraceSummary, f filter.Field) []string {
	var values []string
	if f.Key != "" {
		for _, v := range s.Annotations[f.Key] {
			if text, ok := v.AnnotationValue.(*types.AnnotationValueMemberStringValue); ok {
				values = append(values, text.Value)
			}
		}
		return values
	}
	h := s.Http
	if h == nil {
		h = new(types.Http)
	}
	switch f.Keyword {
	case filter.HTTPURL:
		values = append(values, aws.ToString(h.HttpURL))
	case filter.HTTPMethod:
		values = append(values, aws.ToString(h.HttpMethod))
	case filter.HTTPUserAgent:
		values = append(values, aws.ToString(h.UserAgent))
	case filter.HTTPClientIP:
		values = append(values, aws.ToString(h.ClientIp))
	case filter.User:
		for _, u := range s.Users {
			values = append(values, aws.ToString(u.UserName))
		}
	case filter.Name:
		for _, id := range s.ServiceIds {
			values = append(values, aws.ToString(id.Name))
		}
	case filter.Type:
		for _, id := range s.ServiceIds {
			values = append(values, aws.ToString(id.Type))
		}
	}
	return values
}

// byteOffset turns an offset in UTF-16 code units into one in bytes.
func byteOffset(text string, units int) int {
	n := 0
	for i, r := range text {
		if n >= units {
			return i
		}
		n += utf16Length(r)
	}
	return len(text)
}

// unitOffset turns an offset in bytes into one in UTF-16 code units.
func unitOffset(text string, offset int) int {
	n := 0
	for _, r := range text[:offset] {
		n += utf16Length(r)
	}
	return n
}

func utf16Length(r rune) int {
	if r > 0xffff {
		return 2
	}
	return 1
}
