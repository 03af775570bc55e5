package servicegraph_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bragg-tracing/bragg/pkg/segment"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/assembly"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/servicegraph"
)

// generate makes the documents of a random trace: a tree of services that call
// each other, tables and remote hosts.
func generate(r *rand.Rand, services int) []*segment.Document {
	var docs []*segment.Document
	id := 0
	next := func() string { id++; return fmt.Sprintf("%016x", id) }
	flag := func(d *segment.Document) {
		d.Error, d.Fault, d.Throttle = r.IntN(8) == 0, r.IntN(8) == 0, r.IntN(16) == 0
	}
	var serve func(service int, parent string, start, end float64)
	serve = func(service int, parent string, start, end float64) {
		seg := &segment.Document{ID: next(), TraceID: traceID, ParentID: parent, Name: fmt.Sprint("service", service), StartTime: start, EndTime: &end}
		flag(seg)
		if r.IntN(20) == 0 {
			seg.EndTime = nil
		}
		docs = append(docs, seg)
		for i := range r.IntN(4) {
			from := start + (end-start)*float64(i)/4
			to := from + (end-start)/5
			call := &segment.Document{ID: next(), TraceID: traceID, ParentID: seg.ID, Type: segment.TypeSubsegment, Name: "call", StartTime: from, EndTime: &to}
			flag(call)
			switch callee := service + 1 + r.IntN(services); {
			case callee < services:
				call.Name, call.Namespace = fmt.Sprint("host", callee), segment.NamespaceRemote
				serve(callee, call.ID, from, to)
			case r.IntN(2) == 0:
				call.Name, call.Namespace = "DynamoDB", segment.NamespaceAWS
				call.AWS = map[string]any{"operation": "Query", "table_name": fmt.Sprint("table", r.IntN(3))}
			case r.IntN(2) == 0:
				call.Name, call.Namespace = "example.com", segment.NamespaceRemote
			}
			docs = append(docs, call)
		}
	}
	start := 1.79e9 + 3600*r.Float64()
	serve(0, "", start, start+r.ExpFloat64()/5)
	return docs
}

func TestMapsHoldTheirInvariants(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	var graphs []*servicegraph.Graph
	var requests int64
	for range 100 {
		docs := generate(r, 8)
		g := of(docs)
		r.Shuffle(len(docs), func(i, j int) { docs[i], docs[j] = docs[j], docs[i] })
		if diff := cmp.Diff(g, of(docs)); diff != "" {
			t.Fatalf("in another order of documents (-want +got):\n%s", diff)
		}
		for _, seg := range assembly.Assemble(traceID, docs).Segments {
			if seg.EndTime != nil {
				requests++
			}
		}
		graphs = append(graphs, g)
	}
	m := merge(t, servicegraph.Always, graphs...)
	check(t, m)
	var served int64
	for _, n := range m.Nodes {
		served += n.Served.Total()
	}
	if served != requests {
		t.Errorf("the nodes served %d requests, and there are %d completed segments", served, requests)
	}
	r.Shuffle(len(graphs), func(i, j int) { graphs[i], graphs[j] = graphs[j], graphs[i] })
	if diff := cmp.Diff(describe(m), describe(merge(t, servicegraph.Always, graphs...))); diff != "" {
		t.Errorf("in another order of traces (-want +got):\n%s", diff)
	}
	if !strings.Contains(describe(m), "service7") || len(m.Edges) < 20 {
		t.Errorf("the traces reach too little to tell:\n%s", describe(m))
	}
}

// TestWindowsAddUp holds that adjacent windows divide the requests among them.
func TestWindowsAddUp(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	whole := servicegraph.NewMerger(servicegraph.Always)
	var parts []*servicegraph.Merger
	for minute := range int64(70) {
		from := (1.79e9 + 60*minute) * 1e6
		parts = append(parts, servicegraph.NewMerger(servicegraph.Window{By: servicegraph.ByDocument, From: int64(from), To: int64(from) + 60e6 - 1}))
	}
	for range 60 {
		g := of(generate(r, 4))
		for _, m := range append(parts, whole) {
			if err := m.AddGraph(g); err != nil {
				t.Fatal(err)
			}
		}
	}
	total := func(m *servicegraph.Map) (s servicegraph.Statistics) {
		check(t, m)
		for _, e := range m.Edges {
			s.OK, s.Error, s.Throttle, s.Fault, s.Time = s.OK+e.Calls.OK, s.Error+e.Calls.Error, s.Throttle+e.Calls.Throttle, s.Fault+e.Calls.Fault, s.Time+e.Calls.Time
		}
		return s
	}
	var sum servicegraph.Statistics
	for _, m := range parts {
		s := total(m.Map())
		sum.OK, sum.Error, sum.Throttle, sum.Fault, sum.Time = sum.OK+s.OK, sum.Error+s.Error, sum.Throttle+s.Throttle, sum.Fault+s.Fault, sum.Time+s.Time
	}
	if want := total(whole.Map()); sum != want || want.Total() == 0 {
		t.Errorf("the parts have %+v, the whole %+v", sum, want)
	}
}

func TestAddDoesNotAllocate(t *testing.T) {
	g := shopGraph(t)
	shape, values := g.AppendShape(nil), g.AppendValues(nil)
	m := servicegraph.NewMerger(servicegraph.Always)
	if n := testing.AllocsPerRun(1000, func() {
		if err := m.Add(shape, values); err != nil {
			t.Fatal(err)
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// BenchmarkMerge adds 50,000 traces up: of a system that has a few hundred ways
// through it, and of one in which nearly every trace goes its own.
func BenchmarkMerge(b *testing.B) {
	for _, tt := range []struct {
		name     string
		distinct int
	}{{"ways=300", 300}, {"ways=50000", 50_000}} {
		b.Run(tt.name, func(b *testing.B) {
			const traces = 50_000
			r := rand.New(rand.NewPCG(7, 8))
			var shapes, encoded [][]byte
			var nodes, bytes float64
			for len(shapes) < tt.distinct {
				if g := of(generate(r, 12)); len(g.Nodes) > 4 {
					shapes, encoded = append(shapes, g.AppendShape(nil)), append(encoded, g.AppendValues(nil))
					nodes += float64(len(g.Nodes))
					bytes += float64(len(encoded[len(encoded)-1]))
				}
			}
			for b.Loop() {
				m := servicegraph.NewMerger(servicegraph.Window{By: servicegraph.ByDocument, From: 0, To: 1 << 62})
				for i := range traces {
					if err := m.Add(shapes[i%tt.distinct], encoded[i%tt.distinct]); err != nil {
						b.Fatal(err)
					}
				}
				check(b, m.Map())
			}
			b.ReportMetric(nodes/float64(tt.distinct), "nodes/trace")
			b.ReportMetric(bytes/float64(tt.distinct), "values-B/trace")
		})
	}
}

func BenchmarkOf(b *testing.B) {
	docs := generate(rand.New(rand.NewPCG(9, 10)), 8)
	trace := assembly.Assemble(traceID, docs)
	b.ReportMetric(float64(len(docs)), "docs")
	b.ReportAllocs()
	for b.Loop() {
		servicegraph.Of(trace, nil)
	}
}
