package servicegraph_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/bragg-tracing/bragg/pkg/segment"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/assembly"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/servicegraph"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const traceID = "1-00000000-000000000000000000000001"

// parse reads documents, one a line: an id, the parent ("-" for none, "/2" for
// an independent subsegment of 2), name, start and end ("-" if in progress), and
// more members as JSON.
func parse(t testing.TB, lines string) []*segment.Document {
	t.Helper()
	var docs []*segment.Document
	for line := range strings.Lines(lines) {
		f := strings.SplitN(strings.TrimSpace(line), " ", 6)
		if len(f) < 5 {
			continue
		}
		doc := fmt.Sprintf(`{"trace_id":%q,"id":"%016s","name":%q,"start_time":%s`, traceID, f[0], f[2], f[3])
		if f[4] == "-" {
			doc += `,"in_progress":true`
		} else {
			doc += `,"end_time":` + f[4]
		}
		if parent, sub := strings.CutPrefix(f[1], "/"); f[1] != "-" {
			doc += fmt.Sprintf(`,"parent_id":"%016s"`, parent)
			if sub {
				doc += `,"type":"subsegment"`
			}
		}
		if len(f) > 5 {
			doc += "," + f[5]
		}
		parsed, err := segment.Parse([]byte(doc + "}"))
		if err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		docs = append(docs, parsed)
	}
	return docs
}

// describe writes a map, one node or edge a line.
func describe(m *servicegraph.Map) string {
	var b strings.Builder
	name := func(i int) string {
		n := m.Nodes[i]
		s := n.Name
		for _, part := range []string{n.Type, n.AccountID, n.Region} {
			if part != "" {
				s += "|" + part
			}
		}
		return s
	}
	stats := func(s servicegraph.Statistics, histograms ...servicegraph.Histogram) {
		fmt.Fprintf(&b, " %d/%d/%d/%d %gms", s.OK, s.Error, s.Throttle, s.Fault, float64(s.Time)/1000)
		for _, h := range histograms {
			b.WriteByte(' ')
			for i, bin := range h.Bins() {
				fmt.Fprintf(&b, "%s%g×%d", strings.Repeat(",", min(i, 1)), bin.Value, bin.Count)
			}
		}
		b.WriteByte('\n')
	}
	for i, n := range m.Nodes {
		fmt.Fprintf(&b, "%s %s", name(i), n.State)
		if n.Root {
			b.WriteString(" root")
		}
		fmt.Fprintf(&b, " [%d,%d)", n.Period.Start, n.Period.End)
		if n.Client() {
			b.WriteByte('\n')
			continue
		}
		stats(n.Served, n.Response, n.Duration)
	}
	for _, e := range m.Edges {
		fmt.Fprintf(&b, "%s -> %s", name(e.From), name(e.To))
		for _, a := range e.Aliases {
			fmt.Fprintf(&b, " as %s|%s", a.Name, a.Type)
		}
		if e.Type == servicegraph.Link {
			b.WriteString(" link")
			stats(e.Calls, e.Response, e.Age)
			continue
		}
		stats(e.Calls, e.Response)
	}
	return b.String()
}

func merge(t testing.TB, w servicegraph.Window, graphs ...*servicegraph.Graph) *servicegraph.Map {
	t.Helper()
	m := servicegraph.NewMerger(w)
	for _, g := range graphs {
		if err := m.AddGraph(g); err != nil {
			t.Fatal(err)
		}
	}
	return m.Map()
}

func of(docs []*segment.Document) *servicegraph.Graph {
	return servicegraph.Of(assembly.Assemble(traceID, docs), nil)
}

