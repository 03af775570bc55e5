package servicemap_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"flag"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/xray/types"
	"github.com/google/go-cmp/cmp"

	"github.com/bragg-tracing/bragg/pkg/xraylocal/filter"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/servicemap"
)

var update = flag.Bool("update", false, "write the golden files")

// edge makes an edge whose requests took the given milliseconds, faults of them
// failed.
func edge(to int32, faults int64, ms ...float64) types.Edge {
	e := types.Edge{ReferenceId: &to}
	var sum float64
	for _, v := range ms {
		sum += v / 1000
		e.ResponseTimeHistogram = append(e.ResponseTimeHistogram, types.HistogramEntry{Value: v / 1000, Count: 1})
	}
	n := int64(len(ms))
	e.SummaryStatistics = &types.EdgeStatistics{
		OkCount: aws.Int64(n - faults), TotalCount: &n, TotalResponseTime: &sum,
		ErrorStatistics: &types.ErrorStatistics{ThrottleCount: aws.Int64(0), OtherCount: aws.Int64(0), TotalCount: aws.Int64(0)},
		FaultStatistics: &types.FaultStatistics{OtherCount: &faults, TotalCount: &faults},
	}
	return e
}

// service makes a node that served as in an edge; a client if there is nothing.
func service(id int32, name, typ, state string, served *types.Edge, edges ...types.Edge) types.Service {
	s := types.Service{ReferenceId: &id, Name: &name, Names: []string{name}, State: &state, Edges: edges}
	if typ != "" {
		s.Type = &typ
	}
	if served != nil {
		st := served.SummaryStatistics
		s.SummaryStatistics = &types.ServiceStatistics{OkCount: st.OkCount, TotalCount: st.TotalCount, TotalResponseTime: st.TotalResponseTime,
			ErrorStatistics: st.ErrorStatistics, FaultStatistics: st.FaultStatistics}
		s.ResponseTimeHistogram = served.ResponseTimeHistogram
	}
	return s
}

// shop is a small system: a client, two services, a queue whose messages lead to
// a function, a table, and a service that calls itself and back.
func shop() *servicemap.Map {
	fine, failing := edge(0, 0, 10, 20, 30, 40), edge(0, 2, 100, 200, 300)
	link := edge(4, 0, 5)
	link.EdgeType = aws.String("link")
	aliased := edge(2, 2, 100, 250, 300)
	aliased.Aliases = []types.Alias{{Name: aws.String("api.example.com")}, {Name: aws.String("api")}}
	return servicemap.New([]types.Service{
		service(1, "web", "AWS::ECS::Container", "active", &fine, aliased, edge(3, 0, 2)),
		service(0, "web", "client", "unknown", nil, edge(1, 0, 10, 20, 30, 40)),
		service(2, "api", "", "active", &failing, edge(2, 0, 1), edge(5, 0, 7, 7), edge(1, 0, 3)),
		service(3, "https://sqs.eu-central-1.amazonaws.com/000000000000/orders", "AWS::SQS::Queue", "unknown", &fine, link),
		service(4, "worker", "AWS::Lambda::Function", "active", nil),
		service(5, `<b>"loans" & co</b>`, "AWS::DynamoDB::Table", "unknown", &fine),
	}, time.Minute)
}

