package console

import (
	"cmp"
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/bragg-tracing/bragg/pkg/segment"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/assembly"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/timeline"
)

// A segmentView is what is known of one row: the tabs of the side panel.
type segmentView struct {
	ID          string          `json:"id"`
	Name        string          `json:"name"`
	Service     string          `json:"service"`
	Kind        string          `json:"kind"`
	Outcome     string          `json:"outcome"`
	Overview    []fact          `json:"overview"`
	HTTP        []fact          `json:"http"`
	Resources   []fact          `json:"resources"`
	Annotations []annotation    `json:"annotations"`
	Metadata    []namespace     `json:"metadata"`
	Exceptions  []exceptionView `json:"exceptions"`
	SQL         []fact          `json:"sql"`
	Query       string          `json:"query"` // of SQL, as it was sent
	Links       []linkView      `json:"links"`
	Raw         json.RawMessage `json:"raw"` // the document, without its subsegments
}

type fact struct {
	Name  string `json:"name"`
	Value string `json:"value"`
	Link  bool   `json:"link,omitempty"` // the value is an id of the same trace
}

type annotation struct {
	Key    string `json:"key"`
	Value  string `json:"value"`
	Filter string `json:"filter"` // the expression that means it
}

type namespace struct {
	Name   string          `json:"name"`
	Values json.RawMessage `json:"values"` // an object
}

// An exceptionView is one exception. Cause is the index of the one that it was
// caused by, -1 for none.
type exceptionView struct {
	ID        string          `json:"id"`
	Type      string          `json:"type"`
	Message   string          `json:"message"`
	Remote    bool            `json:"remote"`
	Truncated int             `json:"truncated"`
	Skipped   int             `json:"skipped"`
	Stack     []segment.Frame `json:"stack"`
	Cause     int             `json:"cause"`
	Of        string          `json:"of"` // id of the row that has it, if that is another
}

func (c *console) row(r *http.Request) (*laidOut, *timeline.Row, error) {
	t, err := c.read(r.Context(), r.PathValue("id"), false)
	if err != nil {
		return nil, nil, err
	}
	i, ok := t.index[r.PathValue("segment")]
	if !ok { // it may have come since
		if t, err = c.read(r.Context(), r.PathValue("id"), true); err != nil {
			return nil, nil, err
		}
		if i, ok = t.index[r.PathValue("segment")]; !ok {
			return nil, nil, &problem{Status: http.StatusNotFound, Title: "The trace has no such segment",
				Detail: "No segment or subsegment of the trace has the id " + r.PathValue("segment") + "."}
		}
	}
	return t, &t.rows[i], nil
}

func (c *console) traceSegment(r *http.Request) (any, error) {
	t, row, err := c.row(r)
	if err != nil {
		return nil, err
	}
	return t.segment(row), nil
}

func (t *laidOut) segment(row *timeline.Row) *segmentView {
	doc := row.Document
	v := &segmentView{
		ID: row.ID, Name: row.Name, Service: row.Service, Kind: string(row.Kind), Outcome: outcomeWord(row),
		Overview: t.overview(row), HTTP: httpFacts(doc.HTTP), Resources: resources(row),
		Annotations: []annotation{}, Metadata: []namespace{}, Links: []linkView{},
		Exceptions: t.exceptions(row), SQL: sqlFacts(doc.SQL), Raw: raw(doc),
	}
	if doc.SQL != nil {
		v.Query = doc.SQL.SanitizedQuery
	}
	for _, key := range slices.Sorted(maps.Keys(doc.Annotations)) {
		value := doc.Annotations[key]
		v.Annotations = append(v.Annotations, annotation{key, text(value), annotationFilter(key, value)})
	}
	for _, name := range slices.Sorted(maps.Keys(doc.Metadata)) {
		values, err := json.Marshal(doc.Metadata[name])
		if err == nil { // a value that is no JSON cannot have been decoded
			v.Metadata = append(v.Metadata, namespace{name, values})
		}
	}
	for _, l := range doc.Links {
		v.Links = append(v.Links, linkView{From: row.ID, Trace: l.TraceID, ID: l.ID, Kind: assembly.LinkKind(l)})
	}
	return v
}

