package oracle

import (
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

// scenarios are what instrumentations write, each with some attributes left
// out, and some of another type.
var scenarios = []func(*Generator, ptrace.Span){
	scenario(ptrace.SpanKindServer, "http.method", "GET", "http.scheme", "https", "http.host", "shop.example.com", "http.target", "/orders?id=7",
		"http.status_code", 200, "http.user_agent", "curl/8", "http.client_ip", "203.0.113.9", "net.peer.ip", "10.0.0.3", "net.host.port", 8443,
		"http.route", "/orders", "http.server_name", "shop", "net.host.name", "ip-10-0-0-1"),
	scenario(ptrace.SpanKindServer, "http.request.method", "POST", "url.scheme", "https", "url.path", "/orders", "url.query", "id=7", "server.address", "shop.example.com",
		"server.port", 443, "client.address", "198.51.100.4", "http.response.status_code", 503, "user_agent.original", "curl/8", "network.peer.address", "10.0.0.3", "http.route", "/orders"),
	scenario(ptrace.SpanKindClient, "http.method", "GET", "http.url", "https://api.example.com:8443/v1?x=y", "http.status_code", 429, "net.peer.name", "api.example.com",
		"net.peer.port", 8443, "http.status_text", "Too Many Requests"),
	scenario(ptrace.SpanKindClient, "http.method", "GET", "http.scheme", "http", "net.peer.name", "api", "net.peer.ip", "10.1.1.1", "net.peer.port", 80, "http.target", "/x"),
	scenario(ptrace.SpanKindClient, "http.request.method", "GET", "url.full", "https://api.example.com/v1", "server.address", "api.example.com", "server.port", 443,
		"http.response.status_code", 404, "network.peer.address", "2001:db8::9", "error.type", "404"),
	scenario(ptrace.SpanKindClient, "db.system", "mysql", "db.name", "orders", "db.statement", "SELECT * FROM orders WHERE id < ?", "db.user", "app",
		"db.connection_string", "jdbc:mysql://db.example.com:3306", "net.peer.name", "db.example.com", "db.operation", "SELECT"),
	scenario(ptrace.SpanKindClient, "db.system", "postgresql", "db.name", "shop", "db.statement", "SELECT 1", "db.connection_string", "postgresql://u@pg:5432/shop"),
	scenario(ptrace.SpanKindClient, "db.system", "redis", "db.statement", "GET k", "net.peer.name", "cache"),
	scenario(ptrace.SpanKindClient, "db.system.name", "postgresql", "db.namespace", "shop", "db.query.text", "SELECT 1", "server.address", "pg", "server.port", 5432,
		"db.operation.name", "SELECT", "db.collection.name", "orders"),
	scenario(ptrace.SpanKindClient, "rpc.system", "aws-api", "rpc.service", "DynamoDB", "rpc.method", "PutItem", "aws.region", "eu-west-1", "aws.request_id", "R1",
		"aws.dynamodb.table_names", []any{"orders"}, "http.status_code", 200, "aws.account_id", "210987654321"),
	scenario(ptrace.SpanKindClient, "rpc.system", "aws-api", "aws.service", "SQS", "aws.operation", "SendMessage", "aws.queue_url", "https://sqs/1/q",
		"messaging.url", "https://sqs/1/q", "aws.requestId", "R2", "aws.table_name", "t"),
	scenario(ptrace.SpanKindClient, "rpc.system", "aws-api", "rpc.service", "S3", "rpc.method", "GetObject", "aws.remote.service", "AWS::S3", "aws.remote.operation", "GetObject",
		"aws.local.service", "shop", "aws.span.kind", "LOCAL_ROOT"),
	scenario(ptrace.SpanKindClient, "rpc.system", "grpc", "rpc.service", "pkg.Orders", "rpc.method", "Get", "rpc.grpc.status_code", 14, "net.peer.name", "orders", "server.address", "orders"),
	scenario(ptrace.SpanKindServer, "rpc.system", "grpc", "rpc.service", "pkg.Orders", "rpc.method", "Get", "rpc.grpc.status_code", 0),
	scenario(ptrace.SpanKindProducer, "messaging.system", "kafka", "messaging.destination.name", "orders", "messaging.operation.type", "publish", "server.address", "kafka", "peer.service", "kafka"),
	scenario(ptrace.SpanKindConsumer, "messaging.system", "aws_sqs", "messaging.destination", "orders", "messaging.url", "https://sqs/1/orders", "messaging.message_payload_size_bytes", 77,
		"message.type", "RECEIVED", "aws.span.kind", "LOCAL_ROOT"),
	scenario(ptrace.SpanKindInternal, "code.function", "main.work", "thread.id", 7, "custom.a", "x"),
	scenario(ptrace.SpanKindInternal, "aws.span.kind", "LOCAL_ROOT", "aws.local.service", "worker", "aws.local.operation", "InternalOperation"),
	scenario(ptrace.SpanKindClient, "gen_ai.provider.name", "aws.bedrock", "gen_ai.request.model", "m", "gen_ai.operation.name", "chat", "gen_ai.usage.input_tokens", 12),
	scenario(ptrace.SpanKindServer, "faas.trigger", "http", "faas.invocation_id", "i", "cloud.resource_id", "arn:aws:lambda:eu-west-1:1:function:f"),
	func(g *Generator, span ptrace.Span) { // anything at once
		for range g.choices.IntN(20) {
			g.value(span.Attributes().PutEmpty(pick(g, knownKeys)))
		}
	},
	func(*Generator, ptrace.Span) {}, // nothing
}

// scenario puts attributes, given as keys and values in turn, on a span that
// is mostly of the kind.
func scenario(kind ptrace.SpanKind, pairs ...any) func(*Generator, ptrace.Span) {
	m := pcommon.NewMap()
	put(m, pairs)
	return func(g *Generator, span ptrace.Span) {
		if !g.one(6) {
			span.SetKind(kind)
		}
		reverse := g.one(4)
		keep := func(key string, v pcommon.Value) {
			switch g.choices.IntN(12) {
			case 10: // left out
			case 11:
				g.value(span.Attributes().PutEmpty(key))
			default:
				v.CopyTo(span.Attributes().PutEmpty(key))
			}
		}
		for i := 0; i < len(pairs); i += 2 {
			key := pairs[i].(string)
			if reverse {
				key = pairs[len(pairs)-2-i].(string)
			}
			v, _ := m.Get(key)
			keep(key, v)
		}
	}
}
