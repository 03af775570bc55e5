package truth

import (
	"log/slog"
	"testing"
	"time"

	"go.opentelemetry.io/otel/attribute"
	oteltrace "go.opentelemetry.io/otel/trace"

	"github.com/bragg-tracing/bragg/pkg/sdk/telemetry"
	"github.com/bragg-tracing/bragg/pkg/sdk/xrayattr"
	"github.com/bragg-tracing/bragg/pkg/segment"
	"github.com/bragg-tracing/bragg/pkg/xraylocal"
)

// sendByUDP sends one request's spans to a daemon, and returns the trace's id.
func sendByUDP(t *testing.T, address string) string {
	t.Setenv("AWS_XRAY_DAEMON_ADDRESS", address)
	sdk, err := telemetry.Start(t.Context(), telemetry.WithServiceName("function"), telemetry.WithExporters("xrayudp"),
		telemetry.WithoutGlobals(), telemetry.WithoutMetrics(), telemetry.WithoutLogs(), telemetry.WithLogger(slog.New(slog.NewTextHandler(testWriter{t}, nil))))
	if err != nil {
		t.Fatal(err)
	}
	defer sdk.Shutdown(t.Context())
	tracer := sdk.TracerProvider().Tracer("truth")
	ctx, request := tracer.Start(t.Context(), "request", oteltrace.WithSpanKind(oteltrace.SpanKindServer),
		oteltrace.WithAttributes(attribute.String("http.request.method", "GET"), attribute.String("url.path", "/carts/7")))
	_, inner := tracer.Start(ctx, "price", oteltrace.WithAttributes(xrayattr.Annotation("client_id", "Enova")))
	inner.End()
	request.End()
	if err := sdk.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	return request.SpanContext().TraceID().String()
}

// TestUDPThroughTheCollector: spans of the exporter xrayudp in both backends.
func TestUDPThroughTheCollector(t *testing.T) {
	r := await(t, sendByUDP(t, stack.daemon), 2)
	r.check(want{name: "function", parent: "-", kind: "server"})
	r.check(want{name: "price", parent: "function", annotations: map[string]any{"client_id": "Enova"}, attributes: map[string]any{"client_id": "Enova"}})
}

// TestUDPToXRayLocalAlone: no collector is there.
func TestUDPToXRayLocalAlone(t *testing.T) {
	server, err := xraylocal.Open(xraylocal.Config{Dir: t.TempDir(), Listen: "127.0.0.1:0", Daemon: "127.0.0.1:0", Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	defer server.Close(t.Context())
	id := sendByUDP(t, server.DaemonAddr())
	names := map[string]*segment.Document{}
	var documents []*segment.Document
	for end := time.Now().Add(patience); len(documents) < 2 && time.Now().Before(end); time.Sleep(20 * time.Millisecond) { // there is no signal to wait for
		documents = documentsOf(t, "http://"+server.Addr(), id)
	}
	for _, d := range documents {
		names[d.Name] = d
	}
	function, price := names["function"], names["price"]
	if function == nil || price == nil || price.ParentID != function.ID || price.Annotations["client_id"] == nil {
		t.Errorf("documents: %s", show(documents))
	}
}
