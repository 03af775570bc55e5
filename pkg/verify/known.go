package verify

import (
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"maps"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/bragg-tracing/bragg/pkg/segment"
)

// The services of the known trace.
const (
	webService    = "bragg-verify-web"
	ordersService = "bragg-verify-orders"
)

// A plannedSpan is one of the known trace. Times are milliseconds from its
// start.
type plannedSpan struct {
	parent     int // index, -1 for the root
	service    string
	name       string
	kind       ptrace.SpanKind
	start, end float64
	failed     string // the error's message, "" for none
	attributes map[string]any
}

// knownPlan has a span of each kind that X-Ray shows in a way of its own: a
// served request, work within it, a call to another service, one that fails,
// one to a database, one to an AWS service, and one to what sends no traces.
var knownPlan = []plannedSpan{
	{-1, webService, "GET /verify", ptrace.SpanKindServer, 0, 120, "", map[string]any{
		"http.request.method": "GET", "url.full": "http://web.verify.local/verify", "http.route": "/verify", "http.response.status_code": int64(200),
		"verify.text": "Prüfung 検証", "verify.whole": int64(42), "verify.fraction": 0.25, "verify.flag": true,
	}},
	{0, webService, "price the order", ptrace.SpanKindInternal, 5, 15, "", map[string]any{"verify.items": int64(3)}},
	{0, webService, "POST", ptrace.SpanKindClient, 20, 95, "HTTP 500", map[string]any{
		"http.request.method": "POST", "url.full": "http://orders.verify.local/orders", "http.response.status_code": int64(500), "peer.service": ordersService,
	}},
	{2, ordersService, "POST /orders", ptrace.SpanKindServer, 22, 93, "out of stock", map[string]any{
		"http.request.method": "POST", "url.full": "http://orders.verify.local/orders", "http.route": "/orders", "http.response.status_code": int64(500),
	}},
	{3, ordersService, "SELECT stock", ptrace.SpanKindClient, 25, 40, "", map[string]any{
		"db.system": "postgresql", "db.name": "stock", "db.statement": "SELECT n FROM stock WHERE sku = $1", "server.address": "db.verify.local",
	}},
	{3, ordersService, "DynamoDB.GetItem", ptrace.SpanKindClient, 45, 60, "", map[string]any{
		"rpc.system": "aws-api", "rpc.service": "DynamoDB", "rpc.method": "GetItem", "aws.dynamodb.table_names": []any{"orders"}, "aws.region": "eu-central-1",
	}},
	{3, ordersService, "GET", ptrace.SpanKindClient, 65, 85, "", map[string]any{
		"http.request.method": "GET", "url.full": "http://partner.verify.local/rates", "http.response.status_code": int64(200), "peer.service": "partner.verify.local",
	}},
}

// A Known is a trace that was made to be recognised.
type Known struct {
	TraceID   string // 32 lower-case hex digits, X-Ray's time in the first 8
	View      View   // what every backend should have of it
	traces    ptrace.Traces
	documents []json.RawMessage
	continues string // id of the span that a service should have continued, "" if that is known
}

// newIDs returns a trace id for now, and n span ids.
func newIDs(now time.Time, n int) (pcommon.TraceID, []pcommon.SpanID) {
	var trace pcommon.TraceID
	rand.Read(trace[:]) //nolint:errcheck // it never fails
	binary.BigEndian.PutUint32(trace[:], uint32(now.Unix()))
	spans := make([]pcommon.SpanID, n)
	for i := range spans {
		rand.Read(spans[i][:]) //nolint:errcheck // it never fails
	}
	return trace, spans
}

// newKnownSpans makes a known trace of OpenTelemetry's spans, which ended just
// before now. Path says how it will be sent; it becomes an attribute.
func newKnownSpans(now time.Time, path string) Known {
	trace, ids := newIDs(now, len(knownPlan))
	begun := now.Add(-time.Second).Truncate(time.Microsecond)
	k := Known{TraceID: hex.EncodeToString(trace[:]), View: View{Name: "sent"}, traces: ptrace.NewTraces()}
	spans := map[string]ptrace.SpanSlice{}
	for i, p := range knownPlan {
		if _, ok := spans[p.service]; !ok {
			r := k.traces.ResourceSpans().AppendEmpty()
			r.Resource().Attributes().PutStr("service.name", p.service)
			r.Resource().Attributes().PutStr("telemetry.sdk.name", "opentelemetry") // New Relic makes an entity of the service by it
			r.Resource().Attributes().PutStr("telemetry.sdk.language", "go")
			scope := r.ScopeSpans().AppendEmpty()
			scope.Scope().SetName("github.com/bragg-tracing/bragg/pkg/verify")
			spans[p.service] = scope.Spans()
		}
		s := spans[p.service].AppendEmpty()
		s.SetTraceID(trace)
		s.SetSpanID(ids[i])
		if p.parent >= 0 {
			s.SetParentSpanID(ids[p.parent])
		}
		fill(s, p, begun, path)
		k.View.Spans = append(k.View.Spans, spanSent(s, p.service))
	}
	return k
}

