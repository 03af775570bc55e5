package layout

import (
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// outlined is how the outlines of the tests are drawn.
var outlined = OutlineOptions{Width: 360, Row: 36, Indent: 14, Mark: 20, Lane: 8, Deepest: 6}

// TestOutline: each node has a row below the one that calls it, leaves first, and an
// edge that is no such step goes by a lane at the right.
func TestOutline(t *testing.T) {
	g := Graph{
		Nodes: []Node{{ID: "orders"}, {ID: "clients", First: true}, {ID: "web"}, {ID: "db"}, {ID: "auth"}},
		Edges: []Edge{{1, 2}, {2, 0}, {0, 3}, {2, 4}, {4, 3}, {0, 0}},
	}
	l := Outline(g, outlined)
	type row struct {
		Row  int
		Left float64
	}
	got := map[string]row{}
	for i, n := range l.Nodes {
		got[g.Nodes[i].ID] = row{n.Row, n.X - l.Width/2}
	}
	// db is reached from auth, whose id comes first; orders has nothing below it.
	want := map[string]row{"clients": {0, 0}, "web": {1, 14}, "orders": {2, 28}, "auth": {3, 28}, "db": {4, 42}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if l.Height != 5*36 || l.Width != 360-2*8 {
		t.Errorf("%v by %v", l.Width, l.Height)
	}
	points := []int{3, 3, 4, 3, 3, 4}
	for i, r := range l.Edges {
		if len(r.Points) != points[i] {
			t.Errorf("edge %d: %v", i, r)
		}
	}
}

// TestOutlineOfAnything: whatever the graph, each node has a row of its own, each edge
// a route within the drawing, and the same graph has the same outline.
func TestOutlineOfAnything(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for seed := range 60 {
		n := 2 + r.IntN(60)
		g := random(r, n, n+r.IntN(2*n))
		l := Outline(g, outlined)
		taken := make([]bool, len(g.Nodes))
		for _, n := range l.Nodes {
			if taken[n.Row] || n.Y != (float64(n.Row)+0.5)*36 {
				t.Fatalf("seed %d: %+v", seed, n)
			}
			taken[n.Row] = true
		}
		for i, r := range l.Edges {
			if len(r.Points) != 3 && len(r.Points) != 4 {
				t.Fatalf("seed %d: edge %d has %v", seed, i, r)
			}
			for _, p := range r.Points {
				if p.X < 0 || p.X > 360 || p.Y < 0 || p.Y > l.Height {
					t.Fatalf("seed %d: edge %d leaves the drawing: %v", seed, i, r)
				}
			}
		}
		if diff := cmp.Diff(l, Outline(g, outlined)); diff != "" {
			t.Fatalf("seed %d: %s", seed, diff)
		}
	}
}
