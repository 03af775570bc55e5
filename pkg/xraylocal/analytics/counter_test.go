package analytics_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bragg-tracing/bragg/pkg/segment"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/analytics"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/assembly"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/filter"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/filter/eval"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/store/index"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/store/storetest"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/summary"
)

// randomTrace makes a trace of a few services, of which anything may be missing,
// strange or in progress.
func randomTrace(t *testing.T, r *rand.Rand, n int) *assembly.Trace {
	t.Helper()
	pick := func(of ...string) string { return of[r.IntN(len(of))] }
	maybe := func(p float64, text string) string {
		if r.Float64() < p {
			return text
		}
		return ""
	}
	id := fmt.Sprintf("1-%08x-%024x", n, n)
	var docs []*segment.Document
	parent := ""
	for i := range 1 + r.IntN(3) {
		members := func() string {
			return maybe(0.3, `"fault":true,`) + maybe(0.2, `"error":true,`) + maybe(0.1, `"throttle":true,`) +
				maybe(0.4, fmt.Sprintf(`"user":%q,`, pick("al\\ice", "bob \"q\"", "29"))) +
				maybe(0.6, fmt.Sprintf(`"annotations":{%q:%s,"n":%s},`, pick("plan", "a.b"), pick(`"gold"`, `true`, `"true"`, `"29"`, `""`), pick("0", "-0", "29", "1e21", "1.5"))) +
				maybe(0.3, fmt.Sprintf(`"cause":{"exceptions":[{"id":"%016x","type":%q,"message":"m%d"}]},`, r.IntN(1000), pick("Late", "", "Bad \"x\""), n)) +
				maybe(0.6, fmt.Sprintf(`"http":{"request":{"method":%q,"url":%q},"response":{"status":%s}},`, pick("GET", "POST"),
					pick("http://a/", "http://a/x", "http://a/x?q=1", "http://a/x#f", "http://a/x?q=1#f", ""), pick("200", "404", "429", "503", "0")))
		}
		times := func() string {
			if r.Float64() < 0.1 {
				return `"start_time":100,"in_progress":true`
			}
			return fmt.Sprintf(`"start_time":%d,"end_time":%g`, 100+i, 100+float64(i)+[]float64{0, 0.25, 1, 30, 400}[r.IntN(5)])
		}
		raw := fmt.Sprintf(`{"trace_id":%q,"id":"%016x","name":%q,%s%s%s%s,"subsegments":[{"id":"%016x","name":%q,%s"namespace":%q,%s}]}`,
			id, 10*i+1, pick("web", "cart", "stock"), parent, maybe(0.3, `"origin":"AWS::Lambda::Function",`), members(), times(),
			10*i+2, pick("cart", "stock", "DynamoDB"), members(), pick("aws", "remote", ""), times())
		raw = strings.ReplaceAll(raw, `"namespace":"",`, "")
		doc, err := segment.Parse([]byte(raw))
		if err != nil {
			t.Fatalf("%s: %v", raw, err)
		}
		docs = append(docs, doc)
		parent = fmt.Sprintf(`"parent_id":"%016x",`, 10*i+1+r.IntN(2))
	}
	return assembly.Assemble(id, docs)
}

// TestCounterCountsWhatFiltersFind holds that each value is counted as often as its
// filter matches, and that counts, filters and bins are those of Compare, which
// reads summaries.
func TestCounterCountsWhatFiltersFind(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	var counter analytics.Counter
	const n = 120
	var views []*eval.View
	var set []analytics.Trace
	for n := range n {
		trace := randomTrace(t, r, n)
		if err := counter.Add(storetest.Facts(t, trace)); err != nil {
			t.Fatal(err)
		}
		views = append(views, eval.NewView(trace, nil))
		set = append(set, analytics.Of(summary.Of(trace).AWS()))
	}
	rows := 0
	var got []analytics.Table
	for _, table := range counter.Tables() {
		for i := range table.Rows {
			row := &table.Rows[i]
			row.Filter = counter.Filter(*row)
			e, err := filter.Parse(row.Filter)
			if err != nil || row.Filter == "" {
				t.Fatalf("%s %s: %q: %v", row.Dimension, row.Value, row.Filter, err)
			}
			found := 0
			for _, view := range views {
				if view.Matches(e) {
					found++
				}
			}
			if found != row.A {
				t.Errorf("%s %s is counted %d times; %s finds %d", row.Dimension, row.Value, row.A, row.Filter, found)
			}
			rows++
		}
		got = append(got, table)
	}
	if rows < 50 || counter.Traces != n {
		t.Errorf("%d values of %d traces: little is tested", rows, counter.Traces)
	}
	report := analytics.Compare(set, nil, analytics.Options{})
	for i := range report.Tables { // without those that have no value
		for k, row := range report.Tables[i].Rows {
			if row.Filter != "" && strings.HasPrefix(row.Filter, "!") || row.Filter == "" {
				report.Tables[i].Rows = append(report.Tables[i].Rows[:k], report.Tables[i].Rows[k+1:]...)
				break
			}
		}
	}
	if diff := cmp.Diff(storetest.JSON(t, report.Tables), storetest.JSON(t, got)); diff != "" {
		t.Errorf("tables (-of summaries +of facts):\n%s", diff)
	}
	if diff := cmp.Diff(analytics.Histograms(set, nil, 40).A, counter.Histogram(40).A); diff != "" {
		t.Errorf("bins (-of summaries +of facts):\n%s", diff)
	}
	for _, outcome := range []string{"ok", "error", "fault", "throttle"} {
		n := 0
		for _, trace := range set {
			if trace.Outcome == outcome {
				n++
			}
		}
		if n != counter.Outcomes[outcome] || n == 0 {
			t.Errorf("%s: %d, want %d", outcome, counter.Outcomes[outcome], n)
		}
	}
}

// TestCounterIsBounded holds that a counter of ever new values keeps no more than
// it says, and counts those that it keeps to the end.
func TestCounterIsBounded(t *testing.T) {
	c := analytics.Counter{Most: 500}
	trace := func(n int) *index.Facts {
		doc, err := segment.Parse(fmt.Appendf(nil, `{"trace_id":"1-00000000-%024x","id":"%016x","name":"web","start_time":1,"end_time":2,"user":"user-%d"}`, n, n+1, n))
		if err != nil {
			t.Fatal(err)
		}
		return storetest.Facts(t, assembly.Assemble(doc.TraceID, []*segment.Document{doc}))
	}
	const more = 50
	for n := range c.Most + more {
		if err := c.Add(trace(n)); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.Add(trace(3)); err != nil {
		t.Fatal(err)
	}
	for _, table := range c.Tables() {
		switch table.Dimension {
		case analytics.User:
			if first := table.Rows[0]; len(table.Rows) >= c.Most || first.A != 2 || first.Value != "user-3" {
				t.Errorf("%d users, first %+v", len(table.Rows), first)
			}
		case analytics.Service:
			if n := table.Rows[0].A; n != c.Most+more+1 {
				t.Errorf("the service is counted %d times", n)
			}
		}
	}
	if c.Uncounted < more {
		t.Errorf("%d values uncounted, want %d or a few more", c.Uncounted, more)
	}
}
