package layout

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var options = Options{ColumnGap: 80, RowGap: 24}

// build makes a graph of "a>b" edges; nodes are in the order of their names, and
// those named "client" are first.
func build(edges ...string) Graph {
	names := map[string]bool{}
	for _, e := range edges {
		names[e[:1]] = true
		if len(e) > 1 {
			names[e[2:]] = true
		}
	}
	var g Graph
	index := map[string]int{}
	for name := range names {
		g.Nodes = append(g.Nodes, Node{ID: name})
	}
	slices.SortFunc(g.Nodes, func(a, b Node) int { return len(a.ID) - len(b.ID) + 2*slices.Compare([]byte(a.ID), []byte(b.ID)) })
	for i := range g.Nodes {
		n := &g.Nodes[i]
		n.Width, n.Height, n.First = 100, 40, n.ID == "C"
		index[n.ID] = i
	}
	for _, e := range edges {
		if len(e) > 1 {
			g.Edges = append(g.Edges, Edge{index[e[:1]], index[e[2:]]})
		}
	}
	return g
}

func columns(g Graph, l *Layout) map[string]int {
	m := map[string]int{}
	for i, n := range g.Nodes {
		m[n.ID] = l.Nodes[i].Column
	}
	return m
}

func TestColumns(t *testing.T) {
	tests := []struct {
		name  string
		edges []string
		want  map[string]int
		back  int // edges that lead back
	}{
		{"nothing", nil, map[string]int{}, 0},
		{"one", []string{"a"}, map[string]int{"a": 0}, 0},
		{"a chain", []string{"C>a", "a>b", "b>c"}, map[string]int{"C": 0, "a": 1, "b": 2, "c": 3}, 0},
		{"the longest way counts", []string{"C>a", "a>b", "b>c", "a>c", "C>c"}, map[string]int{"C": 0, "a": 1, "b": 2, "c": 3}, 0},
		{"what nothing calls stands beside its callee", []string{"C>a", "a>b", "x>b"}, map[string]int{"C": 0, "a": 1, "b": 2, "x": 1}, 0},
		{"a client stays first", []string{"x>a", "a>b", "C>b"}, map[string]int{"C": 0, "x": 0, "a": 1, "b": 2}, 0},
		{"a circle", []string{"C>a", "a>b", "b>c", "c>a"}, map[string]int{"C": 0, "a": 1, "b": 2, "c": 3}, 1},
		{"a circle that nobody enters", []string{"a>b", "b>a"}, map[string]int{"a": 0, "b": 1}, 1},
		{"a loop, and twice the same", []string{"a>a", "a>b", "a>b"}, map[string]int{"a": 0, "b": 1}, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			g := build(tt.edges...)
			l := Compute(g, options)
			if diff := cmp.Diff(tt.want, columns(g, l)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			back := 0
			for _, r := range l.Edges {
				if r.Back {
					back++
				}
			}
			if back != tt.back {
				t.Errorf("%d edges lead back, want %d", back, tt.back)
			}
			check(t, g, l)
		})
	}
}

// check holds what is true of every layout.
func check(t testing.TB, g Graph, l *Layout) {
	t.Helper()
	for i, a := range l.Nodes {
		n := g.Nodes[i]
		if a.X-n.Width/2 < -1e-9 || a.X+n.Width/2 > l.Width+1e-9 || a.Y-n.Height/2 < -1e-9 || a.Y+n.Height/2 > l.Height+1e-9 {
			t.Errorf("node %s at %v is outside of %v x %v", n.ID, a, l.Width, l.Height)
		}
		for j := range i {
			b, m := l.Nodes[j], g.Nodes[j]
			if math.Abs(a.X-b.X) < (n.Width+m.Width)/2 && math.Abs(a.Y-b.Y) < (n.Height+m.Height)/2+options.RowGap-1e-6 {
				t.Errorf("nodes %s at %v and %s at %v are too near", n.ID, a, m.ID, b)
			}
		}
	}
	for i, r := range l.Edges {
		e := g.Edges[i]
		from, to := l.Nodes[e.From], l.Nodes[e.To]
		first, last := r.Points[0], r.Points[len(r.Points)-1]
		switch {
		case len(r.Points)%2 != 0:
			t.Errorf("edge %v has %d points", e, len(r.Points))
		case e.From == e.To:
		case r.Back != (from.Column > to.Column) || from.Column == to.Column:
			t.Errorf("edge %v from column %d to %d, back %t", e, from.Column, to.Column, r.Back)
		case first.Y != from.Y || last.Y != to.Y || math.Abs(first.X-from.X) != g.Nodes[e.From].Width/2 || math.Abs(last.X-to.X) != g.Nodes[e.To].Width/2:
			t.Errorf("edge %v from %v to %v begins at %v and ends at %v", e, from, to, first, last)
		}
		for k := 1; k < len(r.Points); k++ {
			if e.From != e.To && (r.Points[k].X < r.Points[k-1].X) != r.Back {
				t.Errorf("edge %v turns at %v", e, r.Points[k])
			}
		}
	}
}

