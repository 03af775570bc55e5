package passthrough

import (
	"testing"
	"time"

	"github.com/bragg-tracing/bragg/pkg/segment"
	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

var epoch = time.Unix(1_700_000_000, 0)

// pieces cuts a batch after each nth span, as a batch processor does.
func pieces(td ptrace.Traces, n int) (all []ptrace.Traces) {
	i := 0
	for _, rs := range td.ResourceSpans().All() {
		for _, span := range rs.ScopeSpans().At(0).Spans().All() {
			if i%n == 0 {
				all = append(all, ptrace.NewTraces())
			}
			i++
			to := all[len(all)-1].ResourceSpans().AppendEmpty()
			rs.Resource().CopyTo(to.Resource())
			span.CopyTo(to.ScopeSpans().AppendEmpty().Spans().AppendEmpty())
		}
	}
	return all
}

func TestGatherAnySplit(t *testing.T) {
	for n := 1; n <= 15; n++ {
		g := NewGatherer(time.Second, 1000)
		var got []Verdict
		for _, piece := range pieces(newBatch(3, 5), n) {
			piece.MarkReadOnly()
			out := g.Gather(piece, epoch)
			got = append(got, verdicts(out)...)
		}
		if diff := cmp.Diff([]Verdict{Send, Send, Send}, got); diff != "" {
			t.Errorf("batches of %d: %s", n, diff)
		}
		if left := g.Flush().SpanCount(); left != 0 || g.spans != 0 {
			t.Errorf("batches of %d: %d spans are held still", n, left)
		}
	}
}

func TestGatherGivesUp(t *testing.T) {
	for _, test := range []struct {
		name   string
		change func(ptrace.Traces)
		passed []int // spans that go on with each batch
		held   int   // spans that go on later
	}{
		{"a span changed", func(td ptrace.Traces) { span(td, 2).SetName("x") }, []int{0, 0, 3, 1, 1}, 0},
		{"the document changed", func(td ptrace.Traces) { span(td, 0).Attributes().PutStr(segment.DocumentAttribute, "{}") }, []int{1, 1, 1, 1, 1}, 0},
		{"a span dropped", func(td ptrace.Traces) { drop(td, 3) }, []int{0, 0, 0, 0}, 4},
		{"the root dropped", func(td ptrace.Traces) { drop(td, 0) }, []int{0, 0, 0, 0}, 4},
		{"a marker redacted", func(td ptrace.Traces) { span(td, 4).Attributes().PutStr(segment.PartAttribute, "*") }, []int{0, 0, 0, 0, 1}, 4},
	} {
		t.Run(test.name, func(t *testing.T) {
			td := newBatch(1, 5)
			test.change(td)
			g := NewGatherer(time.Second, 1000)
			var passed []int
			for _, piece := range pieces(td, 1) {
				out := g.Gather(piece, epoch)
				passed = append(passed, out.SpanCount())
				rendered(t, out)
			}
			if diff := cmp.Diff(test.passed, passed); diff != "" {
				t.Error(diff)
			}
			if n := g.Expire(epoch.Add(time.Second - 1)).SpanCount(); n != 0 {
				t.Errorf("%d spans came early", n)
			}
			out := g.Expire(epoch.Add(time.Second))
			if out.SpanCount() != test.held {
				t.Errorf("%d spans came late, want %d", out.SpanCount(), test.held)
			}
			rendered(t, out)
		})
	}
}

// rendered checks that all spans are to be rendered.
func rendered(t *testing.T, td ptrace.Traces) {
	t.Helper()
	for i, v := range verdicts(td) {
		if v != Render {
			t.Errorf("span %d: verdict %d", i, v)
		}
	}
}

func TestGatherFollowsItsDecision(t *testing.T) {
	td := newBatch(1, 3)
	g := NewGatherer(time.Second, 1000)
	parts := pieces(td, 1)
	g.Gather(parts[0], epoch)
	g.Gather(parts[1], epoch)
	g.Expire(epoch.Add(time.Hour))
	if out := g.Gather(parts[2], epoch); out.SpanCount() != 1 || Judge(out).Of(0) != Render {
		t.Error("the last part of a document that was given up is held again")
	}
	g = NewGatherer(time.Second, 1000)
	g.Gather(td, epoch)
	if out := g.Gather(parts[1], epoch); out.SpanCount() != 0 {
		t.Error("a copy of a part of a document that was sent is rendered")
	}
}

func TestGatherHoldsABoundedNumber(t *testing.T) {
	g := NewGatherer(time.Hour, 10)
	passed := 0
	for range 100 {
		passed += g.Gather(pieces(newBatch(1, 3), 2)[0], epoch).SpanCount()
	}
	if g.spans != 10 || passed != 190 {
		t.Errorf("%d spans held, %d passed", g.spans, passed)
	}
}

func TestGatherLetsOthersPass(t *testing.T) {
	td := ptrace.NewTraces()
	td.ResourceSpans().AppendEmpty().ScopeSpans().AppendEmpty().Spans().AppendEmpty().SetName("x")
	g := NewGatherer(time.Second, 10)
	if got := g.Gather(td, epoch); got != td {
		t.Error("a batch without markers is copied")
	}
	mixed := newBatch(1, 2)
	td.ResourceSpans().At(0).CopyTo(mixed.ResourceSpans().AppendEmpty())
	if diff := cmp.Diff([]Verdict{Render, Send}, verdicts(g.Gather(mixed, epoch))); diff != "" {
		t.Error(diff)
	}
}
