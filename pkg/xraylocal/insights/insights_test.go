package insights

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/bragg-tracing/bragg/pkg/xraylocal/servicegraph"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var (
	client = servicegraph.Service{Name: "web", Type: "client"}
	web    = servicegraph.Service{Name: "web"}
	api    = servicegraph.Service{Name: "api", Type: "AWS::ECS::Container"}
	table  = servicegraph.Service{Name: "loans", Type: "AWS::DynamoDB::Table"}
	other  = servicegraph.Service{Name: "other"}
)

// A request is one through web, api and table; or, with alone, of other.
type request struct {
	minute               float64
	webFault, apiFault   bool
	tableFault, throttle bool
	alone                bool
}

func (r request) graph() *servicegraph.Graph {
	at := int64(r.minute * 60e6)
	one := func(fault bool) []servicegraph.Request {
		q := servicegraph.Request{Start: at, End: at + 1000, LastEnd: at + 1000, Receipt: at + 1000}
		switch {
		case fault:
			q.Outcome = servicegraph.Fault
		case r.throttle:
			q.Outcome = servicegraph.Throttle
		}
		return []servicegraph.Request{q}
	}
	if r.alone {
		return &servicegraph.Graph{Start: at, Nodes: []servicegraph.Node{{Service: other, Requests: one(r.webFault)}}}
	}
	return &servicegraph.Graph{
		Start: at,
		Nodes: []servicegraph.Node{
			{Service: api, Requests: one(r.apiFault)}, {Service: table, Requests: one(r.tableFault)},
			{Service: web, Root: true, Requests: one(r.webFault)}, {Service: client},
		},
		Edges: []servicegraph.Edge{
			{From: 0, To: 1, Requests: one(r.tableFault)}, {From: 2, To: 0, Requests: one(r.apiFault)},
			{From: 3, To: 2, Requests: one(r.webFault)},
		},
	}
}

func historyOf(t testing.TB, w servicegraph.Window, requests []request) *History {
	t.Helper()
	h := NewHistory(w)
	for _, r := range requests {
		g := r.graph()
		if err := h.Add(g.AppendShape(nil), g.AppendValues(nil)); err != nil {
			t.Fatal(err)
		}
	}
	return h
}

// traffic makes perMinute requests in each minute from first to last, whose
// faults come at the rates that rate returns.
func traffic(r *rand.Rand, first, last, perMinute int, rate func(minute int) (webOnly, tableToo float64)) []request {
	var all []request
	for minute := first; minute <= last; minute++ {
		webOnly, tableToo := rate(minute)
		for i := range perMinute {
			q := request{minute: float64(minute) + float64(i)/float64(perMinute), throttle: r.IntN(50) == 0}
			if r.Float64() < tableToo {
				q.webFault, q.apiFault, q.tableFault = true, true, true
			}
			q.webFault = q.webFault || r.Float64() < webOnly
			all = append(all, q)
		}
	}
	return all
}

// incident is a table that fails for 40 % of the requests in the minutes 300 to
// 319, of 600.
func incident(seed uint64) []request {
	return traffic(rand.New(rand.NewPCG(seed, 0)), 0, 599, 10, func(minute int) (float64, float64) {
		if minute >= 300 && minute < 320 {
			return 0.01, 0.4
		}
		return 0.01, 0.005
	})
}

func TestIncidentIsFound(t *testing.T) {
	requests := incident(1)
	found := historyOf(t, servicegraph.Always, requests).Insights("Default", 600*60)
	if len(found) != 1 {
		t.Fatalf("found %d insights: %+v", len(found), found)
	}
	i := found[0]
	if start, end := i.Start/60, i.End/60; start < 298 || start > 300 || end < 320 || end > 323 || i.Active() {
		t.Errorf("from minute %d to %d, active %t", start, end, i.Active())
	}
	if i.RootCause != table || len(i.Anomalous) != 3 || i.Anomalous[0].Expected > 0.05 {
		t.Errorf("root cause %v, anomalous %+v", i.RootCause, i.Anomalous)
	}
	var clients, root Counts
	for _, r := range requests {
		if minute := int64(r.minute); minute >= i.Start/60 && minute < i.End/60 {
			count := func(c *Counts, fault bool) {
				c.Total++
				if fault {
					c.Fault++
				} else if !r.throttle {
					c.OK++
				}
			}
			count(&clients, r.webFault)
			count(&root, r.tableFault)
		}
	}
	if i.Clients != clients || i.Root != root {
		t.Errorf("clients %+v, want %+v; root cause %+v, want %+v", i.Clients, clients, i.Root, root)
	}
	for _, part := range []string{"Faults of loans (AWS::DynamoDB::Table) were at ", "expected 0.", "heuristic, not by AWS's model."} {
		if !strings.Contains(i.Summary, part) {
			t.Errorf("summary %q lacks %q", i.Summary, part)
		}
	}
	if known, ok := Known(i.ID); !ok || known < i.Start || known >= i.End {
		t.Errorf("known at %d (%t), from %d to %d", known, ok, i.Start, i.End)
	}
	checkEvents(t, i)
}

