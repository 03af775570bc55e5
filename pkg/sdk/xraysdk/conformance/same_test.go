package main

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
	"time"

	theirheader "github.com/aws/aws-xray-sdk-go/v2/header"
	theirsampling "github.com/aws/aws-xray-sdk-go/v2/strategy/sampling"
	their "github.com/aws/aws-xray-sdk-go/v2/xray"
	theirlog "github.com/aws/aws-xray-sdk-go/v2/xraylog"
	ourheader "github.com/bragg-tracing/bragg/pkg/sdk/xraysdk/header"
	oursampling "github.com/bragg-tracing/bragg/pkg/sdk/xraysdk/strategy/sampling"
	our "github.com/bragg-tracing/bragg/pkg/sdk/xraysdk/xray"
	ourlog "github.com/bragg-tracing/bragg/pkg/sdk/xraysdk/xraylog"

	"github.com/bragg-tracing/bragg/pkg/collector/awsxrayexporter/translate"
	"github.com/bragg-tracing/bragg/pkg/sdk/spanfeed"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracegrpc"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"google.golang.org/grpc"
)

// A program is the same code for both SDKs: run with the X-Ray SDK, and with
// xraysdk.
type program struct {
	name         string
	theirs, ours func(ctx context.Context)
}

type theyAlways struct{}

func (theyAlways) ShouldTrace(*theirsampling.Request) *theirsampling.Decision {
	return &theirsampling.Decision{Sample: true}
}

type weAlways struct{}

func (weAlways) ShouldTrace(*oursampling.Request) *oursampling.Decision {
	return &oursampling.Decision{Sample: true}
}

var errBoom = errors.New("boom")

func ok(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, "hello") }

func get(c *http.Client, ctx context.Context, url string) {
	r, _ := http.NewRequestWithContext(ctx, http.MethodGet, url+"/orders/7?secret=1", nil)
	if resp, err := c.Do(r); err == nil {
		resp.Body.Close()
	}
}

func programs(t *testing.T) []program {
	server := httptest.NewServer(http.HandlerFunc(ok))
	t.Cleanup(server.Close)
	failing := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusTooManyRequests) }))
	t.Cleanup(failing.Close)
	request := func() *http.Request {
		r := httptest.NewRequest(http.MethodPost, "http://api.example.com/orders/7?secret=1", nil)
		r.Header.Set("User-Agent", "ua/1")
		r.Header.Set("X-Forwarded-For", "203.0.113.9, 10.0.0.1")
		r.Header.Set("X-Amzn-Trace-Id", "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1")
		return r
	}
	const lambda = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1"
	return []program{
		{"annotations, metadata, user",
			func(ctx context.Context) {
				_, seg := their.BeginSegment(ctx, "svc")
				_ = seg.AddAnnotation("text", "v")
				_ = seg.AddAnnotation("n", 3)
				_ = seg.AddMetadata("m", map[string]int{"a": 1})
				_ = seg.AddMetadataToNamespace("ns", "list", []string{"x"})
				seg.User = "alice"
				seg.Close(nil)
			},
			func(ctx context.Context) {
				_, seg := our.BeginSegment(ctx, "svc")
				_ = seg.AddAnnotation("text", "v")
				_ = seg.AddAnnotation("n", 3)
				_ = seg.AddMetadata("m", map[string]int{"a": 1})
				_ = seg.AddMetadataToNamespace("ns", "list", []string{"x"})
				seg.User = "alice"
				seg.Close(nil)
			}},
		{"capture with an error",
			func(ctx context.Context) {
				ctx, seg := their.BeginSegment(ctx, "svc")
				_ = their.Capture(ctx, "outer", func(ctx context.Context) error {
					return their.Capture(ctx, "inner", func(context.Context) error { return errBoom })
				})
				seg.Close(nil)
			},
			func(ctx context.Context) {
				ctx, seg := our.BeginSegment(ctx, "svc")
				_ = our.Capture(ctx, "outer", func(ctx context.Context) error {
					return our.Capture(ctx, "inner", func(context.Context) error { return errBoom })
				})
				seg.Close(nil)
			}},
		{"capture async",
			func(ctx context.Context) {
				ctx, seg := their.BeginSegment(ctx, "svc")
				done := make(chan struct{})
				their.CaptureAsync(ctx, "async", func(context.Context) error { close(done); return nil })
				<-done
				time.Sleep(100 * time.Millisecond)
				seg.Close(nil)
			},
			func(ctx context.Context) {
				ctx, seg := our.BeginSegment(ctx, "svc")
				done := make(chan struct{})
				our.CaptureAsync(ctx, "async", func(context.Context) error { close(done); return nil })
				<-done
				time.Sleep(100 * time.Millisecond)
				seg.Close(nil)
			}},
		{"HTTP server",
			func(ctx context.Context) {
				their.HandlerWithContext(ctx, their.NewFixedSegmentNamer("svc"), http.HandlerFunc(ok)).ServeHTTP(httptest.NewRecorder(), request())
			},
			func(ctx context.Context) {
				our.HandlerWithContext(ctx, our.NewFixedSegmentNamer("svc"), http.HandlerFunc(ok)).ServeHTTP(httptest.NewRecorder(), request())
			}},
		{"HTTP client",
			func(ctx context.Context) {
				ctx, seg := their.BeginSegment(ctx, "svc")
				get(their.Client(&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}), ctx, server.URL)
				seg.Close(nil)
			},
			func(ctx context.Context) {
				ctx, seg := our.BeginSegment(ctx, "svc")
				get(our.Client(&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}), ctx, server.URL)
				seg.Close(nil)
			}},
		{"HTTP client, throttled",
			func(ctx context.Context) {
				ctx, seg := their.BeginSegment(ctx, "svc")
				get(their.Client(&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}), ctx, failing.URL)
				seg.Close(nil)
			},
			func(ctx context.Context) {
				ctx, seg := our.BeginSegment(ctx, "svc")
				get(our.Client(&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}), ctx, failing.URL)
				seg.Close(nil)
			}},
		{"150 subsegments",
			func(ctx context.Context) {
				ctx, seg := their.BeginSegment(ctx, "svc")
				for range 150 {
					_, sub := their.BeginSubsegment(ctx, "part")
					sub.Close(nil)
				}
				seg.Close(nil)
			},
			func(ctx context.Context) {
				ctx, seg := our.BeginSegment(ctx, "svc")
				for range 150 {
					_, sub := our.BeginSubsegment(ctx, "part")
					sub.Close(nil)
				}
				seg.Close(nil)
			}},
		{"Lambda",
			func(ctx context.Context) {
				//lint:ignore SA1029 the key is a string
				ctx, sub := their.BeginSubsegment(context.WithValue(ctx, their.LambdaTraceHeaderKey, lambda), "handler")
				_, inner := their.BeginSubsegment(ctx, "inner")
				inner.Close(nil)
				sub.Close(nil)
			},
			func(ctx context.Context) {
				//lint:ignore SA1029 the key is a string
				ctx, sub := our.BeginSubsegment(context.WithValue(ctx, our.LambdaTraceHeaderKey, lambda), "handler")
				_, inner := our.BeginSubsegment(ctx, "inner")
				inner.Close(nil)
				sub.Close(nil)
			}},
		{"a segment continued from a header",
			func(ctx context.Context) {
				_, seg := their.NewSegmentFromHeader(ctx, "svc", request(), theirheader.FromString(lambda))
				seg.Close(nil)
			},
			func(ctx context.Context) {
				_, seg := our.NewSegmentFromHeader(ctx, "svc", request(), ourheader.FromString(lambda))
				seg.Close(nil)
			}},
	}
}

