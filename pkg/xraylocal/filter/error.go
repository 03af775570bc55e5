package filter

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// A SyntaxError says what is wrong with an expression, and where.
type SyntaxError struct {
	Column  int    // of the first character that is wrong, from 1
	Length  int    // characters that are wrong; 0 at the end of the expression
	Message string // what is wrong, and what would be right where that is known
}

// Error returns the message with its place, as in
//
//	column 12: unknown keyword 'respones', did you mean responsetime?
func (e *SyntaxError) Error() string {
	return fmt.Sprintf("column %d: %s", e.Column, e.Message)
}

// errorAt makes the error for text[from:to].
func errorAt(text string, from, to int, format string, args ...any) *SyntaxError {
	return &SyntaxError{
		Column:  utf8.RuneCountInString(text[:from]) + 1,
		Length:  utf8.RuneCountInString(text[from:to]),
		Message: fmt.Sprintf(format, args...),
	}
}

// meant are names that people write for ours, from other languages and from
// articles that teach names which never existed.
var meant = map[string]string{
	"response.status":           "http.status",
	"http.response.status":      "http.status",
	"http.response.status_code": "http.status",
	"http.status_code":          "http.status",
	"http.statuscode":           "http.status",
	"status":                    "http.status",
	"statuscode":                "http.status",
	"status_code":               "http.status",
	"url":                       "http.url",
	"path":                      "http.url",
	"http.path":                 "http.url",
	"http.request.url":          "http.url",
	"method":                    "http.method",
	"http.request.method":       "http.method",
	"useragent":                 "http.useragent",
	"user_agent":                "http.useragent",
	"http.user_agent":           "http.useragent",
	"clientip":                  "http.clientip",
	"client_ip":                 "http.clientip",
	"http.client_ip":            "http.clientip",
	"latency":                   "responsetime",
	"response_time":             "responsetime",
	"response.time":             "responsetime",
	"user_id":                   "user",
	"userid":                    "user",
	"username":                  "user",
	"user.id":                   "user",
	"user.name":                 "user",
	"instanceid":                "instance.id",
	"instance_id":               "instance.id",
	"availability_zone":         "availabilityzone",
	"availability.zone":         "availabilityzone",
	"resource_arn":              "resource.arn",
	"resourcearn":               "resource.arn",
	"account_id":                "account.id",
	"accountid":                 "account.id",
	"origin":                    `service(id(type: "…"))`,
	"service.name":              `service("…")`,
	"service.type":              `service(id(type: "…"))`,
	"group":                     "group.name",
	"in_progress":               "partial",
	"trace_id":                  "",
	"traceid":                   "",
	"metadata":                  "",
}

// unknownKeyword says what is wrong with a name, and which may be meant.
func unknownKeyword(name string, annotation bool) string {
	message := fmt.Sprintf("unknown keyword '%.60s'", name)
	lower := strings.ToLower(name)
	switch {
	case lower == "not":
		return message + ", did you mean ! (as in !fault)?"
	case strings.HasPrefix(lower, "annotations."):
		return message + ", did you mean annotation" + name[len("annotations"):] + "?"
	case lower == "trace_id" || lower == "traceid":
		return message + ": a trace id cannot be filtered for, it is looked up (bragg trace <id>, BatchGetTraces)"
	case strings.HasPrefix(lower, "metadata"):
		return message + ": metadata is not indexed, only annotations can be filtered for"
	}
	suggestion := meant[lower]
	if suggestion == "" {
		suggestion = nearest(lower, names)
	}
	if suggestion != "" {
		message += ", did you mean " + suggestion + "?"
	}
	if annotation && isKey(name) {
		message += fmt.Sprintf(" (an annotation is written annotation.%s)", name)
	} else if annotation {
		message += fmt.Sprintf(" (an annotation is written annotation[%.60s])", name)
	}
	return message
}

// names are all names that can begin a predicate.
var names = func() []string {
	all := []string{"service", "edge", "group.name", "group.arn", "rootcause.json"}
	for _, info := range keywords {
		all = append(all, string(info.Keyword))
	}
	for _, cause := range []Cause{FaultCause, ErrorCause, ResponseTimeCause} {
		for _, element := range elementsOf(cause) {
			all = append(all, "rootcause."+string(cause)+"."+string(element))
		}
	}
	return all
}()

// nearest returns the candidate that is most like the word, or "" if none is
// like it: few letters differ, or the beginning is the same.
func nearest(word string, candidates []string) string {
	type match struct {
		name  string
		score int
	}
	var best []match
	for _, name := range candidates {
		same := commonPrefix(word, name)
		distance := editDistance(word, name)
		if distance <= max(1, len(word)/3) || same >= 4 && 2*same >= len(word) {
			best = append(best, match{name, distance - same})
		}
	}
	if len(best) == 0 {
		return ""
	}
	return slices.MinFunc(best, func(a, b match) int {
		return cmp.Or(cmp.Compare(a.score, b.score), cmp.Compare(a.name, b.name))
	}).name
}

func commonPrefix(a, b string) int {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return n
}

// editDistance counts the letters to insert, delete, replace or swap with their
// neighbour (optimal string alignment). Words longer than any name are far.
func editDistance(a, b string) int {
	if len(a) > 64 {
		return len(a)
	}
	var before, previous []int
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		before, previous, row = previous, row, make([]int, len(b)+1)
		row[0] = i
		for j := 1; j <= len(b); j++ {
			replace := previous[j-1]
			if a[i-1] != b[j-1] {
				replace++
			}
			row[j] = min(replace, previous[j]+1, row[j-1]+1)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
	}
	return row[len(b)]
}
