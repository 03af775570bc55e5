package tracelog_test

import (
	"context"
	"log/slog"
	"os"

	"go.opentelemetry.io/otel/trace"

	"github.com/bragg-tracing/bragg/pkg/sdk/tracelog"
)

func Example() {
	withoutTime := &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}}
	logger := slog.New(tracelog.NewHandler(slog.NewJSONHandler(os.Stdout, withoutTime), tracelog.WithoutNewRelic()))

	ctx := trace.ContextWithSpanContext(context.Background(), trace.NewSpanContext(trace.SpanContextConfig{
		TraceID: trace.TraceID{0x57, 0x59, 0xe9, 0x88, 15: 1}, SpanID: trace.SpanID{7: 2}, TraceFlags: trace.FlagsSampled,
	})) // in a service: the context of the request
	logger.InfoContext(ctx, "approved", "client_id", "Enova")
	// Output:
	// {"level":"INFO","msg":"approved","client_id":"Enova","trace_id":"5759e988000000000000000000000001","span_id":"0000000000000002","trace_sampled":true,"xray_trace_id":"1-5759e988-000000000000000000000001"}
}
