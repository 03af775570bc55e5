package otlp

import (
	"encoding/json"
	"fmt"

	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/bragg-tracing/bragg/pkg/collector/awsxrayreceiver/spans"
)

// A Span is one span in OpenTelemetry's format.
type Span struct {
	ID       string // 16 hexadecimal digits
	Document string // OTLP's TracesData in JSON, with this span alone
}

// ScopeOfMade is the name of the instrumentation scope of spans that were made of
// a document: who has one can tell it from one that was sent.
const ScopeOfMade = "github.com/bragg-tracing/bragg/pkg/xraylocal/otlp"

// Spans returns the spans of a stored document: the one that it was made from or,
// of a document that came as such, one of the segment and one of each
// subsegment in it, as the awsxray receiver makes them, of the scope ScopeOfMade.
func Spans(raw []byte) ([]Span, error) {
	var stored struct {
		ID   string          `json:"id"`
		Span json.RawMessage `json:"otel_span"`
	}
	if err := json.Unmarshal(raw, &stored); err == nil && isTraces(stored.Span) {
		return []Span{{ID: stored.ID, Document: string(stored.Span)}}, nil
	}
	td := ptrace.NewTraces()
	if _, err := spans.Append(td, raw, spans.Options{HTTP: spans.StableHTTP}); err != nil {
		return nil, fmt.Errorf("make spans of a document: %w", err)
	}
	var all []Span
	for _, resource := range td.ResourceSpans().All() {
		for _, scope := range resource.ScopeSpans().All() {
			scope.Scope().SetName(ScopeOfMade)
			for _, span := range scope.Spans().All() {
				text, err := new(ptrace.JSONMarshaler).MarshalTraces(alone(resource, scope, span).Traces)
				if err != nil {
					return nil, fmt.Errorf("marshal span %s: %w", span.SpanID(), err)
				}
				all = append(all, Span{ID: span.SpanID().String(), Document: string(text)})
			}
		}
	}
	return all, nil
}

// isTraces reports whether JSON is an object with OTLP's list: somebody may send
// a document with a member of this name.
func isTraces(text json.RawMessage) bool {
	var td struct {
		ResourceSpans []json.RawMessage `json:"resourceSpans"`
	}
	return len(text) > 0 && json.Unmarshal(text, &td) == nil && len(td.ResourceSpans) == 1
}
