package api

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/bragg-tracing/bragg/pkg/segment"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/filter"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/filter/eval"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/servicegraph"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/store"
)

// An oracleTraces makes traces over a small vocabulary, whose documents come late,
// in pieces, and more than once.
type oracleTraces struct {
	*rand.Rand
	ids int
}

func (g *oracleTraces) pick(of ...string) string { return of[g.IntN(len(of))] }
func (g *oracleTraces) id() string               { g.ids++; return fmt.Sprintf("%016x", g.ids) }

// members are those of segments and subsegments.
func (g *oracleTraces) members(doc map[string]any, start float64) {
	doc["id"], doc["start_time"] = g.id(), start
	doc["end_time"] = start + []float64{-0.5, 0, 0.000001, 0.25, 0.5, 1.25, 3.000004}[g.IntN(7)]
	for _, flag := range []string{"error", "fault", "throttle"} {
		if g.Float64() < 0.15 {
			doc[flag] = true
		}
	}
	if g.Float64() < 0.5 {
		doc["annotations"] = map[string]any{g.pick("plan", "n", "vip"): []any{"gold", "free", "", 1.0, 2.5, true, false}[g.IntN(7)]}
	}
	if g.Float64() < 0.6 {
		doc["http"] = map[string]any{
			"request":  map[string]any{"url": "http://a/" + g.pick("", "x", "x/y"), "method": g.pick("GET", "POST"), "user_agent": g.pick("", "curl"), "client_ip": g.pick("", "10.0.0.1")},
			"response": map[string]any{"status": []int{0, 200, 404, 429, 500}[g.IntN(5)]},
		}
	}
	if g.Float64() < 0.3 {
		doc["user"] = g.pick("ada", "bob")
	}
	if g.Float64() < 0.2 {
		doc["resource_arn"] = "arn:x"
	}
	if g.Float64() < 0.2 {
		doc["aws"] = map[string]any{"account_id": "123456789012", "ec2": map[string]any{"instance_id": "i-1", "availability_zone": "z"}}
	}
}

// trace returns the documents in the order in which they come. Some come in
// progress first, some once more with other contents.
func (g *oracleTraces) trace(n int) (raws []string) {
	start := float64(1000 + 10*n)
	var callers []string
	for i := range 1 + g.IntN(4) {
		doc := map[string]any{"trace_id": fmt.Sprintf("1-%08x-%024x", n, n), "name": g.pick("web", "auth", "pay")}
		g.members(doc, start+float64(i)/10)
		if i > 0 && g.Float64() < 0.9 {
			doc["parent_id"] = callers[g.IntN(len(callers))]
		}
		if g.Float64() < 0.3 {
			doc["origin"] = "AWS::Lambda::Function"
		}
		if g.Float64() < 0.2 {
			doc["links"] = []any{map[string]any{"trace_id": fmt.Sprintf("1-%08x-%024x", n, n), "id": fmt.Sprintf("%016x", 1+g.IntN(g.ids))}}
		}
		sub := map[string]any{"name": g.pick("pay", "DynamoDB", "SQS", "host.example"), "namespace": g.pick("aws", "remote", "local")}
		g.members(sub, start+0.05)
		doc["subsegments"] = []any{sub}
		callers = append(callers, doc["id"].(string), sub["id"].(string))
		if g.Float64() < 0.2 {
			delete(doc, "end_time")
			doc["in_progress"] = true
			raws = append(raws, encode(doc))
			if g.Float64() < 0.7 {
				delete(doc, "in_progress")
				doc["end_time"], doc["fault"] = start+2, true
			}
		}
		raws = append(raws, encode(doc))
		if g.Float64() < 0.1 {
			doc["name"] = "again"
			raws = append(raws, encode(doc))
		}
	}
	g.Shuffle(len(raws), func(i, j int) { raws[i], raws[j] = raws[j], raws[i] })
	return raws
}

func encode(doc map[string]any) string {
	raw, err := json.Marshal(doc)
	if err != nil {
		panic(err)
	}
	return string(raw)
}

// expression makes one of a depth, for a trace or for a block.
func (g *oracleTraces) expression(depth int, block bool) string {
	if depth > 0 && g.Float64() < 0.5 {
		a, b := g.expression(depth-1, block), g.expression(depth-1, block)
		return g.pick(a+" AND "+b, "("+a+" OR "+b+")", "!("+a+")")
	}
	if !block && g.Float64() < 0.45 {
		selector := func() string {
			return g.pick(`"web"`, `"pay"`, `"auth"`, `"items"`, `id(type: "AWS::Lambda::Function")`, `id(type: "remote")`, `id(name: "web", type: "client")`, `id(account.id: "123456789012")`)
		}
		return g.pick("service("+selector()+")", "service()", "edge("+selector()+", "+selector()+")") + g.pick("", " { "+g.expression(1, true)+" }")
	}
	field := []string{
		g.pick("ok", "error", "fault", "throttle", "root") + g.pick("", " = true", " != true", ` = "false"`),
		g.pick("responsetime", "duration") + g.pick("", g.pick(" = ", " != ", " < ", " >= ")+g.pick("0", "0.25", "0.000001", "1.25", "3.000004", "2")),
		"http.status" + g.pick("", " = 200", " != 404", " >= 429"),
		g.pick("http.url", "http.method", "http.useragent", "http.clientip", "user", "resource.arn", "instance.id", "availabilityzone", "account.id", "name", "type") +
			g.pick("", g.pick(" = ", " != ", " CONTAINS ", " BEGINSWITH ", " ENDSWITH ")+g.pick(`"http://a/x"`, `"ada"`, `"web"`, `"x"`, `""`, `"GET"`)),
		"annotation[" + g.pick("plan", "n", "vip") + "]" + g.pick("", g.pick(" = ", " != ", " < ", " CONTAINS ")+g.pick(`"gold"`, `""`, "1", "2.5", "true")),
	}
	if !block {
		field = append(field, g.pick("partial", "inferred"), `rootcause.fault.service { name = "auth" }`)
	}
	return g.pick(field...)
}