// TestSameDocuments runs the same programs with both: the X-Ray SDK's documents
// are those that its daemon would get, ours those that the awsxray exporter
// makes of what comes over OTLP. They say the same, but for what normalize takes
// away.
func TestSameDocuments(t *testing.T) {
	their.SetLogger(theirlog.NullLogger)
	our.SetLogger(ourlog.NullLogger)
	for _, p := range programs(t) {
		t.Run(p.name, func(t *testing.T) {
			want, got := assemble(t, runTheirs(t, p.theirs)), assemble(t, runOurs(t, p.ours))
			if !reflect.DeepEqual(want, got) {
				a, _ := json.MarshalIndent(want, "", " ")
				b, _ := json.MarshalIndent(got, "", " ")
				t.Errorf("X-Ray SDK:\n%s\nxraysdk:\n%s", a, b)
			}
		})
	}
}

func runTheirs(t *testing.T, run func(context.Context)) [][]byte {
	conn, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	emitter, err := their.NewDefaultEmitter(conn.LocalAddr().(*net.UDPAddr))
	if err != nil {
		t.Fatal(err)
	}
	ctx, err := their.ContextWithConfig(context.Background(), their.Config{Emitter: emitter, SamplingStrategy: theyAlways{}, ServiceVersion: "1.2"})
	if err != nil {
		t.Fatal(err)
	}
	run(ctx)
	var documents [][]byte
	for buf := make([]byte, 1<<16); ; {
		_ = conn.SetReadDeadline(time.Now().Add(200 * time.Millisecond))
		n, err := conn.Read(buf)
		if err != nil {
			return documents
		}
		documents = append(documents, []byte(strings.TrimPrefix(string(buf[:n]), their.Header)))
	}
}

// A collector is the awsxray exporter's translation behind OTLP.
type collector struct {
	ptraceotlp.UnimplementedGRPCServer
	translator *translate.Translator
	documents  [][]byte
}

func (c *collector) Export(_ context.Context, r ptraceotlp.ExportRequest) (ptraceotlp.ExportResponse, error) {
	c.translator.Translate(r.Traces(), func(d translate.Document) { c.documents = append(c.documents, d.JSON()) })
	return ptraceotlp.NewExportResponse(), nil
}

func runOurs(t *testing.T, run func(context.Context)) [][]byte {
	translator, err := translate.New(translate.Config{})
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c, server := &collector{translator: translator}, grpc.NewServer()
	ptraceotlp.RegisterGRPCServer(server, c)
	go func() { _ = server.Serve(listener) }()
	exporter, err := otlptracegrpc.New(context.Background(), otlptracegrpc.WithInsecure(), otlptracegrpc.WithEndpoint(listener.Addr().String()))
	if err != nil {
		t.Fatal(err)
	}
	processor := sdktrace.NewBatchSpanProcessor(exporter)
	feed := &spanfeed.Feed{
		Resource:   resource.NewSchemaless(attribute.String("service.name", "svc"), attribute.Int("process.pid", 7)),
		Processors: []sdktrace.SpanProcessor{processor},
	}
	spanfeed.Set(feed)
	ctx, err := our.ContextWithConfig(context.Background(), our.Config{SamplingStrategy: weAlways{}, ServiceVersion: "1.2"})
	if err != nil {
		t.Fatal(err)
	}
	run(ctx)
	spanfeed.Unset(feed)
	if err := processor.Shutdown(context.Background()); err != nil {
		t.Fatal(err)
	}
	server.GracefulStop()
	return c.documents
}
