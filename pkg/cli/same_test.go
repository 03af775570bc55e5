package cli

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/bragg-tracing/bragg/pkg/console"
)

// read decodes JSON of a command or of the console.
func read[T any](t *testing.T, text string) (v T) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatalf("%v in %.300s", err, text)
	}
	return v
}

// TestSameAsConsole holds that the commands give the numbers that the console
// shows, of the same traces.
func TestSameAsConsole(t *testing.T) {
	setEnvironment(t, "80")
	calls := storedAPI(t, shopTraces()...)
	server := httptest.NewServer(calls)
	defer server.Close()
	pages := console.ForAPI(calls)
	from, to := time.Now().Add(-10*time.Minute).Truncate(time.Second), time.Now().Add(2*time.Second).Truncate(time.Second)
	command := func(args ...string) string {
		t.Helper()
		commands := NewCommand()
		out, err := execute(commands, append(args, "--endpoint", server.URL)...)
		if err != nil {
			t.Fatalf("%v: %v", args, err)
		}
		return out
	}
	within := []string{"--from", from.Format(time.RFC3339), "--to", to.Format(time.RFC3339), "--json"}
	page := func(path string, query url.Values) string {
		t.Helper()
		query.Set("from", fmt.Sprint(from.Unix()))
		query.Set("to", fmt.Sprint(to.Unix()))
		w := httptest.NewRecorder()
		pages.ServeHTTP(w, httptest.NewRequest("GET", "/console/api/"+path+"?"+query.Encode(), nil))
		if w.Code != http.StatusOK {
			t.Fatalf("%s: %d %s", path, w.Code, w.Body)
		}
		return w.Body.String()
	}
	same := func(what string, ofConsole, ofCommand any) {
		t.Helper()
		if text := fmt.Sprint(ofConsole); !strings.ContainsAny(text, "123456789") {
			t.Errorf("%s: the console has nothing: %s", what, text)
		}
		if diff := cmp.Diff(ofConsole, ofCommand, cmpopts.EquateApprox(1e-9, 1e-9)); diff != "" {
			t.Errorf("%s: the console has -, the command has +:\n%s", what, diff)
		}
	}

	type row struct {
		Dimension, Value, Filter string
		A, B                     int
		Difference, P            float64
	}
	type set struct {
		Traces, OK, Fault int
		P50, P90, P99     float64
	}
	type report struct {
		A, B     set
		Tested   int
		Findings []row
		Tables   []struct {
			Dimension string
			Rows      []row
		}
	}
	const slow = "responsetime > 1"
	ofConsole := read[report](t, page("analytics", url.Values{"b": {slow}}))
	ofCommand := read[struct {
		report
		Findings []struct {
			row
			Adjusted float64
		}
	}](t, command(append([]string{"analytics", "--b", slow}, within...)...))
	for _, f := range ofCommand.Findings {
		f.P = f.Adjusted // what the console calls so
		ofCommand.report.Findings = append(ofCommand.report.Findings, f.row)
	}
	if len(ofConsole.Findings) == 0 || ofConsole.A.Traces+ofConsole.B.Traces != 300 {
		t.Fatalf("%+v", ofConsole)
	}
	for _, r := range []*report{&ofConsole, &ofCommand.report} { // of these, P is another of the two
		for _, table := range r.Tables {
			for i := range table.Rows {
				table.Rows[i].P = 0
			}
		}
	}
	same("analytics", ofConsole, ofCommand.report)

	type node struct {
		ID, Name, Filter string
		Total, Fault, OK int
		Mean, P50, P99   float64
	}
	type services struct {
		Seconds float64
		Nodes   []node
	}
	drawnMap := read[services](t, page("map", url.Values{}))
	if len(drawnMap.Nodes) != 2 || drawnMap.Nodes[0].Total != 300 {
		t.Errorf("the map has %+v", drawnMap)
	}
	same("map", drawnMap, read[services](t, command(append([]string{"map"}, within...)...)))

	type trace struct {
		ID           string
		Duration     float64
		ResponseTime float64
	}
	listed := read[struct{ Traces []trace }](t, page("traces", url.Values{"filter": {slow}})).Traces
	same("traces", listed, read[[]trace](t, command(append([]string{"traces", "--filter", slow, "--limit", "1000"}, within...)...)))
	if len(listed) != 50 {
		t.Fatalf("%d traces", len(listed))
	}

	type compared struct {
		Changes map[string]int
		Rows    []struct {
			Depth  int
			Change string
		}
	}
	a, b := listed[0].ID, listed[1].ID
	same("compare", read[compared](t, page("compare", url.Values{"a": {a}, "b": {b}})), read[compared](t, command("compare", a, b, "--json")))

	one := read[struct {
		Duration int64
		RowID    []string
	}](t, page("trace/"+a, url.Values{}))
	drawn := read[[]struct {
		ID       string
		Duration float64
		Segments []struct{ ID string }
	}](t, command("trace", a, "--json"))
	if len(drawn) != 1 || int64(drawn[0].Duration*1e6+0.5) != one.Duration || drawn[0].Segments[0].ID != one.RowID[0] {
		t.Errorf("trace: the console has %+v, the command %+v", one, drawn)
	}
	if text := command("trace", a); !strings.Contains(text, a) {
		t.Errorf("trace:\n%s", text)
	}
}
