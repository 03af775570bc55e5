package xraylocal_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-xray-sdk-go/v2/strategy/sampling"
	sdk "github.com/aws/aws-xray-sdk-go/v2/xray"
	"github.com/aws/aws-xray-sdk-go/v2/xraylog"
	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/exporter/exportertest"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/bragg-tracing/bragg/pkg/collector/awsxrayexporter"
	"github.com/bragg-tracing/bragg/pkg/collector/awsxrayexporter/translate"
	"github.com/bragg-tracing/bragg/pkg/xraylocal"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/xraylocaltest"
)

// TestXRaySDK records with AWS's SDK for Go, which sends to the daemon's port by
// way of the test, and reads back what it sent.
func TestXRaySDK(t *testing.T) {
	server := start(t, xraylocal.Config{Daemon: "127.0.0.1:0"})
	tap := xraylocaltest.NewTap(t, server.DaemonAddr())
	all, err := sampling.NewLocalizedStrategyFromJSONBytes([]byte(`{"version":2,"default":{"fixed_target":1,"rate":1}}`))
	if err != nil {
		t.Fatal(err)
	}
	sdk.SetLogger(xraylog.NullLogger)
	if err := sdk.Configure(sdk.Config{DaemonAddr: tap.Addr, SamplingStrategy: all, ServiceVersion: "1.2"}); err != nil {
		t.Fatal(err)
	}
	ctx, root := sdk.BeginSegment(t.Context(), "shop")
	_ = sdk.AddAnnotation(ctx, "tier", "gold")
	_ = sdk.AddMetadata(ctx, "cart", []int{1, 2})
	root.User = "ada"
	_ = sdk.Capture(ctx, "charge", func(ctx context.Context) error { return errors.New("card refused") })
	root.GetHTTP().GetRequest().URL, root.GetHTTP().GetResponse().Status = "http://shop/cart", 502
	root.Close(nil)

	sent := xraylocaltest.Object(t, tap.Pass(t))
	got := xraylocaltest.Segments(t, client(t, server.Addr(), server.Addr(), "k"), root.TraceID, 1)
	if diff := cmp.Diff([]map[string]any{sent}, got); diff != "" {
		t.Errorf("what is read is not what was sent (-sent +read):\n%s", diff)
	}
}

