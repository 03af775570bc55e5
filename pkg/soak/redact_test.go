package main

import (
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"

	"github.com/bragg-tracing/bragg/pkg/newrelic/sink"
)

const redactedSecret = "hunter2hunter2"

// legacyDocument is what the X-Ray SDK sends of a request that calls and queries.
func legacyDocument(traceID string) string {
	now := float64(time.Now().UnixMilli()) / 1000
	return fmt.Sprintf("{\"format\":\"json\",\"version\":1}\n"+`{"name":"legacy","id":"00000000000000a1","trace_id":%q,"start_time":%f,"end_time":%f,
		"http":{"request":{"method":"GET","url":"https://example.com/kept-path?token=%[4]s&a=kept-parameter"},"response":{"status":200}},
		"subsegments":[
			{"name":"shop@db","id":"00000000000000a2","namespace":"remote","start_time":%[2]f,"end_time":%[3]f,
				"sql":{"url":"postgres://app:%[4]s@db:5432/shop","database_type":"Postgres","sanitized_query":"SELECT kept_column FROM t WHERE a = '%[4]s' AND b = 424242"}},
			{"name":"example.com","id":"00000000000000a3","namespace":"remote","start_time":%[2]f,"end_time":%[3]f,"fault":true,
				"http":{"request":{"method":"GET","url":"https://example.com/?X-Amz-Signature=%[4]s"}},
				"cause":{"exceptions":[{"id":"00000000000000a4","type":"*url.Error","message":"Get https://example.com/kept-message?sig=%[4]s: refused"}]}}]}`,
		traceID, now, now+0.1, redactedSecret)
}

// TestRedactionByDefault sends credentials and SQL literals through a collector
// with otel-collector.yaml, as OTLP and as X-Ray's daemon gets them, and looks
// for them in both backends.
func TestRedactionByDefault(t *testing.T) {
	const secret = redactedSecret
	l := testLab(t, "otel-collector.yaml")
	if err := l.renew(); err != nil {
		t.Fatal(err)
	}
	if err := l.collector.start(t.Context()); err != nil {
		t.Fatal(err)
	}
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
	span.Attributes().PutStr("url.full", "https://app:"+secret+"@example.com/a?access_token="+secret)
	span.Attributes().PutStr("db.system.name", "postgresql")
	span.Attributes().PutStr("db.query.text", "SELECT a FROM t WHERE b = '"+secret+"'")
	event := span.Events().AppendEmpty()
	event.SetName("exception")
	event.Attributes().PutStr("exception.message", "https://example.com/?token="+secret)
	send(t, l.collector.daemon(), legacyDocument("1-"+span.TraceID().String()[:8]+"-"+span.TraceID().String()[8:]))
	ids = append(ids, "00000000000000a1", "00000000000000a2", "00000000000000a3")
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
	xray, newrelic := everything(t, l, "1-"+span.TraceID().String()[:8]+"-"+span.TraceID().String()[8:])
	kept = append(kept, "path?token=REDACTED&a=kept-parameter", "column FROM t WHERE a = ? AND b = ?")
	if !strings.Contains(xray, "kept-message?sig=REDACTED") { // the sink keeps no events
		t.Error("X-Ray lacks the exception's message")
	}
	for where, all := range map[string]string{"New Relic": newrelic, "X-Ray": xray} {
		if strings.Contains(all, secret) || strings.Contains(all, "424242") {
			t.Errorf("%s holds a credential or a literal:\n%s", where, all)
		}
		for _, name := range kept {
			if !strings.Contains(all, "kept-"+name) && !strings.Contains(all, "kept_"+name) {
				t.Errorf("%s lacks %s:\n%s", where, name, all)
			}
		}
	}
}

// send sends one datagram.
func send(t *testing.T, address, datagram string) {
	t.Helper()
	conn, err := net.Dial("udp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := conn.Write([]byte(datagram)); err != nil {
		t.Fatal(err)
	}
}

// everything returns all that the backends have, as text.
func everything(t *testing.T, l *lab, traceID string) (xray, newrelic string) {
	t.Helper()
	err := l.sink.EachSpan(t.Context(), func(s sink.Span) error {
		newrelic += fmt.Sprintf("%+v\n", s)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	documents, err := l.local.Store().Raw(t.Context(), traceID)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range documents {
		xray += string(d) + "\n"
	}
	return strings.ReplaceAll(xray, `\u0026`, "&"), newrelic
}
