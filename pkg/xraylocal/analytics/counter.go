package analytics

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/service/xray/types"

	"github.com/bragg-tracing/bragg/pkg/xraylocal/assembly"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/filter"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/store/index"
)

// A Counter counts how many traces have each value, as Compare does with one set,
// of the facts that the store keeps of them: a million traces take a second or two,
// and 8 bytes each for their response times. Values are what takes more: it counts
// the first Most that it meets, and how many values of traces it left out.
//
// It is for one goroutine at a time. The zero Counter is ready.
type Counter struct {
	Most     int // how many different values it counts; MostValues if it is 0
	Traces   int
	Outcomes map[string]int // traces by outcome: ok, error, fault or throttle
	// Uncounted is how many values of traces were not counted, for there were too
	// many different ones: a table then lacks some.
	Uncounted int

	times   []float64
	encoded map[string]*counted   // by what is encoded, and a letter that says what that is
	byValue map[tableKey]*counted // by what is read
	key     []byte                // memory that is used again
}

// MostValues is how many different values a Counter counts unless told otherwise.
const MostValues = 100_000

type tableKey struct {
	dimension Dimension
	value     string
}

// A counted is one value.
type counted struct {
	tableKey
	traces int
	last   int         // the trace, by number, that had it last
	of     *rootCauses // of a root cause: what its filter is made of
}

// The letters in front of what is encoded.
const (
	encodedTerm    = 't'
	encodedURL     = 'u'
	encodedMethod  = 'm'
	encodedStatus  = 's'
	encodedService = 'n'
	encodedWay     = 'w' // and the kind of cause
)

// Add counts a trace, of which it keeps no memory. The facts must be Whole.
func (c *Counter) Add(f *index.Facts) error {
	if c.encoded == nil {
		c.encoded, c.byValue, c.Outcomes = make(map[string]*counted), make(map[tableKey]*counted), make(map[string]int)
	}
	c.Traces++
	c.Outcomes[outcomeOf(f.Flags&index.Throttle != 0, f.Flags&index.Fault != 0, f.Flags&index.Error != 0)]++
	if f.Response != nil {
		c.times = append(c.times, *f.Response)
	}
	url := f.RawText(filter.HTTPURL)
	if end := bytes.IndexAny(url, "?#"); end >= 0 {
		url = url[:end]
	}
	c.text(encodedURL, url, URL)
	c.text(encodedMethod, f.RawText(filter.HTTPMethod), Method)
	if f.Status != 0 {
		var digits [20]byte
		c.text(encodedStatus, strconv.AppendInt(digits[:0], int64(f.Status), 10), Status)
	}
	for name, kind := range f.Services() {
		if string(kind) != assembly.TypeClient {
			c.text(encodedService, name, Service)
		}
	}
	for term := range f.Terms() {
		c.term(term)
	}
	for kind, way := range f.Ways() {
		if err := c.way(kind, way); err != nil {
			return fmt.Errorf("count root causes: %w", err)
		}
	}
	return nil
}

// known counts what was met before.
func (c *Counter) known(letter byte, encoded []byte) bool {
	c.key = append(append(c.key[:0], letter), encoded...)
	v := c.encoded[string(c.key)]
	if v != nil {
		c.count(v)
	}
	return v != nil
}

// count counts a value of the trace that is being added, once.
func (c *Counter) count(v *counted) {
	if v.last != c.Traces {
		v.last = c.Traces
		v.traces++
	}
}

// met counts what was not met before in this encoding, which is c.key.
func (c *Counter) met(d Dimension, value string, of *rootCauses) {
	k := tableKey{d, value}
	v := c.byValue[k]
	if len(c.encoded) >= cmp.Or(c.Most, MostValues) {
		if v == nil {
			c.Uncounted++
		} else {
			c.count(v)
		}
		return
	}
	if v == nil {
		v = &counted{tableKey: k, of: of}
		c.byValue[k] = v
	}
	c.encoded[string(c.key)] = v
	c.count(v)
}

