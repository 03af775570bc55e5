package servicegraph_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/bragg-tracing/bragg/pkg/xraylocal/assembly"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/servicegraph"
)

const shop = `
1 - web 10 12.000001 "http":{"response":{"status":503}}
2 /1 api.example.com 9.9 11.5 "namespace":"remote"
3 2 api 10.25 11.25 "error":true,"origin":"AWS::ECS::Container"
4 /3 DynamoDB 10.5 10.75 "namespace":"aws","aws":{"operation":"GetItem","table_name":"loans","region":"eu-west-1"}
5 /3 DynamoDB 10.75 11 "namespace":"aws","aws":{"operation":"GetItem","table_name":"loans","region":"eu-west-1"}
6 /3 mail 11 - "namespace":"remote"
8 /3 SQS 11 11.25 "namespace":"aws"
7 1 worker 13 - "links":[{"trace_id":"1-00000000-000000000000000000000009","id":"00000000000000ff"}]`

func shopGraph(t testing.TB) *servicegraph.Graph {
	return servicegraph.Of(assembly.Assemble(traceID, parse(t, shop)), at(map[string]int64{
		"0000000000000001": 2e15, "0000000000000003": 2e15 + 7, "0000000000000004": 2e15 - 7, "0000000000000007": 0,
	}))
}

func TestDecodeGivesBackWhatWasEncoded(t *testing.T) {
	want := shopGraph(t)
	got, err := servicegraph.Decode(want.AppendShape(nil), want.AppendValues(nil))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(servicegraph.Request{}, "Document")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestShapeDoesNotDependOnValues(t *testing.T) {
	a := of(parse(t, "1 - web 10 12\n2 /1 mail 10 11 \"namespace\":\"remote\""))
	b := of(parse(t, "8 - web 20 25 \"fault\":true\n9 /8 mail 21 22 \"namespace\":\"remote\"\n7 /8 mail 23 24 \"namespace\":\"remote\""))
	if diff := cmp.Diff(a.AppendShape(nil), b.AppendShape(nil)); diff != "" {
		t.Error(diff)
	}
}

func TestDecodeRefuses(t *testing.T) {
	g := shopGraph(t)
	shape, values := g.AppendShape(nil), g.AppendValues(nil)
	for name, pair := range map[string][2][]byte{
		"no shape":                {nil, values},
		"no values":               {shape, nil},
		"another version":         {append([]byte{9}, shape[1:]...), values},
		"another values' version": {shape, append([]byte{9}, values[1:]...)},
		"cut shape":               {shape[:len(shape)-1], values},
		"cut values":              {shape, values[:len(values)-1]},
		"more shape":              {append(shape[:len(shape):len(shape)], 0), values},
		"more values":             {shape, append(values[:len(values):len(values)], 0)},
		"an edge to nowhere":      {[]byte{1, 0, 1, 0, 0, 0, 0}, values},
	} {
		if _, err := servicegraph.Decode(pair[0], pair[1]); !errors.Is(err, servicegraph.ErrEncoding) {
			t.Errorf("%s: Decode returned %v", name, err)
		}
		if err := servicegraph.NewMerger(servicegraph.Always).Add(pair[0], pair[1]); !errors.Is(err, servicegraph.ErrEncoding) {
			t.Errorf("%s: Add returned %v", name, err)
		}
	}
}

func FuzzDecode(f *testing.F) {
	g := shopGraph(f)
	f.Add(g.AppendShape(nil), g.AppendValues(nil))
	f.Add([]byte{1, 0, 0}, []byte{1, 0, 0})
	f.Fuzz(func(t *testing.T, shape, values []byte) {
		m := servicegraph.NewMerger(servicegraph.Always)
		added := m.Add(shape, values)
		g, err := servicegraph.Decode(shape, values)
		if (added == nil) != (err == nil) {
			t.Fatalf("Decode: %v, Add: %v", err, added)
		}
		if err != nil {
			return
		}
		again, err := servicegraph.Decode(g.AppendShape(nil), g.AppendValues(nil))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(g, again); diff != "" {
			t.Fatal(diff)
		}
		check(t, m.Map())
	})
}

// check holds what is true of every map.
func check(t testing.TB, m *servicegraph.Map) {
	t.Helper()
	sum := func(h servicegraph.Histogram) (n int64) {
		for _, bin := range h.Bins() {
			n += bin.Count
		}
		return n
	}
	for _, n := range m.Nodes {
		if sum(n.Response) != n.Served.Total() || sum(n.Duration) != n.Served.Total() {
			t.Errorf("node %v: %d requests, histograms of %d and %d", n.Service, n.Served.Total(), sum(n.Response), sum(n.Duration))
		}
	}
	for _, e := range m.Edges {
		if sum(e.Response) != e.Calls.Total() {
			t.Errorf("edge %d->%d: %d requests, histogram of %d", e.From, e.To, e.Calls.Total(), sum(e.Response))
		}
		if e.From < 0 || e.From >= len(m.Nodes) || e.To < 0 || e.To >= len(m.Nodes) {
			t.Errorf("edge %d->%d of %d nodes", e.From, e.To, len(m.Nodes))
		}
	}
}