// TestFilteredGraphsAreThoseOfDocuments holds that a graph of an expression, made
// of what the store keeps beside documents, is the one that is made of the
// documents of each trace, whatever came when.
func TestFilteredGraphsAreThoseOfDocuments(t *testing.T) {
	g := &oracleTraces{Rand: rand.New(rand.NewPCG(3, 4))}
	s, err := store.OpenInMemory()
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	const traces, expressions = 80, 120
	var late []string
	put := func(raws ...string) {
		var docs []store.Document
		for _, raw := range raws {
			doc, err := segment.Parse([]byte(raw))
			if err != nil {
				continue // X-Ray would refuse it
			}
			docs = append(docs, store.Document{Document: doc, Raw: []byte(raw)})
		}
		if err := s.Put(t.Context(), docs); err != nil {
			t.Fatal(err)
		}
	}
	begin := time.Now()
	for n := range traces {
		raws := g.trace(n)
		late = append(late, raws[len(raws)/2+1:]...)
		put(raws[:len(raws)/2+1]...)
	}
	middle := time.Now()
	for _, raw := range late {
		put(raw)
	}
	h := New(Config{Store: s, Logger: slog.New(slog.NewTextHandler(io.Discard, nil))})
	all, err := s.Find(t.Context(), store.Query{End: 1e6, Limit: traces + 1})
	if err != nil || len(all.Refs) < traces/2 {
		t.Fatal(len(all.Refs), err)
	}
	var views []*eval.View
	for _, ref := range all.Refs {
		views = append(views, eval.NewView(ref.Trace.Trace, ref.Trace.Received))
	}
	seconds := func(at time.Time) float64 { return float64(at.UnixMicro()) / 1e6 }
	found := 0
	for i := range expressions {
		text := g.expression(2, false)
		e, err := filter.Parse(text)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		w := servicegraph.Window{By: servicegraph.ByReceipt, From: microseconds(seconds(begin)), To: microseconds(seconds(middle))}
		if i%2 == 0 {
			w = servicegraph.Window{By: servicegraph.ByDocument, From: 1300e6, To: 2000e6}
		}
		want, got := servicegraph.NewMerger(w), servicegraph.NewMerger(w)
		for i, ref := range all.Refs {
			if view := views[i]; reaches(ref.Trace, w) && view.Matches(e) {
				found++
				if err := want.AddGraph(view.Graph()); err != nil {
					t.Fatal(err)
				}
			}
		}
		h.cfg.TimeBasis = w.By
		who := h.anybody()
		who.filter = text
		if err := h.eachGraph(contextWith(t, who), w, nil, got.Add); err != nil {
			t.Fatal(err)
		}
		if want, got := rendered(t, want), rendered(t, got); !bytes.Equal(want, got) {
			t.Errorf("%s, by %v: %d bytes, and of documents %d", text, w.By, len(got), len(want))
		}
	}
	if found < traces {
		t.Errorf("%d matches: the expressions are of no use", found)
	}
}

// reaches reports whether something of a trace may lie in a window: what is out of
// it is not looked at for messages either.
func reaches(trace *store.Trace, w servicegraph.Window) bool {
	if w.By == servicegraph.ByReceipt {
		return microseconds(float64(trace.FirstReceived.UnixNano())/1e9) <= w.To && microseconds(float64(trace.LastReceived.UnixNano())/1e9) >= w.From
	}
	end := math.Inf(-1)
	for _, seg := range trace.Segments {
		if seg.EndTime != nil && !seg.Inferred {
			end = max(end, *seg.EndTime)
		}
	}
	if math.IsInf(end, -1) {
		end = trace.Start() // all is in progress
	}
	return microseconds(trace.Start()) <= w.To && microseconds(end) >= w.From
}

func rendered(t *testing.T, m *servicegraph.Merger) []byte {
	t.Helper()
	out, err := json.Marshal(graphRenderer{periods: true, regions: true}.services(m.Map()))
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func contextWith(t *testing.T, who caller) context.Context {
	return context.WithValue(t.Context(), callerKey{}, who)
}