func (c *Counter) text(letter byte, text []byte, d Dimension) {
	if len(text) > 0 && !c.known(letter, text) {
		c.met(d, string(text), nil)
	}
}

// term counts a user or an annotation.
func (c *Counter) term(t index.Term) {
	if !t.Counts() || c.known(encodedTerm, t.Encoded()) {
		return
	}
	field, v := t.Field(), t.Value()
	switch {
	case field.Keyword == filter.User:
		c.met(User, v.Text, nil)
	case v.Kind == filter.Bool:
		c.met(annotationOf(field.Key), annotationText(&types.AnnotationValueMemberBooleanValue{Value: v.Bool}), nil)
	case v.Kind == filter.Number:
		c.met(annotationOf(field.Key), annotationText(&types.AnnotationValueMemberNumberValue{Value: v.Number}), nil)
	default:
		c.met(annotationOf(field.Key), annotationText(&types.AnnotationValueMemberStringValue{Value: v.Text}), nil)
	}
}

func annotationOf(key string) Dimension { return Annotation + Dimension("."+key) }

// way counts a root cause.
func (c *Counter) way(kind index.CauseKind, way []byte) error {
	if c.known(encodedWay+byte(kind), way) {
		return nil
	}
	cause, slow, err := index.DecodeWay(kind, way)
	if err != nil {
		return err
	}
	of := new(rootCauses)
	switch kind {
	case index.FaultCause:
		of.fault = []types.FaultRootCause{cause.Fault()}
		c.met(FaultCause, faultText(of.fault[0]), of)
	case index.ErrorCause:
		of.err = []types.ErrorRootCause{cause.Error()}
		c.met(ErrorCause, errorText(of.err[0]), of)
	default:
		of.slow = []types.ResponseTimeRootCause{slow.AWS()}
		c.met(ResponseTimeCause, slowText(of.slow[0]), of)
	}
	return nil
}

// Tables returns the values of each dimension, those of most traces first, as rows
// of set A. The traces that have none are not in them.
func (c *Counter) Tables() []Table {
	byDimension := make(map[Dimension]*Table)
	annotations := make(map[Dimension]bool)
	for k, v := range c.byValue {
		t := byDimension[k.dimension]
		if t == nil {
			t = &Table{Dimension: k.dimension}
			byDimension[k.dimension] = t
			annotations[k.dimension] = !slices.Contains(Dimensions(), k.dimension)
		}
		part := share(v.traces, c.Traces)
		t.Rows = append(t.Rows, Row{Dimension: k.dimension, Value: k.value, A: v.traces, ShareA: part, Difference: -part, P: 1, Adjusted: 1})
	}
	var tables []Table
	for _, d := range Dimensions() {
		names := []Dimension{d}
		if d == Annotation {
			names = slices.DeleteFunc(sortedKeys(annotations), func(d Dimension) bool { return !annotations[d] })
		}
		for _, name := range names {
			if t := byDimension[name]; t != nil {
				slices.SortFunc(t.Rows, func(a, b Row) int { return cmp.Or(cmp.Compare(b.A, a.A), cmp.Compare(a.Value, b.Value)) })
				tables = append(tables, *t)
			}
		}
	}
	return tables
}

// Filter returns the expression of the traces that have the value of a row of
// Tables, "" if there is none.
func (c *Counter) Filter(r Row) string {
	v := c.byValue[tableKey{r.Dimension, r.Value}]
	if v == nil {
		return ""
	}
	return (&Trace{roots: v.of}).filterOf(r.Dimension, r.Value)
}

// Histogram puts the response times of the traces in bins, as Histograms does.
func (c *Counter) Histogram(bins int) Histogram { return histogramOf(c.times, bins) }

// Slowest returns the least response time of the slowest part of the traces, of
// 0 to 1; ok is false if fewer than least have one.
func (c *Counter) Slowest(part float64, least int) (seconds float64, ok bool) {
	if len(c.times) < max(least, 1) {
		return 0, false
	}
	slices.Sort(c.times)
	return c.times[max(len(c.times)-1-int(part*float64(len(c.times))), 0)], true
}
