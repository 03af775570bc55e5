package console

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/bragg-tracing/bragg/pkg/segment"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/timeline"
)

// details are what a row shows when it is opened.
type details struct {
	Anchor, FoldedAnchor string
	Blocks               []block
	Exceptions           []exception
	Raw                  string // the document without its subsegments, which have rows of their own
}

// A block is a titled list of facts.
type block struct {
	Title string
	Facts []fact
}

type fact struct{ Name, Value string }

type exception struct {
	Type, Message string
	Stack         []string
}

func newDetails(r *timeline.Row, start time.Time) details {
	doc := r.Document
	d := details{Anchor: r.ID, Raw: rawJSON(doc)}
	if r.Folded != nil {
		d.FoldedAnchor = r.Folded.ID
	}
	d.add("Overview", overview(r, start))
	d.add("HTTP", httpFacts(doc.HTTP))
	d.add("SQL", sqlFacts(doc.SQL))
	d.add("Annotations", mapFacts(doc.Annotations))
	for _, namespace := range slices.Sorted(maps.Keys(doc.Metadata)) {
		d.add("Metadata: "+namespace, mapFacts(doc.Metadata[namespace]))
	}
	d.add("AWS", mapFacts(doc.AWS))
	if doc.Cause != nil {
		d.addCause(doc.Cause)
	}
	return d
}

// add adds a block of the facts that have a value.
func (d *details) add(title string, facts []fact) {
	facts = slices.DeleteFunc(facts, func(f fact) bool { return f.Value == "" })
	if len(facts) > 0 {
		d.Blocks = append(d.Blocks, block{title, facts})
	}
}

func (d *details) addCause(c *segment.Cause) {
	d.add("Cause", []fact{{"Exception of another segment", c.ExceptionID}, {"Working directory", c.WorkingDirectory}})
	for _, e := range c.Exceptions {
		out := exception{Type: e.Type, Message: e.Message}
		for _, f := range e.Stack {
			out.Stack = append(out.Stack, fmt.Sprintf("%s (%s:%d)", f.Label, f.Path, f.Line))
		}
		d.Exceptions = append(d.Exceptions, out)
	}
}

func overview(r *timeline.Row, start time.Time) []fact {
	doc := r.Document
	took := timeline.FormatDuration(r.Duration)
	if r.InProgress {
		took = "in progress"
	}
	return []fact{
		{"Id", r.ID},
		{"Parent", r.ParentID},
		{"Service", r.Service},
		{"Type", r.Origin},
		{"Namespace", r.Namespace},
		{"Starts", start.Add(r.Offset).Format("15:04:05.000000 MST") + ", " + timeline.FormatDuration(r.Offset) + " into the trace"},
		{"Takes", took},
		{"User", doc.User},
		{"Resource", doc.ResourceARN},
		{"Version", compact(doc.Service["version"])},
		{"Links", links(doc.Links)},
	}
}

func links(list []segment.Link) string {
	if len(list) == 0 {
		return ""
	}
	return compact(list)
}

func httpFacts(h *segment.HTTP) []fact {
	if h == nil {
		return nil
	}
	var facts []fact
	if q := h.Request; q != nil {
		facts = append(facts, fact{"Method", q.Method}, fact{"URL", q.URL}, fact{"Client", q.ClientIP}, fact{"User agent", q.UserAgent})
	}
	if a := h.Response; a != nil {
		facts = append(facts, fact{"Status", number(int64(a.Status))})
		if a.ContentLength != nil && *a.ContentLength >= 0 {
			facts = append(facts, fact{"Length", strconv.FormatInt(*a.ContentLength, 10) + " bytes"})
		}
	}
	return facts
}

func number(n int64) string {
	if n == 0 {
		return ""
	}
	return strconv.FormatInt(n, 10)
}

func sqlFacts(s *segment.SQL) []fact {
	if s == nil {
		return nil
	}
	return []fact{
		{"Query", s.SanitizedQuery},
		{"Database", cmp.Or(s.URL, s.ConnectionString)},
		{"Type", s.DatabaseType},
		{"Version", s.DatabaseVersion},
		{"Driver", s.DriverVersion},
		{"User", s.User},
		{"Preparation", s.Preparation},
	}
}

// mapFacts lists a map by its sorted keys.
func mapFacts[V any](m map[string]V) []fact {
	var facts []fact
	for _, key := range slices.Sorted(maps.Keys(m)) {
		facts = append(facts, fact{key, compact(m[key])})
	}
	return facts
}

// compact writes a value: a string as it is, else as JSON, "" for nil.
func compact(v any) string {
	if raw, ok := v.(json.RawMessage); ok {
		var text string
		if json.Unmarshal(raw, &text) == nil {
			return text
		}
		return string(raw)
	}
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

func rawJSON(doc *segment.Document) string {
	shallow := *doc
	shallow.Subsegments = nil
	b, err := json.MarshalIndent(shallow, "", "  ")
	if err != nil {
		return err.Error()
	}
	return string(b)
}
