package verify

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bragg-tracing/bragg/pkg/newrelic"
	"github.com/bragg-tracing/bragg/pkg/segment"
)

var base = time.Date(2026, 11, 28, 12, 0, 0, 123456000, time.UTC)

func at(ms float64) time.Time { return base.Add(time.Duration(ms * 1e6)) }

// A served request and the call that it makes, as New Relic has them.
func sentSpans() []newrelic.Span {
	return []newrelic.Span{
		{ID: "00000000000000a1", Name: "GET /orders", Service: "checkout", Kind: "server", Status: "UNSET", Start: at(0), Duration: 50 * time.Millisecond,
			Attributes: map[string]any{"http.response.status_code": 200.0, "http.route": "/orders", "service.name": "checkout", "otel.library.name": "x", "team": "payments"}},
		{ID: "00000000000000b2", ParentID: "00000000000000a1", Name: "GET", Service: "checkout", Kind: "client", Status: "UNSET", Start: at(5), Duration: 20 * time.Millisecond,
			Attributes: map[string]any{"peer.service": "prices", "url.full": "http://prices/v1"}},
	}
}

func seconds(t time.Time) float64 { return float64(t.UnixMicro()) / 1e6 }

// The same, as X-Ray has it, with what it infers.
func documents() []*segment.Document {
	sub := &segment.Document{ID: "00000000000000b2", Name: "prices", Namespace: "remote", StartTime: seconds(at(5)), EndTime: new(seconds(at(25))),
		HTTP: &segment.HTTP{Request: &segment.HTTPRequest{URL: "http://prices/v1"}}}
	return []*segment.Document{
		{ID: "00000000000000a1", Name: "checkout", StartTime: seconds(at(0)), EndTime: new(seconds(at(50))),
			HTTP:        &segment.HTTP{Response: &segment.HTTPResponse{Status: 200}},
			Annotations: map[string]any{"team": "payments"},
			Metadata:    map[string]map[string]json.RawMessage{"default": {"http.route": json.RawMessage(`"/orders"`)}},
			Subsegments: []*segment.Document{sub}},
		{ID: "00000000000000c3", ParentID: "00000000000000b2", Name: "prices", Inferred: true, StartTime: seconds(at(5)), EndTime: new(seconds(at(25)))},
	}
}

