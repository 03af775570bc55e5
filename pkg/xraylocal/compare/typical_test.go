package compare

import (
	"testing"
	"time"

	"github.com/bragg-tracing/bragg/pkg/xraylocal/client"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/timeline"
)

func TestTypical(t *testing.T) {
	summary := func(id string, ms int, url string, outcome timeline.Outcome) client.Summary {
		return client.Summary{ID: id, Duration: time.Duration(ms) * time.Millisecond, Method: "GET", URL: url, Service: "web", Outcome: outcome}
	}
	slow := summary("slow", 900, "http://web/orders/17", timeline.Fault)
	running := summary("running", 0, "http://web/orders/1", timeline.OK)
	running.InProgress = true
	post := summary("post", 20, "http://web/orders/17", timeline.OK)
	post.Method = "POST"
	other := summary("other", 20, "http://web/orders/17", timeline.OK)
	other.Service = "admin"
	for _, tt := range []struct {
		name   string
		others []client.Summary
		want   string
		of     int
		by     Likeness
	}{
		{"the median of what went well", []client.Summary{
			slow, running, post, other, summary("a", 10, "http://web/orders/1", timeline.OK), summary("c", 30, "http://web/orders/3?x=1", timeline.OK),
			summary("b", 20, "http://web/orders/2", timeline.OK), summary("faulty", 1, "http://web/orders/2", timeline.Fault),
		}, "b", 3, SameRequest},
		{"the faster of two", []client.Summary{summary("c", 30, "http://web/orders/3", timeline.OK), summary("a", 10, "http://web/orders/1", timeline.OK)}, "a", 2, SameRequest},
		{"none went well", []client.Summary{summary("x", 5, "http://web/orders/2", timeline.Fault), summary("home", 1, "http://web/", timeline.OK)}, "x", 1, SameFailed},
		{"nobody asked for the same", []client.Summary{post, other}, "post", 1, SameService},
		{"nobody", []client.Summary{slow, running, other}, "", 0, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, of, by, ok := Typical(slow, tt.others)
			if got.ID != tt.want || of != tt.of || by != tt.by || ok != (tt.want != "") {
				t.Errorf("%q of %d by %q, %v", got.ID, of, by, ok)
			}
		})
	}
}
