package sink

import (
	"encoding/json"
	"net/http"

	"google.golang.org/grpc/codes"

	"github.com/bragg-tracing/bragg/pkg/otlp"
)

// maxSpansShown is how many spans of a trace GET /spans returns, as many as
// New Relic shows.
const maxSpansShown = 10_000

// serveSpans answers GET /spans?trace.id=ID.
func (s *Sink) serveSpans(w http.ResponseWriter, r *http.Request) {
	id, err := ParseTraceID(r.URL.Query().Get("trace.id"))
	if err != nil {
		(&refusal{http.StatusBadRequest, codes.InvalidArgument, "/spans?trace.id=ID: " + err.Error()}).refuse(w, otlp.JSON)
		return
	}
	spans := []Span{}
	err = s.eachSpanOf(r.Context(), id, maxSpansShown+1, func(span Span) error {
		spans = append(spans, span)
		return nil
	})
	truncated := len(spans) > maxSpansShown
	s.answer(w, map[string]any{
		"trace.id":  id,
		"truncated": truncated,
		"spans":     spans[:min(len(spans), maxSpansShown)],
	}, err)
}

// serveCounts answers GET /counts.
func (s *Sink) serveCounts(w http.ResponseWriter, r *http.Request) {
	counts, err := s.Counts(r.Context())
	s.answer(w, counts, err)
}

// serveHealth answers GET /healthz: 200 when the database can be read.
func (s *Sink) serveHealth(w http.ResponseWriter, r *http.Request) {
	err := s.store.read.PingContext(r.Context())
	s.answer(w, map[string]string{"status": "ok"}, err)
}

func (s *Sink) answer(w http.ResponseWriter, v any, err error) {
	if err != nil {
		s.log.Error("New Relic sink cannot read", "error", err)
		(&refusal{http.StatusInternalServerError, codes.Internal, "the sink cannot read: " + err.Error()}).refuse(w, otlp.JSON)
		return
	}
	w.Header().Set("Content-Type", otlp.JSON)
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	_ = encoder.Encode(v) // the reader may have gone
}