func TestCompare(t *testing.T) {
	type change func(spans []newrelic.Span, documents []*segment.Document) ([]newrelic.Span, []*segment.Document)
	tests := []struct {
		name   string
		change change
		want   []Difference // of all spans
		counts Result       // without names and spans
	}{
		{"the same", nil, nil, Result{Arrived: 2, Extra: map[string]int{MadeInferred: 1}}},
		{"missing", func(s []newrelic.Span, d []*segment.Document) ([]newrelic.Span, []*segment.Document) {
			d[0].Subsegments = nil
			return s, d
		}, nil, Result{Arrived: 1, Missing: 1, Extra: map[string]int{MadeInferred: 1}}},
		{"twice", func(s []newrelic.Span, d []*segment.Document) ([]newrelic.Span, []*segment.Document) {
			return s, append(d, d[0])
		}, nil, Result{Arrived: 2, Duplicates: 2, Extra: map[string]int{MadeInferred: 1}}},
		{"nobody's", func(s []newrelic.Span, d []*segment.Document) ([]newrelic.Span, []*segment.Document) {
			return s, append(d, &segment.Document{ID: "00000000000000d4", Name: "ghost"})
		}, nil, Result{Arrived: 2, Extra: map[string]int{MadeInferred: 1, Unknown: 1}}},
		{"a segment of Lambda", func(s []newrelic.Span, d []*segment.Document) ([]newrelic.Span, []*segment.Document) {
			return s, append(d, &segment.Document{ID: "00000000000000d4", Name: "f", Origin: "AWS::Lambda"})
		}, nil, Result{Arrived: 2, Extra: map[string]int{MadeInferred: 1, MadeByAWS: 1}}},
		{"a local root in a segment of its own", func(s []newrelic.Span, d []*segment.Document) ([]newrelic.Span, []*segment.Document) {
			sub := d[0].Subsegments[0]
			d[0].Subsegments = nil
			return s, append(d, &segment.Document{ID: "00000000000000e5", ParentID: "00000000000000a1", Name: "checkout",
				StartTime: sub.StartTime, EndTime: sub.EndTime, Subsegments: []*segment.Document{sub}})
		}, nil, Result{Arrived: 2, Extra: map[string]int{MadeInferred: 1, MadeForLocalRoot: 1}}},
		{"another parent", func(s []newrelic.Span, d []*segment.Document) ([]newrelic.Span, []*segment.Document) {
			s[1].ParentID = "00000000000000f6"
			return s, d
		}, []Difference{{Field: "parent", Want: "00000000000000f6", Got: "00000000000000a1"}}, Result{Arrived: 2, Differing: 1, Extra: map[string]int{MadeInferred: 1}}},
		{"a name from nowhere", func(s []newrelic.Span, d []*segment.Document) ([]newrelic.Span, []*segment.Document) {
			d[0].Name = "unknown_service"
			return s, d
		}, []Difference{{Field: "name", Want: "GET /orders", Got: "unknown_service"}}, Result{Arrived: 2, Differing: 1, Extra: map[string]int{MadeInferred: 1}}},
		{"a millisecond late", func(s []newrelic.Span, d []*segment.Document) ([]newrelic.Span, []*segment.Document) {
			s[0].Start = s[0].Start.Truncate(time.Millisecond)
			return s, d
		}, nil, Result{Arrived: 2, Extra: map[string]int{MadeInferred: 1}}},
		{"exactly a millisecond off", func(s []newrelic.Span, d []*segment.Document) ([]newrelic.Span, []*segment.Document) {
			d[0].StartTime -= 0.001
			return s, d
		}, nil, Result{Arrived: 2, Extra: map[string]int{MadeInferred: 1}}},
		{"two milliseconds late", func(s []newrelic.Span, d []*segment.Document) ([]newrelic.Span, []*segment.Document) {
			d[0].StartTime += 0.002
			return s, d
		}, []Difference{{Field: "start", Want: "2026-11-28T12:00:00.123456Z", Got: "2026-11-28T12:00:00.125456Z (+2.000 ms)"}}, Result{Arrived: 2, Differing: 1, Extra: map[string]int{MadeInferred: 1}}},
		{"not ended", func(s []newrelic.Span, d []*segment.Document) ([]newrelic.Span, []*segment.Document) {
			d[0].EndTime, d[0].InProgress = nil, true
			return s, d
		}, []Difference{{Field: "in progress", Want: "ended 2026-11-28T12:00:00.173456Z", Got: "only the start has arrived"}}, Result{Arrived: 2, Differing: 1, Extra: map[string]int{MadeInferred: 1}}},
		{"an error that X-Ray shows as ok", func(s []newrelic.Span, d []*segment.Document) ([]newrelic.Span, []*segment.Document) {
			s[0].Status = "ERROR"
			return s, d
		}, []Difference{{Field: "status", Want: "ERROR", Got: "ok"}}, Result{Arrived: 2, Differing: 1, Extra: map[string]int{MadeInferred: 1}}},
		{"a client's mistake", func(s []newrelic.Span, d []*segment.Document) ([]newrelic.Span, []*segment.Document) {
			s[0].Attributes["http.response.status_code"] = 404.0
			d[0].HTTP.Response.Status, d[0].Error = 404, true
			return s, d
		}, []Difference{{Field: "status", Want: "UNSET", Got: "error", Expected: "OpenTelemetry leaves the status of a client's mistake unset; X-Ray judges by the response"}},
			Result{Arrived: 2, Extra: map[string]int{MadeInferred: 1}}},
		{"an attribute lost", func(s []newrelic.Span, d []*segment.Document) ([]newrelic.Span, []*segment.Document) {
			d[0].Annotations = nil
			return s, d
		}, []Difference{{Field: "attribute team", Want: "payments", Got: "absent"}}, Result{Arrived: 2, Differing: 1, Extra: map[string]int{MadeInferred: 1}}},
		{"an attribute changed", func(s []newrelic.Span, d []*segment.Document) ([]newrelic.Span, []*segment.Document) {
			d[0].Annotations["team"] = "growth"
			return s, d
		}, []Difference{{Field: "attribute team", Want: "payments", Got: "growth"}}, Result{Arrived: 2, Differing: 1, Extra: map[string]int{MadeInferred: 1}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			spans, docs := sentSpans(), documents()
			if tt.change != nil {
				spans, docs = tt.change(spans, docs)
			}
			got := Compare(NewRelicView(spans), XRayView(docs))
			var differences []Difference
			for _, s := range got.BySpan {
				differences = append(differences, s.Differences...)
			}
			if diff := cmp.Diff(tt.want, differences); diff != "" {
				t.Errorf("differences (-want +got)\n%s", diff)
			}
			tt.counts.Want, tt.counts.Got, tt.counts.Spans = "New Relic", "X-Ray", 2
			got.BySpan = nil
			if diff := cmp.Diff(tt.counts, got); diff != "" {
				t.Errorf("counts (-want +got)\n%s", diff)
			}
			_, ghost := tt.counts.Extra[Unknown]
			if want := tt.counts.Missing == 0 && tt.counts.Duplicates == 0 && tt.counts.Differing == 0 && !ghost; got.OK() != want {
				t.Errorf("OK is %v", got.OK())
			}
		})
	}
}

// Parents in a circle must not hold the comparison up.
func TestCompareWithACircleOfParents(t *testing.T) {
	sub := &segment.Document{ID: "00000000000000b2", Name: "x", StartTime: 1, EndTime: new(2.0)}
	docs := []*segment.Document{{ID: "00000000000000e5", ParentID: "00000000000000e5", Name: "x", StartTime: 1, EndTime: new(2.0), Subsegments: []*segment.Document{sub}}}
	if got := Compare(NewRelicView(sentSpans()), XRayView(docs)); got.Arrived != 1 || got.Missing != 1 {
		t.Errorf("%+v", got)
	}
}
