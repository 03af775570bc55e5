package telemetry_test

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	metricnoop "go.opentelemetry.io/otel/metric/noop"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"
	"go.uber.org/goleak"

	"github.com/bragg-tracing/bragg/pkg/sdk/telemetry"
)

// protocols are the ways in which everything must arrive alike.
var protocols = []struct {
	name  string
	start func(*testing.T) *collector
}{
	{"grpc", startGRPCCollector},
	{"http/protobuf", func(t *testing.T) *collector { return startHTTPCollector(t, "") }},
	{"http/protobuf", func(t *testing.T) *collector { return startHTTPCollector(t, "/below/a/path") }},
}

func TestSpansAndMetricsArrive(t *testing.T) {
	for _, p := range protocols {
		t.Run(p.name, func(t *testing.T) {
			clearEnvironment(t)
			t.Setenv("OTEL_EXPORTER_OTLP_PROTOCOL", p.name)
			c := p.start(t)
			sdk := start(t, telemetry.WithEndpoint(c.url), telemetry.WithServiceVersion("1.2.3"),
				telemetry.WithResourceAttributes(attribute.String("team", "loans")))

			before := time.Now().Unix()
			ctx, parent := sdk.TracerProvider().Tracer("test").Start(t.Context(), "parent", trace.WithSpanKind(trace.SpanKindServer))
			_, child := sdk.TracerProvider().Tracer("test").Start(ctx, "child")
			child.End()
			parent.End()
			after := time.Now().Unix()
			counter, err := sdk.MeterProvider().Meter("test").Int64Counter("requests")
			if err != nil {
				t.Fatal(err)
			}
			counter.Add(t.Context(), 1)
			if err := sdk.Flush(t.Context()); err != nil {
				t.Fatalf("Flush: %v", err)
			}

			spans := c.spans()
			if len(spans) != 2 || spans[0].Name != "child" || spans[1].Name != "parent" {
				t.Fatalf("got %v, want child and parent", spans)
			}
			epoch := int64(binary.BigEndian.Uint32(spans[1].TraceId))
			if epoch < before || epoch > after {
				t.Errorf("trace id %x starts with second %d, want one of %d to %d, as X-Ray demands", spans[1].TraceId, epoch, before, after)
			}
			if diff := cmp.Diff(spans[1].SpanId, spans[0].ParentSpanId); diff != "" {
				t.Errorf("child's parent: %s", diff)
			}
			r := c.resources()[0]
			want := map[string]string{
				"service.name": "test", "service.version": "1.2.3", "team": "loans",
				"telemetry.sdk.name": "opentelemetry", "telemetry.sdk.language": "go", "telemetry.distro.name": "bragg",
			}
			for k, v := range want {
				if r[k] != v {
					t.Errorf("resource %s = %q, want %q", k, r[k], v)
				}
			}
			if len(r["service.instance.id"]) != 36 || r["telemetry.distro.version"] == "" {
				t.Errorf("resource has no instance id or distribution's version: %v", r)
			}
			if !c.metricNames()["requests"] {
				t.Errorf("metrics %v, want requests", c.metricNames())
			}
		})
	}
}

func TestStartWithoutCollector(t *testing.T) {
	clearEnvironment(t)
	var log logBuffer
	begin := time.Now()
	sdk := start(t, telemetry.WithLogger(log.logger()))
	endSpans(sdk, 10)
	if took := time.Since(begin); took > 500*time.Millisecond {
		t.Errorf("start and ten spans took %v", took)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	for range 3 {
		if err := sdk.Flush(ctx); err == nil {
			t.Error("Flush without a collector says that all is sent")
		}
	}
	if err := sdk.Shutdown(ctx); err == nil {
		t.Error("Shutdown without a collector says that all is sent")
	}
	if n := strings.Count(log.String(), "export failed"); n != 1 {
		t.Errorf("%d lines about failed exports in a minute, want 1:\n%s", n, &log)
	}
}

func TestRefusedExportIsReported(t *testing.T) {
	for _, p := range []string{"grpc", "http/protobuf"} {
		t.Run(p, func(t *testing.T) {
			clearEnvironment(t)
			t.Setenv("OTEL_EXPORTER_OTLP_PROTOCOL", p)
			t.Setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "50")
			sdk := start(t, telemetry.WithoutMetrics())
			endSpans(sdk, 7)
			if err := sdk.Flush(t.Context()); err == nil {
				t.Error("Flush reports no error")
			}
			if got := sdk.DroppedSpans(); got != 7 {
				t.Errorf("DroppedSpans = %d, want 7", got)
			}
		})
	}
}

