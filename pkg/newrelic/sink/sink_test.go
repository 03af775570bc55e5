package sink_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/plog/plogotlp"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/pmetric/pmetricotlp"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"
	"go.opentelemetry.io/otel/attribute"
	otelcodes "go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracegrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/bragg-tracing/bragg/pkg/newrelic/sink"
	"github.com/bragg-tracing/bragg/pkg/sdk/licensekey"
)

func writeFile(path string) error { return os.WriteFile(path, nil, 0o600) }

// exporters are OpenTelemetry's own, over the wire.
var exporters = map[string]func(context.Context, string, map[string]string) (sdktrace.SpanExporter, error){
	"grpc": func(ctx context.Context, url string, headers map[string]string) (sdktrace.SpanExporter, error) {
		return otlptracegrpc.New(ctx, otlptracegrpc.WithEndpointURL(url), otlptracegrpc.WithHeaders(headers))
	},
	"grpc gzip": func(ctx context.Context, url string, headers map[string]string) (sdktrace.SpanExporter, error) {
		return otlptracegrpc.New(ctx, otlptracegrpc.WithEndpointURL(url), otlptracegrpc.WithHeaders(headers), otlptracegrpc.WithCompressor("gzip"))
	},
	"http": func(ctx context.Context, url string, headers map[string]string) (sdktrace.SpanExporter, error) {
		return otlptracehttp.New(ctx, otlptracehttp.WithEndpointURL(url+"/v1/traces"), otlptracehttp.WithHeaders(headers))
	},
	"http gzip": func(ctx context.Context, url string, headers map[string]string) (sdktrace.SpanExporter, error) {
		return otlptracehttp.New(ctx, otlptracehttp.WithEndpointURL(url+"/v1/traces"), otlptracehttp.WithHeaders(headers), otlptracehttp.WithCompression(otlptracehttp.GzipCompression))
	},
}

func TestSpansAreReadBack(t *testing.T) {
	for name, newExporter := range exporters {
		t.Run(name, func(t *testing.T) {
			s := start(t, sink.Config{})
			exporter, err := newExporter(t.Context(), s.URL(), map[string]string{"api-key": licensekey.Local})
			if err != nil {
				t.Fatal(err)
			}
			provider := sdktrace.NewTracerProvider(sdktrace.WithSyncer(exporter), sdktrace.WithResource(
				resource.NewSchemaless(attribute.String("service.name", "scoring"), attribute.String("region", "resource"))))
			tracer := provider.Tracer("test")
			begin := time.Unix(1_700_000_000, 123)
			ctx, parent := tracer.Start(t.Context(), "parent", trace.WithTimestamp(begin))
			_, child := tracer.Start(ctx, "child", trace.WithTimestamp(begin.Add(time.Millisecond)), trace.WithSpanKind(trace.SpanKindClient),
				trace.WithAttributes(attribute.Int64("large", 1<<62+1), attribute.Bool("ok", true), attribute.Float64("ratio", 0.5),
					attribute.StringSlice("list", []string{"a", "b"}), attribute.String("region", "span")))
			child.SetStatus(otelcodes.Error, "no answer")
			child.End(trace.WithTimestamp(begin.Add(2 * time.Millisecond)))
			parent.End(trace.WithTimestamp(begin.Add(3 * time.Millisecond)))
			if err := provider.Shutdown(t.Context()); err != nil {
				t.Fatal(err)
			}

			id := parent.SpanContext().TraceID().String()
			want := []sink.Span{{
				TraceID: id, SpanID: child.SpanContext().SpanID().String(), ParentID: parent.SpanContext().SpanID().String(),
				Name: "child", Service: "scoring", Kind: "client", Status: "ERROR", StatusMessage: "no answer",
				Start: begin.UnixNano() + 1e6, End: begin.UnixNano() + 2e6,
				Attributes: map[string]any{"service.name": "scoring", "region": "span", "large": int64(1<<62 + 1), "ok": true, "ratio": 0.5, "list": []any{"a", "b"}},
			}, {
				TraceID: id, SpanID: parent.SpanContext().SpanID().String(),
				Name: "parent", Service: "scoring", Kind: "internal", Status: "UNSET", Start: begin.UnixNano(), End: begin.UnixNano() + 3e6,
				Attributes: map[string]any{"service.name": "scoring", "region": "resource"},
			}}
			ignoreReceived := cmpopts.IgnoreFields(sink.Span{}, "Received")
			for _, form := range []string{id, "1-" + id[:8] + "-" + id[8:]} {
				got, err := s.Spans(t.Context(), form)
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(want, got, ignoreReceived); diff != "" {
					t.Errorf("spans of %s (-want +got):\n%s", form, diff)
				}
				status, page := get(t, s, "/spans?trace.id="+form)
				var shown struct{ Spans []sink.Span }
				if err := json.Unmarshal([]byte(page), &shown); err != nil || status != 200 || len(shown.Spans) != 2 || shown.Spans[0].SpanID != want[0].SpanID {
					t.Errorf("page: %d %v\n%s", status, err, page)
				}
			}
			var each []sink.Span
			if err := s.EachSpan(t.Context(), func(span sink.Span) error { each = append(each, span); return nil }); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, each, ignoreReceived); diff != "" {
				t.Errorf("EachSpan (-want +got):\n%s", diff)
			}
		})
	}
}

