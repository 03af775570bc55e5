package sink

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
)

// Spans returns the spans of a trace in the order in which they arrived,
// duplicates too, none for a trace that is not there. The id is 32 hex digits
// or X-Ray's form.
func (s *Sink) Spans(ctx context.Context, traceID string) ([]Span, error) {
	var spans []Span
	err := s.eachSpanOf(ctx, traceID, -1, func(span Span) error {
		spans = append(spans, span)
		return nil
	})
	return spans, err
}

// eachSpanOf calls f with up to limit spans of a trace, all for a limit of -1.
func (s *Sink) eachSpanOf(ctx context.Context, traceID string, limit int, f func(Span) error) error {
	id, err := ParseTraceID(traceID)
	if err != nil {
		return err
	}
	binary, err := hex.DecodeString(id)
	if err != nil {
		return err
	}
	return s.store.each(ctx, f, "WHERE trace_id = ? ORDER BY num LIMIT ?", binary, limit)
}

// EachSpan calls f with every span in the order in which they arrived, and
// stops at its first error, which it returns. Spans that arrive meanwhile are
// not seen. The attributes are f's to keep.
func (s *Sink) EachSpan(ctx context.Context, f func(Span) error) error {
	return s.store.each(ctx, f, "ORDER BY num")
}

// EachSpanID is EachSpan for the ids alone, which is many times faster. The
// order is that of the ids; a duplicate comes again.
func (s *Sink) EachSpanID(ctx context.Context, f func(traceID, spanID string) error) error {
	return s.store.query(ctx, func(rows *sql.Rows) error {
		var trace, span sql.RawBytes
		if err := rows.Scan(&trace, &span); err != nil {
			return err
		}
		return f(hex.EncodeToString(trace), hex.EncodeToString(span))
	}, "SELECT trace_id, span_id FROM spans ORDER BY trace_id, span_id")
}

func (s *store) each(ctx context.Context, f func(Span) error, where string, args ...any) error {
	resources := map[string]map[string]any{} // decoded, by JSON text
	return s.query(ctx, func(rows *sql.Rows) error {
		span, err := scanSpan(rows, resources)
		if err != nil {
			return err
		}
		return f(span)
	}, `SELECT trace_id, span_id, parent_id, name, service, kind, status, message, start, end, spans.received,
			spans.attributes, coalesce(resources.attributes, '{}')
		FROM spans LEFT JOIN resources ON digest = resource `+where, args...)
}

func scanSpan(rows *sql.Rows, resources map[string]map[string]any) (Span, error) {
	var x Span
	var trace, span, parent, attributes, resource sql.RawBytes
	if err := rows.Scan(&trace, &span, &parent, &x.Name, &x.Service, &x.Kind, &x.Status, &x.StatusMessage,
		&x.Start, &x.End, &x.Received, &attributes, &resource); err != nil {
		return x, err
	}
	x.TraceID, x.SpanID, x.ParentID = hex.EncodeToString(trace), hex.EncodeToString(span), hex.EncodeToString(parent)
	shared, ok := resources[string(resource)]
	if !ok {
		var err error
		if shared, err = decodeObject(resource); err != nil {
			return x, fmt.Errorf("resource of span %s: %w", x.SpanID, err)
		}
		resources[string(resource)] = shared
	}
	own, err := decodeObject(attributes)
	if err != nil {
		return x, fmt.Errorf("attributes of span %s: %w", x.SpanID, err)
	}
	x.Attributes = maps.Clone(shared)
	maps.Copy(x.Attributes, own)
	return x, nil
}

// decodeObject decodes a JSON object with whole numbers as int64.
func decodeObject(text []byte) (map[string]any, error) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var object map[string]any
	if err := d.Decode(&object); err != nil {
		return nil, err
	}
	for k, v := range object {
		object[k] = numbers(v)
	}
	return object, nil
}

func numbers(v any) any {
	switch v := v.(type) {
	case json.Number:
		if n, err := v.Int64(); err == nil {
			return n
		}
		f, _ := v.Float64() // it was written from a float64
		return f
	case []any:
		for i := range v {
			v[i] = numbers(v[i])
		}
	case map[string]any:
		for k := range v {
			v[k] = numbers(v[k])
		}
	}
	return v
}

// Counts returns how much is stored.
func (s *Sink) Counts(ctx context.Context) (Counts, error) {
	c := Counts{Metrics: []Arrival{}, Logs: []Arrival{}}
	err := s.store.read.QueryRowContext(ctx, "SELECT count(*), count(DISTINCT trace_id) FROM spans").Scan(&c.Spans, &c.Traces)
	if err != nil {
		return c, fmt.Errorf("count spans: %w", err)
	}
	return c, s.store.query(ctx, func(rows *sql.Rows) error {
		var signal string
		var a Arrival
		if err := rows.Scan(&signal, &a.Name, &a.Count, &a.LastReceived); err != nil {
			return err
		}
		if signal == signalMetrics {
			c.Metrics = append(c.Metrics, a)
		} else {
			c.Logs = append(c.Logs, a)
		}
		return nil
	}, "SELECT signal, name, count, received FROM arrivals ORDER BY signal, name")
}

// Reset deletes everything.
func (s *Sink) Reset(ctx context.Context) error {
	return s.store.put(ctx, &request{reset: true})
}

// query calls f for each row, until its first error.
func (s *store) query(ctx context.Context, f func(*sql.Rows) error, query string, args ...any) error {
	rows, err := s.read.QueryContext(ctx, query, args...)
	if err != nil {
		return fmt.Errorf("read: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		if err := f(rows); err != nil {
			return err
		}
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("read: %w", err)
	}
	return nil
}
