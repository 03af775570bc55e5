package passthrough

import (
	"slices"
	"testing"

	"github.com/bragg-tracing/bragg/pkg/segment"
	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

const document = `{"name":"shop","id":"00000000000000a0"}`

// newBatch returns a batch of one document with n spans per document.
func newBatch(documents, n int) ptrace.Traces {
	td := ptrace.NewTraces()
	for d := range documents {
		rs := td.ResourceSpans().AppendEmpty()
		rs.Resource().Attributes().PutStr("service.name", "shop")
		spans := rs.ScopeSpans().AppendEmpty().Spans()
		for i := range n {
			span := spans.AppendEmpty()
			span.SetTraceID([16]byte{1})
			span.SetSpanID([8]byte{byte(d), byte(i), 7})
			span.SetName("GET /")
			span.SetStartTimestamp(1e18)
			fill(span.Attributes())
			event := span.Events().AppendEmpty()
			event.SetName("exception")
			event.Attributes().PutStr("exception.message", "no")
			link := span.Links().AppendEmpty()
			link.SetTraceID([16]byte{9})
		}
		Mark(rs, document)
	}
	return td
}

func fill(m pcommon.Map) {
	m.PutStr("user", "alice")
	m.PutInt("n", 7)
	m.PutDouble("d", 0.5)
	m.PutBool("b", true)
	m.PutEmptyBytes("raw").FromRaw([]byte{1, 2})
	list := m.PutEmptySlice("list")
	list.AppendEmpty().SetStr("x")
	list.AppendEmpty().SetEmptyMap().PutStr("card", "4111")
	m.PutEmpty("nothing")
}

func span(td ptrace.Traces, i int) ptrace.Span {
	return td.ResourceSpans().At(0).ScopeSpans().At(0).Spans().At(i)
}

func verdicts(td ptrace.Traces) []Verdict {
	j := Judge(td)
	out := make([]Verdict, td.SpanCount())
	for i := range out {
		out[i] = j.Of(i)
	}
	return out
}

func TestJudge(t *testing.T) {
	sent, rendered := []Verdict{Send, Skip, Skip}, []Verdict{Render, Render, Render}
	for _, test := range []struct {
		name   string
		change func(ptrace.Traces)
		want   []Verdict
	}{
		{"nothing", func(ptrace.Traces) {}, sent},
		{"the order of attributes", func(td ptrace.Traces) {
			m := span(td, 1).Attributes()
			v, _ := m.Get("user")
			user := v.Str()
			m.Remove("user")
			m.PutStr("user", user)
		}, sent},
		{"a value", func(td ptrace.Traces) { span(td, 2).Attributes().PutStr("user", "****") }, rendered},
		{"a type", func(td ptrace.Traces) { span(td, 2).Attributes().PutDouble("n", 7) }, rendered},
		{"a nested value", func(td ptrace.Traces) {
			v, _ := span(td, 1).Attributes().Get("list")
			v.Slice().At(1).Map().PutStr("card", "****")
		}, rendered},
		{"an attribute deleted", func(td ptrace.Traces) { span(td, 0).Attributes().Remove("user") }, rendered},
		{"an attribute added", func(td ptrace.Traces) { span(td, 1).Attributes().PutStr("team", "a") }, rendered},
		{"the name", func(td ptrace.Traces) { span(td, 1).SetName("GET /*") }, rendered},
		{"the status", func(td ptrace.Traces) { span(td, 1).Status().SetMessage("x") }, rendered},
		{"the parent", func(td ptrace.Traces) { span(td, 1).SetParentSpanID([8]byte{3}) }, rendered},
		{"an event", func(td ptrace.Traces) { span(td, 1).Events().At(0).Attributes().PutStr("exception.message", "****") }, rendered},
		{"an event dropped", func(td ptrace.Traces) {
			span(td, 1).Events().RemoveIf(func(ptrace.SpanEvent) bool { return true })
		}, rendered},
		{"a link", func(td ptrace.Traces) { span(td, 1).Links().At(0).SetSpanID([8]byte{1}) }, rendered},
		{"the resource", func(td ptrace.Traces) {
			td.ResourceSpans().At(0).Resource().Attributes().PutStr("deployment.environment.name", "prod")
		}, rendered},
		{"the scope", func(td ptrace.Traces) { td.ResourceSpans().At(0).ScopeSpans().At(0).Scope().SetName("x") }, rendered},
		{"the document", func(td ptrace.Traces) {
			span(td, 0).Attributes().PutStr(segment.DocumentAttribute, `{"name":"****","id":"00000000000000a0"}`)
		}, rendered},
		{"the document deleted", func(td ptrace.Traces) { span(td, 0).Attributes().Remove(segment.DocumentAttribute) }, rendered},
		{"a marker deleted", func(td ptrace.Traces) { span(td, 1).Attributes().Remove(segment.PartAttribute) }, rendered},
		{"a marker redacted", func(td ptrace.Traces) { span(td, 1).Attributes().PutStr(segment.PartAttribute, "****") }, rendered},
		{"the root dropped", func(td ptrace.Traces) { drop(td, 0) }, rendered[:2]},
		{"the last dropped", func(td ptrace.Traces) { drop(td, 2) }, rendered[:2]},
		{"regrouped", func(td ptrace.Traces) { regroup(td) }, sent},
		{"delivered twice", func(td ptrace.Traces) {
			td.ResourceSpans().At(0).CopyTo(td.ResourceSpans().AppendEmpty())
		}, []Verdict{Skip, Skip, Skip, Send, Skip, Skip}},
	} {
		t.Run(test.name, func(t *testing.T) {
			td := newBatch(1, 3)
			test.change(td)
			if diff := cmp.Diff(test.want, verdicts(td)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func drop(td ptrace.Traces, i int) {
	n := 0
	td.ResourceSpans().At(0).ScopeSpans().At(0).Spans().RemoveIf(func(ptrace.Span) bool { n++; return n-1 == i })
}

// regroup puts each span into a resource of its own, as some processors do.
func regroup(td ptrace.Traces) {
	first := td.ResourceSpans().At(0)
	for first.ScopeSpans().At(0).Spans().Len() > 1 {
		rs := td.ResourceSpans().AppendEmpty()
		first.Resource().CopyTo(rs.Resource())
		taken := false
		n := 0
		first.ScopeSpans().At(0).Spans().RemoveIf(func(s ptrace.Span) bool {
			n++
			if n == 1 || taken {
				return false
			}
			s.CopyTo(rs.ScopeSpans().AppendEmpty().Spans().AppendEmpty())
			taken = true
			return true
		})
	}
}

func TestDocumentsOfABatchAreJudgedAlone(t *testing.T) {
	td := newBatch(3, 2)
	td.ResourceSpans().At(1).ScopeSpans().At(0).Spans().At(1).SetName("x")
	want := []Verdict{Send, Skip, Render, Render, Send, Skip}
	if diff := cmp.Diff(want, verdicts(td)); diff != "" {
		t.Error(diff)
	}
}

func TestWhatIsNoDocumentIsNotSent(t *testing.T) {
	for _, text := range []string{"", "[]", "{", `"x"`, `{"a":` + string(slices.Repeat([]byte("1"), segment.MaxSize)) + `}`} {
		td := newBatch(1, 1)
		rs := td.ResourceSpans().At(0)
		Mark(rs, text)
		if v := Judge(td).Of(0); v != Render {
			t.Errorf("%.10q: verdict %d", text, v)
		}
	}
}

func TestMarksSurviveTheWire(t *testing.T) {
	b, err := (&ptrace.ProtoMarshaler{}).MarshalTraces(newBatch(2, 3))
	if err != nil {
		t.Fatal(err)
	}
	td, err := (&ptrace.ProtoUnmarshaler{}).UnmarshalTraces(b)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]Verdict{Send, Skip, Skip, Send, Skip, Skip}, verdicts(td)); diff != "" {
		t.Error(diff)
	}
}

func TestJudgeCostsNothingWithoutMarks(t *testing.T) {
	td := newBatch(2, 10)
	for _, rs := range td.ResourceSpans().All() {
		for _, s := range rs.ScopeSpans().At(0).Spans().All() {
			s.Attributes().Remove(segment.PartAttribute)
		}
	}
	if n := testing.AllocsPerRun(100, func() { Judge(td) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
