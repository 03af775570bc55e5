package up

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestMatchCountsWhatABackendHas(t *testing.T) {
	sent := map[string]bool{"a": true, "b": true, "c": true}
	tests := []struct {
		name     string
		arrivals []arrival
		want     found
	}{
		{"nothing", nil, found{extra: map[string]int{}}},
		{"all", []arrival{{"a", 1, ""}, {"b", 1, ""}, {"c", 1, ""}}, found{spans: 3, extra: map[string]int{}}},
		{"given twice in one row", []arrival{{"a", 2, ""}}, found{spans: 1, duplicates: 1, extra: map[string]int{}}},
		{"given twice in two rows", []arrival{{"a", 1, ""}, {"a", 1, ""}}, found{spans: 1, duplicates: 1, extra: map[string]int{}}},
		{"more than was sent", []arrival{{"a", 1, ""}, {"x", 1, "inferred"}, {"y", 1, ""}},
			found{spans: 1, extra: map[string]int{"inferred": 1, "unknown": 1}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := match(sent, tt.arrivals)
			if diff := cmp.Diff(&tt.want, got, cmp.AllowUnexported(found{})); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestReportJSON(t *testing.T) {
	r := Report{Requests: 2, Backends: []Backend{XRay, NewRelic}, Seconds: 1.5}
	r.Traces.Sent, r.Spans.Sent = 2, 5
	r.setXRay(&found{traces: map[string]bool{"t": true}, spans: 4, extra: map[string]int{"inferred": 3}}, 5)
	if r.Complete() {
		t.Error("a report with a missing segment is complete")
	}
	r.setNewRelic(&found{traces: map[string]bool{"t": true, "u": true}, spans: 5, duplicates: 1}, 5)
	got, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	want := `{"requests":2,"backends":["xray","newrelic"],"traces":{"sent":2,"xray":1,"newrelic":2},` +
		`"spans":{"sent":5,"xray_segments":4,"newrelic":5,"missing_xray":1,"missing_newrelic":0,` +
		`"xray_extra":{"inferred":3},"xray_duplicates":0,"newrelic_duplicates":1},"seconds":1.5}`
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	r.setXRay(&found{traces: map[string]bool{"t": true, "u": true}, spans: 5}, 5)
	if !r.Complete() {
		t.Error("a report with nothing missing is incomplete")
	}
	if r.Requests = 3; r.Complete() {
		t.Error("a report with a request that made no trace is complete")
	}
}
