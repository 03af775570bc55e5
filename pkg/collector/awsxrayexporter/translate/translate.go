package translate

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/bragg-tracing/bragg/pkg/collector/awsxrayreceiver/passthrough"
	"github.com/bragg-tracing/bragg/pkg/segment"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

// A Mode says how faithful the translation is to contrib's.
type Mode string

// The modes.
const (
	Default Mode = "default" // compat plus Rules
	Compat  Mode = "compat"  // as contrib v0.159
)

// A Config is what the user chooses. The zero Config is default mode with no
// indexed attributes.
type Config struct {
	Mode               Mode     // "" means Default
	IndexedAttributes  []string // attributes that become annotations
	IndexAllAttributes bool     // every scalar attribute becomes an annotation
	LogGroupNames      []string // the log groups of resources that name none (aws_log_groups)
	Disable            []string // names of Rules that are switched off; without effect in compat mode
}

// A Document is one segment document. It is rendered in the form in which it
// travels: PutTraceSegments takes documents as JSON strings.
type Document struct {
	Quoted    []byte          // the document inside a JSON string, without its quotes; valid only until emit returns
	TraceID   pcommon.TraceID // of the span
	SegmentID [8]byte         // the document's id: the span's, or one derived from it
	Trimmed   bool            // something was left out to fit segment.MaxSize
}

// JSON returns the document, which is at most segment.MaxSize bytes. The memory
// is the caller's.
func (d Document) JSON() []byte { return segment.AppendUnquoted(nil, d.Quoted) }

// Stats says what became of the spans of one call.
type Stats struct {
	Spans     int            // seen
	Documents int            // emitted
	Trimmed   int            // of Documents
	Recovered int            // spans whose translation panicked and that were rendered minimally or dropped
	Dropped   map[string]int // spans without a document, by reason; nil if there are none
}

// The reasons in Stats.Dropped.
const (
	DroppedPanic = "panic" // not even the minimal document could be rendered
)

// A Translator turns spans into documents. It is safe for concurrent use and
// holds no goroutine; it needs no closing.
type Translator struct {
	cfg     Config
	rules   ruleSet
	indexed map[string]struct{} // cfg.IndexedAttributes

	indexedOfResource map[string]struct{} // those of them that name a resource's, without the prefix

	resources resourceCache
	scratches sync.Pool
}

// New returns a Translator, or an error if the mode or the name of a rule in
// cfg.Disable is unknown.
func New(cfg Config) (*Translator, error) {
	rules, err := newRuleSet(cfg.Mode, cfg.Disable)
	if err != nil {
		return nil, fmt.Errorf("translate: %w", err)
	}
	cfg.IndexedAttributes = slices.Clone(cfg.IndexedAttributes)
	cfg.LogGroupNames = slices.Clone(cfg.LogGroupNames)
	t := &Translator{cfg: cfg, rules: rules, indexed: map[string]struct{}{}, indexedOfResource: map[string]struct{}{}}
	for _, name := range cfg.IndexedAttributes {
		t.indexed[name] = struct{}{}
		if after, ok := strings.CutPrefix(name, resourcePrefix); ok {
			t.indexedOfResource[after] = struct{}{}
		}
	}
	t.resources.init()
	t.scratches.New = func() any { return newScratch(t) }
	return t, nil
}

// Translate calls emit with each document of td, in order. It reads td only,
// never mutates it, and never panics of its own; a panic in emit is the
// caller's. A span whose translation would panic yields a minimal document.
// Spans of which td holds the document they were made from, unchanged, yield
// that document, in both modes: see segment.DocumentAttribute.
func (t *Translator) Translate(td ptrace.Traces, emit func(Document)) Stats {
	s := t.scratches.Get().(*scratch)
	defer t.release(s)
	return s.traces(td, emit)
}

func (s *scratch) traces(td ptrace.Traces, emit func(Document)) Stats {
	s.stats = Stats{}
	kept := s.judge(td)
	place := 0 // of the span in the batch
	for i, n := 0, td.ResourceSpans().Len(); i < n; i++ {
		rs := td.ResourceSpans().At(i)
		s.beginResource(rs.Resource())
		for j, n := 0, rs.ScopeSpans().Len(); j < n; j++ {
			spans := rs.ScopeSpans().At(j).Spans()
			for k, n := 0, spans.Len(); k < n; k++ {
				s.stats.Spans++
				switch kept.Of(place) {
				case passthrough.Send:
					s.send(spans.At(k), emit)
				case passthrough.Render:
					s.translate(spans.At(k), emit)
				}
				place++
			}
		}
	}
	return s.stats
}

// release gives a scratch back, unless one span made it large.
func (t *Translator) release(s *scratch) {
	if s.reset() {
		t.scratches.Put(s)
	}
}