func TestGraph(t *testing.T) {
	tests := []struct {
		name, docs, want string
	}{
		{"nothing", "", ""},
		{"one segment has a client",
			"1 - web 10.5 11 \"origin\":\"AWS::EC2::Instance\"", `
web|AWS::EC2::Instance active root [10,11) 1/0/0/0 500ms 0.5×1 0.5×1
web|client unknown [10,11)
web|client -> web|AWS::EC2::Instance 1/0/0/0 500ms 0.5×1
`},
		{"an edge is what the caller saw, under the caller's name", `
1 - web 10 12 "fault":true
2 /1 api.example.com 10 11.5 "namespace":"remote","http":{"response":{"status":200}}
3 2 api 10.25 11.25 "error":true`, `
api active [10,11) 0/1/0/0 1000ms 1×1 1×1
web active root [10,11) 0/0/0/1 2000ms 2×1 2×1
web|client unknown [10,11)
web -> api as api.example.com|remote 1/0/0/0 1500ms 1.5×1
web|client -> web 0/0/0/1 2000ms 2×1
`},
		{"a caller that did not tell saw what the callee did", `
1 - web 10 12
2 /1 work 10 11.5
3 2 api 10.25 11.25 "throttle":true
4 1 mail 11 11.5`, `
api active [10,11) 0/0/1/0 1000ms 1×1 1×1
mail active [10,11) 1/0/0/0 500ms 0.5×1 0.5×1
web active root [10,11) 1/0/0/0 2000ms 2×1 2×1
web|client unknown [10,11)
web -> api 0/0/1/0 1000ms 1×1
web -> mail 1/0/0/0 500ms 0.5×1
web|client -> web 1/0/0/0 2000ms 2×1
`},
		{"inferred nodes, with and without operation", `
1 - web 10 12
2 /1 DynamoDB 10 10.125 "namespace":"aws","aws":{"operation":"GetItem","table_name":"loans","region":"eu-west-1","account_id":"111122223333"}
3 /1 DynamoDB 10.5 10.75 "namespace":"aws","aws":{"table_name":"loans"}
4 /1 mail 11 11.5 "namespace":"remote","http":{"response":{"status":500}},"aws":{"region":"x"}
5 /1 slow 11 - "namespace":"remote"`, `
DynamoDB|AWS::DynamoDB unknown [10,11) 1/0/0/0 250ms 0.25×1 0.25×1
loans|AWS::DynamoDB::Table|111122223333|eu-west-1 unknown [10,11) 1/0/0/0 125ms 0.125×1 0.125×1
mail|remote passive [10,11) 0/0/0/1 500ms 0.5×1 0.5×1
web active root [10,11) 1/0/0/0 2000ms 2×1 2×1
web|client unknown [10,11)
web -> DynamoDB|AWS::DynamoDB 1/0/0/0 250ms 0.25×1
web -> loans|AWS::DynamoDB::Table|111122223333|eu-west-1 1/0/0/0 125ms 0.125×1
web -> mail|remote 0/0/0/1 500ms 0.5×1
web|client -> web 1/0/0/0 2000ms 2×1
`},
		{"a resource that answered for itself is an alias", `
1 - web 10 12
2 /1 Lambda 10 11 "namespace":"aws","aws":{"operation":"Invoke","function_name":"score"}
3 2 score 10 11 "origin":"AWS::Lambda"`, `
score|AWS::Lambda active [10,11) 1/0/0/0 1000ms 1×1 1×1
web active root [10,11) 1/0/0/0 2000ms 2×1 2×1
web|client unknown [10,11)
web -> score|AWS::Lambda as score|AWS::Lambda 1/0/0/0 1000ms 1×1
web|client -> web 1/0/0/0 2000ms 2×1
`},
		{"duration reaches as far as what was led to", `
1 - web 10 11
2 /1 queue 10 10.25 "namespace":"remote"
3 2 worker 10.5 14
4 /3 late 13 16`, `
web active root [10,11) 1/0/0/0 1000ms 1×1 6×1
web|client unknown [10,11)
worker active [10,11) 1/0/0/0 3500ms 3.5×1 5.5×1
web -> worker as queue|remote 1/0/0/0 250ms 0.25×1
web|client -> web 1/0/0/0 1000ms 1×1
`},
		{"in progress is there and does not count", `
1 - web 10 -
2 /1 api 10 - "namespace":"remote"
3 2 api 10 10.5`, `
api active [10,11) 1/0/0/0 500ms 0.5×1 0.5×1
web active root [10,11) 0/0/0/0 0ms  
web|client unknown [10,11)
web -> api as api|remote 0/0/0/0 0ms 
web|client -> web 0/0/0/0 0ms 
`},
		{"without the parent there is no edge and no root", `
3 2 api 10 10.5
4 /9 lost 1 2`, `
api active [10,11) 1/0/0/0 500ms 0.5×1 0.5×1
`},
		{"a service that calls itself, and one call that two segments served", `
1 - web 10 12
2 /1 web 10 11 "namespace":"remote"
3 2 web 10 10.5
4 2 web 10.5 11`, `
web active root [10,11) 3/0/0/0 3000ms 0.5×2,2×1 0.5×2,2×1
web|client unknown [10,11)
web -> web as web|remote 1/0/0/0 1000ms 1×1
web|client -> web 1/0/0/0 2000ms 2×1
`},
		{"each other's parents", `
1 2 a 10 11
2 1 b 10 12`, `
a active [10,11) 1/0/0/0 1000ms 1×1 2×1
b active [10,11) 1/0/0/0 2000ms 2×1 2×1
a -> b 1/0/0/0 2000ms 2×1
b -> a 1/0/0/0 1000ms 1×1
`},
		{"an end before the start", `
1 - web 10 9`, `
web active root [10,11) 1/0/0/0 0ms 0×1 0×1
web|client unknown [10,11)
web|client -> web 1/0/0/0 0ms 0×1
`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			docs := parse(t, tt.docs)
			if diff := cmp.Diff(strings.TrimPrefix(tt.want, "\n"), describe(merge(t, servicegraph.Always, of(docs)))); diff != "" {
				t.Errorf("map (-want +got):\n%s", diff)
			}
			want := of(docs)
			for range 10 {
				rand.Shuffle(len(docs), func(i, j int) { docs[i], docs[j] = docs[j], docs[i] })
				if diff := cmp.Diff(want, of(docs)); diff != "" {
					t.Fatalf("in another order of documents (-want +got):\n%s", diff)
				}
			}
		})
	}
}

