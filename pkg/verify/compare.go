package verify

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"time"
)

// Tolerance is how far two backends' times of one span may be apart: New Relic
// keeps milliseconds.
const Tolerance = time.Millisecond

// A Result says how one view of a trace differs from the view that it should
// agree with. It can be marshalled to JSON.
type Result struct {
	Want string `json:"want"` // name of the view that is taken to be right
	Got  string `json:"got"`  // name of the view that is checked

	Spans      int            `json:"spans"`      // distinct ids of Want
	Arrived    int            `json:"arrived"`    // of those, in Got
	Missing    int            `json:"missing"`    // of those, not in Got
	Duplicates int            `json:"duplicates"` // times that Got has a span again
	Differing  int            `json:"differing"`  // arrived spans with a difference that is a fault
	Extra      map[string]int `json:"extra"`      // ids of Got alone, by reason

	// BySpan has one entry for each span id: those of Want by start time, then
	// those that only Got has.
	BySpan []SpanResult `json:"by_span"`
}

// The states of a span.
const (
	Arrived = "arrived" // in both views
	Missing = "missing" // only in Want
	Extra   = "extra"   // only in Got
)

// A SpanResult compares the two views of one span id.
type SpanResult struct {
	ID          string       `json:"id"`
	ParentID    string       `json:"parent_id,omitempty"` // by Want, if it has the span
	Name        string       `json:"name"`                // likewise
	Service     string       `json:"service"`             // likewise
	State       string       `json:"state"`               // Arrived, Missing or Extra
	Received    int          `json:"received"`            // how often Got has it
	Reason      string       `json:"reason,omitempty"`    // of an Extra one, or Unknown
	Differences []Difference `json:"differences,omitempty"`
}

// A Difference is one field that the two views tell differently.
type Difference struct {
	Field string `json:"field"` // name, parent, start, end, status, in progress, or attribute NAME
	Want  string `json:"want"`
	Got   string `json:"got"`
	// Expected says why the backends' ways make this difference; it is no fault
	// then. "" for a fault.
	Expected string `json:"expected,omitempty"`
}

// OK says whether everything of Want is in Got once, with no difference that is
// a fault, and Got has nothing unknown beyond it.
func (r Result) OK() bool {
	return r.Missing == 0 && r.Duplicates == 0 && r.Differing == 0 && r.Extra[Unknown] == 0
}

// Compare says how got differs from want. Want is what was sent, or, for a trace
// of which that is not known, New Relic's view: it has OpenTelemetry's spans as
// they were. Got is any view. Neither is changed.
func Compare(want, got View) Result {
	r := Result{Want: want.Name, Got: got.Name, Extra: map[string]int{}, BySpan: []SpanResult{}}
	wanted, found := byID(want), byID(got)
	sent := make(map[string]bool, len(wanted))
	for id := range wanted {
		sent[id] = true
	}
	m := MatchIDs(sent, got.Arrivals())
	r.Spans, r.Arrived, r.Missing = len(sent), m.Spans, len(sent)-m.Spans
	r.Duplicates, r.Extra = m.Duplicates, m.Extra
	c := comparison{found: found, wanted: wanted}
	for _, s := range inOrder(want) {
		result := SpanResult{ID: s.ID, ParentID: s.ParentID, Name: s.Name, Service: s.Service, State: Missing, Received: len(found[s.ID])}
		if result.Received > 0 {
			result.State = Arrived
		}
		if result.Received > 0 && s.ID != continued {
			result.Differences = c.differences(s, found[s.ID][0])
		}
		if slices.ContainsFunc(result.Differences, func(d Difference) bool { return d.Expected == "" }) {
			r.Differing++
		}
		r.BySpan = append(r.BySpan, result)
	}
	for _, s := range inOrder(got) {
		if !sent[s.ID] {
			r.BySpan = append(r.BySpan, SpanResult{ID: s.ID, ParentID: s.ParentID, Name: s.Name, Service: s.Service,
				State: Extra, Received: len(found[s.ID]), Reason: cmp.Or(s.Reason, Unknown)})
		}
	}
	return r
}

