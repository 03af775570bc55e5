package xray_test

import (
	"strings"
	"testing"

	"github.com/bragg-tracing/bragg/pkg/sdk/redact"
	"github.com/bragg-tracing/bragg/pkg/sdk/xraysdk/xray"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// TestMetadataIsRedacted in the document of a segment, which stays on the span.
func TestMetadataIsRedacted(t *testing.T) {
	exporter := feed(t, func(e sdktrace.SpanExporter) sdktrace.SpanProcessor {
		return sdktrace.NewSimpleSpanProcessor(redact.SpanExporter(e, redact.Default()))
	})
	ctx, seg := xray.BeginSegment(decidedContext(t, true), "svc")
	call := map[string]any{"headers": map[string]string{"Authorization": "hunter2"}, "n": 1 << 60}
	if err := xray.AddMetadata(ctx, "call", call); err != nil {
		t.Fatal(err)
	}
	if err := seg.AddMetadataToNamespace("other", "text", "a <b>"); err != nil {
		t.Fatal(err)
	}
	seg.Close(nil)
	spans := exporter.GetSpans()
	if len(spans) != 1 {
		t.Fatalf("%d spans", len(spans))
	}
	seen := map[string]string{}
	for _, a := range spans[0].Attributes {
		seen[string(a.Key)] = a.Value.AsString()
	}
	const hidden = `{"call":{"headers":{"Authorization":"REDACTED"},"n":1152921504606846976}}`
	if got := seen["aws.xray.metadata.default"]; got != hidden {
		t.Errorf("metadata %s", got)
	}
	document := seen["aws.xray.document"]
	if !strings.Contains(document, `"default":`+hidden) || strings.Contains(document, "hunter2") {
		t.Errorf("document %s", document)
	}
	if !strings.Contains(seen["aws.xray.metadata.other"], "a ") {
		t.Errorf("%v", seen)
	}
}