func (t *laidOut) overview(row *timeline.Row) []fact {
	took := timeline.FormatDuration(row.Duration)
	if row.InProgress {
		took = "in progress"
	}
	self := timeline.FormatDuration(t.self(row))
	return some(
		fact{Name: "Service", Value: row.Service},
		fact{Name: "Type", Value: row.Origin},
		fact{Name: "Namespace", Value: row.Namespace},
		fact{Name: "Begins", Value: "after " + timeline.FormatDuration(row.Offset)},
		fact{Name: "Takes", Value: took},
		fact{Name: "Self time", Value: self},
		fact{Name: "User", Value: row.Document.User},
		fact{Name: "Id", Value: row.ID},
		fact{Name: "Parent", Value: row.ParentID, Link: !row.Orphan},
	)
}

// self returns the self time of a row, of which only those below it matter.
func (t *laidOut) self(row *timeline.Row) time.Duration {
	i := t.index[row.ID]
	end := i + 1
	for end < len(t.rows) && t.rows[end].Depth > row.Depth {
		end++
	}
	part := slices.Clone(t.rows[i:end])
	for j := range part {
		part[j].Depth -= row.Depth
	}
	return timeline.SelfTimes(part)[0]
}

func httpFacts(h *segment.HTTP) []fact {
	if h == nil {
		return []fact{}
	}
	var facts []fact
	if q := h.Request; q != nil {
		facts = append(facts, fact{Name: "Method", Value: q.Method}, fact{Name: "URL", Value: q.URL},
			fact{Name: "Client", Value: q.ClientIP}, fact{Name: "User agent", Value: q.UserAgent})
	}
	if a := h.Response; a != nil {
		facts = append(facts, fact{Name: "Status", Value: number(int64(a.Status))})
		if a.ContentLength != nil && *a.ContentLength >= 0 {
			facts = append(facts, fact{Name: "Length", Value: strconv.FormatInt(*a.ContentLength, 10) + " bytes"})
		}
	}
	return some(facts...)
}

func number(n int64) string {
	if n == 0 {
		return ""
	}
	return strconv.FormatInt(n, 10)
}

func sqlFacts(s *segment.SQL) []fact {
	if s == nil {
		return []fact{}
	}
	return some(
		fact{Name: "Database", Value: cmp.Or(s.URL, s.ConnectionString)},
		fact{Name: "Type", Value: s.DatabaseType},
		fact{Name: "Version", Value: s.DatabaseVersion},
		fact{Name: "Driver", Value: s.DriverVersion},
		fact{Name: "User", Value: s.User},
		fact{Name: "Preparation", Value: s.Preparation},
	)
}

// resources are what the row ran on and what it called.
func resources(row *timeline.Row) []fact {
	doc := row.Document
	facts := []fact{
		{Name: "Type", Value: row.Origin},
		{Name: "ARN", Value: doc.ResourceARN},
	}
	facts = append(facts, flat("", doc.AWS)...)
	facts = append(facts, flat("service.", doc.Service)...)
	if row.Folded != nil {
		facts = append(facts, fact{Name: "Inferred segment", Value: row.Folded.ID})
	}
	return some(facts...)
}

// flat lists a map by its sorted keys; maps in it by keys with dots.
func flat(prefix string, m map[string]any) []fact {
	var facts []fact
	for _, key := range slices.Sorted(maps.Keys(m)) {
		if inner, ok := m[key].(map[string]any); ok {
			facts = append(facts, flat(prefix+key+".", inner)...)
			continue
		}
		facts = append(facts, fact{Name: prefix + key, Value: text(m[key])})
	}
	return facts
}

// some returns the facts that have a value.
func some(facts ...fact) []fact {
	out := []fact{}
	for _, f := range facts {
		if f.Value != "" {
			out = append(out, f)
		}
	}
	return out
}

