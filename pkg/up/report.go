package up

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/bragg-tracing/bragg/pkg/verify"
)

// Report says what became of the requests of [Once]. Counts of spans are of
// distinct (trace id, span id) pairs. What a report says of a backend that was
// off is absent from its JSON.
type Report struct {
	Requests int       `json:"requests"`
	Backends []Backend `json:"backends"`
	Traces   Traces    `json:"traces"`
	Spans    Spans     `json:"spans"`
	Seconds  float64   `json:"seconds"`
}

// Traces counts the traces that were sent and those of them that each backend
// has at least one span of.
type Traces struct {
	Sent     int  `json:"sent"`
	XRay     *int `json:"xray,omitempty"`
	NewRelic *int `json:"newrelic,omitempty"`
}

// Spans counts the spans that the services recorded before they were exported,
// and those of them that each backend has, at any depth.
type Spans struct {
	Sent            int  `json:"sent"`
	XRaySegments    *int `json:"xray_segments,omitempty"`
	NewRelic        *int `json:"newrelic,omitempty"`
	MissingXRay     *int `json:"missing_xray,omitempty"`
	MissingNewRelic *int `json:"missing_newrelic,omitempty"`
	// What a backend has in these traces beyond what was sent, by reason.
	XRayExtra     map[string]int `json:"xray_extra,omitempty"`
	NewRelicExtra map[string]int `json:"newrelic_extra,omitempty"`
	// How often a backend was given what it had already.
	XRayDuplicates     *int `json:"xray_duplicates,omitempty"`
	NewRelicDuplicates *int `json:"newrelic_duplicates,omitempty"`
}

// Complete says whether every request made a trace and every backend that is on
// has all of its spans.
func (r Report) Complete() bool {
	zero := func(n *int) bool { return n == nil || *n == 0 }
	return r.Traces.Sent == r.Requests && r.Spans.Sent > 0 &&
		zero(r.Spans.MissingXRay) && zero(r.Spans.MissingNewRelic)
}

// setXRay and setNewRelic enter what was found in a backend.
func (r *Report) setXRay(f verify.Total, sent int) {
	r.Traces.XRay, r.Spans.XRaySegments = new(f.Traces), new(f.Spans)
	r.Spans.MissingXRay, r.Spans.XRayDuplicates = new(sent-f.Spans), new(f.Duplicates)
	r.Spans.XRayExtra = f.Extra
}

func (r *Report) setNewRelic(f verify.Total, sent int) {
	r.Traces.NewRelic, r.Spans.NewRelic = new(f.Traces), new(f.Spans)
	r.Spans.MissingNewRelic, r.Spans.NewRelicDuplicates = new(sent-f.Spans), new(f.Duplicates)
	r.Spans.NewRelicExtra = f.Extra
}

// String draws the report for people.
func (r Report) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "  %d requests made %d traces with %d spans in %.1f s\n", r.Requests, r.Traces.Sent, r.Spans.Sent, r.Seconds)
	row := func(name string, traces, spans, missing, duplicates *int, extra map[string]int) {
		if traces == nil {
			return
		}
		mark := "✓"
		if *missing > 0 {
			mark = "✗"
		}
		fmt.Fprintf(&b, "  %s %-10s %d traces, %d spans, %d missing, %d twice", mark, name, *traces, *spans, *missing, *duplicates)
		for _, reason := range slices.Sorted(maps.Keys(extra)) {
			fmt.Fprintf(&b, ", %d more (%s)", extra[reason], reason)
		}
		b.WriteByte('\n')
	}
	row("X-Ray", r.Traces.XRay, r.Spans.XRaySegments, r.Spans.MissingXRay, r.Spans.XRayDuplicates, r.Spans.XRayExtra)
	row("New Relic", r.Traces.NewRelic, r.Spans.NewRelic, r.Spans.MissingNewRelic, r.Spans.NewRelicDuplicates, r.Spans.NewRelicExtra)
	return b.String()
}
