package sink

import (
	"context"
	"database/sql"
	"encoding/hex"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"google.golang.org/grpc/codes"

	"github.com/bragg-tracing/bragg/pkg/otlp"
)

// A Trace says how much of one trace has arrived.
type Trace struct {
	TraceID string `json:"trace.id"` // 32 lower-case hex digits
	Spans   int64  `json:"spans"`    // with duplicates
	Start   int64  `json:"start_unix_nano"`
}

// Bounds of GET /traces.
const (
	maxTraces        = 1000
	maxSpansListed   = 200_000 // only the newest spans are looked through
	traceListDefault = 100
)

// Traces returns the traces that have a span which started between two times,
// the newest first, at most limit. It looks at the newest 200,000 spans.
func (s *Sink) Traces(ctx context.Context, from, to time.Time, limit int) ([]Trace, error) {
	traces := []Trace{}
	err := s.store.query(ctx, func(rows *sql.Rows) error {
		var id sql.RawBytes
		var t Trace
		if err := rows.Scan(&id, &t.Spans, &t.Start); err != nil {
			return err
		}
		t.TraceID = hex.EncodeToString(id)
		traces = append(traces, t)
		return nil
	}, `SELECT trace_id, count(*), min(start) FROM spans
		WHERE num > (SELECT coalesce(max(num), 0) FROM spans) - ? AND start BETWEEN ? AND ?
		GROUP BY trace_id ORDER BY min(start) DESC, trace_id LIMIT ?`,
		maxSpansListed, from.UnixNano(), to.UnixNano(), limit)
	return traces, err
}

// serveTraces answers GET /traces?from=SECONDS&to=SECONDS&limit=N.
func (s *Sink) serveTraces(w http.ResponseWriter, r *http.Request) {
	now := time.Now()
	from, err1 := secondsOf(r, "from", now.Add(-time.Hour))
	to, err2 := secondsOf(r, "to", now)
	limit := traceListDefault
	var err3 error
	if text := r.URL.Query().Get("limit"); text != "" {
		limit, err3 = strconv.Atoi(text)
		if err3 != nil || limit < 1 || limit > maxTraces {
			err3 = fmt.Errorf("limit %.20q: want 1 to %d", text, maxTraces)
		}
	}
	for _, err := range []error{err1, err2, err3} {
		if err != nil {
			(&refusal{http.StatusBadRequest, codes.InvalidArgument, "/traces?from=SECONDS&to=SECONDS&limit=N: " + err.Error()}).refuse(w, otlp.JSON)
			return
		}
	}
	traces, err := s.Traces(r.Context(), from, to, limit)
	s.answer(w, map[string]any{"traces": traces}, err)
}

// secondsOf reads a parameter in seconds since 1970.
func secondsOf(r *http.Request, name string, missing time.Time) (time.Time, error) {
	text := r.URL.Query().Get(name)
	if text == "" {
		return missing, nil
	}
	seconds, err := strconv.ParseFloat(text, 64)
	if err != nil || !(seconds >= 0 && seconds < 9e9) { // NaN is neither
		return missing, fmt.Errorf("%s %.20q: want seconds since 1970", name, text)
	}
	return time.UnixMicro(int64(seconds * 1e6)), nil
}
