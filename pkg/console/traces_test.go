package console

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestList(t *testing.T) {
	s := newServer(t, Config{})
	for n := range 6 {
		s.put(n, webDocument)
	}
	s.put(6, slowDocument)
	s.put(7, `{"trace_id":"TRACE","id":"70de5b6f19ff9a0d","name":"batch","start_time":@1.0,"in_progress":true}`)
	var l traceList
	s.get("traces", recently(), &l)
	if len(l.Traces) != 8 || l.More || l.Empty {
		t.Fatalf("%d traces, more %v, empty %v", len(l.Traces), l.More, l.Empty)
	}
	byID := map[string]traceRow{}
	for i, row := range l.Traces {
		byID[row.ID] = row
		if i > 0 && row.Start > l.Traces[i-1].Start {
			t.Error("the newest is not first")
		}
	}
	slow, running := byID[traceID(6)], byID[traceID(7)]
	if slow.Outcome != "fault" || slow.Request != "POST /orders" || *slow.Duration != 2 || slow.Status != 500 || slow.User != "bob" || slow.Service != "web" || slow.Segments != 1 {
		t.Errorf("the slow one is %+v", slow)
	}
	if running.Outcome != "progress" || running.Duration != nil {
		t.Errorf("the running one is %+v", running)
	}
	binned := 0
	for _, n := range l.Counts {
		binned += n
	}
	if binned != 7 || len(l.Edges) != len(l.Counts)+1 {
		t.Errorf("%d of 7 response times are in bins", binned)
	}
}

// TestListGoesOn: what a cursor leads to follows what was there, each trace once,
// whatever arrives meanwhile.
func TestListGoesOn(t *testing.T) {
	s := newServer(t, Config{})
	const traces = 2*listed + 30
	for n := 0; n < traces; n += 50 {
		var body struct{ TraceSegmentDocuments []string }
		for i := n; i < min(n+50, traces); i++ {
			body.TraceSegmentDocuments = append(body.TraceSegmentDocuments,
				fmt.Sprintf(`{"trace_id":%q,"id":"70de5b6f19ff9a0a","name":"web","start_time":%d,"end_time":%d}`, traceID(i), base.Unix(), base.Unix()+1))
		}
		s.send(body)
	}
	query := recently()
	seen := map[string]bool{}
	for i, want := range []int{listed, listed, 30} {
		var l traceList
		s.get("traces", query, &l)
		if last := i == 2; len(l.Traces) != want || l.More == last || (l.Next == "") != last {
			t.Fatalf("part %d: %d traces, more %v, next %q", i, len(l.Traces), l.More, l.Next)
		}
		if first := i == 0; first != (len(l.Refiners) > 0) || first != (len(l.Counts) > 0) {
			t.Errorf("part %d: %d refiners, %d bins", i, len(l.Refiners), len(l.Counts))
		}
		for _, row := range l.Traces {
			if seen[row.ID] {
				t.Fatalf("%s comes twice", row.ID)
			}
			seen[row.ID] = true
		}
		s.put(traces+i, webDocument)
		query.Set("cursor", l.Next)
	}
	s.problem("traces", recently("cursor", "nonsense"), http.StatusBadRequest)
	var first traceList
	if s.get("traces", recently("limit", "60"), &first); len(first.Traces) != 60 || !first.More || first.Next != "" {
		t.Errorf("%d of what is seen first, more %v, next %q", len(first.Traces), first.More, first.Next)
	}
}

// TestRefinersMeanWhatTheySay: the expression of each value finds as many
// traces as it has, in the list and among all that are counted.
func TestRefinersMeanWhatTheySay(t *testing.T) {
	s := newServer(t, Config{})
	for n := range 5 {
		s.put(n, webDocument)
	}
	s.put(5, slowDocument)
	s.put(6, slowDocument)
	var l traceList
	s.get("traces", recently(), &l)
	var all tracesCount
	s.get("traces/counts", recently(), &all)
	if diff := cmp.Diff(l.Refiners, all.Refiners); diff != "" || all.Traces != 7 || all.Part != nil {
		t.Errorf("counted %d, part %v (-of the list +counted):\n%s", all.Traces, all.Part, diff)
	}
	seen := map[string]bool{}
	for _, refiner := range l.Refiners {
		seen[refiner.Name] = true
		for _, v := range refiner.Values {
			var refined traceList
			s.get("traces", recently("filter", v.Filter), &refined)
			if len(refined.Traces) != v.Count {
				t.Errorf("%s %s: %s finds %d traces, want %d", refiner.Name, v.Value, v.Filter, len(refined.Traces), v.Count)
			}
			var counted tracesCount
			if s.get("traces/counts", recently("filter", v.Filter), &counted); counted.Traces != v.Count {
				t.Errorf("%s %s: %s counts %d traces, want %d", refiner.Name, v.Value, v.Filter, counted.Traces, v.Count)
			}
		}
	}
	for _, name := range []string{"outcome", "url", "method", "status", "user", "service", "annotation.plan", "fault cause"} {
		if !seen[name] {
			t.Errorf("there is no refiner %s in %v", name, seen)
		}
	}
}

