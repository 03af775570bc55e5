package index_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/bragg-tracing/bragg/pkg/segment"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/filter"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/filter/eval"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/store"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/store/index"
)

// A generator makes traces and expressions over a small vocabulary, so that many
// expressions match some traces.
type generator struct {
	*rand.Rand
	ids  int
	last []string // the documents of the latest trace
}

func (g *generator) pick(of ...string) string { return of[g.IntN(len(of))] }

func (g *generator) maybe(p float64, text string) string {
	if g.Float64() < p {
		return text
	}
	return ""
}

func (g *generator) id() string { g.ids++; return fmt.Sprintf("%016x", g.ids) }

func (g *generator) service() string { return g.pick("web", "auth", "pay", "héllo") }
func (g *generator) key() string     { return g.pick("client_id", "age", "vip", "a.b") }
func (g *generator) value() string {
	return g.pick(`"x"`, `"y"`, `"true"`, `""`, `1`, `29`, `1.5`, `-0`, `true`, `false`)
}

// members are those that segments and subsegments have alike.
func (g *generator) members() string {
	var all []string
	for _, flag := range []string{"error", "fault", "throttle"} {
		all = append(all, g.maybe(0.12, `"`+flag+`":true`))
	}
	if g.Float64() < 0.5 {
		all = append(all, fmt.Sprintf(`"annotations":{%q:%s,%q:%s}`, g.key(), g.value(), g.key(), g.value()))
	}
	if g.Float64() < 0.6 {
		all = append(all, fmt.Sprintf(`"http":{"request":{"url":"http://%s/%s","method":%q%s},"response":{"status":%s}}`,
			g.pick("a", "b"), g.pick("", "api", "api/game"), g.pick("GET", "POST"),
			g.maybe(0.5, `,"user_agent":"curl","client_ip":"10.0.0.1"`), g.pick("200", "204", "404", "429", "500", "0")))
	}
	all = append(all, g.maybe(0.2, fmt.Sprintf(`"cause":{"exceptions":[{"id":"%016x","type":%q%s}]}`, g.IntN(1<<40), g.pick("Late", "Refused", ""), g.maybe(0.7, `,"message":"no way"`))),
		g.maybe(0.2, fmt.Sprintf(`"user":%q`, g.pick("alice", "bob"))),
		g.maybe(0.2, `"resource_arn":"arn:x"`), g.maybe(0.2, `"aws":{"ec2":{"instance_id":"i-1","availability_zone":"z"}}`))
	return strings.Join(slices.DeleteFunc(all, func(s string) bool { return s == "" }), ",")
}

func (g *generator) times(start float64) string {
	if g.Float64() < 0.1 {
		return fmt.Sprintf(`"start_time":%g,"in_progress":true`, start)
	}
	return fmt.Sprintf(`"start_time":%g,"end_time":%g`, start, start+[]float64{0, 0.5, 1.25, 3, 5.000001, 7}[g.IntN(6)])
}

// trace makes the documents of one trace.
func (g *generator) trace(n int) []string {
	traceID := fmt.Sprintf("1-%08x-%024x", n, n)
	start := float64(1000 + n)
	var docs, callers []string
	for i := range 1 + g.IntN(4) {
		id, call := g.id(), g.id()
		doc := fmt.Sprintf(`{"trace_id":%q,"id":%q,"name":%q,%s`, traceID, id, g.service(), g.times(start))
		if i > 0 || g.Float64() < 0.1 {
			parent := fmt.Sprintf("%016x", 1<<40)
			if len(callers) > 0 && g.Float64() < 0.9 {
				parent = callers[g.IntN(len(callers))]
			}
			doc += fmt.Sprintf(`,"parent_id":%q`, parent)
		}
		if members := g.members(); members != "" {
			doc += "," + members
		}
		doc += g.maybe(0.3, `,"origin":"AWS::Lambda::Function"`)
		sub := fmt.Sprintf(`{"id":%q,"name":%q,%s,"namespace":%q`, call, g.pick("pay", "DynamoDB", "other"), g.times(start), g.pick("aws", "remote", "local"))
		if members := g.members(); members != "" {
			sub += "," + members
		}
		docs = append(docs, doc+`,"subsegments":[`+sub+`}]}`)
		callers = append(callers, id, call)
	}
	g.last = docs
	return docs
}

