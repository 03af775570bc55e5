package sink_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/bragg-tracing/bragg/pkg/newrelic/sink"
	"github.com/bragg-tracing/bragg/pkg/sdk/licensekey"
)

// TestTraces lists the traces of a time range, the newest first.
func TestTraces(t *testing.T) {
	s := start(t, sink.Config{})
	var spans []string
	for i := range 4 { // trace i starts at second 1000+i, and has i+1 spans
		for j := range i + 1 {
			spans = append(spans, fmt.Sprintf(`{"traceId":"%032x","spanId":"%016x","name":"n","startTimeUnixNano":"%d","endTimeUnixNano":"%d"}`,
				i+1, 10*i+j+1, (1000+i)*1e9+j, (1000+i)*1e9+j+5))
		}
	}
	body := `{"resourceSpans":[{"scopeSpans":[{"spans":[` + strings.Join(spans, ",") + `]}]}]}`
	status, page := exchange{path: "/v1/traces", contentType: "application/json", key: licensekey.Local, body: []byte(body)}.send(t, s)
	if status != 200 {
		t.Fatal(status, page)
	}
	for query, want := range map[string]string{
		"?from=0&to=2000":            "4 3 2 1",
		"?from=1001&to=1002.5":       "3 2",
		"?from=0&to=2000&limit=1":    "4",
		"?from=3000&to=4000":         "",
		"?limit=5":                   "", // the last hour
		"?from=1003.000000001&to=4e": "400",
		"?limit=0":                   "400",
		"?from=NaN":                  "400",
	} {
		status, page := get(t, s, "/traces"+query)
		if want == "400" {
			if status != 400 || !strings.Contains(page, "/traces?from=SECONDS") {
				t.Errorf("%s: %d %s", query, status, page)
			}
			continue
		}
		var answer struct{ Traces []sink.Trace }
		if err := json.Unmarshal([]byte(page), &answer); err != nil || status != 200 {
			t.Fatalf("%s: %d %v %s", query, status, err, page)
		}
		var got []string
		for _, tr := range answer.Traces {
			got = append(got, strings.TrimLeft(tr.TraceID, "0"))
			if fmt.Sprint(tr.Spans) != got[len(got)-1] || tr.Start != (999+tr.Spans)*1e9 {
				t.Errorf("%s: %+v", query, tr)
			}
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s: %q, want %q", query, got, want)
		}
	}
}
