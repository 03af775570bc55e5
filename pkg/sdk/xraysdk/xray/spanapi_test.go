package xray

import (
	"context"
	"errors"
	"testing"

	"github.com/bragg-tracing/bragg/pkg/sdk/xrayattr"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"
)

// Code on OpenTelemetry's API says things of the current span: where that is a
// segment, they reach it.
func TestSpanOfSegmentTakesAttributes(t *testing.T) {
	ctx, seg := BeginSegment(context.Background(), "svc")
	span := trace.SpanFromContext(ctx)
	span.SetAttributes(xrayattr.Annotation("client", "Enova"), xrayattr.Annotation("n", 3), attribute.String("enduser.id", "alice"),
		xrayattr.Metadata("model", map[string]any{"version": 7}), attribute.String("left", "out"))
	xrayattr.AddMetadata(span, "model", "name", "credit")
	span.RecordError(errors.New("boom"))
	span.RecordError(nil)
	seg.Close(nil)
	if seg.Annotations["client"] != "Enova" || seg.Annotations["n"] != int64(3) || seg.User != "alice" || len(seg.Annotations) != 2 {
		t.Errorf("annotations %v, user %q", seg.Annotations, seg.User)
	}
	if m := seg.Metadata["model"]; len(m) != 2 || m["name"] != "credit" {
		t.Errorf("metadata %v", seg.Metadata)
	}
	if !seg.Fault || len(seg.Cause.Exceptions) != 1 || seg.Cause.Exceptions[0].Message != "boom" {
		t.Errorf("fault %v, cause %v", seg.Fault, seg.Cause)
	}
}