// random makes a graph like a system of services: each is called by a few that
// come before it, and a few by later ones.
func random(r *rand.Rand, nodes, edges int) Graph {
	g := Graph{Nodes: []Node{{ID: "client", Width: 40, Height: 40, First: true}}}
	for i := 1; i < nodes; i++ {
		g.Nodes = append(g.Nodes, Node{ID: fmt.Sprintf("service%03d", r.IntN(1000)), Width: 80 + 10*float64(r.IntN(8)), Height: 40})
		g.Edges = append(g.Edges, Edge{r.IntN(i), i})
	}
	for len(g.Edges) < edges {
		from, to := r.IntN(nodes), 1+r.IntN(nodes-1)
		if from < to || r.IntN(20) == 0 {
			g.Edges = append(g.Edges, Edge{from, to})
		}
	}
	return g
}

func TestRandomGraphs(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 60 {
		n := 2 + r.IntN(60)
		g := random(r, n, n+r.IntN(2*n))
		for i := range g.Nodes {
			g.Nodes[i].ID = fmt.Sprint(g.Nodes[i].ID, "-", i) // unique
		}
		l := Compute(g, options)
		check(t, g, l)
		checkOrderOfInput(t, r, g, l)
	}
}

// checkOrderOfInput holds that a permutation of nodes and edges has the same
// layout.
func checkOrderOfInput(t *testing.T, r *rand.Rand, g Graph, l *Layout) {
	t.Helper()
	nodes, edges := r.Perm(len(g.Nodes)), r.Perm(len(g.Edges))
	var p Graph
	at := make([]int, len(nodes))
	for i, n := range nodes {
		p.Nodes = append(p.Nodes, g.Nodes[n])
		at[n] = i
	}
	for _, e := range edges {
		p.Edges = append(p.Edges, Edge{at[g.Edges[e].From], at[g.Edges[e].To]})
	}
	again := Compute(p, options)
	for i, n := range nodes {
		if again.Nodes[i] != l.Nodes[n] {
			t.Errorf("in another order node %s stands at %v, not at %v", p.Nodes[i].ID, again.Nodes[i], l.Nodes[n])
		}
	}
}

// TestStable holds that a new leaf leaves most of a map as it was.
func TestStable(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	kept, all := 0, 0
	for range 40 {
		g := random(r, 20, 28)
		for i := range g.Nodes {
			g.Nodes[i].ID = fmt.Sprint(g.Nodes[i].ID, "-", i)
		}
		before := Compute(g, options)
		g.Nodes = append(g.Nodes, Node{ID: fmt.Sprintf("service%03d-new", r.IntN(1000)), Width: 100, Height: 40})
		g.Edges = append(g.Edges, Edge{r.IntN(20), 20})
		after := Compute(g, options)
		for i := range 20 {
			if before.Nodes[i].Column != after.Nodes[i].Column {
				t.Errorf("a new leaf moves %s from column %d to %d", g.Nodes[i].ID, before.Nodes[i].Column, after.Nodes[i].Column)
			}
			for j := range i {
				if before.Nodes[i].Column == before.Nodes[j].Column {
					all++
					if (before.Nodes[i].Row < before.Nodes[j].Row) == (after.Nodes[i].Row < after.Nodes[j].Row) {
						kept++
					}
				}
			}
		}
	}
	if share := float64(kept) / float64(all); share < 0.85 {
		t.Errorf("of pairs in a column %.0f %% keep their order", 100*share)
	} else {
		t.Logf("of pairs in a column %.0f %% keep their order", 100*share)
	}
}

