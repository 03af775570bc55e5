package sampling_test

import (
	"context"
	"testing"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/propagation"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	braggpropagation "github.com/bragg-tracing/bragg/pkg/sdk/propagation"
	"github.com/bragg-tracing/bragg/pkg/sdk/sampling"
)

func withAttributes(attrs ...attribute.KeyValue) trace.SpanStartOption {
	return trace.WithAttributes(attrs...)
}

// TestParentBased has both ways to follow a caller: ours, and OpenTelemetry's
// made to see what headers of AWS say.
func TestParentBased(t *testing.T) {
	const root, parent = "Root=1-6ab1c0de-000000000000000000000002", ";Parent=00000000000000a2"
	tests := []struct {
		name, header, traceparent string
		root                      bool // the root sampler's word
		want                      bool
		wantParent                bool // the span has a parent
	}{
		{name: "no header", root: true, want: true},
		{name: "no header, root says no"},
		{name: "sampled", header: root + parent + ";Sampled=1", want: true, wantParent: true},
		{name: "not sampled", header: root + parent + ";Sampled=0", root: true, wantParent: true},
		{name: "nothing said", header: root + parent, root: true, want: true, wantParent: true},
		{name: "nothing said, root says no", header: root + parent, wantParent: true},
		{name: "asked", header: root + parent + ";Sampled=?", root: true, want: true, wantParent: true},
		{name: "load balancer", header: root, root: true, want: true},
		{name: "load balancer, root says no", header: "Self=1-67891233-12456789abcdef012345678;" + root},
		{name: "no parent but a decision", header: root + ";Sampled=1", want: true},
		{name: "no parent but the other decision", header: root + ";Sampled=0", root: true},
		{name: "traceparent sampled", traceparent: "00-6ab1c0de000000000000000000000002-00000000000000a2-01", want: true, wantParent: true},
		{name: "traceparent not sampled", traceparent: "00-6ab1c0de000000000000000000000002-00000000000000a2-00", root: true, wantParent: true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			base := sdktrace.NeverSample()
			if tt.root {
				base = sdktrace.AlwaysSample()
			}
			for _, s := range []sdktrace.Sampler{sampling.ParentBased(base), sampling.Deferring(sdktrace.ParentBased(base))} {
				provider := sdktrace.NewTracerProvider(sdktrace.WithSampler(s))
				carrier := propagation.MapCarrier{"X-Amzn-Trace-Id": tt.header, "traceparent": tt.traceparent, "tracestate": "a=b"}
				ctx := braggpropagation.New(braggpropagation.Nearest).Extract(context.Background(), carrier)
				ctx, span := provider.Tracer("test").Start(ctx, "server")
				sc := span.SpanContext()
				if sc.IsSampled() != tt.want {
					t.Errorf("%s: sampled %t, want %t", s.Description(), sc.IsSampled(), tt.want)
				}
				if traced := tt.header != "" || tt.traceparent != ""; traced != (sc.TraceID().String() == "6ab1c0de000000000000000000000002") {
					t.Errorf("%s: trace id %s", s.Description(), sc.TraceID())
				}
				if tt.traceparent != "" && sc.TraceState().String() != "a=b" {
					t.Errorf("%s: tracestate %q", s.Description(), sc.TraceState())
				}
				if recorded, ok := span.(sdktrace.ReadOnlySpan); ok && recorded.Parent().SpanID().IsValid() != tt.wantParent {
					t.Errorf("%s: parent %v", s.Description(), recorded.Parent())
				}
				// A child follows its parent, whatever the header said.
				if _, child := provider.Tracer("test").Start(ctx, "child"); child.SpanContext().IsSampled() != tt.want {
					t.Errorf("%s: child sampled %t", s.Description(), !tt.want)
				}
			}
		})
	}
}
