package servicegraph_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bragg-tracing/bragg/pkg/xraylocal/servicegraph"
)

func TestSeries(t *testing.T) {
	graphs := []*servicegraph.Graph{
		of(parse(t, `
1 - web 50 59.999999 "fault":true
2 /1 api 51 52 "namespace":"remote"`)),
		of(parse(t, `
1 - web 59 60
2 /1 api 59 59.5 "namespace":"remote","error":true`)),
		of(parse(t, `
1 - web 300 300.25
3 1 web 130 -`)),
		of(parse(t, "1 - other 400 1000")),
	}
	name := func(want string) func(servicegraph.Service) bool {
		return func(s servicegraph.Service) bool { return s.Name+"|"+s.Type == want }
	}
	tests := []struct {
		name     string
		selector servicegraph.Selector
		period   int64
		window   servicegraph.Window
		want     string // "end ok/error/throttle/fault microseconds", newest first
	}{
		{"what clients saw", servicegraph.Selector{}, 60, servicegraph.Always,
			"1020 1/0/0/0 600000000, 360 1/0/0/0 250000, 120 1/0/0/0 1000000, 60 0/0/0/1 9999999"},
		{"a service", servicegraph.Selector{Node: name("web|")}, 300, servicegraph.Always,
			"1200 0/0/0/0 0, 600 1/0/0/0 250000, 300 1/0/0/1 10999999"},
		{"an inferred service", servicegraph.Selector{Node: name("api|remote")}, 300, servicegraph.Always,
			"1200 0/0/0/0 0, 600 0/0/0/0 0, 300 1/1/0/0 1500000"},
		{"a client", servicegraph.Selector{Node: name("web|client")}, 60, servicegraph.Window{By: servicegraph.ByDocument, From: 60e6, To: 61e6},
			"120 1/0/0/0 1000000"},
		{"an edge", servicegraph.Selector{From: name("web|"), To: name("api|remote")}, 60, servicegraph.Always,
			"1020 0/0/0/0 0, 360 0/0/0/0 0, 120 0/0/0/0 0, 60 1/1/0/0 1500000"},
		{"an edge that is not there", servicegraph.Selector{From: name("api|remote"), To: name("web|")}, 300, servicegraph.Always,
			"1200 0/0/0/0 0, 600 0/0/0/0 0, 300 0/0/0/0 0"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := servicegraph.NewSeries(tt.window, tt.period, tt.selector)
			for _, g := range graphs {
				if err := s.Add(g.AppendShape(nil), g.AppendValues(nil)); err != nil {
					t.Fatal(err)
				}
			}
			var got []string
			for _, b := range s.Buckets() {
				r := b.Requests
				got = append(got, fmt.Sprintf("%d %d/%d/%d/%d %d", b.End, r.OK, r.Error, r.Throttle, r.Fault, r.Time))
				if b.Response.Count() != r.Total() {
					t.Errorf("%d requests, histogram of %d", r.Total(), b.Response.Count())
				}
			}
			if diff := cmp.Diff(tt.want, strings.Join(got, ", ")); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestSeriesAddsUpToTheMap holds that a service's periods are together what the
// map says of it.
func TestSeriesAddsUpToTheMap(t *testing.T) {
	r := rand.New(rand.NewPCG(11, 12))
	m := servicegraph.NewMerger(servicegraph.Always)
	s := servicegraph.NewSeries(servicegraph.Always, 60, servicegraph.Selector{Node: func(s servicegraph.Service) bool { return s.Name == "service1" }})
	for range 300 {
		g := of(generate(r, 4))
		shape, values := g.AppendShape(nil), g.AppendValues(nil)
		if err := m.Add(shape, values); err != nil {
			t.Fatal(err)
		}
		if err := s.Add(shape, values); err != nil {
			t.Fatal(err)
		}
	}
	var sum int64
	for _, b := range s.Buckets() {
		sum += b.Requests.Total()
	}
	for _, n := range m.Map().Nodes {
		if n.Name == "service1" {
			if sum == 0 || sum != n.Served.Total() {
				t.Errorf("the series has %d requests, the map %d", sum, n.Served.Total())
			}
			return
		}
	}
	t.Error("no service1")
}
