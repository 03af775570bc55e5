package main

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/xray"
	"github.com/aws/aws-sdk-go-v2/service/xray/types"
	theirsampling "github.com/aws/aws-xray-sdk-go/v2/strategy/sampling"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/bragg-tracing/bragg/pkg/sdk/spanfeed"
	oursampling "github.com/bragg-tracing/bragg/pkg/sdk/xraysdk/strategy/sampling"
	our "github.com/bragg-tracing/bragg/pkg/sdk/xraysdk/xray"
	"github.com/bragg-tracing/bragg/pkg/xraylocal"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/client"
)

// ruleFiles are of both versions. Rates are 0 and 1, so that decisions are
// certain.
var ruleFiles = map[string]string{
	"version 2": `{"version": 2, "default": {"fixed_target": 0, "rate": 0}, "rules": [
		{"host": "*.example.com", "http_method": "GET", "url_path": "/orders/*", "fixed_target": 0, "rate": 1},
		{"host": "*", "http_method": "*", "url_path": "/health?", "fixed_target": 0, "rate": 0},
		{"host": "Other", "http_method": "*", "url_path": "*", "fixed_target": 0, "rate": 1}]}`,
	"version 1": `{"version": 1, "default": {"fixed_target": 0, "rate": 0}, "rules": [
		{"service_name": "*.example.com", "http_method": "GET", "url_path": "/orders/*", "fixed_target": 0, "rate": 1},
		{"service_name": "other", "http_method": "*", "url_path": "*", "fixed_target": 0, "rate": 1}]}`,
	"everything": `{"version": 2, "default": {"fixed_target": 0, "rate": 1}, "rules": []}`,
}

var requests = []oursampling.Request{
	{Host: "api.example.com", Method: "GET", URL: "/orders/7", ServiceName: "svc"},
	{Host: "api.example.com", Method: "POST", URL: "/orders/7", ServiceName: "svc"},
	{Host: "API.EXAMPLE.COM", Method: "get", URL: "/ORDERS/7", ServiceName: "svc"},
	{Host: "api.example.org", Method: "GET", URL: "/orders/7", ServiceName: "svc"},
	{Host: "other", Method: "PUT", URL: "/healthz", ServiceName: "svc"},
	{Host: "other", Method: "PUT", URL: "/health", ServiceName: "svc"},
	{Host: "api.example.com", Method: "GET", URL: "/"},
	{ServiceName: "svc"}, {Host: "other"}, {},
}

// TestRuleFiles decides the same requests by the same files with both.
func TestRuleFiles(t *testing.T) {
	for name, content := range ruleFiles {
		file := filepath.Join(t.TempDir(), "rules.json")
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		theirs, err := theirsampling.NewLocalizedStrategyFromFilePath(file)
		if err != nil {
			t.Fatal(err)
		}
		local, err := oursampling.NewLocalizedStrategyFromFilePath(file)
		if err != nil {
			t.Fatal(err)
		}
		// One that nobody gives rules decides by the file too.
		central, err := oursampling.NewCentralizedStrategyWithFilePath(file)
		if err != nil {
			t.Fatal(err)
		}
		central.LoadDaemonAddress("127.0.0.1:1")
		t.Cleanup(func() { _ = central.Shutdown(context.Background()) })
		sampled := 0
		for _, r := range requests {
			r2 := theirsampling.Request(r)
			want := theirs.ShouldTrace(&r2).Sample
			if want {
				sampled++
			}
			if got := local.ShouldTrace(&r).Sample; got != want {
				t.Errorf("%s: of %+v the X-Ray SDK says %v, LocalizedStrategy %v", name, r, want, got)
			}
			if got := central.ShouldTrace(&r).Sample; got != want {
				t.Errorf("%s: of %+v the X-Ray SDK says %v, CentralizedStrategy %v", name, r, want, got)
			}
		}
		if sampled == 0 {
			t.Errorf("%s: none of the requests is sampled", name)
		}
	}
}

// TestCentralizedSampling has a service's requests decided by rules of X-Ray
// Local's.
func TestCentralizedSampling(t *testing.T) {
	server, err := xraylocal.Open(xraylocal.Config{InMemory: true, Listen: "127.0.0.1:0", Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	defer server.Close(context.Background())
	api, err := client.New("http://"+server.Addr(), "")
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range []struct {
		name, path string
		rate       float64
	}{{"orders", "/orders/*", 1}, {"health", "/health", 0}} {
		if _, err := api.CreateSamplingRule(t.Context(), &xray.CreateSamplingRuleInput{SamplingRule: &types.SamplingRule{
			RuleName: aws.String(r.name), Priority: aws.Int32(1), FixedRate: r.rate, ReservoirSize: 0, Version: aws.Int32(1),
			Host: aws.String("api.example.com"), HTTPMethod: aws.String("*"), URLPath: aws.String(r.path),
			ResourceARN: aws.String("*"), ServiceName: aws.String("shop"), ServiceType: aws.String("*"),
		}}); err != nil {
			t.Fatal(err)
		}
	}

	strategy, err := oursampling.NewCentralizedStrategyWithJSONBytes([]byte(`{"version": 2, "default": {"fixed_target": 0, "rate": 0}, "rules": []}`))
	if err != nil {
		t.Fatal(err)
	}
	defer strategy.Shutdown(context.Background())
	exporter := tracetest.NewInMemoryExporter()
	feed := &spanfeed.Feed{Resource: resource.Empty(), Processors: []sdktrace.SpanProcessor{sdktrace.NewSimpleSpanProcessor(exporter)}}
	spanfeed.Set(feed)
	defer spanfeed.Unset(feed)
	ctx, err := our.ContextWithConfig(context.Background(), our.Config{SamplingStrategy: strategy})
	if err != nil {
		t.Fatal(err)
	}
	strategy.LoadDaemonAddress(server.Addr())
	handler := our.HandlerWithContext(ctx, our.NewFixedSegmentNamer("shop"), http.HandlerFunc(ok))
	serve := func(path string) {
		handler.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "http://api.example.com"+path, nil))
	}
	for deadline := time.Now().Add(30 * time.Second); len(exporter.GetSpans()) == 0; time.Sleep(5 * time.Millisecond) { // it asks for the rules in the background
		if time.Now().After(deadline) {
			t.Fatal("no request was recorded")
		}
		serve("/orders/7")
	}
	exporter.Reset()
	for range 20 {
		serve("/orders/7")
		serve("/health")
	}
	spans := exporter.GetSpans()
	if len(spans) != 20 {
		t.Errorf("%d spans, want 20 of orders", len(spans))
	}
	read := 0
	for _, s := range spans {
		for _, kv := range s.Attributes {
			if kv.Key != "aws.xray.document" {
				continue
			}
			var document struct {
				AWS struct {
					XRay struct {
						Rule string `json:"sampling_rule_name"`
					}
				}
				HTTP struct{ Request struct{ URL string } }
			}
			if err := json.Unmarshal([]byte(kv.Value.AsString()), &document); err != nil {
				t.Fatal(err)
			}
			read++
			if document.AWS.XRay.Rule != "orders" || document.HTTP.Request.URL != "http://api.example.com/orders/7" {
				t.Fatalf("document %s", kv.Value.AsString())
			}
		}
	}
	if read != len(spans) {
		t.Errorf("%d documents of %d spans", read, len(spans))
	}
}
