package console

import (
	"fmt"
	"net/url"
	"testing"
)

// TestAnalyticsBegins compares the newest traces first: both sets are then of
// the same time, whatever there is of either.
func TestAnalyticsBegins(t *testing.T) {
	s := newServer(t, Config{})
	for n := range 40 { // the n-th begins n/10 s after the first; every fourth fails
		fault := ""
		if n%4 == 0 {
			fault = `,"fault":true`
		}
		s.put(n, fmt.Sprintf(`{"trace_id":"TRACE","id":"00000000000000a1","name":"web","start_time":@%.1f,"end_time":@9.0%s}`, float64(n)/10, fault))
	}
	var got analyticsAnswer
	s.get("analytics", recently("b", "fault", "limit", "15"), &got)
	// The newest 15 that do not fail begin at 2.1 s; of what fails four are later.
	if got.Limit != 15 || got.A.Traces != 15 || !got.A.More || got.Since != float64(base.Unix())+2.1 || got.B.Traces != 4 || got.B.More || got.B.From != got.Since {
		t.Errorf("since %v: A %+v, B %+v", got.Since-float64(base.Unix()), got.A, got.B)
	}
	s.get("analytics", recently("b", "fault"), &got)
	if got.Limit != analyticsTraces || got.A.Traces != 30 || got.B.Traces != 10 || got.Since != 0 || got.A.From != float64(base.Unix())-60 {
		t.Errorf("of all: since %v, A %+v, B %+v", got.Since, got.A, got.B)
	}
}

// TestEmpty tells a console without any trace from one with none in the time range.
func TestEmpty(t *testing.T) {
	s := newServer(t, Config{})
	for _, want := range []bool{true, false} {
		for _, path := range []string{"traces", "analytics", "compare/choices", "backends"} {
			var got struct {
				Empty bool `json:"empty"`
			}
			s.get(path, url.Values{"from": {"100"}, "to": {"200"}}, &got)
			if got.Empty != want {
				t.Errorf("%s: empty is %v, want %v", path, got.Empty, want)
			}
		}
		var sets map[string]any
		s.get("analytics", url.Values{"from": {"100"}, "to": {"200"}, "b": {"fault"}}, &sets)
		for _, which := range []string{"a", "b"} {
			for name, value := range sets[which].(map[string]any) {
				if value == nil {
					t.Errorf("analytics of nothing: %s.%s is null", which, name)
				}
			}
		}
		s.put(1, `{"trace_id":"TRACE","id":"00000000000000a1","name":"web","start_time":@0.0,"end_time":@0.1}`)
	}
}
