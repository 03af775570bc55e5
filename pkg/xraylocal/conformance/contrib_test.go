package conformance

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/open-telemetry/opentelemetry-collector-contrib/exporter/awsxrayexporter"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/exporter/exportertest"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/bragg-tracing/bragg/pkg/xraylocal/xraylocaltest"
)

// A tap is an HTTP proxy, by which a client reaches the server under any name,
// that keeps the documents which go by.
type tap struct {
	*httptest.Server
	mu    sync.Mutex
	hosts map[string]bool
	docs  []string
}

func newTap(t *testing.T, port string) *tap {
	p := &tap{hosts: make(map[string]bool)}
	forward := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		host := r.In.Host
		r.Out.URL.Scheme, r.Out.URL.Host, r.Out.Host = "http", "127.0.0.1:"+port, host
	}}
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		var in struct{ TraceSegmentDocuments []string }
		_ = json.Unmarshal(body, &in) // of other calls there is nothing to keep
		p.mu.Lock()
		p.hosts[r.Host] = true
		p.docs = append(p.docs, in.TraceSegmentDocuments...)
		p.mu.Unlock()
		r.Body = io.NopCloser(strings.NewReader(string(body)))
		forward.ServeHTTP(w, r)
	}))
	t.Cleanup(p.Close)
	return p
}

// TestContribExporter sends spans with contrib's exporter to xraylocal:2080, as
// ADOT does in compose, without a token.
func TestContribExporter(t *testing.T) {
	t.Setenv("AWS_ACCESS_KEY_ID", "any")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "thing")
	_, api, port := start(t)
	proxy := newTap(t, port)
	factory := awsxrayexporter.NewFactory()
	cfg := factory.CreateDefaultConfig().(*awsxrayexporter.Config)
	aws := &cfg.AWSSessionSettings
	aws.Endpoint, aws.Region, aws.LocalMode, aws.ProxyAddress = "http://xraylocal:2080", "eu-west-1", true, proxy.URL
	cfg.IndexedAttributes = []string{"customer"}
	e, err := factory.CreateTraces(t.Context(), exportertest.NewNopSettings(factory.Type()), cfg)
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Start(t.Context(), componenttest.NewNopHost()); err != nil {
		t.Fatal(err)
	}
	if err := e.ConsumeTraces(t.Context(), spans()); err != nil {
		t.Fatal(err)
	}
	if err := e.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	if !proxy.hosts["xraylocal:2080"] || len(proxy.hosts) != 1 {
		t.Errorf("called %v", proxy.hosts)
	}
	got := xraylocaltest.Segments(t, api, "1-6b02cc70-000000000000000000000007", 1)
	if diff := cmp.Diff(assembled(t, proxy.docs), got); diff != "" {
		t.Errorf("what is read is not what was sent (-sent +read):\n%s", diff)
	}
}

// spans are a request and a call in it that fails.
func spans() ptrace.Traces {
	td := ptrace.NewTraces()
	r := td.ResourceSpans().AppendEmpty()
	r.Resource().Attributes().PutStr("service.name", "shop")
	all := r.ScopeSpans().AppendEmpty().Spans()
	start := time.Now().Add(-time.Second)
	for i := range 2 {
		span := all.AppendEmpty()
		span.SetTraceID(pcommon.TraceID{0x6b, 0x02, 0xcc, 0x70, 15: 7})
		span.SetSpanID(pcommon.SpanID{byte(i + 1)})
		span.SetName([]string{"GET /cart", "bank"}[i])
		span.SetStartTimestamp(pcommon.NewTimestampFromTime(start))
		span.SetEndTimestamp(pcommon.NewTimestampFromTime(start.Add(time.Second)))
		span.Attributes().PutStr("customer", "ada")
	}
	all.At(0).SetKind(ptrace.SpanKindServer)
	all.At(1).SetKind(ptrace.SpanKindClient)
	all.At(1).SetParentSpanID(pcommon.SpanID{1})
	all.At(1).Attributes().PutInt("http.status_code", 503)
	all.At(1).Status().SetCode(ptrace.StatusCodeError)
	return td
}

// assembled puts subsegments into their segments, as X-Ray does.
func assembled(t *testing.T, texts []string) (roots []map[string]any) {
	byID := make(map[any]map[string]any)
	var docs []map[string]any
	for _, text := range texts {
		doc := xraylocaltest.Object(t, text)
		docs, byID[doc["id"]] = append(docs, doc), doc
	}
	for _, doc := range docs {
		if doc["type"] != "subsegment" {
			roots = append(roots, doc)
			continue
		}
		parent := byID[doc["parent_id"]]
		for _, key := range []string{"type", "parent_id", "trace_id"} {
			delete(doc, key)
		}
		in, _ := parent["subsegments"].([]any)
		parent["subsegments"] = append(in, doc)
	}
	return roots
}