func checkEvents(t *testing.T, i Insight) {
	t.Helper()
	if len(i.Events) < 4 || i.Events[0].Time != i.End || i.Events[0].Summary != i.Summary {
		t.Errorf("%d events, the newest %+v", len(i.Events), i.Events[0])
	}
	for n, e := range i.Events[1:] {
		if e.Time >= i.Events[n].Time || e.Root.Total >= i.Events[n].Root.Total || !strings.Contains(e.Summary, "are at") || len(e.Anomalous) == 0 {
			t.Errorf("event %d: %+v", n+1, e)
		}
	}
}

// TestIncidentAsTimePasses holds that an insight keeps its id, start and root
// cause from when it is known, and that it ends.
func TestIncidentAsTimePasses(t *testing.T) {
	requests := incident(2)
	h := historyOf(t, servicegraph.Always, requests)
	final := h.Insights("g", 600*60)[0]
	states := ""
	for minute := int64(290); minute < 340; minute++ {
		found := h.Insights("g", minute*60+30)
		switch {
		case len(found) == 0:
			states += "-"
		case len(found) > 1 || found[0].ID != final.ID || found[0].Start != final.Start || found[0].RootCause != table:
			t.Fatalf("minute %d: %+v", minute, found)
		case found[0].Active():
			states += "a"
		default:
			states += "c"
		}
	}
	if want := regexpLike(states); want != "-ac" {
		t.Errorf("states %s", states)
	}
	if strings.Count(states, "a") < 20 {
		t.Errorf("states %s", states)
	}
}

// regexpLike writes runs of a letter as one.
func regexpLike(s string) string {
	var b strings.Builder
	for i := range s {
		if i == 0 || s[i] != s[i-1] {
			b.WriteByte(s[i])
		}
	}
	return b.String()
}

// TestWindowDoesNotMatter holds that an insight is the same in whatever range it
// is looked for, if that begins early enough.
func TestWindowDoesNotMatter(t *testing.T) {
	requests := incident(3)
	want := historyOf(t, servicegraph.Always, requests).Insights("g", 600*60)
	for from := 0; from <= 175; from += 87 {
		w := servicegraph.Window{By: servicegraph.ByReceipt, From: int64(from) * 60e6, To: 400*60e6 - 1}
		if diff := cmp.Diff(want, historyOf(t, w, requests).Insights("g", 600*60)); diff != "" {
			t.Errorf("from minute %d (-want +got):\n%s", from, diff)
		}
	}
	if again := historyOf(t, servicegraph.Always, requests).Insights("another", 600*60); again[0].ID == want[0].ID {
		t.Error("two groups have an insight of the same id")
	}
}

func TestQuietSeriesFindNothing(t *testing.T) {
	for _, tt := range []struct {
		name string
		rate func(minute int) (float64, float64)
		per  int
	}{
		{"no faults", func(int) (float64, float64) { return 0, 0 }, 10},
		{"always some faults", func(int) (float64, float64) { return 0.05, 0.05 }, 20},
		{"always many faults", func(int) (float64, float64) { return 0.3, 0.2 }, 20},
		{"little traffic", func(int) (float64, float64) { return 0.1, 0.05 }, 2},
		{"a slow rise", func(m int) (float64, float64) { return float64(m) / 600 * 0.1, 0 }, 10},
		{"better in the end", func(m int) (float64, float64) {
			if m < 300 {
				return 0.5, 0.3
			}
			return 0.01, 0
		}, 20},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for seed := range uint64(2) {
				requests := traffic(rand.New(rand.NewPCG(seed, 1)), 0, 599, tt.per, tt.rate)
				if found := historyOf(t, servicegraph.Always, requests).Insights("g", 600*60); len(found) != 0 {
					t.Errorf("seed %d: found %d: %+v", seed, len(found), found[0])
				}
			}
		})
	}
}

