package index_test

import (
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bragg-tracing/bragg/pkg/segment"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/assembly"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/filter"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/filter/eval"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/servicegraph"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/store/index"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/store/storetest"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/summary"
)

// assembled makes a trace of random documents.
func (g *generator) assembled(t *testing.T, n int) *assembly.Trace {
	t.Helper()
	var docs []*segment.Document
	for _, raw := range g.trace(n) {
		doc, err := segment.Parse([]byte(raw))
		if err != nil {
			t.Fatalf("%s: %v", raw, err)
		}
		docs = append(docs, doc)
	}
	return assembly.Assemble(docs[0].TraceID, docs)
}

// TestFactsAreTheSummary holds that facts say, member by member, what a summary
// that is made of the documents says.
func TestFactsAreTheSummary(t *testing.T) {
	g := &generator{Rand: rand.New(rand.NewPCG(3, 4))}
	causes := 0
	for n := range 400 {
		trace := g.assembled(t, n)
		want := summary.Of(trace)
		got, err := storetest.Facts(t, trace).Summary(trace.ID, trace.Start())
		if err != nil {
			t.Fatal(err)
		}
		causes += min(len(want.FaultRootCauses), len(want.ErrorRootCauses), len(want.ResponseTimeRootCauses))
		if diff := cmp.Diff(storetest.JSON(t, want), storetest.JSON(t, got)); diff != "" {
			t.Fatalf("%s\n(-documents +facts):\n%s", storetest.JSON(t, g.last), diff)
		}
	}
	if causes < 10 {
		t.Errorf("%d traces have root causes of each kind: they are not tested", causes)
	}
}

// TestFactsJudgeCauses holds that root causes are judged by facts as by documents.
func TestFactsJudgeCauses(t *testing.T) {
	g := &generator{Rand: rand.New(rand.NewPCG(5, 6))}
	yes := 0
	for n := range 200 {
		trace := g.assembled(t, n)
		view, known := eval.NewView(trace, nil), &eval.Known{Facts: storetest.Facts(t, trace)}
		for _, text := range []string{
			g.pick(`rootcause.fault.service { name = "auth" }`, `rootcause.error.exception { message CONTAINS "no" }`),
			g.pick(`rootcause.fault.exception { last AND name = "Late" }`, `rootcause.error.entity { remote }`),
			`rootcause.responsetime.entity { coverage ` + g.pick(">", "<=") + ` 0.6 }`,
			`rootcause.json = #[{"Services": [{"Name": "` + g.service() + `", "EntityPath": [{"Name": "` + g.service() + `"}]}]}]`,
		} {
			e, err := filter.Parse(text)
			if err != nil {
				t.Fatal(err)
			}
			want := eval.No
			if view.Matches(e) {
				want, yes = eval.Yes, yes+1
			}
			if got := known.Judge(e); got != want {
				t.Errorf("%s is %v, want %v, of %s", text, got, want, storetest.JSON(t, g.last))
			}
		}
	}
	if yes < 20 {
		t.Errorf("%d match: nothing is tested", yes)
	}
}

// FuzzFacts holds that whatever is stored is read, or refused, without a panic.
func FuzzFacts(f *testing.F) {
	trace := assembly.Assemble("1-00000000-000000000000000000000000", nil)
	entry := index.Of(trace, servicegraph.Of(trace, nil))
	f.Add(index.AppendFacts(nil, trace, &entry))
	doc, err := segment.Parse([]byte(`{"trace_id":"1-00000000-000000000000000000000000","id":"0000000000000001","name":"a","start_time":1,"end_time":3,"fault":true,
		"cause":{"exceptions":[{"id":"1111111111111111","type":"X","message":"m"}]},"annotations":{"k":1,"b":true,"s":"t"},"user":"u",
		"subsegments":[{"id":"0000000000000002","name":"b","start_time":1,"end_time":2.9}]}`))
	if err != nil {
		f.Fatal(err)
	}
	trace = assembly.Assemble(doc.TraceID, []*segment.Document{doc})
	entry = index.Of(trace, servicegraph.Of(trace, nil))
	f.Add(index.AppendFacts(nil, trace, &entry))
	f.Fuzz(func(t *testing.T, b []byte) {
		facts, err := index.ReadFacts(b)
		if err != nil || !facts.Whole() {
			return
		}
		_, _ = facts.Summary("", 0) // an error, or not
		for kind, way := range facts.Ways() {
			_, _, _ = index.DecodeWay(kind, way)
		}
	})
}