func TestExporterLearnsOfRefusals(t *testing.T) {
	for name, newExporter := range exporters {
		t.Run(name, func(t *testing.T) {
			s := start(t, sink.Config{})
			exporter, err := newExporter(t.Context(), s.URL(), nil)
			if err != nil {
				t.Fatal(err)
			}
			recorder := sdktrace.NewTracerProvider()
			_, span := recorder.Tracer("test").Start(t.Context(), "refused")
			span.End()
			if err := exporter.ExportSpans(t.Context(), []sdktrace.ReadOnlySpan{span.(sdktrace.ReadOnlySpan)}); err == nil {
				t.Error("an export without a key succeeded")
			}
			if err := exporter.Shutdown(t.Context()); err != nil {
				t.Error(err)
			}
			if counts := counts(t, s); counts.Spans != 0 {
				t.Errorf("stored %d spans", counts.Spans)
			}
		})
	}
}

func counts(t testing.TB, s *sink.Sink) sink.Counts {
	t.Helper()
	c, err := s.Counts(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func post(t testing.TB, s *sink.Sink, path string, body []byte, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	if status, text := (exchange{path: path, body: body}).send(t, s); status != 200 {
		t.Fatalf("%s: %d %s", path, status, text)
	}
}

func TestDuplicatesAndRestart(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	first := start(t, sink.Config{Dir: dir})
	body := protoBody(t, traces(1, 3))
	post(t, first, "/v1/traces", body, nil)
	post(t, first, "/v1/traces", body, nil)
	post(t, first, "/v1/traces", protoBody(t, traces(2, 1)), nil)
	closeSink(t, first)

	for path, want := range map[string]os.FileMode{dir: 0o700, filepath.Join(dir, sink.File): 0o600} {
		info, err := os.Stat(path)
		if err != nil || info.Mode().Perm() != want {
			t.Errorf("mode of %s: %v, %v; want %o", path, info.Mode(), err, want)
		}
	}
	second := start(t, sink.Config{Dir: dir})
	if c := counts(t, second); c.Spans != 7 || c.Traces != 2 {
		t.Errorf("after a restart: %+v", c)
	}
	ids := 0
	if err := second.EachSpanID(t.Context(), func(traceID, spanID string) error {
		ids++
		if len(traceID) != 32 || len(spanID) != 16 {
			return fmt.Errorf("ids %s, %s", traceID, spanID)
		}
		return nil
	}); err != nil || ids != 7 {
		t.Errorf("EachSpanID: %d ids, %v", ids, err)
	}

	// Another process resets the directory; this one goes on.
	if err := sink.Reset(t.Context(), dir); err != nil {
		t.Fatal(err)
	}
	if c := counts(t, second); c.Spans != 0 {
		t.Errorf("after Reset: %+v", c)
	}
	post(t, second, "/v1/traces", body, nil)
	if c := counts(t, second); c.Spans != 3 {
		t.Errorf("after Reset and a request: %+v", c)
	}
	if err := second.Reset(t.Context()); err != nil {
		t.Fatal(err)
	}
	if c := counts(t, second); c.Spans != 0 {
		t.Errorf("after its own Reset: %+v", c)
	}
	if err := sink.Reset(t.Context(), t.TempDir()); err != nil {
		t.Errorf("Reset of an empty directory: %v", err)
	}
}

func TestMetricsAndLogsAreCounted(t *testing.T) {
	s := start(t, sink.Config{})
	metrics := pmetric.NewMetrics()
	list := metrics.ResourceMetrics().AppendEmpty().ScopeMetrics().AppendEmpty().Metrics()
	duration := list.AppendEmpty()
	duration.SetName("http.server.request.duration")
	duration.SetEmptyHistogram().DataPoints().AppendEmpty()
	duration.Histogram().DataPoints().AppendEmpty()
	logs := plog.NewLogs()
	rl := logs.ResourceLogs().AppendEmpty()
	rl.Resource().Attributes().PutStr("service.name", "web")
	rl.ScopeLogs().AppendEmpty().LogRecords().AppendEmpty()

	for range 2 {
		body, err := pmetricotlp.NewExportRequestFromMetrics(metrics).MarshalProto()
		post(t, s, "/v1/metrics", body, err)
	}
	body, err := plogotlp.NewExportRequestFromLogs(logs).MarshalProto()
	post(t, s, "/v1/logs", body, err)
	c := counts(t, s)
	want := sink.Counts{
		Metrics: []sink.Arrival{{Name: "http.server.request.duration", Count: 4}},
		Logs:    []sink.Arrival{{Name: "web", Count: 1}},
	}
	if diff := cmp.Diff(want, c, cmpopts.IgnoreFields(sink.Arrival{}, "LastReceived")); diff != "" {
		t.Errorf("counts (-want +got):\n%s", diff)
	}
	if age := time.Since(time.Unix(0, c.Metrics[0].LastReceived)); age < 0 || age > time.Minute {
		t.Errorf("last received %v ago", age)
	}

	// Names are bounded.
	for i := range 1500 {
		m := list.AppendEmpty()
		m.SetName(fmt.Sprint("metric ", i))
		m.SetEmptyGauge().DataPoints().AppendEmpty()
	}
	body, err = pmetricotlp.NewExportRequestFromMetrics(metrics).MarshalProto()
	post(t, s, "/v1/metrics", body, err)
	c = counts(t, s)
	total := int64(0)
	for _, m := range c.Metrics {
		total += m.Count
	}
	if len(c.Metrics) != 1001 || total != 4+2+1500 {
		t.Errorf("%d names with %d data points", len(c.Metrics), total)
	}
	if status, page := get(t, s, "/counts"); status != 200 || !bytes.Contains([]byte(page), []byte("(other)")) {
		t.Errorf("/counts: %d %.300s", status, page)
	}
}

func TestSpansThatNewRelicDropsLater(t *testing.T) {
	s := start(t, sink.Config{})
	td := traces(1, 3)
	spans := td.ResourceSpans().At(0).ScopeSpans().At(0).Spans()
	spans.At(0).SetTraceID(pcommon.TraceID{})
	spans.At(1).SetSpanID(pcommon.SpanID{})
	post(t, s, "/v1/traces", protoBody(t, td), nil)
	if c := counts(t, s); c.Spans != 1 {
		t.Errorf("%d spans stored, want the one with both ids", c.Spans)
	}
}

func TestOddValues(t *testing.T) {
	s := start(t, sink.Config{})
	body := []byte(`{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"5759E988BD862E3FE1BE46A994272793","spanId":"53995c3f42cd8ad8","name":"<b>\u0000",
		"attributes":[{"key":"nan","value":{"doubleValue":"NaN"}},{"key":"bytes","value":{"bytesValue":"AQI="}},{"key":"","value":{}}]}]}]}]}`)
	if status, text := (exchange{body: body, contentType: "application/json"}).send(t, s); status != 200 || text == "" {
		t.Fatalf("%d %s", status, text)
	}
	got, err := s.Spans(t.Context(), "1-5759e988-bd862e3fe1be46a994272793")
	if err != nil || len(got) != 1 {
		t.Fatalf("%v, %v", got, err)
	}
	want := map[string]any{"nan": "NaN", "bytes": "AQI=", "": nil}
	if diff := cmp.Diff(want, got[0].Attributes); diff != "" || got[0].Name != "<b>\x00" || got[0].Kind != "unspecified" {
		t.Errorf("span %+v: %s", got[0], diff)
	}
}

func TestPages(t *testing.T) {
	s := start(t, sink.Config{})
	for path, want := range map[string]int{
		"/healthz": 200, "/counts": 200, "/spans": 400, "/spans?trace.id=1-2-3": 400, "/spans?trace.id=%27": 400,
		"/spans?trace.id=5759e988bd862e3fe1be46a994272793": 200, "/": 404, "/v1/traces": 405,
	} {
		if status, body := get(t, s, path); status != want {
			t.Errorf("GET %s: %d %s, want %d", path, status, body, want)
		}
	}
	if _, err := s.Spans(t.Context(), "x"); err == nil {
		t.Error("Spans took a malformed id")
	}
}

func TestCloseIsIdempotentAndKeepsWhatItAcknowledged(t *testing.T) {
	dir := t.TempDir()
	s := start(t, sink.Config{Dir: dir})
	var wg sync.WaitGroup
	var mu sync.Mutex
	acknowledged := int64(0)
	sent := make(chan struct{}, 100)
	for n := range byte(4) {
		exporter, err := exporters["grpc"](t.Context(), s.URL(), map[string]string{"api-key": licensekey.Local})
		if err != nil {
			t.Fatal(err)
		}
		provider := sdktrace.NewTracerProvider()
		wg.Go(func() {
			defer exporter.Shutdown(context.Background())
			_, span := provider.Tracer("test").Start(context.Background(), fmt.Sprint(n))
			span.End()
			for range 1000 {
				ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
				err := exporter.ExportSpans(ctx, []sdktrace.ReadOnlySpan{span.(sdktrace.ReadOnlySpan)})
				cancel()
				if err != nil {
					return
				}
				mu.Lock()
				acknowledged++
				mu.Unlock()
				select {
				case sent <- struct{}{}:
				default:
				}
			}
		})
	}
	for range 20 {
		<-sent
	}
	closeSink(t, s)
	closeSink(t, s)
	wg.Wait()
	again := start(t, sink.Config{Dir: dir})
	if c := counts(t, again); c.Spans < acknowledged || acknowledged < 20 {
		t.Errorf("%d spans stored, %d acknowledged", c.Spans, acknowledged)
	}
}

// TestManySpansQuickly stores 60,000 spans within a time. The race detector
// makes SQLite, which is Go here, some 30 times slower: with it there are fewer
// spans, and the time says nothing.
func TestManySpansQuickly(t *testing.T) {
	if testing.Short() {
		t.Skip("stores 60,000 spans")
	}
	const each, limit = 500, 10 * time.Second
	requests := 120
	if raceEnabled {
		requests = 12
	}
	s := start(t, sink.Config{})
	begin := time.Now()
	var wg sync.WaitGroup
	for worker := range 4 {
		wg.Go(func() {
			for i := worker; i < requests; i += 4 {
				body, err := ptraceotlp.NewExportRequestFromTraces(traces(byte(i+1), each)).MarshalProto()
				if err != nil {
					t.Error(err)
					return
				}
				if status, text := (exchange{body: body}).send(t, s); status != 200 {
					t.Errorf("request %d: %d %s", i, status, text)
				}
			}
		})
	}
	wg.Wait()
	took := time.Since(begin)
	if c := counts(t, s); c.Spans != int64(requests*each) || c.Traces != int64(requests) {
		t.Errorf("stored %+v", c)
	}
	t.Logf("%d spans in %v", requests*each, took)
	if took > limit && !raceEnabled {
		t.Errorf("%d spans took %v, limit %v", requests*each, took, limit)
	}
}