// TestNewStateBecomesUsual holds that what began to fail and never stops is one
// insight, which ends after six hours.
func TestNewStateBecomesUsual(t *testing.T) {
	requests := traffic(rand.New(rand.NewPCG(4, 4)), 0, 699, 10, func(minute int) (float64, float64) {
		if minute >= 150 {
			return 0, 0.5
		}
		return 0, 0.01
	})
	found := historyOf(t, servicegraph.Always, requests).Insights("g", 700*60)
	if len(found) != 1 || found[0].Active() || found[0].End/60-found[0].Start/60 < longest-recent || found[0].End/60-found[0].Start/60 > longest {
		t.Errorf("found %d: %+v", len(found), found)
	}
}

// TestUnrelatedServicesAreTwoInsights also holds that a service without history
// is not judged.
func TestUnrelatedServicesAreTwoInsights(t *testing.T) {
	requests := incident(5)
	for minute := range 400 {
		for i := range 10 {
			requests = append(requests, request{minute: float64(minute) + float64(i)/10, alone: true, webFault: minute >= 305 && minute < 315})
		}
	}
	found := historyOf(t, servicegraph.Always, requests).Insights("g", 600*60)
	if len(found) != 2 || found[0].RootCause != table || found[1].RootCause != other || found[1].Clients.Total == 0 {
		t.Errorf("found %d: %+v", len(found), found)
	}
	young := historyOf(t, servicegraph.Window{From: 305 * 60e6, To: 400 * 60e6}, requests).Insights("g", 600*60)
	for _, i := range young {
		if i.RootCause == other {
			t.Errorf("found %+v", i)
		}
	}
}

func TestFisher(t *testing.T) {
	for _, tt := range []struct {
		now, usual Counts
		want       float64
	}{
		{Counts{Fault: 3, Total: 4}, Counts{Fault: 1, Total: 4}, 17.0 / 70}, // the lady tasting tea
		{Counts{Fault: 4, Total: 4}, Counts{Fault: 0, Total: 4}, 1.0 / 70},
		{Counts{Fault: 0, Total: 4}, Counts{Fault: 4, Total: 4}, 1},
		{Counts{Fault: 5, Total: 10}, Counts{}, 1},
		{Counts{}, Counts{Fault: 1, Total: 5}, 1},
	} {
		if got := fisher(tt.now, tt.usual); math.Abs(got-tt.want) > 1e-9 {
			t.Errorf("%+v after %+v: %g, want %g", tt.now, tt.usual, got, tt.want)
		}
	}
	if p := fisher(Counts{Fault: 50_000, Total: 100_000}, Counts{Fault: 1000, Total: 1_000_000}); p != 0 && !(p < 1e-100) {
		t.Errorf("large counts: %g", p)
	}
}

func TestKnownRefusesOtherIDs(t *testing.T) {
	for _, id := range []string{"", "x", "0190b7e0-0000-4000-8000-000000000000", "0190b7e0-0000-8000-8000-00000000000"} {
		if _, ok := Known(id); ok {
			t.Errorf("%q is taken for an id", id)
		}
	}
}

func TestExpect(t *testing.T) {
	h := historyOf(t, servicegraph.Always, incident(6))
	isTable := func(s servicegraph.Service) bool { return s == table }
	inside := 0
	for minute := int64(130); minute < 300; minute++ {
		low, high, ok := h.Expect(isTable, minute*60, 60)
		if !ok || low < 0 || high > 10 {
			t.Fatalf("minute %d: %d to %d, %t", minute, low, high, ok)
		}
		if f := h.services[table][minute-1].Fault; f >= low && f <= high {
			inside++
		}
	}
	if inside < 160 {
		t.Errorf("%d of 170 minutes were as expected", inside)
	}
	if _, high, _ := h.Expect(isTable, 302*60, 60); h.services[table][301].Fault <= high {
		t.Errorf("the incident's %d faults are not above %d", h.services[table][301].Fault, high)
	}
	if _, _, ok := h.Expect(isTable, 60, 60); ok {
		t.Error("something is expected of the first minute")
	}
}