func TestCrossings(t *testing.T) {
	// A tree has none, however its nodes are named.
	g := build("C>m", "m>a", "m>z", "m>k", "a>y", "z>b", "k>c", "k>x", "a>l", "z>d")
	if l := Compute(g, options); l.Crossings != 0 {
		t.Errorf("a tree with %d crossings", l.Crossings)
	}
	// Two by two with all edges has one, which nothing takes away.
	g = build("a>c", "a>d", "b>c", "b>d")
	if l := Compute(g, options); l.Crossings != 1 {
		t.Errorf("%d crossings, want 1", l.Crossings)
	}
	// Straight chains that names would tangle.
	g = build("a>f", "b>e", "c>d", "f>i", "e>h", "d>g")
	l := Compute(g, options)
	if want := 3*40 + 2*2*options.RowGap; l.Height != want {
		t.Errorf("three chains are %v high, want %v", l.Height, want)
	}
	if l.Crossings != 0 {
		t.Errorf("chains with %d crossings", l.Crossings)
	}
	for i, e := range g.Edges {
		if l.Nodes[e.From].Y != l.Nodes[e.To].Y {
			t.Errorf("edge %d of a chain is not straight: %v to %v", i, l.Nodes[e.From], l.Nodes[e.To])
		}
	}
}

// TestPartsStayTogether holds that what is apart is near all the same.
func TestPartsStayTogether(t *testing.T) {
	g := build("a>a", "a>l", "a>w", "C>w", "w>a", "w>l", "w>m", "z", "y>x")
	l := Compute(g, options)
	check(t, g, l)
	if l.Height > 6*64 {
		t.Errorf("the layout is %v high", l.Height)
	}
}

func TestGrid(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for range 20 {
		g := random(r, 15, 25)
		for i := range g.Nodes {
			g.Nodes[i].ID, g.Nodes[i].Width, g.Nodes[i].Height = fmt.Sprint(i), 20, 2
		}
		l := Compute(g, Options{ColumnGap: 6, RowGap: 2, Grid: 1})
		for i, a := range l.Nodes {
			if a.X != math.Trunc(a.X) || a.Y != math.Trunc(a.Y) {
				t.Errorf("%v is not on the grid", a)
			}
			for _, b := range l.Nodes[:i] {
				if a.Column == b.Column && math.Abs(a.Y-b.Y) < 4 {
					t.Errorf("%v and %v are too near", a, b)
				}
			}
		}
	}
}

// TestMaxRows holds that high columns become more, and lower, and that edges still
// lead to the right.
func TestMaxRows(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 10))
	for range 5 {
		g := random(r, 100, 120)
		for i := range g.Nodes {
			g.Nodes[i].ID = fmt.Sprint(g.Nodes[i].ID, "-", i)
		}
		limited := options
		limited.MaxRows = 8
		l := Compute(g, limited)
		check(t, g, l)
		in := map[int]int{}
		for _, p := range l.Nodes {
			in[p.Column]++
		}
		for column, n := range in {
			if n > limited.MaxRows {
				t.Errorf("column %d has %d nodes", column, n)
			}
		}
	}
	// Where there is room, nothing moves.
	g := build("C>a", "a>b", "a>c", "b>d")
	limited := options
	limited.MaxRows = 2
	if diff := cmp.Diff(Compute(g, options), Compute(g, limited)); diff != "" {
		t.Errorf("a graph with room changes (-without +with limit):\n%s", diff)
	}
}

func BenchmarkCompute(b *testing.B) {
	for _, n := range []int{10, 50, 200} {
		b.Run(fmt.Sprint("nodes=", n), func(b *testing.B) {
			g := random(rand.New(rand.NewPCG(7, 8)), n, 2*n)
			for b.Loop() {
				Compute(g, options)
			}
		})
	}
}
