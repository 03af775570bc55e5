package telemetry_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/propagation"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	xray "github.com/bragg-tracing/bragg/pkg/sdk/propagation"
	"github.com/bragg-tracing/bragg/pkg/sdk/sampling"
	"github.com/bragg-tracing/bragg/pkg/sdk/telemetry"
)

// sampledWith starts a span under the headers and says whether it is sampled.
func sampledWith(sdk *telemetry.SDK, header string) bool {
	ctx := sdk.Propagator().Extract(context.Background(), propagation.MapCarrier{"X-Amzn-Trace-Id": header})
	_, span := sdk.TracerProvider().Tracer("test").Start(ctx, "x")
	return span.SpanContext().IsSampled()
}

func TestSamplerNames(t *testing.T) {
	const root = "Root=1-6ab1c0de-000000000000000000000002"
	const yes, no, open = root + ";Parent=00000000000000a2;Sampled=1", root + ";Parent=00000000000000a2;Sampled=0", root + ";Parent=00000000000000a2"
	type decisions struct{ none, yes, no, open bool }
	tests := []struct {
		name, argument string
		option         sdktrace.Sampler
		want           decisions
		warning        string
	}{
		{want: decisions{true, true, false, true}},
		{name: "always_on", want: decisions{true, true, true, true}},
		{name: "always_off"},
		{name: "traceidratio", argument: "0"},
		{name: "traceidratio", argument: "1", want: decisions{true, true, true, true}},
		{name: "traceidratio", argument: "half", want: decisions{true, true, true, true}, warning: "is not a number"},
		{name: "parentbased_always_on", want: decisions{true, true, false, true}},
		{name: "parentbased_always_off", want: decisions{yes: true}},
		{name: "parentbased_traceidratio", argument: "0", want: decisions{yes: true}},
		{name: "jaeger_remote", want: decisions{true, true, false, true}, warning: "unknown sampler"},
		{option: sdktrace.ParentBased(sdktrace.NeverSample()), want: decisions{yes: true}},
		{option: sdktrace.ParentBased(sdktrace.AlwaysSample()), want: decisions{true, true, false, true}},
		{name: "always_off", option: sdktrace.AlwaysSample(), want: decisions{true, true, true, true}}, // without globals the option wins
	}
	for _, tt := range tests {
		t.Run(tt.name+tt.argument, func(t *testing.T) {
			clearEnvironment(t)
			t.Setenv("OTEL_TRACES_SAMPLER", tt.name)
			t.Setenv("OTEL_TRACES_SAMPLER_ARG", tt.argument)
			t.Setenv("OTEL_TRACES_EXPORTER", "none")
			var log logBuffer
			sdk := start(t, telemetry.WithSampler(tt.option), telemetry.WithoutMetrics(), telemetry.WithoutLogs(), telemetry.WithLogger(log.logger()))
			if got := (decisions{sampledWith(sdk, ""), sampledWith(sdk, yes), sampledWith(sdk, no), sampledWith(sdk, open)}); got != tt.want {
				t.Errorf("%+v, want %+v", got, tt.want)
			}
			if !strings.Contains(log.String(), tt.warning) || (tt.warning == "") != (log.String() == "") {
				t.Errorf("log:\n%s", &log)
			}
		})
	}
}

