package sampling_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/bragg-tracing/bragg/pkg/sdk/sampling"
)

// fiftyRules are 50 rules of the kinds that people write, none of them for the
// request of the benchmark, and Default.
func fiftyRules() []rule {
	rules := []rule{{Name: "Default", Priority: 10000, Rate: 0.05, Reservoir: 1}}
	paths := []string{"/api/v1/orders/%d", "/api/v1/customers/%d/*", "*/health%d", "/static/*/%d.css", "/api/v?/items-%d"}
	for i := range 50 {
		rules = append(rules, rule{
			Name: fmt.Sprintf("rule-%d", i), Priority: int64(i + 1), Rate: 0.1, Reservoir: 5,
			Path: fmt.Sprintf(paths[i%len(paths)], i), Method: []string{"*", "GET", "POST"}[i%3],
			Host: []string{"*", "*.example.com"}[i%2],
		})
	}
	return rules
}

// fiftyRuleSampler has fetched the 50 rules.
func fiftyRuleSampler(t testing.TB) *sampling.Remote {
	server := httptest.NewServer(newXRay(fiftyRules()...))
	t.Cleanup(server.Close)
	s := newRemote(t, sampling.WithEndpoint(server.URL), sampling.WithResource(resource.NewSchemaless(attribute.String("service.name", "shop"))))
	waitForRules(t, s)
	return s
}

// serverSpan is what otelhttp gives a sampler.
func serverSpan() sdktrace.SamplingParameters {
	return sdktrace.SamplingParameters{
		ParentContext: context.Background(),
		TraceID:       trace.TraceID{1},
		Kind:          trace.SpanKindServer,
		Attributes: []attribute.KeyValue{
			attribute.String("server.address", "shop.example.com"), attribute.Int("server.port", 8080),
			attribute.String("http.request.method", http.MethodGet), attribute.String("url.scheme", "http"),
			attribute.String("url.path", "/api/v1/carts/4711/items"), attribute.String("network.peer.address", "10.0.0.1"),
			attribute.Int("network.peer.port", 54321), attribute.String("user_agent.original", "curl/8.0"),
			attribute.String("client.address", "10.0.0.1"), attribute.String("network.protocol.version", "1.1"),
		},
	}
}

func TestDecisionsDoNotAllocate(t *testing.T) {
	remote := fiftyRuleSampler(t)
	rules := readRules(t, `{"version":2,"default":{"fixed_target":1,"rate":0.1},"rules":[
		{"host":"*","http_method":"POST","url_path":"/x/*","fixed_target":1,"rate":0}]}`)
	p := serverSpan()
	request := sampling.Request{ServiceName: "other", Host: "a.example.com:80", Method: "GET", Path: "/"}
	for name, decide := range map[string]func(){
		"remote":              func() { remote.ShouldSample(p) },
		"remote, plain":       func() { remote.Decide(&request) },
		"remote, parentbased": func() { sampling.ParentBased(remote).ShouldSample(p) },
		"rules":               func() { rules.ShouldSample(p) },
	} {
		if n := testing.AllocsPerRun(1000, decide); n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}

func BenchmarkShouldSample(b *testing.B) {
	s := fiftyRuleSampler(b)
	p := serverSpan()
	b.Run("50 rules", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			s.ShouldSample(p)
		}
	})
	b.Run("50 rules, parallel", func(b *testing.B) {
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				s.ShouldSample(p)
			}
		})
	})
}

func BenchmarkDecide(b *testing.B) {
	s := fiftyRuleSampler(b)
	request := sampling.Request{ServiceName: "shop", Host: "shop.example.com", Method: "GET", Path: "/api/v1/carts/4711/items"}
	other := request
	other.ServiceName = "other"
	for name, r := range map[string]sampling.Request{"own service": request, "another service": other} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				s.Decide(&r)
			}
		})
	}
}
