package redact

import (
	"context"
	"slices"

	"go.opentelemetry.io/otel/attribute"
	sdklog "go.opentelemetry.io/otel/sdk/log"
)

// LogExporter returns an exporter that gives next the records redacted: their
// bodies and attributes. It owns next: Shutdown shuts next down. With a nil
// Redactor it is next.
func LogExporter(next sdklog.Exporter, r *Redactor) sdklog.Exporter {
	if r == nil {
		return next
	}
	return logExporter{next, r}
}

type logExporter struct {
	sdklog.Exporter
	redactor *Redactor
}

// Export implements sdklog.Exporter.
func (e logExporter) Export(ctx context.Context, records []sdklog.Record) error {
	copied := false
	for i := range records {
		body, attributes := e.redactor.record(&records[i])
		if body == nil && attributes == nil {
			continue
		}
		if !copied {
			records, copied = slices.Clone(records), true
		}
		records[i] = records[i].Clone()
		if body != nil {
			records[i].SetBody(*body)
		}
		if attributes != nil {
			records[i].SetAttributes(attributes...)
		}
	}
	return e.Exporter.Export(ctx, records)
}

// record returns what is to be another: the body, all attributes, or nil.
func (r *Redactor) record(record *sdklog.Record) (body *attribute.Value, attributes []attribute.KeyValue) {
	if other, changed := r.value(Text, record.Body(), nil, 0); changed {
		body = &other
	}
	changed := false
	record.WalkAttributes(func(kv attribute.KeyValue) bool {
		_, changed = r.value(r.RuleOf(string(kv.Key)), kv.Value, nil, 0)
		return !changed
	})
	if !changed {
		return body, nil
	}
	attributes = make([]attribute.KeyValue, 0, record.AttributesLen())
	record.WalkAttributes(func(kv attribute.KeyValue) bool {
		attributes = append(attributes, kv)
		return true
	})
	attributes, _ = r.Attributes(attributes)
	return body, attributes
}