// TestCountsAreOfAll: more traces than a list has are counted, and those in a bin
// are those that its range finds.
func TestCountsAreOfAll(t *testing.T) {
	s := newServer(t, Config{})
	const traces = listed + 200
	for n := 0; n < traces; n += 50 {
		var body struct{ TraceSegmentDocuments []string }
		for i := n; i < n+50; i++ {
			body.TraceSegmentDocuments = append(body.TraceSegmentDocuments, fmt.Sprintf(
				`{"trace_id":%q,"id":"70de5b6f19ff9a0a","name":"web","start_time":%d,"end_time":%d.%02d,"user":"user-%d"}`,
				traceID(i), base.Unix(), base.Unix()+1, i%40, i%20))
		}
		s.send(body)
	}
	var all tracesCount
	s.get("traces/counts", recently(), &all)
	if all.Traces != traces || all.Part != nil || all.Slow == nil || *all.Slow != 1.35 {
		t.Errorf("%d traces, part %v, slow %v", all.Traces, all.Part, all.Slow)
	}
	users := all.Refiners[len(all.Refiners)-2]
	if users.Name != "user" || len(users.Values) != mostValues || users.More != 20-mostValues || users.Values[0].Count != traces/20 {
		t.Errorf("users %+v", users)
	}
	binned := 0
	for i, n := range all.Counts {
		binned += n
		var found tracesCount
		s.get("traces/counts", recently("filter", fmt.Sprintf("responsetime >= %v AND responsetime < %v", all.Edges[i], all.Edges[i+1])), &found)
		if i+1 < len(all.Counts) && found.Traces != n { // the last has its upper edge, too
			t.Errorf("bin %d from %v to %v has %d, the filter finds %d", i, all.Edges[i], all.Edges[i+1], n, found.Traces)
		}
	}
	if binned != traces {
		t.Errorf("%d in bins", binned)
	}
	p := s.problem("traces/counts", recently("filter", `group.name = "none"`), http.StatusBadRequest)
	if !strings.Contains(p.Detail, "none") {
		t.Errorf("of a group that is not there: %+v", p)
	}
}

// TestWithoutTheDetour: what the pages read from the store is what X-Ray's API
// answers.
func TestWithoutTheDetour(t *testing.T) {
	s := newServer(t, Config{})
	for n := range 30 {
		s.put(n, []string{webDocument, slowDocument}[n%2])
	}
	detour := ForAPI(http.HandlerFunc(s.api.ServeHTTP))
	for _, query := range []string{"", "filter=fault", "filter=annotation.plan", "limit=7", "filter=!service(%22web%22)"} {
		for _, path := range []string{"traces", "analytics"} {
			url := "/console/api/" + path + "?" + recently("b", "fault").Encode() + "&" + query
			want := httptest.NewRecorder()
			detour.ServeHTTP(want, httptest.NewRequest("GET", url, nil))
			got := s.do("GET", url, "").Body.String()
			got = regexp.MustCompile(`"segments":\d+`).ReplaceAllString(got, `"segments":0`)
			if diff := cmp.Diff(want.Body.String(), got); diff != "" || want.Code != http.StatusOK {
				t.Errorf("%s: %d (-API +store)\n%s", url, want.Code, diff)
			}
		}
	}
}

func TestEmptyList(t *testing.T) {
	s := newServer(t, Config{})
	var l traceList
	s.get("traces", recently(), &l)
	if !l.Empty {
		t.Error("an empty store is not called empty")
	}
	s.put(1, webDocument)
	s.get("traces", recently("filter", "fault"), &l)
	if l.Empty || len(l.Traces) != 0 {
		t.Error("a filter that nothing matches is no empty store")
	}
	s.problem("traces", recently("filter", "respones > 1"), http.StatusBadRequest)
}

func TestExport(t *testing.T) {
	s := newServer(t, Config{})
	s.put(1, webDocument)
	s.put(2, slowDocument)
	for format, lines := range map[string]int{"documents": 1, "otlp": 2} { // the slow one calls DynamoDB
		w := s.do("GET", "/console/api/export?format="+format+"&"+recently("filter", "fault").Encode(), "")
		n := 0
		for _, b := range w.Body.Bytes() {
			if b == '\n' {
				n++
			}
		}
		if n != lines {
			t.Errorf("%s: %d lines, want %d: %s", format, n, lines, w.Body)
		}
	}
}