func TestStopIsBoundedAndIdempotent(t *testing.T) {
	for _, p := range []string{"grpc", "http/protobuf"} {
		t.Run(p, func(t *testing.T) {
			clearEnvironment(t)
			t.Setenv("OTEL_EXPORTER_OTLP_PROTOCOL", p)
			before := goleak.IgnoreCurrent()
			sdk := start(t, telemetry.WithEndpoint(blackHole(t)))
			endSpans(sdk, 2000)

			bounded(t, "Flush", 200*time.Millisecond, sdk.Flush, true)
			var wg sync.WaitGroup
			for range 10 {
				wg.Go(func() { bounded(t, "concurrent Shutdown", 300*time.Millisecond, sdk.Shutdown, true) })
			}
			wg.Wait()
			bounded(t, "second Shutdown", 300*time.Millisecond, sdk.Shutdown, true)
			bounded(t, "Flush after Shutdown", 300*time.Millisecond, sdk.Flush, false)
			if got := sdk.DroppedSpans(); got != 2000 {
				t.Errorf("DroppedSpans = %d, want all 2000", got)
			}
			// Of HTTP, connections that were dialled but not used yet may idle
			// in the exporters' pool (see Shutdown); nothing else may go on.
			goleak.VerifyNone(t, before,
				goleak.IgnoreAnyFunction("github.com/bragg-tracing/bragg/pkg/sdk/telemetry_test.blackHole.func1"),
				goleak.IgnoreTopFunction("net/http.(*persistConn).writeLoop"),
				goleak.IgnoreAnyFunction("net/http.(*persistConn).readLoop"))
		})
	}
}

// bounded calls stop with a deadline and expects it to keep it.
func bounded(t *testing.T, what string, limit time.Duration, stop func(context.Context) error, wantErr bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	begin := time.Now()
	err := stop(ctx)
	if took := time.Since(begin); took > limit+time.Second {
		t.Errorf("%s took %v, its deadline was %v", what, took, limit)
	}
	if (err != nil) != wantErr {
		t.Errorf("%s: error %v, want one: %t", what, err, wantErr)
	}
}

func TestShutdownHasItsOwnLimit(t *testing.T) {
	if testing.Short() {
		t.Skip("waits for 5 seconds")
	}
	clearEnvironment(t)
	sdk := start(t, telemetry.WithEndpoint(blackHole(t)))
	endSpans(sdk, 1)
	begin := time.Now()
	if err := sdk.Shutdown(context.Background()); err == nil {
		t.Error("no error from a shutdown that lost a span")
	}
	if took := time.Since(begin); took > 7*time.Second {
		t.Errorf("Shutdown took %v", took)
	}
}

func TestShutdownWithEndedContextLeavesNothing(t *testing.T) {
	clearEnvironment(t)
	before := goleak.IgnoreCurrent()
	sdk := start(t)
	endSpans(sdk, 10)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_ = sdk.Shutdown(ctx)
	goleak.VerifyNone(t, before)
}

func TestQueueDropsAndCounts(t *testing.T) {
	clearEnvironment(t)
	c := startGRPCCollector(t)
	sdk := start(t, telemetry.WithEndpoint(c.url), telemetry.WithSpanQueueSize(8), telemetry.WithoutMetrics())
	const workers, each = 8, 2000
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() { endSpans(sdk, each) })
	}
	wg.Wait()
	if err := sdk.Flush(t.Context()); err != nil {
		t.Fatalf("Flush: %v", err)
	}
	arrived, dropped := len(c.spans()), int(sdk.DroppedSpans())
	if arrived+dropped != workers*each || dropped == 0 {
		t.Errorf("%d arrived and %d dropped of %d", arrived, dropped, workers*each)
	}
}

func TestGlobals(t *testing.T) {
	clearEnvironment(t)
	tracers, meters, propagator, handler := otel.GetTracerProvider(), otel.GetMeterProvider(), otel.GetTextMapPropagator(), otel.GetErrorHandler()
	sdk := start(t, telemetry.WithoutMetrics())
	if otel.GetTracerProvider() != tracers || otel.GetMeterProvider() != meters ||
		otel.GetErrorHandler() != handler || len(otel.GetTextMapPropagator().Fields()) != len(propagator.Fields()) {
		t.Fatal("WithoutGlobals changed a global")
	}
	_ = sdk.Shutdown(t.Context())

	t.Setenv("OTEL_TRACES_EXPORTER", "none")
	t.Setenv("OTEL_METRICS_EXPORTER", "none")
	sdk, err := telemetry.Start(t.Context(), telemetry.WithServiceName("global"))
	if err != nil {
		t.Fatal(err)
	}
	defer sdk.Shutdown(context.Background())
	if otel.GetTracerProvider() != sdk.TracerProvider() || otel.GetMeterProvider() != sdk.MeterProvider() || otel.GetErrorHandler() == handler {
		t.Error("Start did not set the globals")
	}
	if diff := cmp.Diff(sorted(sdk.Propagator().Fields()), sorted(otel.GetTextMapPropagator().Fields())); diff != "" {
		t.Errorf("global propagator: %s", diff)
	}
}

