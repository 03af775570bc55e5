package sink

import (
	"crypto/sha256"
	"encoding/json"
	"math"
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

// resourceRow is a resource's attributes, stored once for all its spans.
type resourceRow struct {
	digest     []byte // of the attributes
	attributes []byte // a JSON object
	spans      []spanRow
}

type spanRow struct {
	traceID                              pcommon.TraceID
	spanID, parentID                     pcommon.SpanID
	name, service, kind, status, message string
	start, end                           int64
	attributes                           []byte // a JSON object, the span's own
}

// tracesRequest turns what arrived into rows. Spans without a trace id or span
// id, which New Relic drops after its 200 too, are left out.
func tracesRequest(traces ptrace.Traces) *request {
	r := &request{}
	for _, rs := range traces.ResourceSpans().All() {
		resource := newResourceRow(rs.Resource().Attributes())
		service := serviceName(rs.Resource())
		for _, ss := range rs.ScopeSpans().All() {
			for _, span := range ss.Spans().All() {
				if !span.TraceID().IsEmpty() && !span.SpanID().IsEmpty() {
					resource.spans = append(resource.spans, newSpanRow(span, service))
				}
			}
		}
		r.resources = append(r.resources, resource)
		r.spans += len(resource.spans)
	}
	return r
}

func newResourceRow(attributes pcommon.Map) resourceRow {
	text := jsonObject(attributes)
	sum := sha256.Sum256(text)
	return resourceRow{digest: sum[:16], attributes: text}
}

func newSpanRow(span ptrace.Span, service string) spanRow {
	return spanRow{
		traceID:    span.TraceID(),
		spanID:     span.SpanID(),
		parentID:   span.ParentSpanID(),
		name:       span.Name(),
		service:    service,
		kind:       strings.ToLower(span.Kind().String()),
		status:     strings.ToUpper(span.Status().Code().String()),
		message:    span.Status().Message(),
		start:      int64(span.StartTimestamp()),
		end:        int64(span.EndTimestamp()),
		attributes: jsonObject(span.Attributes()),
	}
}

func serviceName(r pcommon.Resource) string {
	if name, ok := r.Attributes().Get("service.name"); ok {
		return name.AsString()
	}
	return ""
}

// jsonObject returns attributes as a JSON object with sorted keys.
func jsonObject(attributes pcommon.Map) []byte {
	text, err := json.Marshal(plainMap(attributes))
	if err != nil { // no value that plain returns fails to marshal
		return []byte("{}")
	}
	return text
}

// plain returns a value as encoding/json takes it. JSON has no NaN and no
// infinities: those become strings.
func plain(v pcommon.Value) any {
	switch v.Type() {
	case pcommon.ValueTypeMap:
		return plainMap(v.Map())
	case pcommon.ValueTypeSlice:
		list := make([]any, 0, v.Slice().Len())
		for _, element := range v.Slice().All() {
			list = append(list, plain(element))
		}
		return list
	case pcommon.ValueTypeDouble:
		if math.IsNaN(v.Double()) || math.IsInf(v.Double(), 0) {
			return v.AsString()
		}
	case pcommon.ValueTypeBytes:
		return v.AsString() // base64
	}
	return v.AsRaw()
}

func plainMap(m pcommon.Map) map[string]any {
	object := make(map[string]any, m.Len())
	for k, v := range m.All() {
		object[k] = plain(v)
	}
	return object
}

// metricsRequest counts data points by metric.
func metricsRequest(metrics pmetric.Metrics) *request {
	r := &request{arrivals: map[arrival]int64{}}
	for _, rm := range metrics.ResourceMetrics().All() {
		for _, sm := range rm.ScopeMetrics().All() {
			for _, m := range sm.Metrics().All() {
				r.arrivals[arrival{signalMetrics, m.Name()}] += int64(dataPoints(m))
			}
		}
	}
	return r
}

func dataPoints(m pmetric.Metric) int {
	switch m.Type() {
	case pmetric.MetricTypeGauge:
		return m.Gauge().DataPoints().Len()
	case pmetric.MetricTypeSum:
		return m.Sum().DataPoints().Len()
	case pmetric.MetricTypeHistogram:
		return m.Histogram().DataPoints().Len()
	case pmetric.MetricTypeExponentialHistogram:
		return m.ExponentialHistogram().DataPoints().Len()
	case pmetric.MetricTypeSummary:
		return m.Summary().DataPoints().Len()
	}
	return 0
}

// logsRequest counts log records by service.
func logsRequest(logs plog.Logs) *request {
	r := &request{arrivals: map[arrival]int64{}}
	for _, rl := range logs.ResourceLogs().All() {
		for _, sl := range rl.ScopeLogs().All() {
			r.arrivals[arrival{signalLogs, serviceName(rl.Resource())}] += int64(sl.LogRecords().Len())
		}
	}
	return r
}
