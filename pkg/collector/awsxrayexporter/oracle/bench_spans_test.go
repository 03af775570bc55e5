//go:build sidebyside

package oracle

import (
	"cmp"
	"encoding/binary"
	"slices"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

// pod is what the agents of a service in EKS say about it: 28 attributes.
var pod = both(resources[5].part, Resource("cloud.region", "eu-west-1", "cloud.availability_zone", "eu-west-1a",
	"host.type", "m7g.large", "host.name", "ip-10-0-0-1", "os.type", "linux", "k8s.node.name", "ip-10-0-0-1", "k8s.deployment.name", "shop",
	"k8s.pod.uid", "6c1e7f0a-7d0c-4bd0-9a40-1f2e5a3b7c9d", "container.image.name", "shop", "process.runtime.name", "go"))

// benchSpans are the kinds of spans that are measured.
var benchSpans = map[string][]Part{
	"server": {Server, Name("GET /orders/{id}"), Attributes("http.method", "GET", "http.scheme", "https", "http.host", "shop.example.com",
		"http.target", "/orders/7?expand=lines", "http.route", "/orders/{id}", "http.status_code", 200, "http.user_agent", "Mozilla/5.0 (X11; Linux x86_64)",
		"http.client_ip", "203.0.113.9", "http.flavor", "1.1", "http.server_name", "shop", "net.host.name", "shop.example.com", "net.host.port", 443,
		"net.peer.ip", "10.0.0.3", "net.peer.port", 51234, "net.transport", "ip_tcp", "enduser.id", "user-77", "tenant", "acme", "order.id", 7, "cached", false,
		"price", 12.75)},
	"client": {Client, Name("GET"), Attributes("http.method", "GET", "http.url", "https://stock.example.com/items/7?x=y", "http.status_code", 200,
		"net.peer.name", "stock.example.com", "net.peer.port", 443, "http.flavor", "1.1", "retry", 0)},
	"sql": {Client, Name("SELECT shop.orders"), Attributes("db.system", "postgresql", "db.name", "shop", "db.user", "app",
		"db.statement", "SELECT id, total FROM orders WHERE tenant = $1 AND created > $2 ORDER BY id LIMIT 50",
		"db.connection_string", "postgresql://app@db.example.com:5432/shop", "db.operation", "SELECT", "db.sql.table", "orders", "rows", 12)},
	"aws": {Client, Name("DynamoDB.PutItem"), Attributes("rpc.system", "aws-api", "rpc.service", "DynamoDB", "rpc.method", "PutItem", "aws.region", "eu-west-1",
		"aws.request_id", "LQ9T0DJPI7L3O7JM5EXAMPLE", "aws.dynamodb.table_names", []any{"orders"}, "http.status_code", 200, "retries", 0)},
	"internal": {Internal, Name("price"), Attributes("code.function", "price", "code.namespace", "shop/pricing", "thread.id", 17, "items", 4, "cached", true)},
	"local_root": {Consumer, LocalRoot, Root, Name("orders process"), Attributes("aws.local.service", "shop", "aws.local.operation", "process orders", "aws.remote.service", "orders",
		"aws.remote.operation", "process", "messaging.system", "aws_sqs", "messaging.url", "https://sqs.eu-west-1.amazonaws.com/1/orders", "tenant", "acme"),
		Link(someTrace, someSpan)},
}

// exceptionLanguages are those whose stacks contrib reads.
var exceptionLanguages = []string{"java", "python", "javascript", "dotnet", "php", "go"}

// mix is how many of each kind are among 50 spans of a service.
var mix = []struct {
	kind string
	n    int
}{{"server", 9}, {"client", 14}, {"sql", 10}, {"aws", 8}, {"internal", 7}, {"exception_java", 1}, {"local_root", 1}}

// benchCase makes a span of a kind.
func benchCase(kind string) Case {
	parts := append([]Part{pod}, benchSpans[kind]...)
	for _, language := range exceptionLanguages {
		if kind == "exception_"+language {
			parts = append(append(parts, benchSpans["server"]...), Language(language), Failed,
				Exception("java.lang.IllegalStateException", "state is not legal", Stacks[language][0]))
		}
	}
	return NewCase(kind, parts...)
}

// benchTraces makes a batch of n spans, in ResourceSpans of perResource each.
func benchTraces(kind string, n, perResource int) ptrace.Traces {
	kinds := []string{kind}
	if kind == "mix" {
		kinds = mixed()
	}
	td := ptrace.NewTraces()
	var spans ptrace.SpanSlice
	for i := range n {
		c := benchCase(kinds[i%len(kinds)])
		if i%perResource == 0 {
			rs := td.ResourceSpans().AppendEmpty()
			c.Resource.CopyTo(rs.Resource())
			spans = rs.ScopeSpans().AppendEmpty().Spans()
		}
		var id pcommon.SpanID
		binary.BigEndian.PutUint64(id[:], uint64(i+1))
		c.Span.SetSpanID(id)
		c.Span.CopyTo(spans.AppendEmpty())
	}
	return td
}

// mixed returns the kinds of the mix, interleaved as a service makes them.
func mixed() []string {
	type at struct {
		when float64
		kind string
	}
	var all []at
	for _, m := range mix {
		for i := range m.n {
			all = append(all, at{(float64(i) + 0.5) / float64(m.n), m.kind})
		}
	}
	slices.SortStableFunc(all, func(a, b at) int { return cmp.Compare(a.when, b.when) })
	kinds := make([]string, len(all))
	for i, a := range all {
		kinds[i] = a.kind
	}
	return kinds
}
