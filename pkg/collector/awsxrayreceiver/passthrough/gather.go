package passthrough

import (
	"slices"
	"sync"
	"time"

	"github.com/bragg-tracing/bragg/pkg/segment"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

// A Gatherer stands before an exporter's queue and brings the spans of a
// document together again when batches have split them, so that the exporter
// can send the document; see [segment.DocumentAttribute]. It holds spans in
// memory, for a bounded time and up to a bounded number, and starts no
// goroutine: its owner calls Expire now and then, and Flush at the end. Like a
// batch processor it acknowledges what it holds: in a crash that is lost.
//
// A Gatherer is safe for concurrent use.
type Gatherer struct {
	wait     time.Duration
	maxSpans int

	mu      sync.Mutex
	held    map[[8]byte]*heldDocument
	order   [][8]byte        // of held, by arrival
	spans   int              // in held
	decided map[[8]byte]bool // whether the document was handed on as a whole
	recent  [][8]byte        // of decided, by time
}

// maxDecided is how many decisions are remembered, for parts that come late.
const maxDecided = 1 << 14

type heldDocument struct {
	traces ptrace.Traces
	since  time.Time
}

// NewGatherer returns a Gatherer that holds an incomplete document for wait,
// or until more than maxSpans spans are held and it is the oldest.
func NewGatherer(wait time.Duration, maxSpans int) *Gatherer {
	return &Gatherer{wait: wait, maxSpans: maxSpans, held: map[[8]byte]*heldDocument{}, decided: map[[8]byte]bool{}}
}

// Gather takes a batch at a time and returns what goes on now: td itself if no
// span has a marker, else a batch of its own. Of a document that is complete
// and unchanged that is its first span, as part 0 of 1; of one that is not, all
// spans without the attributes. It reads td only.
func (g *Gatherer) Gather(td ptrace.Traces, now time.Time) ptrace.Traces {
	if findDocuments(td) == nil {
		return td
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	out := ptrace.NewTraces()
	td.CopyTo(out)
	for _, id := range g.take(out, now) {
		g.decide(id, out)
	}
	for g.spans > g.maxSpans {
		g.giveUp(g.order[0], out)
	}
	return out
}

// Expire returns the spans of documents that are held for too long.
func (g *Gatherer) Expire(now time.Time) ptrace.Traces {
	g.mu.Lock()
	defer g.mu.Unlock()
	out := ptrace.NewTraces()
	for len(g.order) > 0 && now.Sub(g.held[g.order[0]].since) >= g.wait {
		g.giveUp(g.order[0], out)
	}
	return out
}

// Flush returns all spans that are held.
func (g *Gatherer) Flush() ptrace.Traces {
	g.mu.Lock()
	defer g.mu.Unlock()
	out := ptrace.NewTraces()
	for len(g.order) > 0 {
		g.giveUp(g.order[0], out)
	}
	return out
}

// take moves the spans with markers from batch to held, and returns of which
// documents. Those of a document that is decided follow the decision: of one
// that went on whole they are copies.
func (g *Gatherer) take(batch ptrace.Traces, now time.Time) (touched [][8]byte) {
	batch.ResourceSpans().RemoveIf(func(rs ptrace.ResourceSpans) bool {
		rs.ScopeSpans().RemoveIf(func(ss ptrace.ScopeSpans) bool {
			homes := map[[8]byte]ptrace.SpanSlice{}
			ss.Spans().RemoveIf(func(span ptrace.Span) bool {
				part, ok := partOf(span)
				if !ok {
					return false
				}
				id := part.Document
				if whole, ok := g.decided[id]; ok {
					strip(span)
					return whole
				}
				home, ok := homes[id]
				if !ok {
					home = g.home(id, rs, ss, now)
					homes[id] = home
					if !slices.Contains(touched, id) {
						touched = append(touched, id)
					}
				}
				span.MoveTo(home.AppendEmpty())
				g.spans++
				return true
			})
			return ss.Spans().Len() == 0
		})
		return rs.ScopeSpans().Len() == 0
	})
	return touched
}

// home returns where spans of a document and scope are held.
func (g *Gatherer) home(id [8]byte, rs ptrace.ResourceSpans, ss ptrace.ScopeSpans, now time.Time) ptrace.SpanSlice {
	held, ok := g.held[id]
	if !ok {
		held = &heldDocument{traces: ptrace.NewTraces(), since: now}
		g.held[id] = held
		g.order = append(g.order, id)
	}
	to := held.traces.ResourceSpans().AppendEmpty()
	rs.Resource().CopyTo(to.Resource())
	to.SetSchemaUrl(rs.SchemaUrl())
	scope := to.ScopeSpans().AppendEmpty()
	ss.Scope().CopyTo(scope.Scope())
	scope.SetSchemaUrl(ss.SchemaUrl())
	return scope.Spans()
}

// decide hands a document on if it is complete or cannot be any more.
func (g *Gatherer) decide(id [8]byte, out ptrace.Traces) {
	held := g.held[id].traces
	state := findDocuments(held)[id]
	switch {
	case state.whole():
		g.release(id, true)
		i := 0
		held.ResourceSpans().RemoveIf(func(rs ptrace.ResourceSpans) bool {
			rs.ScopeSpans().At(0).Spans().RemoveIf(func(ptrace.Span) bool { i++; return i-1 != state.root })
			return rs.ScopeSpans().At(0).Spans().Len() == 0
		})
		document, _ := documentOf(held.ResourceSpans().At(0).ScopeSpans().At(0).Spans().At(0))
		Mark(held.ResourceSpans().At(0), document)
		held.ResourceSpans().MoveAndAppendTo(out.ResourceSpans())
	case state.changed:
		g.giveUp(id, out)
	}
}

// giveUp hands the spans of a document on, to be rendered.
func (g *Gatherer) giveUp(id [8]byte, out ptrace.Traces) {
	held := g.held[id].traces
	g.release(id, false)
	for _, rs := range held.ResourceSpans().All() {
		for _, span := range rs.ScopeSpans().At(0).Spans().All() {
			strip(span)
		}
	}
	held.ResourceSpans().MoveAndAppendTo(out.ResourceSpans())
}

// release forgets a document but for the decision on it.
func (g *Gatherer) release(id [8]byte, whole bool) {
	g.spans -= g.held[id].traces.SpanCount()
	delete(g.held, id)
	i := slices.Index(g.order, id)
	g.order = slices.Delete(g.order, i, i+1)
	g.decided[id] = whole
	g.recent = append(g.recent, id)
	if len(g.recent) > maxDecided {
		delete(g.decided, g.recent[0])
		g.recent = g.recent[1:]
	}
}

func strip(span ptrace.Span) {
	span.Attributes().Remove(segment.DocumentAttribute)
	span.Attributes().Remove(segment.PartAttribute)
}
