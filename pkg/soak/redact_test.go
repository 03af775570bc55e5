package main

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"

	"github.com/bragg-tracing/bragg/pkg/newrelic/sink"
)

// TestRedactOverlay sends credentials as span attributes through a collector
// with deploy/collector/redact.yaml, and looks for them in both backends.
func TestRedactOverlay(t *testing.T) {
	l := testLab(t, "deploy/collector/redact.yaml")
	if err := l.renew(); err != nil {
		t.Fatal(err)
	}
	if err := l.collector.start(t.Context()); err != nil {
		t.Fatal(err)
	}
	const secret = "hunter2hunter2"
	secrets := []string{
		"http.request.header.authorization", "http.request.header.Proxy-Authorization", "http.request.header.cookie",
		"http.response.header.set-cookie", "http.response.header.set_cookie", "http.request.header.x-api-key",
		"http.request.header.api_key", "http.request.header.x-amz-security-token", "rpc.grpc.request.metadata.authorization",
		"rpc.request.metadata.authorization",
	}
	kept := []string{"http.request.header.accept", "http.route", "app.cookie.count"}
	g := newGenerator(l.collector.otlp(), 1)
	traces, ids := g.trace(time.Now())
	span := traces.ResourceSpans().At(0).ScopeSpans().At(0).Spans().At(0)
	for _, name := range secrets {
		span.Attributes().PutStr(name, secret)
	}
	for _, name := range kept {
		span.Attributes().PutStr(name, "kept-"+name)
	}
	body, err := ptraceotlp.NewExportRequestFromTraces(traces).MarshalProto()
	if err != nil {
		t.Fatal(err)
	}
	g.client = &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	if !g.post(t.Context(), body) {
		t.Fatal("the collector did not take the spans")
	}
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(50 * time.Millisecond) { // the stores have no signal
		x, err := l.inXRay(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		n, err := l.inNewRelic(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if len(x) >= len(ids) && len(n) >= len(ids) {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("X-Ray has %d, New Relic %d of %d", len(x), len(n), len(ids))
		}
	}
	var text strings.Builder
	err = l.sink.EachSpan(t.Context(), func(s sink.Span) error {
		for name, v := range s.Attributes {
			if value, ok := v.(string); ok {
				text.WriteString(name + "=" + value + "\n")
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	found, err := l.local.Store().Traces(t.Context(), "1-"+span.TraceID().String()[:8]+"-"+span.TraceID().String()[8:])
	if err != nil || len(found) != 1 {
		t.Fatalf("%d traces, %v", len(found), err)
	}
	xray := ""
	for d := range found[0].All() {
		for _, values := range d.Metadata {
			for name, v := range values {
				xray += name + "=" + string(v) + "\n"
			}
		}
	}
	for where, all := range map[string]string{"New Relic": text.String(), "X-Ray": xray} {
		if strings.Contains(all, secret) {
			t.Errorf("%s holds a credential:\n%s", where, all)
		}
		for _, name := range kept {
			if !strings.Contains(all, "kept-"+name) {
				t.Errorf("%s lacks %s", where, name)
			}
		}
	}
}
