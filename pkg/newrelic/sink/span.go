package sink

import (
	"fmt"

	"github.com/bragg-tracing/bragg/pkg/segment"
)

// Span is one received span. Its JSON names are those of New Relic's Span
// event where New Relic has the field.
type Span struct {
	TraceID       string         `json:"trace.id"`            // 32 lower-case hex digits
	SpanID        string         `json:"id"`                  // 16 lower-case hex digits
	ParentID      string         `json:"parent.id,omitempty"` // the same, "" for none
	Name          string         `json:"name"`
	Service       string         `json:"service.name"`
	Kind          string         `json:"span.kind"`        // internal, server, client, producer, consumer or unspecified
	Status        string         `json:"otel.status_code"` // UNSET, OK or ERROR
	StatusMessage string         `json:"otel.status_description,omitempty"`
	Start         int64          `json:"start_unix_nano"`
	End           int64          `json:"end_unix_nano"`
	Received      int64          `json:"received_unix_nano"`
	Attributes    map[string]any `json:"attributes"` // the span's over the resource's; string, bool, int64, float64, []any or map[string]any
}

// ParseTraceID returns the 32 lower-case hex digits of a trace id that is
// written so, or as X-Ray does: 1-5759e988-bd862e3fe1be46a994272793.
func ParseTraceID(text string) (string, error) {
	id, ok := segment.HexTraceID(text)
	if !ok {
		return "", fmt.Errorf("trace id %.50q: want 32 hex digits, or X-Ray's form 1-5759e988-bd862e3fe1be46a994272793", text)
	}
	return id, nil
}

// Counts says how much is stored.
type Counts struct {
	Spans   int64     `json:"spans"`  // with duplicates
	Traces  int64     `json:"traces"` // distinct trace ids
	Metrics []Arrival `json:"metrics"`
	Logs    []Arrival `json:"logs"`
}

// Arrival counts the metric data points of one metric, or the log records of
// one service.
type Arrival struct {
	Name         string `json:"name"`
	Count        int64  `json:"count"`
	LastReceived int64  `json:"last_received_unix_nano"`
}
