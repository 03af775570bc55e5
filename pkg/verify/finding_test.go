package verify

import (
	"strings"
	"testing"
	"time"
)

func TestSkewed(t *testing.T) {
	begun := time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)
	for _, tt := range []struct {
		name    string
		service string
		early   time.Duration
		want    string // of the finding; "" is none
	}{
		{"as it should be", "orders", -time.Millisecond, ""},
		{"as far apart as NTP lets hosts be", "orders", skewTolerance, ""},
		{"a clock behind", "orders", 250 * time.Millisecond, "up to 250ms before its caller"},
		{"one service, which measures so", "web", 250 * time.Millisecond, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f, ok := skewed(TraceReport{view: View{Spans: []Span{
				{ID: "a1", Service: "web", Start: begun},
				{ID: "b2", ParentID: "a1", Service: tt.service, Start: begun.Add(-tt.early)},
			}}})
			if ok != (tt.want != "") || !strings.Contains(f.What, tt.want) {
				t.Errorf("%v, %+v", ok, f)
			}
			if ok && (f.Code != "clock_skew" || f.Severity != Note || !strings.Contains(f.Remedy, "NTP")) {
				t.Errorf("%+v", f)
			}
		})
	}
}

// What X-Ray makes on its own is explained, and no fault.
func TestExtraSegmentsAreExplained(t *testing.T) {
	for reason, want := range map[string]string{
		MadeInferred: "sends no traces", MadeForLocalRoot: "the exporter puts one", MadeByAWS: "an AWS service wrote it",
	} {
		f := explainExtra(TraceReport{Path: PathHTTP}, BackendReport{Backend: XRay, Result: Result{Extra: map[string]int{reason: 1}}}, reason)
		if f.Severity != Note || !strings.Contains(f.Cause, want) {
			t.Errorf("%s: %+v", reason, f)
		}
	}
	f := explainExtra(TraceReport{Path: "existing"}, BackendReport{Backend: XRay, Result: Result{Extra: map[string]int{Unknown: 1}}}, Unknown)
	if f.Severity != Fault || f.Remedy == "" {
		t.Errorf("a span of one backend alone: %+v", f)
	}
}