func byID(v View) map[string][]Span {
	ids := make(map[string][]Span, len(v.Spans))
	for _, s := range v.Spans {
		ids[s.ID] = append(ids[s.ID], s)
	}
	return ids
}

// inOrder returns one span for each id, by start time.
func inOrder(v View) []Span {
	sorted := slices.SortedFunc(slices.Values(v.Spans), func(a, b Span) int {
		return cmp.Or(a.Start.Compare(b.Start), cmp.Compare(a.ID, b.ID))
	})
	return slices.CompactFunc(sorted, func(a, b Span) bool { return a.ID == b.ID })
}

// A comparison holds both views by id.
type comparison struct{ wanted, found map[string][]Span }

func (c *comparison) differences(want, got Span) []Difference {
	var all []Difference
	add := func(d Difference, differs bool) {
		if differs {
			all = append(all, d)
		}
	}
	add(compareNames(want, got))
	add(c.compareParents(want, got))
	add(compareTimes("start", want.Start, got.Start))
	if got.InProgress {
		all = append(all, Difference{Field: "in progress", Want: "ended " + clock(want.End), Got: "only the start has arrived"})
	} else {
		add(compareTimes("end", want.End, got.End))
	}
	add(compareStatus(want, got))
	return append(all, compareAttributes(want, got)...)
}

func compareTimes(field string, want, got time.Time) (Difference, bool) {
	apart := got.Sub(want)
	// X-Ray's seconds are a float64, whose steps are below a microsecond now.
	if apart.Abs() <= Tolerance+time.Microsecond {
		return Difference{}, false
	}
	return Difference{Field: field, Want: clock(want), Got: fmt.Sprintf("%s (%+.3f ms)", clock(got), apart.Seconds()*1000)}, true
}

func clock(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000000Z") }

// compareParents allows for the segments that a backend puts between a span
// and its parent.
func (c *comparison) compareParents(want, got Span) (Difference, bool) {
	parent := got.ParentID
	for range 64 { // a document's ids may run in a circle
		made := c.found[parent]
		if parent == want.ParentID || len(made) == 0 || len(c.wanted[parent]) > 0 {
			break
		}
		if made[0].Reason != MadeForLocalRoot {
			break
		}
		parent = made[0].ParentID
	}
	if parent == want.ParentID {
		return Difference{}, false
	}
	return Difference{Field: "parent", Want: cmp.Or(want.ParentID, "none"), Got: cmp.Or(got.ParentID, "none")}, true
}

// compareStatus knows that X-Ray tells what an HTTP status means where
// OpenTelemetry leaves a server's 4xx unset.
func compareStatus(want, got Span) (Difference, bool) {
	d := Difference{Field: "status", Want: want.Status, Got: got.Status}
	span, document := want, got
	switch {
	case (want.document == nil) == (got.document == nil):
		return d, want.Status != got.Status
	case want.document != nil:
		span, document = got, want
	}
	failed := span.Status == "ERROR"
	if failed == (document.Status != "ok") {
		return d, false
	}
	mistake := document.Status == "error" || document.Status == "throttle"
	if !failed && mistake && (want.document != nil || httpStatus(span.Attributes) >= 400 || hasAny(span.Attributes, "rpc.grpc.status_code", "rpc.response.status_code")) {
		d.Expected = "OpenTelemetry leaves the status of a client's mistake unset; X-Ray judges by the response"
	}
	return d, true
}

func hasAny(attributes map[string]any, names ...string) bool {
	return slices.ContainsFunc(names, func(name string) bool { return attributes[name] != nil })
}

func httpStatus(attributes map[string]any) int {
	for _, key := range []string{"http.response.status_code", "http.status_code"} {
		if n, ok := number(attributes[key]); ok {
			return int(n)
		}
	}
	return 0
}

// number returns the value of any of Go's or JSON's numbers.
func number(v any) (float64, bool) {
	switch n := v.(type) {
	case int64:
		return float64(n), true
	case int:
		return float64(n), true
	case float64:
		return n, true
	case json.Number:
		f, err := n.Float64()
		return f, err == nil
	}
	return 0, false
}
