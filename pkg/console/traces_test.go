package console

import (
	"net/http"
	"testing"
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
	if slow.Outcome != "fault" || slow.Request != "POST /orders" || *slow.Duration != 2 || slow.Status != 500 || slow.User != "bob" || slow.Service != "web" {
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

// TestRefinersMeanWhatTheySay: the expression of each value finds as many
// traces as it has.
func TestRefinersMeanWhatTheySay(t *testing.T) {
	s := newServer(t, Config{})
	for n := range 5 {
		s.put(n, webDocument)
	}
	s.put(5, slowDocument)
	s.put(6, slowDocument)
	var l traceList
	s.get("traces", recently(), &l)
	seen := map[string]bool{}
	for _, refiner := range l.Refiners {
		seen[refiner.Name] = true
		for _, v := range refiner.Values {
			var refined traceList
			s.get("traces", recently("filter", v.Filter), &refined)
			if len(refined.Traces) != v.Count {
				t.Errorf("%s %s: %s finds %d traces, want %d", refiner.Name, v.Value, v.Filter, len(refined.Traces), v.Count)
			}
		}
	}
	for _, name := range []string{"outcome", "url", "method", "status", "user", "service", "annotation.plan", "fault cause"} {
		if !seen[name] {
			t.Errorf("there is no refiner %s in %v", name, seen)
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