// expression makes one of a depth.
func (g *generator) expression(depth int, block bool) string {
	if depth > 0 && g.Float64() < 0.6 {
		a, b := g.expression(depth-1, block), g.expression(depth-1, block)
		return g.pick(a+" AND "+b, a+" "+b, "("+a+" OR "+b+")", "!("+a+")", "!"+a)
	}
	if !block && g.Float64() < 0.35 {
		selector := func() string {
			return g.pick(`"`+g.service()+`"`, `"DynamoDB"`, `id(type: "AWS::Lambda::Function")`, `id(name: "`+g.service()+`", type: "remote")`, `id(type: "client")`)
		}
		head := g.pick("service("+g.pick(selector(), "")+")", "edge("+selector()+", "+selector()+")")
		return head + g.pick("", " { "+g.expression(1, true)+" }")
	}
	return g.field(block)
}

func (g *generator) field(block bool) string {
	number := g.pick("0", "0.5", "1.25", "3", "5", "200", "404", `"5"`)
	text := g.pick(`"http://a/api"`, `"api"`, `"GET"`, `"alice"`, `""`, `"curl"`, `"arn:x"`, `"z"`)
	all := []string{
		g.pick("ok", "error", "fault", "throttle"),
		g.pick("ok", "error", "fault", "throttle") + g.pick(" = ", " != ") + g.pick("true", "false", `"true"`),
		g.pick("responsetime", "duration", "http.status") + g.pick("", g.pick(" = ", " != ", " < ", " <= ", " > ", " >= ")+number),
		g.pick("http.url", "http.method", "http.useragent", "http.clientip", "user", "instance.id", "availabilityzone", "resource.arn", "name", "type") +
			g.pick("", g.pick(" = ", " != ", " CONTAINS ", " BEGINSWITH ", " ENDSWITH ")+text),
		"annotation[" + g.key() + "]" + g.pick("", g.pick(" = ", " = ", " != ", " < ", " >= ", " CONTAINS ")+g.value()),
	}
	if !block {
		all = append(all, g.pick("partial", "inferred"), "rootcause.fault.service { name = \"auth\" }")
	}
	return g.pick(all...)
}

// TestPlanFindsWhatEvaluationFinds holds that the condition on entries leaves
// out no trace that an expression matches, and that it leaves out some.
func TestPlanFindsWhatEvaluationFinds(t *testing.T) {
	g := &generator{Rand: rand.New(rand.NewPCG(1, 2))}
	s, err := store.OpenInMemory()
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	const traces, expressions = 60, 150
	for n := range traces {
		var docs []store.Document
		for _, raw := range g.trace(n) {
			doc, err := segment.Parse([]byte(raw))
			if err != nil {
				t.Fatalf("%s: %v", raw, err)
			}
			docs = append(docs, store.Document{Document: doc, Raw: []byte(raw)})
		}
		for len(docs) > 0 { // a trace may come bit by bit
			first := 1 + g.IntN(len(docs))
			if err := s.Put(t.Context(), docs[:first]); err != nil {
				t.Fatal(err)
			}
			docs = docs[first:]
		}
	}
	all, err := s.Find(t.Context(), store.Query{End: 1e6, Limit: 1000})
	if err != nil || len(all.Refs) == 0 {
		t.Fatal(len(all.Refs), err)
	}
	views := make([]*eval.View, len(all.Refs))
	for i, ref := range all.Refs {
		views[i] = eval.NewView(ref.Trace.Trace, ref.Trace.Received)
	}
	read, planned := 0, 0
	for range expressions {
		text := g.expression(2, false)
		e, err := filter.Parse(text)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		var want []string
		for i, ref := range all.Refs {
			if views[i].Matches(e) {
				want = append(want, ref.TraceID)
			}
		}
		got, n := find(t, s, e, index.Plan(e))
		if !slices.Equal(got, want) {
			t.Errorf("%s\nplan %v\nfound %v\nwant  %v", text, index.Plan(e), got, want)
		}
		if len(index.Plan(e).Needs) > 0 {
			planned, read = planned+1, read+n
		}
	}
	if planned < expressions/2 || read > planned*traces/2 {
		t.Errorf("%d of %d expressions were planned, and %d traces read for them: the plan is of no use", planned, expressions, read)
	}
}

// find returns the ids of the traces that match, and how many were read.
func find(t *testing.T, s *store.Store, e filter.Expr, where index.Condition) (ids []string, read int) {
	t.Helper()
	q := store.Query{Start: 0, End: 1e6, Limit: 1000, Where: where, Match: func(trace *store.Trace) bool {
		read++
		return eval.NewView(trace.Trace, trace.Received).Matches(e)
	}}
	page, err := s.Find(t.Context(), q)
	if err != nil {
		t.Fatalf("%s: %v", e, err)
	}
	for _, ref := range page.Refs {
		ids = append(ids, ref.TraceID)
	}
	return ids, read
}
