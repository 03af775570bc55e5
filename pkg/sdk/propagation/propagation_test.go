package propagation_test

import (
	"context"
	"testing"

	contrib "go.opentelemetry.io/contrib/propagators/aws/xray"
	"go.opentelemetry.io/otel/propagation"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	"go.uber.org/goleak"

	xray "github.com/bragg-tracing/bragg/pkg/sdk/propagation"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// pass extracts the headers, starts a span if told so, and injects again.
func pass(p propagation.TextMapPropagator, in propagation.MapCarrier, withSpan bool) (ctx context.Context, out propagation.MapCarrier) {
	ctx = p.Extract(context.Background(), in)
	if withSpan {
		provider := sdktrace.NewTracerProvider(sdktrace.WithIDGenerator(fixedIDs{}))
		ctx, _ = provider.Tracer("test").Start(ctx, "server")
	}
	out = propagation.MapCarrier{}
	p.Inject(ctx, out)
	return ctx, out
}

// fixedIDs makes the span id 00000000000000b1.
type fixedIDs struct{ xray.IDGenerator }

func (fixedIDs) NewSpanID(context.Context, trace.TraceID) trace.SpanID { return trace.SpanID{7: 0xb1} }

func (g fixedIDs) NewIDs(ctx context.Context) (trace.TraceID, trace.SpanID) {
	id, _ := g.IDGenerator.NewIDs(ctx)
	return id, g.NewSpanID(ctx, id)
}

func TestXRayPassesOn(t *testing.T) {
	const span = ";Parent=00000000000000b1"
	tests := []struct {
		name, in, proxy, service string // what goes on without and with a span
	}{
		{"sampled", root + ";" + parent + ";Sampled=1", root + ";" + parent + ";Sampled=1", root + span + ";Sampled=1"},
		{"not sampled", root + ";" + parent + ";Sampled=0", root + ";" + parent + ";Sampled=0", root + span + ";Sampled=0"},
		{"load balancer", root, root, root + span + ";Sampled=1"},
		{"load balancer, Self", "Self=1-67891233-1;" + root, "Self=1-67891233-1;" + root, "Self=1-67891233-1;" + root + span + ";Sampled=1"},
		{"asked", root + ";Sampled=?", root + ";Sampled=?", root + span + ";Sampled=1"},
		{"fields", root + ";" + parent + ";Sampled=1;Lineage=1:a87bd80c:1;CalledFrom=app", root + ";" + parent + ";Sampled=1;Lineage=1:a87bd80c:1;CalledFrom=app",
			root + span + ";Sampled=1;Lineage=1:a87bd80c:1;CalledFrom=app"},
		{"malformed", "Root=1", "", "new"},
		{"none", "", "", "new"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			in := propagation.MapCarrier{xray.HeaderName: tt.in}
			if _, out := pass(xray.XRay{}, in, false); out[xray.HeaderName] != tt.proxy {
				t.Errorf("without a span %q, want %q", out[xray.HeaderName], tt.proxy)
			}
			_, out := pass(xray.XRay{}, in, true)
			if got := out[xray.HeaderName]; tt.service == "new" && got[len(root):] != span+";Sampled=1" || tt.service != "new" && got != tt.service {
				t.Errorf("with a span %q, want %q", got, tt.service)
			}
		})
	}
}

func TestXRayAgreesWithContrib(t *testing.T) {
	for _, decision := range []string{";Sampled=1", ";Sampled=0"} {
		in := propagation.MapCarrier{xray.HeaderName: root + ";" + parent + decision}
		ours, oursOut := pass(xray.XRay{}, in, true)
		theirs, theirsOut := pass(contrib.Propagator{}, in, true)
		if a, b := trace.SpanContextFromContext(ours), trace.SpanContextFromContext(theirs); !a.Equal(b) {
			t.Errorf("%v, contrib has %v", a, b)
		}
		if oursOut[xray.HeaderName] != theirsOut[xray.HeaderName] {
			t.Errorf("%v, contrib writes %v", oursOut, theirsOut)
		}
	}
}