func sorted(s []string) []string { slices.Sort(s); return s }

func TestSeveralSDKsAreIndependent(t *testing.T) {
	clearEnvironment(t)
	t.Setenv("OTEL_SERVICE_NAME", "from-environment")
	c := startGRPCCollector(t)
	seen := map[string]*tracetest.SpanRecorder{}
	var sdks []*telemetry.SDK
	for _, name := range []string{"web", "scoring"} {
		seen[name] = tracetest.NewSpanRecorder()
		sdk := start(t, telemetry.WithServiceName(name), telemetry.WithEndpoint(c.url), telemetry.WithSpanProcessor(seen[name]))
		sdks = append(sdks, sdk)
	}
	endSpans(sdks[0], 1)
	endSpans(sdks[1], 2)
	if err := sdks[0].Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	endSpans(sdks[0], 5) // after its end: recorded nowhere
	endSpans(sdks[1], 1)
	if err := sdks[1].Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := []int{len(seen["web"].Ended()), len(seen["scoring"].Ended()), len(c.spans())}; !cmp.Equal(got, []int{1, 3, 4}) {
		t.Errorf("spans of web, scoring and in the collector: %v, want 1, 3 and 4", got)
	}
	names := map[string]bool{}
	for _, r := range c.resources() {
		names[r["service.name"]] = true
	}
	if diff := cmp.Diff(map[string]bool{"web": true, "scoring": true}, names); diff != "" {
		t.Errorf("service names: %s", diff)
	}
}

func TestDisabled(t *testing.T) {
	clearEnvironment(t)
	t.Setenv("OTEL_SDK_DISABLED", "True")
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "https://otlp.nr-data.net") // without a key: not asked for
	sdk := start(t)
	_, span := sdk.TracerProvider().Tracer("test").Start(t.Context(), "operation")
	if span.IsRecording() {
		t.Error("a disabled SDK records")
	}
	if _, ok := sdk.MeterProvider().(metricnoop.MeterProvider); !ok {
		t.Errorf("meter provider %T", sdk.MeterProvider())
	}
	if len(sdk.Propagator().Fields()) == 0 {
		t.Error("a disabled SDK must still propagate")
	}
	if err := errors.Join(sdk.Flush(t.Context()), sdk.Shutdown(t.Context())); err != nil {
		t.Error(err)
	}
}

func TestNilSDK(t *testing.T) {
	var sdk *telemetry.SDK
	endSpans(sdk, 1)
	_ = sdk.MeterProvider().Meter("test")
	_ = sdk.Propagator().Fields()
	_ = sdk.Resource().Attributes()
	if err := errors.Join(sdk.Flush(t.Context()), sdk.Shutdown(t.Context())); err != nil || sdk.DroppedSpans() != 0 {
		t.Error(err)
	}
}

func TestExporterNames(t *testing.T) {
	tests := []struct {
		name            string
		variable        string
		arrived         int
		console, warned bool
	}{
		{name: "none", variable: "none"},
		{name: "console", variable: "console", console: true},
		{name: "both", variable: " otlp , console ", arrived: 1, console: true},
		{name: "unknown", variable: "zipkin,otlp", arrived: 1, warned: true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			clearEnvironment(t)
			t.Setenv("OTEL_TRACES_EXPORTER", tt.variable)
			stdout, err := os.Create(t.TempDir() + "/stdout")
			if err != nil {
				t.Fatal(err)
			}
			defer stdout.Close()
			defer func(f *os.File) { os.Stdout = f }(os.Stdout)
			os.Stdout = stdout
			var log logBuffer
			c := startGRPCCollector(t)
			sdk := start(t, telemetry.WithEndpoint(c.url), telemetry.WithoutMetrics(), telemetry.WithLogger(log.logger()))
			endSpans(sdk, 1)
			if err := sdk.Shutdown(t.Context()); err != nil {
				t.Fatal(err)
			}
			printed, err := os.ReadFile(stdout.Name())
			if err != nil {
				t.Fatal(err)
			}
			if len(c.spans()) != tt.arrived || strings.Contains(string(printed), `"operation"`) != tt.console || strings.Contains(log.String(), "zipkin") != tt.warned {
				t.Errorf("%d arrived, printed %q, logged %q", len(c.spans()), printed, &log)
			}
		})
	}
}