func golden(t *testing.T, file string, got []byte) {
	t.Helper()
	name := filepath.Join("testdata", file)
	if *update {
		if err := os.WriteFile(name, got, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s (-want +got):\n%s", file, diff)
	}
}

func TestFigures(t *testing.T) {
	m := shop()
	web, client, api := &m.Nodes[0], &m.Nodes[1], &m.Nodes[2]
	if web.Kind != servicemap.Service || web.Total != 4 || web.P50 != 0.02 || web.P99 != 0.04 || web.Traffic() != "4/min" || web.Latency() != "25.0 ms" || web.Trouble() != "" {
		t.Errorf("web: %+v", web)
	}
	if client.Kind != servicemap.Client || client.Total != 4 || client.Mean != 0.025 {
		t.Errorf("client: %+v", client)
	}
	if api.Trouble() != "67% fault" || api.Outcome() != "fault" {
		t.Errorf("api: %+v, %s", api, api.Trouble())
	}
	if e := m.Edges[0]; e.From != 0 || e.To != 2 || len(e.Aliases) != 1 || e.Filter != `edge(id(name: "web", type: "AWS::ECS::Container"), "api")` {
		t.Errorf("edge: %+v", e)
	}
	for i := range m.Nodes {
		if _, err := filter.Parse(m.Nodes[i].Filter); err != nil {
			t.Errorf("%s: %v", m.Nodes[i].Filter, err)
		}
	}
	if graph := servicemap.New([]types.Service{service(0, "a", "", "active", &types.Edge{SummaryStatistics: edge(0, 0, 1).SummaryStatistics})}, 0); graph.Nodes[0].Traffic() != "1 request" {
		t.Errorf("without a range: %s", graph.Nodes[0].Traffic())
	}
}

func TestTraffic(t *testing.T) {
	for want, f := range map[string]servicemap.Figures{
		"none yet": {}, "2 requests": {Total: 2}, "1.5/h": {Total: 1, Rate: 1.5 / 3600}, "2/min": {Total: 9, Rate: 1.0 / 30},
		"1/s": {Total: 9, Rate: 1}, "12.3/s": {Total: 9, Rate: 12.34}, "123/s": {Total: 9, Rate: 123.4}, "1234/s": {Total: 9, Rate: 1234}, "12.3k/s": {Total: 9, Rate: 12345},
	} {
		if got := f.Traffic(); got != want {
			t.Errorf("%+v: %q, want %q", f, got, want)
		}
	}
	f := servicemap.Figures{Total: 10_000, Fault: 1, Error: 9950, Throttle: 49}
	if got := f.Trouble(); got != "<0.1% fault, 0.49% throttle, 99% error" || f.Outcome() != "error" {
		t.Errorf("%s, %s", got, f.Outcome())
	}
}

func TestDrawings(t *testing.T) {
	m := shop()
	var mermaid, svg bytes.Buffer
	if err := errors.Join(m.WriteMermaid(&mermaid), m.WriteSVG(&svg)); err != nil {
		t.Fatal(err)
	}
	golden(t, "shop.mmd", mermaid.Bytes())
	golden(t, "shop.svg", svg.Bytes())
	// The drawing is well formed, and shows names as text.
	text := ""
	for d := xml.NewDecoder(bytes.NewReader(svg.Bytes())); ; {
		token, err := d.Token()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		switch token := token.(type) {
		case xml.CharData:
			text += string(token)
		case xml.StartElement:
			if token.Name.Local == "b" || token.Name.Local == "script" {
				t.Errorf("a name became the element %s", token.Name.Local)
			}
		}
	}
	if !strings.Contains(text, `<b>"loans" & co</b>`) {
		t.Error("a name is not shown as it is")
	}
	if empty := servicemap.New(nil, time.Hour); errors.Join(empty.WriteSVG(io.Discard), empty.WriteMermaid(io.Discard)) != nil {
		t.Error("an empty map cannot be drawn")
	}
}

func TestAround(t *testing.T) {
	m := shop()
	names := func(m *servicemap.Map) string {
		var all []string
		for _, n := range m.Nodes {
			all = append(all, n.Name)
		}
		for _, e := range m.Edges {
			all = append(all, fmt.Sprintf("%d>%d", e.From, e.To))
		}
		return strings.Join(all, " ")
	}
	table := `<b>"loans" & co</b>`
	for _, tt := range []struct {
		id   string
		hops int
		want string
	}{
		{"web|client|", 0, "web"},
		{"web|client|", 1, "web web 1>0"},
		{table + "|AWS::DynamoDB::Table|", 1, "api " + table + " 0>0 0>1"},
		{"worker|AWS::Lambda::Function|", 2, "web https://sqs.eu-central-1.amazonaws.com/000000000000/orders worker 0>1 1>2"},
		{"api||", 9, names(m)},
		{"nobody", 3, ""},
	} {
		if got := names(m.Around(tt.hops, tt.id)); got != tt.want {
			t.Errorf("around %s, %d hops: %s, want %s", tt.id, tt.hops, got, tt.want)
		}
	}
}

// TestTrafficMovesNothing holds that a map stands still while requests arrive.
func TestTrafficMovesNothing(t *testing.T) {
	m := shop()
	before := m.Layout()
	for i := range m.Nodes {
		m.Nodes[i].Total *= int64(100 * (i + 1))
	}
	if diff := cmp.Diff(before.Nodes, m.Layout().Nodes); diff != "" {
		t.Error(diff)
	}
}

// TestManyNodes holds that a large map is drawn as rows that do not overlap.
func TestManyNodes(t *testing.T) {
	served := edge(0, 0, 10)
	var services []types.Service
	for i := range int32(200) {
		var calls []types.Edge
		for _, to := range []int32{2*i + 1, 2*i + 2, i + 7} {
			if to < 200 {
				calls = append(calls, edge(to, 0, 10))
			}
		}
		services = append(services, service(i, fmt.Sprintf("service-%03d", i), "", "active", &served, calls...))
	}
	m := servicemap.New(services, time.Minute)
	if !m.Dense() {
		t.Fatal("200 nodes are not many")
	}
	l := m.Layout()
	width, height := l.BoxWidth, l.BoxHeight
	for i, a := range l.Nodes {
		for _, b := range l.Nodes[:i] {
			if math.Abs(a.X-b.X) < width && math.Abs(a.Y-b.Y) < height {
				t.Fatalf("%+v and %+v overlap", a, b)
			}
		}
	}
	var b bytes.Buffer
	if err := m.WriteSVG(&b); err != nil || !strings.Contains(b.String(), ">service-199</text>") {
		t.Errorf("SVG: %v", err)
	}
}

func TestLabel(t *testing.T) {
	for name, want := range map[string]string{
		"https://sqs.eu-central-1.amazonaws.com/000000000000/orders": "orders",
		"arn:aws:sns:eu-central-1:000000000000:news":                 "news",
		"http://host/": "http://host/",
	} {
		n := servicemap.Node{Name: name, Kind: servicemap.Queue}
		if got := n.Label(); got != want {
			t.Errorf("%s: %s", name, got)
		}
	}
}

// TestSpread holds that bins count what a filter with their limits finds: limits
// are halfway between the milliseconds that response times are rounded to.
func TestSpread(t *testing.T) {
	tests := []struct {
		name string
		ms   []float64
	}{
		{"one", []float64{20}},
		{"none took a millisecond", []float64{0}},
		{"near", []float64{20, 21, 22, 40}},
		{"far", []float64{0, 1, 2, 30, 31, 900, 5000}},
		{"far, and not from 0", []float64{3, 4, 450, 9000}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var f servicemap.Figures
			for _, ms := range tt.ms {
				f.Histogram = append(f.Histogram, servicemap.Bin{Seconds: ms / 1000, Count: 2})
			}
			s := f.Spread(40)
			if len(s.Edges) != len(s.Counts)+1 || len(s.Counts) > 40 {
				t.Fatalf("%d limits of %d bins", len(s.Edges), len(s.Counts))
			}
			for i, n := range s.Counts {
				if s.Edges[i] >= s.Edges[i+1] {
					t.Errorf("limits %v and %v", s.Edges[i], s.Edges[i+1])
				}
				for _, ms := range tt.ms {
					// As much as is rounded to it.
					for _, seconds := range []float64{max(ms-0.4999, 0) / 1000, (ms + 0.4999) / 1000} {
						if seconds >= s.Edges[i] && seconds < s.Edges[i+1] {
							n--
						}
					}
				}
				if n != 0 {
					t.Errorf("bin %d from %v to %v counts %d too many", i, s.Edges[i], s.Edges[i+1], n)
				}
			}
		})
	}
}
