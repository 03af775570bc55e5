package up

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bragg-tracing/bragg/pkg/verify"
)

func TestReportJSON(t *testing.T) {
	r := Report{Requests: 2, Backends: []Backend{XRay, NewRelic}, Seconds: 1.5}
	r.Traces.Sent, r.Spans.Sent = 2, 5
	r.setXRay(verify.Total{Traces: 1, Match: verify.Match{Spans: 4, Extra: map[string]int{"inferred": 3}}}, 5)
	if r.Complete() {
		t.Error("a report with a missing segment is complete")
	}
	r.setNewRelic(verify.Total{Traces: 2, Match: verify.Match{Spans: 5, Duplicates: 1}}, 5)
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
	r.setXRay(verify.Total{Traces: 2, Match: verify.Match{Spans: 5}}, 5)
	if !r.Complete() {
		t.Error("a report with nothing missing is incomplete")
	}
	if r.Requests = 3; r.Complete() {
		t.Error("a report with a request that made no trace is complete")
	}
}
