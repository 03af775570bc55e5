package console

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/bragg-tracing/bragg/pkg/xraylocal/compare"
)

// order is a trace whose call to stock takes so many tenths of a second.
func (s *server) order(n int, tenths string, more string) {
	s.put(n, strings.NewReplacer("END", "@"+tenths, "MORE", more).Replace(
		`{"trace_id":"TRACE","id":"00000000000000a1","name":"web","start_time":@0.0,"end_time":END,
		"http":{"request":{"method":"GET","url":"http://web/orders/`+tenths+`"},"response":{"status":200}},
		"subsegments":[MORE{"id":"00000000000000a2","name":"stock","namespace":"remote","start_time":@0.0,"end_time":END}]}`))
}

func TestCompare(t *testing.T) {
	s := newServer(t, Config{})
	s.order(1, "0.2", "")
	s.order(2, "0.9", `{"id":"00000000000000a3","name":"flags","start_time":@0.0,"end_time":@0.1},`)
	var got comparison
	s.get("compare", url.Values{"a": {traceID(1)}, "b": {traceID(2)}}, &got)
	if got.A.Duration != 0.2 || got.B.Duration != 0.9 || got.A.Request != "GET /orders/0.2" || got.A.ID != traceID(1) {
		t.Errorf("%+v, %+v", got.A, got.B)
	}
	changes := map[string]compare.Change{}
	for _, row := range got.Rows {
		changes[row.Name] = row.Change
	}
	if changes["stock"] != compare.Slower || changes["flags"] != compare.Added || got.Changes[compare.Added] != 1 {
		t.Errorf("%v, %v", changes, got.Changes)
	}
	if len(got.Blame) == 0 || got.Rows[got.Blame[0]].Name != "stock" {
		t.Errorf("blamed %v", got.Blame)
	}
	i := slices.IndexFunc(got.Rows, func(r comparedRow) bool { return r.Name == "flags" })
	if row := got.Rows[i]; row.A != nil || row.B == nil || row.B.ID != "00000000000000a3" || row.Depth != 1 {
		t.Errorf("%+v", row)
	}

	for which, ids := range map[string][2]string{"Trace A": {"nonsense", traceID(2)}, "Trace B": {traceID(1), "1-00000001-000000000000000000000001"}} {
		status := http.StatusBadRequest
		if which == "Trace B" {
			status = http.StatusNotFound
		}
		if p := s.problem("compare", url.Values{"a": {ids[0]}, "b": {ids[1]}}, status); !strings.HasPrefix(p.Title, which) {
			t.Errorf("%+v", p)
		}
	}
}

func TestCompareRepeated(t *testing.T) {
	s := newServer(t, Config{})
	calls := func(n int) string {
		var text strings.Builder
		for i := range n {
			fault := ""
			if i == 4 {
				fault = `"fault":true,`
			}
			fmt.Fprintf(&text, `{"id":"00000000000001%02d","name":"DynamoDB","namespace":"aws","aws":{"operation":"GetItem"},%s"start_time":@0.%d,"end_time":@0.%d},`, i, fault, i, i+1)
		}
		return text.String()
	}
	s.order(1, "0.9", calls(4))
	s.order(2, "0.9", calls(6))
	var got comparison
	s.get("compare", url.Values{"a": {traceID(1)}, "b": {traceID(2)}}, &got)
	i := slices.IndexFunc(got.Rows, func(r comparedRow) bool { return r.Name == "DynamoDB" })
	row := got.Rows[i]
	if len(got.Rows) != 3 || row.Label != "GetItem" || row.Change != compare.Outcome || row.A.Run == nil || row.B.Run == nil {
		t.Fatalf("%+v", got.Rows)
	}
	a, b := *row.A, *row.B
	if *a.Run != (comparedRun{4, 0, 0.1, 0.4}) || *b.Run != (comparedRun{6, 1, 0.1, 0.6}) || a.Duration != 0.4 || b.Duration != 0.6 || b.Outcome != "fault" || row.Delta != 0.2 {
		t.Errorf("A %+v %+v, B %+v %+v, difference %v", a, *a.Run, b, *b.Run, row.Delta)
	}
}

func TestTypicalAndChoices(t *testing.T) {
	s := newServer(t, Config{})
	s.order(1, "0.1", "")
	s.order(2, "0.2", "")
	s.order(3, "0.3", "")
	s.order(4, "0.9", "")
	var got typicalAnswer
	s.get("compare/typical", recently("id", traceID(4)), &got)
	if got.ID != traceID(2) || got.Of != 3 || got.By != compare.SameRequest {
		t.Errorf("%+v", got)
	}
	var all choices
	s.get("compare/choices", recently("filter", "duration > 0.15"), &all)
	if len(all.Traces) != 3 || all.More || all.Traces[0].Service != "web" {
		t.Errorf("%+v", all)
	}
	s.put(5, `{"trace_id":"TRACE","id":"00000000000000a1","name":"lonely","start_time":@0.0,"end_time":@0.1}`)
	if p := s.problem("compare/typical", recently("id", traceID(5)), http.StatusNotFound); !strings.Contains(p.Detail, "lonely") {
		t.Errorf("%+v", p)
	}
}
