package terminal

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bragg-tracing/bragg/pkg/xraylocal/servicemap"
)

// shop is a map of services that call each other, a table, and back.
func shop() *servicemap.Map {
	figures := func(total, fault, throttle int64, mean float64) servicemap.Figures {
		return servicemap.Figures{OK: total - fault - throttle, Fault: fault, Throttle: throttle, Total: total, Rate: float64(total) / 60, Mean: mean}
	}
	return &servicemap.Map{
		Seconds: 60,
		Nodes: []servicemap.Node{
			{ID: "api", Name: "api", Kind: servicemap.Service, State: "active", Figures: figures(90, 45, 9, 0.1)},
			{ID: "clients", Name: "web", Kind: servicemap.Client, Figures: figures(120, 2, 0, 0.25)},
			{ID: "loans", Name: "loans", Kind: servicemap.Database, Figures: figures(90, 0, 0, 0.004)},
			{ID: "mail", Name: "mail.example.com\x1b[31m", Kind: servicemap.Remote, Figures: figures(3, 0, 0, 0.7)},
			{ID: "web", Name: "web", Kind: servicemap.Service, State: "active", Root: true, Figures: figures(120, 2, 0, 0.25)},
			{ID: "worker", Name: "worker", Kind: servicemap.Service},
		},
		Edges: []servicemap.Edge{
			{From: 0, To: 0, Figures: figures(5, 0, 0, 0.001)},
			{From: 0, To: 2, Figures: figures(60, 0, 0, 0.004)},
			{From: 0, To: 4, Figures: figures(1, 0, 0, 0.3)},
			{From: 1, To: 4, Figures: figures(120, 2, 0, 0.25)},
			{From: 4, To: 0, Figures: figures(90, 45, 9, 0.12)},
			{From: 4, To: 2, Figures: figures(30, 0, 0, 0.004)},
			{From: 4, To: 3, Figures: figures(3, 0, 0, 0.7)},
		},
	}
}

func drawMap(t *testing.T, s Screen, m *servicemap.Map) string {
	t.Helper()
	var b bytes.Buffer
	if err := s.WriteMap(&b, m); err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(b.String()) {
		if plain := strings.TrimRight(line, "\n"); !s.Color && columns(plain) > s.width() {
			t.Errorf("a line of %d columns: %q", columns(plain), line)
		}
	}
	return b.String()
}

func TestMap(t *testing.T) {
	tests := []struct {
		name   string
		screen Screen
		want   string
	}{
		{"drawn", Screen{Width: 100}, `
                                 ╭─▸ ◆ api ↻ ──────────────────╮
                                 │     1.5/s · 100 ms          │
                                 │     50% fault               │
                                 │                             │
                                 ├─▸ ○ mail.example.com?[31m ╭─┴─▸ ○ loans
◆ clients ──────▸ ◆ web ◂────────┤     3/min · 700 ms        │       1.5/s · 4.00 ms
  2/s · 250 ms      2/s · 250 ms │                           │
  1.67% fault       1.67% fault  ╰───────────────────────────╯




◌ worker
  none yet
`},
		{"drawn with colours", Screen{Width: 100, Color: true}, "\n                                 \x1b[31m╭─▸\x1b[0m \x1b[31m◆\x1b[0m \x1b[1mapi\x1b[0m \x1b[2m↻\x1b[0m \x1b[2m──────────────────╮\x1b[0m\n                                 \x1b[31m│\x1b[0m     \x1b[2m1.5/s · 100 ms\x1b[0m          \x1b[2m│\x1b[0m\n                                 \x1b[31m│\x1b[0m     \x1b[31m50% fault\x1b[0m               \x1b[2m│\x1b[0m\n                                 \x1b[31m│\x1b[0m                             \x1b[2m│\x1b[0m\n                                 \x1b[31m├\x1b[0m\x1b[2m─▸\x1b[0m \x1b[32m○\x1b[0m \x1b[1mmail.example.com?[31m\x1b[0m \x1b[2m╭─┴─▸\x1b[0m \x1b[32m○\x1b[0m \x1b[1mloans\x1b[0m\n\x1b[31m◆\x1b[0m \x1b[1mclients\x1b[0m \x1b[31m──────▸\x1b[0m \x1b[31m◆\x1b[0m \x1b[1mweb\x1b[0m \x1b[2m◂\x1b[0m\x1b[31m────────┤\x1b[0m     \x1b[2m3/min · 700 ms\x1b[0m        \x1b[2m│\x1b[0m       \x1b[2m1.5/s · 4.00 ms\x1b[0m\n  \x1b[2m2/s · 250 ms\x1b[0m      \x1b[2m2/s · 250 ms\x1b[0m \x1b[2m│\x1b[0m                           \x1b[2m│\x1b[0m\n  \x1b[31m1.67% fault\x1b[0m       \x1b[31m1.67% fault\x1b[0m  \x1b[2m╰───────────────────────────╯\x1b[0m\n\n\n\n\n\x1b[34m◌\x1b[0m \x1b[1mworker\x1b[0m\n  \x1b[2mnone yet\x1b[0m\n"},
		{"drawn with less room", Screen{Width: 76}, `
                                 ╭─▸ ◆ api ↻ ───────────╮
                                 │     1.5/s · 100 ms   │
                                 │     50% fault        │
                                 │                      │
                                 ├─▸ ○ mail.example.… ╭─┴─▸ ○ loans
◆ clients ──────▸ ◆ web ◂────────┤     3/min · 700 ms │       1.5/s
  2/s · 250 ms      2/s · 250 ms │                    │
  1.67% fault       1.67% fault  ╰────────────────────╯




◌ worker
  none yet
`},
		{"a tree with little room", Screen{Width: 50, ASCII: true}, `
# clients of web        2/s   250 ms  1.67% fault
` + "`" + `- # web                2/s   250 ms  1.67% fault
   |- # api           1.5/s   120 ms  50% fault
   |  |- o api ^      5/min  1.00 ms
   |  |- o loans        1/s  4.00 ms
   |  ` + "`" + `- o web ^      1/min   300 ms
   |- o loans        30/min  4.00 ms
   ` + "`" + `- o mail.exa~     3/min   700 ms
~ worker           none yet
`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want[1:], drawMap(t, tt.screen, shop())); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
	if got := drawMap(t, Screen{Width: 40}, servicemap.New(nil, 0)); strings.TrimSpace(got) != "" {
		t.Errorf("an empty map is drawn as %q", got)
	}
}

// TestMapsFit holds that maps of many services, whose names are long, fit.
func TestMapsFit(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 40 {
		m := &servicemap.Map{}
		for i := range 3 + r.IntN(20) {
			m.Nodes = append(m.Nodes, servicemap.Node{ID: fmt.Sprint(i), Name: strings.Repeat("日本語 service ", r.IntN(3)) + fmt.Sprint(i),
				Figures: servicemap.Figures{Total: 1, Rate: 1, Fault: int64(r.IntN(2))}})
			if i > 0 {
				m.Edges = append(m.Edges, servicemap.Edge{From: r.IntN(i), To: i}, servicemap.Edge{From: r.IntN(i + 1), To: r.IntN(i + 1)})
			}
		}
		for _, width := range []int{40, 80, 120, 200, 400} {
			if got := drawMap(t, Screen{Width: width}, m); !strings.Contains(got, "1/s") {
				t.Errorf("nothing drawn: %q", got)
			}
		}
	}
}
