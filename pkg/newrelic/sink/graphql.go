package sink

import (
	"context"
	"maps"

	"github.com/bragg-tracing/bragg/pkg/newrelic/nerdgraph"
)

// SpanRows returns the spans of a trace as rows of New Relic's Span event, which
// is what NerdGraph answers with. An id that is none has no rows.
func (s *Sink) SpanRows(ctx context.Context, traceID string) ([]nerdgraph.Row, error) {
	var rows []nerdgraph.Row
	if _, err := ParseTraceID(traceID); err != nil {
		return nil, nil
	}
	err := s.eachSpanOf(ctx, traceID, maxSpansShown, func(span Span) error {
		rows = append(rows, span.row())
		return nil
	})
	return rows, err
}

// row gives a span the names that New Relic gives it: its fields win over
// attributes of the same name, the span's over the resource's.
// https://docs.newrelic.com/docs/opentelemetry/best-practices/opentelemetry-best-practices-traces/
func (s Span) row() nerdgraph.Row {
	row := maps.Clone(s.Attributes)
	if row == nil {
		row = nerdgraph.Row{}
	}
	maps.Copy(row, nerdgraph.Row{
		"trace.id": s.TraceID, "id": s.SpanID, "name": s.Name, "span.kind": s.Kind,
		"timestamp":        s.Start / 1e6,
		"duration.ms":      float64(s.End-s.Start) / 1e6,
		"otel.status_code": s.Status, "newrelic.source": "api.traces.otlp",
		"instrumentation.provider": "opentelemetry",
	})
	for name, text := range map[string]string{
		"parent.id": s.ParentID, "service.name": s.Service, "entity.name": s.Service, "otel.status_description": s.StatusMessage,
	} {
		if text != "" {
			row[name] = text
		}
	}
	return row
}
