package eval

import (
	"fmt"
	"testing"
	"time"

	"github.com/bragg-tracing/bragg/pkg/segment"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/assembly"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/filter"
)

func parse(t testing.TB, text string) filter.Expr {
	t.Helper()
	e, err := filter.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// shop is a trace of a front end that calls a back end n times.
func shop(n int) *assembly.Trace {
	at := func(seconds float64) *float64 { return &seconds }
	root := &segment.Document{ID: "f", TraceID: "t", Name: "front", StartTime: 0, EndTime: at(float64(n)), Annotations: map[string]any{"plan": "gold"}}
	docs := []*segment.Document{root}
	for i := range n {
		begin := float64(i)
		id := fmt.Sprintf("c%d", i)
		root.Subsegments = append(root.Subsegments, &segment.Document{ID: id, Name: "back", Namespace: "remote", StartTime: begin, EndTime: at(begin + 0.9)})
		docs = append(docs, &segment.Document{ID: "s" + id, TraceID: "t", ParentID: id, Name: "back", StartTime: begin + 0.1, EndTime: at(begin + 0.8), Fault: i == 1})
	}
	return assembly.Assemble("t", docs)
}

// TestMatch holds that MatchesWithin says which request it was, and when that
// came.
func TestMatch(t *testing.T) {
	came := time.UnixMicro(1_790_000_000_000_000)
	v := NewView(shop(3), func(string) time.Time { return came })
	match, ok := v.MatchesWithin(parse(t, `service("back") { fault } AND edge("front", "back")`), 1, 2)
	if !ok || match.Service == nil || match.Service.Document.ID != "sc1" || match.Edge == nil || match.Edge.Document.ID != "c1" {
		t.Fatalf("%v, %+v", ok, match)
	}
	if match.Service.Receipt != came.UnixMicro() {
		t.Errorf("receipt %d", match.Service.Receipt)
	}
	if _, ok := v.MatchesWithin(parse(t, `service("back") { fault }`), 2, 3); ok {
		t.Error("the failed request ended before")
	}
	if _, ok := v.MatchesWithin(filter.Const(true), 10, 20); ok {
		t.Error("no segment ended then")
	}
}

func TestGroupsMatchNothing(t *testing.T) {
	if NewView(shop(1), nil).Matches(parse(t, `group.name = "x"`)) {
		t.Error("a group that was not expanded matches")
	}
}

// TestViewIsKept holds that a second question costs no second projection.
func TestViewIsKept(t *testing.T) {
	v := NewView(shop(1000), nil)
	e := parse(t, `service("back") { throttle } OR rootcause.fault.service { name = "back" }`)
	v.Matches(e)
	if n := testing.AllocsPerRun(10, func() { v.Matches(e) }); n > 50 {
		t.Errorf("%v allocations", n)
	}
	if first := v.Graph(); v.Graph() != first {
		t.Error("two graphs")
	}
}

func BenchmarkMatches(b *testing.B) {
	trace := shop(5)
	for _, text := range []string{`fault AND responsetime > 1`, `annotation.plan = "silver"`, `service("back") { fault } AND annotation.plan = "gold"`, `rootcause.fault.service { name = "back" }`} {
		e := parse(b, text)
		b.Run(text, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				NewView(trace, nil).Matches(e)
			}
		})
	}
}