// TestUnsignedSamplingCalls asks on the daemon's port as the SDKs do.
func TestUnsignedSamplingCalls(t *testing.T) {
	server := start(t, xraylocal.Config{Daemon: "127.0.0.1:0"})
	defer http.DefaultClient.CloseIdleConnections()
	for _, call := range [][2]string{{"/GetSamplingRules", `{"NextToken": null}`}, {"/SamplingTargets", `{"SamplingStatisticsDocuments":[]}`}} {
		res, err := http.Post("http://"+server.DaemonAddr()+call[0], "", strings.NewReader(call[1]))
		if err != nil {
			t.Fatal(err)
		}
		if b := body(t, res); res.StatusCode != 200 {
			t.Errorf("%s: %d %s", call[0], res.StatusCode, b)
		}
	}
	req, err := http.NewRequest(http.MethodPost, "http://"+server.DaemonAddr()+"/GetSamplingRules", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Host = "evil.example"
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	if body(t, res); res.StatusCode != http.StatusForbidden {
		t.Errorf("by another name: %d", res.StatusCode)
	}
}

func TestDaemonBeyondLoopback(t *testing.T) {
	for name, cfg := range map[string]xraylocal.Config{
		"not allowed": {},
		"no token":    {AllowRemote: true, Token: "t"},
	} {
		t.Run(name, func(t *testing.T) {
			cfg.Dir, cfg.Listen, cfg.Daemon, cfg.Logger = t.TempDir(), "127.0.0.1:0", "0.0.0.0:0", slog.New(slog.DiscardHandler)
			s, err := xraylocal.Open(cfg)
			if err != nil {
				t.Fatal(err)
			}
			var e *xraylocal.ListenError
			if err := s.Start(); !errors.As(err, &e) {
				t.Errorf("got %v", err)
			}
			if err := s.Close(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
}

// shopTrace is a trace of two services: a request, a query in it, and a call of
// another service that fails.
func shopTrace() ptrace.Traces {
	td := ptrace.NewTraces()
	start := time.Now().Add(-time.Second).Truncate(time.Microsecond)
	add := func(spans ptrace.SpanSlice, id, parent byte, kind ptrace.SpanKind, name string) ptrace.Span {
		span := spans.AppendEmpty()
		span.SetTraceID(pcommon.TraceID{0x6b, 0x02, 0xcc, 0x70, 15: 7})
		span.SetSpanID(pcommon.SpanID{id})
		if parent != 0 {
			span.SetParentSpanID(pcommon.SpanID{parent})
		}
		span.SetKind(kind)
		span.SetName(name)
		span.SetStartTimestamp(pcommon.NewTimestampFromTime(start.Add(time.Duration(id) * time.Millisecond)))
		span.SetEndTimestamp(pcommon.NewTimestampFromTime(start.Add(100 * time.Millisecond)))
		return span
	}
	service := func(name string) ptrace.SpanSlice {
		r := td.ResourceSpans().AppendEmpty()
		r.Resource().Attributes().PutStr("service.name", name)
		return r.ScopeSpans().AppendEmpty().Spans()
	}
	shop, bank := service("shop"), service("bank")
	request := add(shop, 1, 0, ptrace.SpanKindServer, "GET /cart")
	request.Attributes().PutStr("http.request.method", "GET")
	request.Attributes().PutStr("url.full", "http://shop/cart")
	request.Attributes().PutInt("http.response.status_code", 200)
	query := add(shop, 2, 1, ptrace.SpanKindClient, "SELECT")
	query.Attributes().PutStr("db.system", "postgresql")
	query.Attributes().PutStr("db.name", "carts")
	call := add(shop, 3, 1, ptrace.SpanKindClient, "bank")
	call.Attributes().PutStr("customer", "ada")
	charge := add(bank, 4, 3, ptrace.SpanKindServer, "POST /charge")
	charge.Status().SetCode(ptrace.StatusCodeError)
	charge.Attributes().PutInt("http.response.status_code", 500)
	return td
}

// TestOurExporter sends spans with our exporter to the compose name, and reads
// the documents that the translation makes of them, put together.
func TestOurExporter(t *testing.T) {
	server := start(t, xraylocal.Config{Listen: "0.0.0.0:0", AllowRemote: true, AllowHosts: []string{"xraylocal"}, IngestOpen: true, Token: "T"})
	_, port, err := net.SplitHostPort(server.Addr())
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("AWS_ACCESS_KEY_ID", "k")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "s")
	factory := awsxrayexporter.NewFactory()
	cfg := factory.CreateDefaultConfig()
	if err := confmap.NewFromStringMap(map[string]any{
		"endpoint": "http://127.0.0.1:" + port, "region": "eu-west-1", "local_mode": true, "indexed_attributes": []any{"customer"},
	}).Unmarshal(cfg); err != nil {
		t.Fatal(err)
	}
	e, err := factory.CreateTraces(t.Context(), exportertest.NewNopSettings(factory.Type()), cfg)
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Start(t.Context(), componenttest.NewNopHost()); err != nil {
		t.Fatal(err)
	}
	td := shopTrace()
	if err := e.ConsumeTraces(t.Context(), td); err != nil {
		t.Fatal(err)
	}
	if err := e.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	got := xraylocaltest.Segments(t, client(t, "127.0.0.1", "127.0.0.1:"+port, "T"), "1-6b02cc70-000000000000000000000007", 2)
	if diff := cmp.Diff(assembled(t, td), got); diff != "" {
		t.Errorf("what is read is not what was sent (-sent +read):\n%s", diff)
	}
}

// assembled returns the documents of spans, subsegments put into their segments
// as X-Ray does.
func assembled(t *testing.T, td ptrace.Traces) (roots []map[string]any) {
	t.Helper()
	translator, err := translate.New(translate.Config{IndexedAttributes: []string{"customer"}})
	if err != nil {
		t.Fatal(err)
	}
	var docs []map[string]any
	byID := make(map[any]map[string]any)
	translator.Translate(td, func(d translate.Document) {
		doc := xraylocaltest.Object(t, string(d.JSON()))
		docs, byID[doc["id"]] = append(docs, doc), doc
	})
	for _, doc := range docs {
		if doc["type"] != "subsegment" {
			roots = append(roots, doc)
			continue
		}
		parent := byID[doc["parent_id"]]
		if parent == nil {
			t.Fatal(fmt.Sprint("no parent of ", doc))
		}
		for _, key := range []string{"type", "parent_id", "trace_id"} {
			delete(doc, key)
		}
		in, _ := parent["subsegments"].([]any)
		parent["subsegments"] = append(in, doc)
	}
	return roots
}