func TestMetricsOff(t *testing.T) {
	for name, off := range map[string]func(*testing.T) []telemetry.Option{
		"option":   func(*testing.T) []telemetry.Option { return []telemetry.Option{telemetry.WithoutMetrics()} },
		"variable": func(t *testing.T) []telemetry.Option { t.Setenv("OTEL_METRICS_EXPORTER", "none"); return nil },
	} {
		t.Run(name, func(t *testing.T) {
			clearEnvironment(t)
			sdk := start(t, off(t)...)
			if _, ok := sdk.MeterProvider().(metricnoop.MeterProvider); !ok {
				t.Errorf("meter provider %T", sdk.MeterProvider())
			}
		})
	}
}

func TestSampler(t *testing.T) {
	tests := []struct {
		name           string
		withoutGlobals bool
		variable       string
		option         sdktrace.Sampler
		want           bool
	}{
		{name: "default samples", want: true},
		{name: "option", option: sdktrace.NeverSample(), want: false},
		{name: "variable", variable: "always_off", want: false},
		{name: "variable over option", variable: "always_off", option: sdktrace.AlwaysSample(), want: false},
		{name: "option over variable without globals", withoutGlobals: true, variable: "always_off", option: sdktrace.AlwaysSample(), want: true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			clearEnvironment(t)
			t.Setenv("OTEL_TRACES_SAMPLER", tt.variable)
			opts := []telemetry.Option{telemetry.WithServiceName("test"), telemetry.WithEndpoint(startGRPCCollector(t).url), telemetry.WithSampler(tt.option)}
			if tt.withoutGlobals {
				opts = append(opts, telemetry.WithoutGlobals())
			}
			sdk, err := telemetry.Start(t.Context(), opts...)
			if err != nil {
				t.Fatal(err)
			}
			_, span := sdk.TracerProvider().Tracer("test").Start(t.Context(), "operation")
			if got := span.SpanContext().IsSampled(); got != tt.want {
				t.Errorf("sampled: %t, want %t", got, tt.want)
			}
			if err := sdk.Shutdown(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestSettingsReportedOnce: OpenTelemetry's SDK reads the sampler's variables
// too, does not know X-Ray's, and would report each mistake a second time.
func TestSettingsReportedOnce(t *testing.T) {
	rules := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { // of which a lack would be reported, too
		_, _ = io.WriteString(w, `{"SamplingRuleRecords": []}`)
	}))
	defer rules.Close()
	tests := []struct {
		name        string
		environment map[string]string
		want        []string // in the log, once each
	}{
		{"sampler that only X-Ray has", map[string]string{"OTEL_TRACES_SAMPLER": "xray", "OTEL_TRACES_SAMPLER_ARG": "endpoint=" + rules.URL}, nil},
		{"ratio that is no number", map[string]string{"OTEL_TRACES_SAMPLER": "traceidratio", "OTEL_TRACES_SAMPLER_ARG": "half"}, []string{"is not a number"}},
		{"ratio above 1", map[string]string{"OTEL_TRACES_SAMPLER": "traceidratio", "OTEL_TRACES_SAMPLER_ARG": "2"}, []string{"OTEL_TRACES_SAMPLER_ARG"}},
		{"unknown exporters alone", map[string]string{"OTEL_TRACES_EXPORTER": "zipkin"}, []string{`unknown exporter \"zipkin\"`, "exporting by otlp"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			clearEnvironment(t)
			t.Setenv("OTEL_TRACES_EXPORTER", "none")
			for name, value := range tt.environment {
				t.Setenv(name, value)
			}
			var log logBuffer
			sdk, err := telemetry.Start(t.Context(), telemetry.WithServiceName("test"), telemetry.WithoutMetrics(), telemetry.WithoutLogs(), telemetry.WithLogger(log.logger()))
			if err != nil {
				t.Fatal(err)
			}
			if err := sdk.Shutdown(t.Context()); err != nil {
				t.Error(err)
			}
			for _, want := range tt.want {
				if strings.Count(log.String(), want) != 1 {
					t.Errorf("%s is not there once", want)
				}
			}
			if lines := strings.Count(log.String(), "\n"); lines != len(tt.want) {
				t.Errorf("%d lines, want %d", lines, len(tt.want))
			}
			if t.Failed() {
				t.Logf("log:\n%s", &log)
			}
		})
	}
}
