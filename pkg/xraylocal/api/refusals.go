package api

import (
	"encoding/hex"
	"fmt"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/bragg-tracing/bragg/pkg/segment"
	spans "github.com/bragg-tracing/bragg/pkg/xraylocal/otlp"
)

// How much is kept of what was refused: the newest, as long as traces are kept.
const (
	maxRefusals        = 200
	maxRefusalBytes    = 4 << 20         // bytes of all originals
	maxRefusalDocument = segment.MaxSize // bytes of an original; the rest is cut off
)

// The ways by which documents come in.
const (
	ByCall   = "PutTraceSegments"
	ByDaemon = "X-Ray daemon (UDP)"
	ByOTLP   = "OTLP"
)

// A Refusal is a document, or a span, that X-Ray Local has not taken.
type Refusal struct {
	Number    int // from 1, in the order in which they came
	Time      time.Time
	By        string // ByCall, ByDaemon or ByOTLP
	Count     int    // 1, or how many spans of one call it stands for beyond those of their own
	Code      string // the ErrorCode of UnprocessedTraceSegments; "" for spans
	Reason    string
	TraceID   string // as in the document, a span's in X-Ray's form; "" if it could not be read
	SegmentID string
	Document  string // the original, of a span OTLP's JSON with it alone; cut at 64 KB
	Size      int    // bytes of the whole original; 0 if there is none
}

// refusals are the newest of them. It is safe for concurrent use.
type refusals struct {
	load sync.Once // reads those of before

	mu      sync.Mutex
	count   int // all that there were
	last    []Refusal
	bytes   int          // of the originals in last
	stored  map[int]bool // numbers that the store has
	writing bool         // a goroutine saves
	writer  sync.WaitGroup
	closed  bool
}

// add keeps a refusal, and lets go of the oldest beyond the bounds.
func (r *refusals) add(what Refusal) {
	r.count++
	what.Number = r.count
	r.keep(what)
}

func (r *refusals) keep(what Refusal) {
	r.last = append(r.last, what)
	r.bytes += len(what.Document)
	for len(r.last) > maxRefusals || r.bytes > maxRefusalBytes {
		r.drop()
	}
}

func (r *refusals) drop() {
	r.bytes -= len(r.last[0].Document)
	r.last[0] = Refusal{} // lets go of its original
	r.last = r.last[1:]
}

// Refusals returns the newest refusals, the newest first, and how many there
// were since the store was made or emptied.
func (h *Handler) Refusals() (newest []Refusal, all int) {
	h.loadRefusals()
	r := &h.refused
	r.mu.Lock()
	defer r.mu.Unlock()
	h.expireRefusals()
	for i := len(r.last) - 1; i >= 0; i-- {
		newest = append(newest, r.last[i])
	}
	return newest, r.count
}

// RefuseDocument remembers a document that was not taken, and why. It keeps no
// part of raw.
func (h *Handler) RefuseDocument(by string, raw []byte, err error) {
	u := refused(err)
	what := Refusal{Time: h.now(), By: by, Count: 1, Code: u.ErrorCode, Reason: u.Message, SegmentID: text(u.ID)}
	what.keepOriginal(raw)
	if doc, err := segment.Decode(raw); err == nil {
		what.TraceID, what.SegmentID = doc.TraceID, doc.ID
	}
	h.refuse(what)
}

// RefuseSpans remembers the spans of a call that were not taken, and why.
func (h *Handler) RefuseSpans(by string, refused spans.Refusal) {
	all := make([]Refusal, 0, len(refused.Each)+1)
	if rest := refused.Spans - len(refused.Each); rest > 0 {
		all = append(all, Refusal{Time: h.now(), By: by, Count: rest, Reason: fmt.Sprintf("more spans of the same call as the %d after", len(refused.Each))})
	}
	for _, s := range refused.Each {
		what := Refusal{Time: h.now(), By: by, Count: 1, Reason: s.Reason, TraceID: s.TraceID, SegmentID: s.SpanID}
		if id, ok := segment.FormatTraceID(s.TraceID); ok {
			what.TraceID = id
		}
		what.keepOriginal(s.Original)
		all = append(all, what)
	}
	h.refuse(all...)
}

// keepOriginal keeps the beginning of a document, as text: what is none is
// written in hexadecimal.
func (r *Refusal) keepOriginal(raw []byte) {
	r.Size = len(raw)
	kept := raw[:min(len(raw), maxRefusalDocument)]
	for cut := 0; cut < utf8.UTFMax && len(kept) < len(raw) && !utf8.Valid(kept); cut++ {
		kept = kept[:len(kept)-1] // a character that was cut in two
	}
	if r.Document = string(kept); !utf8.Valid(kept) {
		r.Document = hex.EncodeToString(raw[:min(len(raw), maxRefusalDocument/2)])
	}
}
