package main

import (
	"encoding/binary"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"
)

// perRequest is how many spans an OTLP request has.
const perRequest = 500

// kinds are the five kinds of the mix, one document each.
var kinds = []struct {
	name       string
	kind       ptrace.SpanKind
	attributes map[string]any
}{
	{"GET /orders/{id}", ptrace.SpanKindServer, map[string]any{"http.method": "GET", "http.scheme": "https", "http.host": "shop.example.com",
		"http.target": "/orders/7?expand=lines", "http.route": "/orders/{id}", "http.status_code": 200, "http.user_agent": "Mozilla/5.0",
		"http.client_ip": "203.0.113.9", "net.host.name": "shop.example.com", "net.host.port": 443, "tenant": "acme", "order.id": 7}},
	{"GET", ptrace.SpanKindClient, map[string]any{"http.method": "GET", "http.url": "https://stock.example.com/items/7?x=y", "http.status_code": 200,
		"net.peer.name": "stock.example.com", "net.peer.port": 443}},
	{"SELECT shop.orders", ptrace.SpanKindClient, map[string]any{"db.system": "postgresql", "db.name": "shop", "db.user": "app",
		"db.statement": "SELECT id, total FROM orders WHERE tenant = $1 ORDER BY id LIMIT 50", "db.operation": "SELECT"}},
	{"DynamoDB.PutItem", ptrace.SpanKindClient, map[string]any{"rpc.system": "aws-api", "rpc.service": "DynamoDB", "rpc.method": "PutItem",
		"aws.region": "eu-west-1", "aws.request_id": "LQ9T0DJPI7L3O7JM5EXAMPLE", "aws.table_name": "orders", "http.status_code": 200}},
	{"price", ptrace.SpanKindInternal, map[string]any{"code.function": "price", "code.namespace": "shop/pricing", "items": 4, "cached": true}},
}

// pod is the resource, as agents in EKS make it.
var pod = map[string]any{
	"service.name": "shop", "service.version": "1.4.2", "cloud.provider": "aws", "cloud.platform": "aws_eks", "cloud.region": "eu-west-1",
	"cloud.account.id": "111122223333", "k8s.cluster.name": "main", "k8s.pod.name": "shop-7d9", "k8s.namespace.name": "shop", "container.id": "0123abcd",
	"telemetry.sdk.name": "opentelemetry", "telemetry.sdk.language": "go", "telemetry.sdk.version": "1.47.0", "host.name": "ip-10-0-0-1",
}

// request makes the i-th request. Its spans have ids of their own.
func request(i int) ptraceotlp.ExportRequest {
	traces := ptrace.NewTraces()
	rs := traces.ResourceSpans().AppendEmpty()
	put(rs.Resource().Attributes(), pod)
	spans := rs.ScopeSpans().AppendEmpty().Spans()
	spans.EnsureCapacity(perRequest)
	now := time.Now()
	for j := range perRequest {
		k := kinds[j%len(kinds)]
		var trace pcommon.TraceID
		var id, parent pcommon.SpanID
		binary.BigEndian.PutUint32(trace[:], uint32(now.Unix()))
		binary.BigEndian.PutUint64(trace[8:], uint64(i*perRequest+j)/5+1)
		binary.BigEndian.PutUint64(id[:], uint64(i*perRequest+j)+1)
		s := spans.AppendEmpty()
		s.SetTraceID(trace)
		s.SetSpanID(id)
		if k.kind != ptrace.SpanKindServer {
			binary.BigEndian.PutUint64(parent[:], uint64(i*perRequest+j/5*5)+1)
			s.SetParentSpanID(parent)
		}
		s.SetName(k.name)
		s.SetKind(k.kind)
		s.SetStartTimestamp(pcommon.NewTimestampFromTime(now))
		s.SetEndTimestamp(pcommon.NewTimestampFromTime(now.Add(3 * time.Millisecond)))
		put(s.Attributes(), k.attributes)
	}
	return ptraceotlp.NewExportRequestFromTraces(traces)
}

func put(to pcommon.Map, attributes map[string]any) {
	if err := to.FromRaw(attributes); err != nil {
		panic(err) // the tables above hold what FromRaw takes
	}
}
