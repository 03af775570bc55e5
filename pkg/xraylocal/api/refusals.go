package api

import (
	"sync"
	"time"

	"github.com/bragg-tracing/bragg/pkg/segment"
)

// How much is remembered of what was refused: the newest, for as long as the
// process runs.
const (
	maxRefusals        = 200
	maxRefusalDocument = segment.MaxSize // bytes of an original; the rest is cut off
)

// The ways by which documents come in.
const (
	ByCall   = "PutTraceSegments"
	ByDaemon = "X-Ray daemon (UDP)"
	ByOTLP   = "OTLP"
)

// A Refusal is a document, or some spans of one request, that X-Ray Local has
// not taken.
type Refusal struct {
	Number    int // from 1, in the order in which they came
	Time      time.Time
	By        string // ByCall, ByDaemon or ByOTLP
	Count     int    // documents or spans
	Code      string // the ErrorCode of UnprocessedTraceSegments; "" for spans
	Reason    string
	TraceID   string // as in the document; "" if it could not be read
	SegmentID string
	Document  string // the original, "" for spans; cut at 64 KB
	Size      int    // bytes of the whole original
}

// refusals are the newest of them. It is safe for concurrent use.
type refusals struct {
	mu    sync.Mutex
	count int // all that there were
	last  []Refusal
}

func (r *refusals) add(what Refusal) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.count++
	what.Number = r.count
	if len(r.last) >= maxRefusals {
		copy(r.last, r.last[1:])
		r.last = r.last[:maxRefusals-1]
	}
	r.last = append(r.last, what)
}

// Refusals returns the newest refusals, the newest first, and how many there
// were since the handler was made.
func (h *Handler) Refusals() (newest []Refusal, all int) {
	r := &h.refused
	r.mu.Lock()
	defer r.mu.Unlock()
	for i := len(r.last) - 1; i >= 0; i-- {
		newest = append(newest, r.last[i])
	}
	return newest, r.count
}

// RefuseDocument remembers a document that was not taken, and why. It keeps no
// part of raw.
func (h *Handler) RefuseDocument(by string, raw []byte, err error) {
	u := refused(err)
	what := Refusal{
		Time: h.now(), By: by, Count: 1, Code: u.ErrorCode, Reason: u.Message, SegmentID: text(u.ID),
		Document: string(raw[:min(len(raw), maxRefusalDocument)]), Size: len(raw),
	}
	if doc, err := segment.Decode(raw); err == nil {
		what.TraceID, what.SegmentID = doc.TraceID, doc.ID
	}
	h.refused.add(what)
}

// RefuseSpans remembers that spans of a request were not taken, and why.
func (h *Handler) RefuseSpans(by string, spans int, reason string) {
	h.refused.add(Refusal{Time: h.now(), By: by, Count: spans, Reason: reason})
}