// TestRules has what arrives behind AWS's services; README.md explains it.
func TestRules(t *testing.T) {
	const (
		w3c       = "00-" + id + "-00000000000000a1-01"
		w3cOff    = "00-" + id + "-00000000000000a1-00"
		otherW3C  = "00-6ab1c0de000000000000000000000001-00000000000000a1-01"
		gateway   = root + ";Parent=00000000000000a2;Sampled=1"
		gatewayNo = root + ";Parent=00000000000000a2;Sampled=0"
	)
	type result struct{ trace, parent, sampled string }
	same := func(parent, sampled string) result { return result{id, parent, sampled} }
	other := result{"6ab1c0de000000000000000000000001", "00000000000000a1", "01"}
	tests := []struct {
		name, traceparent, header      string
		nearest, preferW3C, preferXRay result
	}{
		{"ALB, caller sends both", w3c, "Self=1-67891233-1;" + root + ";Parent=00000000000000a1;Sampled=1",
			same("00000000000000a1", "01"), same("00000000000000a1", "01"), same("00000000000000a1", "01")},
		{"ALB, caller sends traceparent: Root is the balancer's", otherW3C, root, other, other, other},
		{"ALB, caller sends none", "", root, same("0000000000000000", "00"), same("0000000000000000", "00"), same("0000000000000000", "00")},
		{"API Gateway records a segment of the caller's trace", w3c, gateway, same("00000000000000a2", "01"), same("00000000000000a1", "01"), same("00000000000000a2", "01")},
		{"API Gateway records nothing of the caller's trace", w3c, gatewayNo, same("00000000000000a1", "01"), same("00000000000000a1", "01"), same("00000000000000a2", "00")},
		{"API Gateway records, the caller did not", w3cOff, gateway, same("00000000000000a2", "01"), same("00000000000000a1", "00"), same("00000000000000a2", "01")},
		{"API Gateway begins a trace, the caller has another", otherW3C, gateway, other, other, same("00000000000000a2", "01")},
		{"CloudFront passes both on, the ALB behind it adds Self", w3c, "Self=1-67891233-1;" + root + ";Parent=00000000000000a1;Sampled=1",
			same("00000000000000a1", "01"), same("00000000000000a1", "01"), same("00000000000000a1", "01")},
		{"Lambda, active tracing, event without traceparent", "", gateway, same("00000000000000a2", "01"), same("00000000000000a2", "01"), same("00000000000000a2", "01")},
		{"Lambda, pass-through, event with a sampled traceparent", otherW3C, gatewayNo, other, other, same("00000000000000a2", "00")},
		{"Lambda, pass-through, event without traceparent", "", gatewayNo, same("00000000000000a2", "00"), same("00000000000000a2", "00"), same("00000000000000a2", "00")},
		{"network load balancer adds nothing to the caller's", w3c, "", same("00000000000000a1", "01"), same("00000000000000a1", "01"), same("00000000000000a1", "01")},
		{"API Gateway without tracing, the caller sends none", "", root, same("0000000000000000", "00"), same("0000000000000000", "00"), same("0000000000000000", "00")},
		{"App Runner's load balancer, caller sends X-Amzn-Trace-Id", "", "Self=1-67891233-1;" + root + ";Parent=00000000000000a1;Sampled=1",
			same("00000000000000a1", "01"), same("00000000000000a1", "01"), same("00000000000000a1", "01")},
		{"malformed traceparent", "00-zz-1-01", gateway, same("00000000000000a2", "01"), same("00000000000000a2", "01"), same("00000000000000a2", "01")},
		{"malformed header", w3c, "Root=1-2-3", same("00000000000000a1", "01"), same("00000000000000a1", "01"), same("00000000000000a1", "01")},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			in := propagation.MapCarrier{xray.HeaderName: tt.header, "traceparent": tt.traceparent}
			for rule, want := range map[xray.Rule]result{xray.Nearest: tt.nearest, xray.PreferTraceparent: tt.preferW3C, xray.PreferXRay: tt.preferXRay} {
				// Twice, as when a gateway and an instrumentation both extract.
				ctx := xray.New(rule).Extract(xray.New(rule).Extract(context.Background(), in), in)
				sc := trace.SpanContextFromContext(ctx)
				if got := (result{sc.TraceID().String(), sc.SpanID().String(), sc.TraceFlags().String()}); got != want || !sc.IsRemote() {
					t.Errorf("%s: %v, want %v", rule, got, want)
				}
				if deferred := want.parent == "0000000000000000"; deferred != xray.Deferred(ctx) {
					t.Errorf("%s: deferred %t", rule, !deferred)
				}
			}
		})
	}
}

func TestBothHeadersGoOn(t *testing.T) {
	in := propagation.MapCarrier{"traceparent": "00-" + id + "-00000000000000a1-01", "tracestate": "v=1",
		xray.HeaderName: root + ";Parent=00000000000000a2;Sampled=1;Lineage=1:a87bd80c:1"}
	_, out := pass(xray.New(xray.Nearest), in, true)
	want := propagation.MapCarrier{"traceparent": "00-" + id + "-00000000000000b1-01", "tracestate": "v=1",
		xray.HeaderName: root + ";Parent=00000000000000b1;Sampled=1;Lineage=1:a87bd80c:1"}
	for key := range want {
		if out[key] != want[key] {
			t.Errorf("%s: %q, want %q", key, out[key], want[key])
		}
	}
	// Another trace's Lineage is none of ours.
	in["traceparent"] = "00-6ab1c0de000000000000000000000001-00000000000000a1-01"
	if _, out := pass(xray.New(xray.Nearest), in, true); out[xray.HeaderName] != "Root=1-6ab1c0de-000000000000000000000001;Parent=00000000000000b1;Sampled=1" {
		t.Errorf("%q", out[xray.HeaderName])
	}
}

func TestRuleNames(t *testing.T) {
	for _, rule := range []xray.Rule{xray.Nearest, xray.PreferTraceparent, xray.PreferXRay} {
		if parsed, err := xray.ParseRule(rule.String()); err != nil || parsed != rule {
			t.Errorf("%s: %v, %v", rule, parsed, err)
		}
	}
	if _, err := xray.ParseRule("first"); err == nil {
		t.Error("no error for an unknown rule")
	}
}

func TestResponseHeader(t *testing.T) {
	server := trace.NewSpanContext(trace.SpanContextConfig{TraceID: trace.TraceID{1, 15: 2}, SpanID: trace.SpanID{1}, TraceFlags: trace.FlagsSampled})
	const answer = "Root=1-01000000-000000000000000000000002"
	for request, want := range map[string]string{
		"":                                 answer,
		root:                               answer,
		root + ";" + parent:                answer + ";" + parent,
		root + ";Sampled=?":                answer + ";Sampled=1",
		root + ";" + parent + ";Sampled=0": answer + ";" + parent + ";Sampled=0",
		root + ";Sampled=1;Lineage=1:a:1":  answer + ";Sampled=1",
	} {
		h, _ := xray.ParseHeader(request)
		if got := xray.ResponseHeader(h, server); got != want {
			t.Errorf("%q: %q, want %q", request, got, want)
		}
	}
	if got := xray.ResponseHeader(xray.Header{Sampling: xray.SamplingRequested}, server.WithTraceFlags(0)); got != answer+";Sampled=0" {
		t.Error(got)
	}
}