// TestXRaySampler asks a proxy for rules, in each way that names it.
func TestXRaySampler(t *testing.T) {
	asked := make(chan *http.Request, 100)
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked <- r
		_, _ = io.WriteString(w, `{"SamplingRuleRecords": [
			{"SamplingRule": {"RuleName": "shop", "Priority": 1, "FixedRate": 1, "ReservoirSize": 0, "ServiceName": "shop", "ServiceType": "*", "ResourceARN": "*",
				"Host": "*", "HTTPMethod": "*", "URLPath": "*", "Version": 1}},
			{"SamplingRule": {"RuleName": "Default", "Priority": 10000, "FixedRate": 0, "ReservoirSize": 0, "ServiceName": "*", "ServiceType": "*", "ResourceARN": "*",
				"Host": "*", "HTTPMethod": "*", "URLPath": "*", "Version": 1}}]}`)
	}))
	defer proxy.Close()
	tests := []struct {
		name      string
		variables map[string]string
		option    telemetry.Option
	}{
		{"variable and argument", map[string]string{"OTEL_TRACES_SAMPLER": "xray", "OTEL_TRACES_SAMPLER_ARG": "endpoint=" + proxy.URL + ",polling_interval=60"}, nil},
		{"parentbased", map[string]string{"OTEL_TRACES_SAMPLER": "parentbased_xray", "OTEL_TRACES_SAMPLER_ARG": "endpoint=" + proxy.URL}, nil},
		{"daemon's address", map[string]string{"OTEL_TRACES_SAMPLER": "xray", "AWS_XRAY_DAEMON_ADDRESS": strings.TrimPrefix(proxy.URL, "http://")}, nil},
		{"option", nil, telemetry.WithXRaySampling(sampling.WithEndpoint(proxy.URL))},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			clearEnvironment(t)
			t.Setenv("OTEL_TRACES_EXPORTER", "none")
			for name, value := range tt.variables {
				t.Setenv(name, value)
			}
			opts := []telemetry.Option{telemetry.WithServiceName("shop"), telemetry.WithoutMetrics(), telemetry.WithoutLogs()}
			sdk := start(t, append(opts, tt.option)...)
			if r := <-asked; r.URL.Path != "/GetSamplingRules" || r.Header.Get("Authorization") != "" {
				t.Errorf("asked %s, Authorization %q", r.URL, r.Header.Get("Authorization"))
			}
			if rule := ruleOf(t, sdk); rule != "shop" {
				t.Errorf("rule %q, want shop's", rule)
			}
			if sampledWith(sdk, "Root=1-6ab1c0de-000000000000000000000002;Parent=00000000000000a2;Sampled=0") {
				t.Error("recorded though the caller is not")
			}
		})
	}
}

// ruleOf waits for a span that one of X-Ray's rules decided.
func ruleOf(t *testing.T, sdk *telemetry.SDK) string {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		_, span := sdk.TracerProvider().Tracer("test").Start(context.Background(), "x", trace.WithAttributes(attribute.String("url.path", "/")))
		recorded, ok := span.(sdktrace.ReadOnlySpan)
		if !ok {
			continue
		}
		for _, kv := range recorded.Attributes() {
			if kv.Key == sampling.RuleNameKey {
				return kv.Value.AsString()
			}
		}
	}
	return ""
}

func TestTraceHeaders(t *testing.T) {
	tests := []struct {
		name, variable string
		option         telemetry.Option
		wantTrace      string
	}{
		{"default", "", nil, w3cTrace},
		{"variable", "xray", nil, xrayTrace},
		{"option", "", telemetry.WithTraceHeaders(xray.PreferXRay), xrayTrace},
		{"option wins without globals", "traceparent", telemetry.WithTraceHeaders(xray.PreferXRay), xrayTrace},
		{"unknown", "first", nil, w3cTrace},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			clearEnvironment(t)
			t.Setenv("BRAGG_TRACE_HEADERS", tt.variable)
			sdk := start(t, tt.option)
			ctx := sdk.Propagator().Extract(context.Background(), propagation.MapCarrier{"traceparent": w3cHeader, "X-Amzn-Trace-Id": xrayHead})
			if got := trace.SpanContextFromContext(ctx).TraceID().String(); got != tt.wantTrace {
				t.Errorf("trace %s, want %s", got, tt.wantTrace)
			}
		})
	}
}

func TestOtherPropagators(t *testing.T) {
	headers := map[string]propagation.MapCarrier{
		"b3":      {"b3": w3cTrace + "-00000000000000a1-1"},
		"b3multi": {"x-b3-traceid": w3cTrace, "x-b3-spanid": "00000000000000a1", "x-b3-sampled": "1"},
		"jaeger":  {"uber-trace-id": w3cTrace + ":00000000000000a1:0:1"},
	}
	for name, carrier := range headers {
		clearEnvironment(t)
		t.Setenv("OTEL_PROPAGATORS", "tracecontext,"+name)
		sdk := start(t)
		ctx := sdk.Propagator().Extract(context.Background(), carrier)
		if got := trace.SpanContextFromContext(ctx).TraceID().String(); got != w3cTrace {
			t.Errorf("%s: trace %s", name, got)
		}
		out := propagation.MapCarrier{}
		sdk.Propagator().Inject(ctx, out)
		for key := range carrier {
			if out[key] == "" {
				t.Errorf("%s: %s is not written: %v", name, key, out)
			}
		}
	}
}
