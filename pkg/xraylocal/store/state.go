package store

import (
	"database/sql"
	"time"

	"github.com/bragg-tracing/bragg/pkg/segment"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/assembly"
)

// A state is what is known of a trace.
type state struct {
	num       int64
	namespace int64
	id        string
	revision  int
	first     int64 // receipts, Unix nanoseconds
	last      int64
	placed    sql.NullFloat64 // the start under which it is listed
	parts     int64           // how many there are

	docs       []*held
	byID       map[string]*held // made when there are many
	duplicates int

	// Of the transaction that is being written:
	fresh    bool  // it is not in the database yet
	changed  bool  // it accepted something
	seq      int64 // the transaction
	requests int64 // number of the request that raised the revision last
	entries  []entry
}

// A held is a document that a trace has.
type held struct {
	*segment.Document
	receipt    int64
	duplicates int
}

// manyDocuments is from when on documents are found by a map.
const manyDocuments = 16

// find returns the document with an id, or nil.
func (s *state) find(id string) *held {
	if s.byID != nil {
		return s.byID[id]
	}
	for _, h := range s.docs {
		if h.ID == id {
			return h
		}
	}
	return nil
}

func (s *state) add(h *held) {
	s.docs = append(s.docs, h)
	switch {
	case s.byID != nil:
		s.byID[h.ID] = h
	case len(s.docs) > manyDocuments:
		s.byID = make(map[string]*held)
		for _, h := range s.docs {
			s.byID[h.ID] = h
		}
	}
}

// accept takes a document in by X-Ray's rules, and reports whether it changed
// anything: the first completed document of an id stays, one in progress is
// replaced by whatever comes.
func (s *state) accept(doc Document, receipt int64) bool {
	h := s.find(doc.ID)
	switch {
	case h == nil:
		s.add(&held{Document: doc.Document, receipt: receipt})
	case h.InProgress:
		h.Document, h.receipt = doc.Document, receipt
	case doc.InProgress:
		return false
	default:
		h.duplicates++
		s.duplicates++
		s.entries = append(s.entries, entry{duplicate: true, receipt: receipt, raw: []byte(doc.ID)})
		return false
	}
	s.entries = append(s.entries, entry{receipt: receipt, raw: doc.Raw})
	return true
}

// replay takes in what was accepted before.
func (s *state) replay(e entry) error {
	if e.duplicate {
		if h := s.find(string(e.raw)); h != nil {
			h.duplicates++
			s.duplicates++
		}
		return nil
	}
	doc, err := segment.Decode(e.raw)
	if err != nil {
		return err
	}
	if h := s.find(doc.ID); h != nil {
		h.Document, h.receipt = doc, e.receipt
		return nil
	}
	s.add(&held{Document: doc, receipt: e.receipt})
	return nil
}

// documents returns the documents in the order of their first arrival.
func (s *state) documents() []*segment.Document {
	docs := make([]*segment.Document, len(s.docs))
	for i, h := range s.docs {
		docs[i] = h.Document
	}
	return docs
}

// bounds returns the earliest start and the latest end of a segment.
func (s *state) bounds() (start, end sql.NullFloat64) {
	for _, h := range s.docs {
		if h.Type == segment.TypeSubsegment {
			continue
		}
		if !start.Valid || h.StartTime < start.Float64 {
			start = sql.NullFloat64{Float64: h.StartTime, Valid: true}
		}
		if h.EndTime != nil && (!end.Valid || *h.EndTime > end.Float64) {
			end = sql.NullFloat64{Float64: *h.EndTime, Valid: true}
		}
	}
	return start, end
}

// receipts maps each entity of the assembled trace to the arrival of the
// document that holds it.
func (s *state) receipts(trace *assembly.Trace) map[string]time.Time {
	byID := make(map[string]time.Time, len(s.docs))
	var note func(doc *segment.Document, at time.Time)
	note = func(doc *segment.Document, at time.Time) {
		if _, again := byID[doc.ID]; !again {
			byID[doc.ID] = at
		}
		for _, sub := range doc.Subsegments {
			note(sub, at)
		}
	}
	for _, h := range s.docs {
		note(h.Document, time.Unix(0, h.receipt))
	}
	for _, seg := range trace.Segments {
		if seg.Inferred {
			byID[seg.ID] = byID[seg.ParentID]
		}
	}
	return byID
}

// received returns the function that tells when an entity came.
func (s *state) received(trace *assembly.Trace) func(id string) time.Time {
	for _, h := range s.docs[1:] {
		if h.receipt != s.docs[0].receipt {
			byID := s.receipts(trace)
			return func(id string) time.Time { return byID[id] }
		}
	}
	at := time.Unix(0, s.docs[0].receipt) // as is usual
	return func(string) time.Time { return at }
}

// A traceKey names a trace.
type traceKey struct {
	namespace int64
	id        string
}

// recent keeps the states of traces that were written lately, so that a trace
// whose documents come one by one need not be read again each time. It holds
// at most two times maxRecent documents, and those of two transactions.
type recent struct {
	young, old map[traceKey]*state
	documents  int // in young
}

const maxRecent = 1500

func (r *recent) clear() { *r = recent{young: make(map[traceKey]*state)} }

func (r *recent) get(key traceKey) *state {
	if s := r.young[key]; s != nil {
		return s
	}
	return r.old[key]
}

// put keeps a state. Who adds documents to it calls added.
func (r *recent) put(s *state) {
	key := traceKey{s.namespace, s.id}
	if r.young[key] == nil {
		r.young[key] = s
		r.documents += 1 + len(s.docs)
	}
}

// added counts a document that a kept state has got.
func (r *recent) added() { r.documents++ }

// turn lets go of what was not written lately. A transaction must not lose what
// it writes: it is for between two.
func (r *recent) turn() {
	if r.documents >= maxRecent {
		r.old, r.young, r.documents = r.young, make(map[traceKey]*state), 0
	}
}

// drop forgets a trace that was deleted.
func (r *recent) drop(key traceKey) {
	delete(r.young, key)
	delete(r.old, key)
}