func fill(s ptrace.Span, p plannedSpan, begun time.Time, path string) {
	s.SetName(p.name)
	s.SetKind(p.kind)
	s.SetStartTimestamp(pcommon.NewTimestampFromTime(begun.Add(milliseconds(p.start))))
	s.SetEndTimestamp(pcommon.NewTimestampFromTime(begun.Add(milliseconds(p.end))))
	if p.failed != "" {
		s.Status().SetCode(ptrace.StatusCodeError)
		s.Status().SetMessage(p.failed)
	}
	s.Attributes().FromRaw(p.attributes) //nolint:errcheck // the plan has no other types
	s.Attributes().PutStr("verify.path", path)
}

func milliseconds(ms float64) time.Duration { return time.Duration(ms * float64(time.Millisecond)) }

// spanSent is a span of pdata as it was sent.
func spanSent(s ptrace.Span, service string) Span {
	id, parent := s.SpanID(), ""
	if !s.ParentSpanID().IsEmpty() {
		parent = s.ParentSpanID().String()
	}
	status := map[ptrace.StatusCode]string{ptrace.StatusCodeError: "ERROR", ptrace.StatusCodeOk: "OK"}[s.Status().Code()]
	if status == "" {
		status = "UNSET"
	}
	return Span{
		ID: id.String(), ParentID: parent, Name: s.Name(), Service: service, Kind: s.Kind().String(),
		Start: s.StartTimestamp().AsTime(), End: s.EndTimestamp().AsTime(), Status: status, Attributes: s.Attributes().AsRaw(),
	}
}

// newKnownDocuments makes a known trace of X-Ray's documents, as the X-Ray SDK
// sends them to the daemon.
func newKnownDocuments(now time.Time) (Known, error) {
	trace, ids := newIDs(now, len(knownPlan))
	xrayID, _ := segment.FormatTraceID(hex.EncodeToString(trace[:]))
	begun := now.Add(-time.Second).Truncate(time.Microsecond)
	all := make([]*segment.Document, len(knownPlan))
	var segments []*segment.Document
	for i, p := range knownPlan {
		d := &segment.Document{
			ID: ids[i].String(), Name: p.service,
			StartTime: float64(begun.Add(milliseconds(p.start)).UnixMicro()) / 1e6, EndTime: new(float64(begun.Add(milliseconds(p.end)).UnixMicro()) / 1e6),
			Fault:       p.failed != "",
			Annotations: map[string]any{"verify_path": PathUDP},
		}
		for name, v := range p.attributes {
			if text, ok := v.(string); ok && name == "verify.text" {
				d.Annotations["verify_text"] = text
			}
		}
		if url, ok := p.attributes["url.full"].(string); ok {
			d.HTTP = &segment.HTTP{
				Request:  &segment.HTTPRequest{Method: p.attributes["http.request.method"].(string), URL: url},
				Response: &segment.HTTPResponse{Status: int(p.attributes["http.response.status_code"].(int64))},
			}
		}
		all[i] = d
		switch {
		case p.kind == ptrace.SpanKindServer:
			d.TraceID = xrayID
			if p.parent >= 0 {
				d.ParentID = all[p.parent].ID
			}
			segments = append(segments, d)
		default:
			d.Name = p.name
			if peer, ok := p.attributes["peer.service"].(string); ok {
				d.Name, d.Namespace = peer, segment.NamespaceRemote
			}
			all[p.parent].Subsegments = append(all[p.parent].Subsegments, d)
		}
	}
	k := Known{TraceID: hex.EncodeToString(trace[:]), View: XRayView(segments)}
	k.View.Name = "sent"
	for i := range k.View.Spans {
		k.View.Spans[i].Reason = ""
		k.View.Spans[i].Attributes = maps.Clone(k.View.Spans[i].document.Annotations)
	}
	for _, d := range segments {
		text, err := json.Marshal(d)
		if err != nil {
			return k, err
		}
		k.documents = append(k.documents, text)
	}
	return k, nil
}
