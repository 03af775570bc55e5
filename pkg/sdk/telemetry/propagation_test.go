package telemetry_test

import (
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"github.com/bragg-tracing/bragg/pkg/sdk/telemetry"
)

const (
	w3cTrace  = "6ab1c0de000000000000000000000001"
	xrayTrace = "6ab1c0de000000000000000000000002"
	w3cHeader = "00-" + w3cTrace + "-00000000000000a1-01"
	xrayHead  = "Root=1-6ab1c0de-000000000000000000000002;Parent=00000000000000a2;Sampled=1"
)

func TestExtract(t *testing.T) {
	tests := []struct {
		name, propagators, traceparent, xray string
		wantTrace                            string // "" for none
		wantSampled                          bool
	}{
		{name: "W3C only", traceparent: w3cHeader, wantTrace: w3cTrace, wantSampled: true},
		{name: "X-Ray only", xray: xrayHead, wantTrace: xrayTrace, wantSampled: true},
		{name: "both", traceparent: w3cHeader, xray: xrayHead, wantTrace: w3cTrace, wantSampled: true},
		{name: "both, X-Ray not sampled", traceparent: w3cHeader, xray: strings.Replace(xrayHead, "Sampled=1", "Sampled=0", 1), wantTrace: w3cTrace, wantSampled: true},
		{name: "malformed W3C beside X-Ray", traceparent: "00-zz-1-01", xray: xrayHead, wantTrace: xrayTrace, wantSampled: true},
		{name: "malformed X-Ray beside W3C", traceparent: w3cHeader, xray: "Root=1-2-3", wantTrace: w3cTrace, wantSampled: true},
		{name: "neither"},
		{name: "order of names does not matter", propagators: "tracecontext,xray", traceparent: w3cHeader, xray: xrayHead, wantTrace: w3cTrace, wantSampled: true},
		{name: "xray named", propagators: "xray", traceparent: w3cHeader, xray: xrayHead, wantTrace: xrayTrace, wantSampled: true},
		{name: "tracecontext named", propagators: "tracecontext", xray: xrayHead},
		{name: "none", propagators: "none", traceparent: w3cHeader, xray: xrayHead},
		{name: "unknown name beside a known one", propagators: "sw8, xray", xray: xrayHead, wantTrace: xrayTrace, wantSampled: true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			clearEnvironment(t)
			t.Setenv("OTEL_PROPAGATORS", tt.propagators)
			t.Setenv("OTEL_TRACES_EXPORTER", "none")
			var log logBuffer
			sdk := start(t, telemetry.WithLogger(log.logger()), telemetry.WithoutMetrics())
			carrier := propagation.MapCarrier{}
			if tt.traceparent != "" {
				carrier["traceparent"] = tt.traceparent
			}
			if tt.xray != "" {
				carrier["X-Amzn-Trace-Id"] = tt.xray
			}
			got := trace.SpanContextFromContext(sdk.Propagator().Extract(context.Background(), carrier))
			gotTrace := ""
			if got.IsValid() {
				gotTrace = got.TraceID().String()
			}
			if gotTrace != tt.wantTrace || got.IsSampled() != tt.wantSampled {
				t.Errorf("trace %q, sampled %t; want %q, %t", gotTrace, got.IsSampled(), tt.wantTrace, tt.wantSampled)
			}
			if warned := strings.Contains(log.String(), "sw8"); warned != strings.Contains(tt.propagators, "sw8") {
				t.Errorf("log: %s", &log)
			}
		})
	}
}

func TestInject(t *testing.T) {
	clearEnvironment(t)
	sdk := start(t)
	incoming := propagation.MapCarrier{"X-Amzn-Trace-Id": xrayHead}
	ctx := sdk.Propagator().Extract(t.Context(), incoming)
	ctx, span := sdk.TracerProvider().Tracer("test").Start(ctx, "operation")
	defer span.End()
	outgoing := propagation.MapCarrier{}
	sdk.Propagator().Inject(ctx, outgoing)
	id := span.SpanContext().SpanID().String()
	want := propagation.MapCarrier{
		"traceparent":     "00-" + xrayTrace + "-" + id + "-01",
		"X-Amzn-Trace-Id": "Root=1-6ab1c0de-000000000000000000000002;Parent=" + id + ";Sampled=1",
	}
	if diff := cmp.Diff(want, outgoing); diff != "" {
		t.Errorf("headers (-want +got):\n%s", diff)
	}
}
