package newrelic

import (
	"time"
)

// A Span is a row of New Relic's Span event, in which it keeps OpenTelemetry's
// spans.
type Span struct {
	TraceID    string // 32 lower-case hex digits
	ID         string // 16 lower-case hex digits
	ParentID   string // likewise, "" for none
	Name       string
	Service    string // service.name
	Kind       string // server, client, internal, producer or consumer
	Status     string // UNSET, OK or ERROR
	StatusText string
	Start      time.Time // New Relic keeps milliseconds
	Duration   time.Duration
	Attributes map[string]any // every field of the row, as JSON has it: string, float64, bool
}

// spanOf reads a row of `SELECT * FROM Span`.
func spanOf(row map[string]any) Span {
	text := func(names ...string) string {
		for _, name := range names {
			if s, ok := row[name].(string); ok {
				return s
			}
		}
		return ""
	}
	milliseconds := func(name string) float64 { f, _ := row[name].(float64); return f }
	s := Span{
		TraceID: text("trace.id", "traceId"), ID: text("id", "guid"), ParentID: text("parent.id", "parentId"),
		Name: text("name"), Service: text("service.name", "entity.name"), Kind: text("span.kind"),
		Status: text("otel.status_code"), StatusText: text("otel.status_description"),
		Start:      time.UnixMilli(int64(milliseconds("timestamp"))).UTC(),
		Duration:   time.Duration(milliseconds("duration.ms") * float64(time.Millisecond)),
		Attributes: row,
	}
	if s.Status == "" {
		s.Status = "UNSET"
	}
	return s
}