// text writes a value: a string as it is, else as JSON, "" for nil.
func text(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	}
	b, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	return string(b)
}

// annotationFilter is the expression of an annotation's value.
func annotationFilter(key string, value any) string {
	operand := text(value)
	if s, ok := value.(string); ok {
		operand = quote(s, false)
	}
	return "annotation[" + quote(key, false) + "] = " + operand
}

func raw(doc *segment.Document) json.RawMessage {
	shallow := *doc
	shallow.Subsegments = nil
	b, err := json.Marshal(shallow)
	if err != nil {
		b, _ = json.Marshal(err.Error())
	}
	return b
}

// exceptions are those of a row, each before what caused it. A cause that is an
// id alone is looked up in the rest of the trace.
func (t *laidOut) exceptions(row *timeline.Row) []exceptionView {
	out := []exceptionView{}
	cause := row.Document.Cause
	if cause == nil {
		return out
	}
	if cause.ExceptionID != "" {
		if owner, e := t.exception(cause.ExceptionID); e != nil {
			out = append(out, newException(*e, owner))
		}
		return out
	}
	index := map[string]int{}
	for i, e := range cause.Exceptions {
		index[e.ID] = i
	}
	for _, e := range cause.Exceptions {
		view := newException(e, "")
		if i, ok := index[e.Cause]; ok && e.Cause != "" {
			view.Cause = i
		}
		out = append(out, view)
	}
	return out
}

func newException(e segment.Exception, of string) exceptionView {
	stack := e.Stack
	if stack == nil {
		stack = []segment.Frame{}
	}
	return exceptionView{ID: e.ID, Type: e.Type, Message: e.Message, Remote: e.Remote,
		Truncated: e.Truncated, Skipped: e.Skipped, Stack: stack, Cause: -1, Of: of}
}

// exception finds an exception of the trace, and the row that has it.
func (t *laidOut) exception(id string) (owner string, e *segment.Exception) {
	if id == "" {
		return "", nil
	}
	for i := range t.rows {
		if cause := t.rows[i].Document.Cause; cause != nil {
			for j := range cause.Exceptions {
				if cause.Exceptions[j].ID == id {
					return t.rows[i].ID, &cause.Exceptions[j]
				}
			}
		}
	}
	return "", nil
}

// traceSearch answers ?q= with the indexes of the rows that have the text in
// any member but the times, in any case of letters.
func (c *console) traceSearch(r *http.Request) (any, error) {
	t, err := c.read(r.Context(), r.PathValue("id"), false)
	if err != nil {
		return nil, err
	}
	found := []int{}
	if q := strings.ToLower(strings.TrimSpace(r.FormValue("q"))); q != "" {
		for i := range t.rows {
			if matches(&t.rows[i], q) {
				found = append(found, i)
			}
		}
	}
	return found, nil
}

func matches(r *timeline.Row, q string) bool {
	has := func(s string) bool { return s != "" && strings.Contains(strings.ToLower(s), q) }
	doc := r.Document
	if has(r.Name) || has(r.ID) || has(r.Service) || has(r.Origin) || has(r.Operation) || has(r.Method) || has(r.URL) ||
		has(doc.User) || has(doc.ResourceARN) || r.Status != 0 && strconv.Itoa(r.Status) == q {
		return true
	}
	if s := doc.SQL; s != nil && (has(s.SanitizedQuery) || has(s.URL) || has(s.DatabaseType) || has(s.User)) {
		return true
	}
	if doc.Cause != nil {
		for _, e := range doc.Cause.Exceptions {
			if has(e.Type) || has(e.Message) {
				return true
			}
		}
	}
	for _, f := range slices.Concat(flat("", doc.AWS), flat("", doc.Service), flat("", doc.Annotations)) {
		if has(f.Name) || has(f.Value) {
			return true
		}
	}
	for name, values := range doc.Metadata {
		if has(name) {
			return true
		}
		for key, value := range values {
			if has(key) || has(string(value)) {
				return true
			}
		}
	}
	return false
}
