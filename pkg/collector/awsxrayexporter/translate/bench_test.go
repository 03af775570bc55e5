package translate

import (
	"encoding/binary"
	"fmt"
	"strconv"
	"testing"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

// eksResource is a resource as the Kubernetes and AWS detectors make it.
func eksResource(m pcommon.Map) {
	for _, kv := range [][2]string{
		{"service.name", "checkout"}, {"service.namespace", "shop"}, {"service.version", "2026.11.3"},
		{"service.instance.id", "checkout-7d9c6b5f4-abcde"}, {"deployment.environment.name", "production"},
		{"cloud.provider", "aws"}, {"cloud.platform", "aws_eks"}, {"cloud.region", "eu-west-1"},
		{"cloud.account.id", "123456789012"}, {"cloud.availability_zone", "eu-west-1b"},
		{"k8s.cluster.name", "prod"}, {"k8s.namespace.name", "shop"}, {"k8s.pod.name", "checkout-7d9c6b5f4-abcde"},
		{"k8s.pod.uid", "0c0f2b9e-1111-2222-3333-444455556666"}, {"k8s.node.name", "ip-10-0-12-7.eu-west-1.compute.internal"},
		{"k8s.deployment.name", "checkout"}, {"k8s.container.name", "app"},
		{"container.id", "6f1c2f0c8c5a4c1d9c6e5a3b2d1f0e9d8c7b6a5f4e3d2c1b0a9f8e7d6c5b4a3f"},
		{"container.image.name", "123456789012.dkr.ecr.eu-west-1.amazonaws.com/checkout"},
		{"host.id", "i-0123456789abcdef0"}, {"host.type", "m6i.large"}, {"host.image.id", "ami-0abcdef1234567890"},
		{"host.name", "ip-10-0-12-7"}, {"os.type", "linux"},
		{"telemetry.sdk.name", "opentelemetry"}, {"telemetry.sdk.language", "go"}, {"telemetry.sdk.version", "1.47.0"},
		{"aws.log.group.names", "/eks/prod/checkout"},
	} {
		m.PutStr(kv[0], kv[1])
	}
}

// A spanKind is one of the kinds that benchmarks and tests translate.
type spanKind struct {
	name string
	fill func(ptrace.Span)
}

func put(m pcommon.Map, kv ...any) {
	for i := 0; i < len(kv); i += 2 {
		if err := m.PutEmpty(kv[i].(string)).FromRaw(kv[i+1]); err != nil {
			panic(err)
		}
	}
}

var spanKinds = []spanKind{
	{"server", func(s ptrace.Span) {
		s.SetKind(ptrace.SpanKindServer)
		s.SetName("GET /cart/{id}")
		put(s.Attributes(), "http.request.method", "GET", "url.scheme", "https", "url.path", "/cart/17", "url.query", "full=1",
			"http.route", "/cart/{id}", "http.response.status_code", 200, "server.address", "shop.example.com", "server.port", 443,
			"client.address", "203.0.113.9", "network.peer.address", "10.0.3.4", "network.peer.port", 40312,
			"network.protocol.version", "1.1", "user_agent.original", "Mozilla/5.0 (X11; Linux x86_64)", "enduser.id", "u-1234",
			"http.request.body.size", 0, "http.response.body.size", 5120, "app.tenant", "acme", "app.cart.items", 7,
			"app.cart.total", 129.95, "app.premium", true)
	}},
	{"client", func(s ptrace.Span) {
		s.SetKind(ptrace.SpanKindClient)
		s.SetName("GET")
		put(s.Attributes(), "http.request.method", "GET", "url.full", "http://prices.shop.svc:8080/v1/prices?sku=17",
			"http.response.status_code", 200, "server.address", "prices.shop.svc", "server.port", 8080, "peer.service", "prices")
	}},
	{"sql", func(s ptrace.Span) {
		s.SetKind(ptrace.SpanKindClient)
		s.SetName("SELECT shop.orders")
		put(s.Attributes(), "db.system", "postgresql", "db.name", "shop", "db.user", "shop",
			"db.connection_string", "postgresql://shop@db.example.com:5432", "db.operation", "SELECT",
			"db.statement", "SELECT id, total FROM orders WHERE customer = $1 ORDER BY created DESC LIMIT 20",
			"net.peer.name", "db.example.com", "net.peer.port", 5432)
	}},
	{"aws", func(s ptrace.Span) {
		s.SetKind(ptrace.SpanKindClient)
		s.SetName("DynamoDB.GetItem")
		put(s.Attributes(), "rpc.system", "aws-api", "rpc.service", "DynamoDB", "rpc.method", "GetItem", "aws.region", "eu-west-1",
			"aws.request_id", "KQF3N7V8J2M1", "aws.dynamodb.table_names", []any{"orders"}, "http.status_code", 200)
	}},
	{"internal", func(s ptrace.Span) {
		s.SetName("price cart")
		put(s.Attributes(), "app.cart.items", 7, "app.cart.total", 129.95, "app.tenant", "acme", "code.function.name", "shop.Price")
	}},
	{"exception_go", func(s ptrace.Span) { failed(s, goTrace) }},
}

const goTrace = "*errors.errorString: out of stock\ngoroutine 7 [running]:\nshop.(*Cart).Add(0xc000010000)\n\t/srv/cart.go:17 +0x1d\n" +
	"shop.Checkout(...)\n\t/srv/checkout.go:120\nmain.main()\n\t/srv/main.go:3 +0x2a\n"

func failed(s ptrace.Span, trace string) {
	s.SetKind(ptrace.SpanKindServer)
	s.SetName("POST /checkout")
	put(s.Attributes(), "http.request.method", "POST", "url.scheme", "https", "url.path", "/checkout", "http.response.status_code", 500)
	s.Status().SetCode(ptrace.StatusCodeError)
	e := s.Events().AppendEmpty()
	e.SetName("exception")
	put(e.Attributes(), "exception.type", "*errors.errorString", "exception.message", "out of stock", "exception.stacktrace", trace)
}

// traces makes n spans of a kind under one resource.
func traces(n int, kinds ...spanKind) ptrace.Traces {
	td := ptrace.NewTraces()
	rs := td.ResourceSpans().AppendEmpty()
	eksResource(rs.Resource().Attributes())
	spans := rs.ScopeSpans().AppendEmpty().Spans()
	for i := range n {
		k := kinds[i%len(kinds)]
		s := spans.AppendEmpty()
		var trace [16]byte
		binary.BigEndian.PutUint64(trace[:], 0x6740c0de<<32|uint64(i/5))
		trace[15] = 1
		s.SetTraceID(trace)
		s.SetSpanID([8]byte{1, 2, 3, byte(i), byte(i >> 8)})
		s.SetParentSpanID([8]byte{9, 8, 7})
		s.SetStartTimestamp(1732266206123456789)
		s.SetEndTimestamp(1732266206234567891)
		k.fill(s)
	}
	return td
}

func TestAllocations(t *testing.T) {
	for _, mode := range []Mode{Compat, Default} {
		for _, k := range spanKinds {
			t.Run(string(mode)+"/"+k.name, func(t *testing.T) {
				want := 0.0
				if k.name == "exception_go" {
					want = 4
				}
				tr, td := mustNew(t, Config{Mode: mode}), traces(50, k)
				emit := func(Document) {}
				s := newScratch(tr) // the pool forgets some under the race detector
				s.traces(td, emit)
				if got := testing.AllocsPerRun(20, func() { s.traces(td, emit) }) / 50; got > want {
					t.Errorf("%v allocations for each span, want at most %v", got, want)
				}
			})
		}
	}
}

func BenchmarkTranslate(b *testing.B) {
	for _, mode := range []Mode{Compat, Default} {
		for _, k := range append(spanKinds, spanKind{name: "mix"}) {
			for _, n := range []int{1, 50} {
				b.Run(fmt.Sprintf("%s/%s/%d", mode, k.name, n), func(b *testing.B) {
					kinds := []spanKind{k}
					if k.fill == nil {
						kinds = spanKinds
					}
					tr, td := mustNew(b, Config{Mode: mode}), traces(n, kinds...)
					emit := func(Document) {}
					b.ReportAllocs()
					for b.Loop() {
						tr.Translate(td, emit)
					}
					b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/span")
				})
			}
		}
	}
}

// BenchmarkCold translates batches of one span, each of a resource never seen
// before.
func BenchmarkCold(b *testing.B) {
	for _, k := range spanKinds {
		b.Run(k.name, func(b *testing.B) {
			td, tr := traces(1, k), mustNew(b, Config{Mode: Compat})
			m := td.ResourceSpans().At(0).Resource().Attributes()
			emit := func(Document) {}
			n := 0
			b.ReportAllocs()
			for b.Loop() {
				n++
				m.PutStr("k8s.pod.name", "checkout-"+strconv.Itoa(n))
				tr.Translate(td, emit)
			}
		})
	}
}