// at returns when documents came, given that in microseconds since the epoch.
func at(receipts map[string]int64) func(string) time.Time {
	return func(id string) time.Time {
		if us, ok := receipts[id]; ok {
			return time.UnixMicro(us)
		}
		return time.Time{}
	}
}

func TestLinks(t *testing.T) {
	sender := of(parse(t, `
1 - web 10 12
2 /1 SQS 10.5 10.625 "namespace":"aws","aws":{"operation":"SendMessage","queue_url":"https://q"}
3 /1 SQS 11.5 11.625 "namespace":"aws","aws":{"operation":"SendMessage","queue_url":"https://q"}`))
	link := func(id int) string { return fmt.Sprintf(`{"trace_id":%q,"id":"%016d"}`, traceID, id) }
	worker := of(parse(t, `
4 - worker 13 14 "fault":true,"links":[`+link(2)+`,`+link(3)+`,`+link(9)+`,{"trace_id":"`+traceID+`"}]
5 - worker 15 - "links":[`+link(2)+`]`))
	want := `
https://q|AWS::SQS::Queue unknown [10,14) 2/0/0/0 250ms 0.125×2 0.125×2
web active root [10,11) 1/0/0/0 2000ms 2×1 2×1
web|client unknown [10,11)
worker active root [13,14) 0/0/0/1 1000ms 1×1 1×1
worker|client unknown [13,14)
https://q|AWS::SQS::Queue -> worker link 0/0/0/2 2000ms 1×2 1.5×1,2.5×1
web -> https://q|AWS::SQS::Queue 2/0/0/0 250ms 0.125×2
web|client -> web 1/0/0/0 2000ms 2×1
worker|client -> worker 0/0/0/1 1000ms 1×1
`
	for _, order := range [][]*servicegraph.Graph{{sender, worker}, {worker, sender}} {
		if diff := cmp.Diff(want[1:], describe(merge(t, servicegraph.Always, order...))); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
	if m := merge(t, servicegraph.Always, worker); len(m.Edges) != 1 {
		t.Errorf("without the sender there are %d edges", len(m.Edges))
	}
}

func TestReceipts(t *testing.T) {
	docs := parse(t, `
1 - web 10 12 "subsegments":[{"id":"0000000000000005","name":"x","namespace":"remote","start_time":10,"end_time":11}]
2 /1 api 10 11.5 "namespace":"remote"
3 2 api 10.25 11.25
4 /1 mail 11 11.5 "namespace":"remote"`)
	g := servicegraph.Of(assembly.Assemble(traceID, docs), at(map[string]int64{
		"0000000000000001": 1e6, "0000000000000002": 2e6, "0000000000000003": 3e6, "0000000000000004": 4e6,
	}))
	got := map[string]int64{}
	for _, n := range g.Nodes {
		for _, r := range n.Requests {
			got[n.Name+"|"+n.Type] = r.Receipt / 1e6
		}
	}
	for _, e := range g.Edges {
		for _, r := range e.Requests {
			got[g.Nodes[e.From].Name+" -> "+g.Nodes[e.To].Name] = r.Receipt / 1e6
		}
	}
	want := map[string]int64{"web|": 1, "x|remote": 1, "api|": 3, "mail|remote": 4, "web -> web": 1, "web -> x": 1, "web -> api": 2, "web -> mail": 4}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("receipts (-want +got):\n%s", diff)
	}
	byReceipt := describe(merge(t, servicegraph.Window{By: servicegraph.ByReceipt, From: 3e6, To: 4e6}, g))
	if want := `
api active [10,11) 1/0/0/0 1000ms 1×1 1×1
mail|remote passive [10,11) 1/0/0/0 500ms 0.5×1 0.5×1
web active root [10,11) 0/0/0/0 0ms  
web -> mail|remote 1/0/0/0 500ms 0.5×1
`; byReceipt != want[1:] {
		t.Errorf("by receipt: %s", cmp.Diff(want[1:], byReceipt))
	}
	byDocument := merge(t, servicegraph.Window{By: servicegraph.ByDocument, From: 11.5e6, To: 12e6}, g)
	if got, want := len(byDocument.Nodes), 4; got != want { // web, its client, mail and, by what web saw, api
		t.Errorf("by document: %d nodes, want %d:\n%s", got, want, describe(byDocument))
	}
}
