//go:build sidebyside

package oracle

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	bragg "github.com/bragg-tracing/bragg/pkg/collector/awsxrayexporter"
	contrib "github.com/open-telemetry/opentelemetry-collector-contrib/exporter/awsxrayexporter"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/exporter"
	"go.opentelemetry.io/collector/exporter/exportertest"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

// BenchmarkExporter measures the processor time of the whole exporter at its
// defaults: batches of 50 spans in, signed requests out. The endpoint is a
// process of its own, so that its time does not count.
func BenchmarkExporter(b *testing.B) {
	url, stored := startEndpoint(b)
	for _, side := range []struct {
		name      string
		factory   exporter.Factory
		configure func(component.Config)
	}{
		{"contrib", contrib.NewFactory(), func(cfg component.Config) {
			session := &cfg.(*contrib.Config).AWSSessionSettings
			session.Endpoint, session.Region = url, "eu-west-1"
		}},
		{"ours", bragg.NewFactory(), func(cfg component.Config) {
			own := cfg.(*bragg.Config)
			own.Session.Endpoint, own.Session.Region, own.Translation = url, "eu-west-1", "compat"
		}},
	} {
		cfg := side.factory.CreateDefaultConfig()
		side.configure(cfg)
		b.Run("case=mix/side="+side.name, func(b *testing.B) { benchExporter(b, side.factory, cfg, stored) })
	}
}

func benchExporter(b *testing.B, factory exporter.Factory, cfg component.Config, stored func() int) {
	ctx := context.Background()
	e := must(factory.CreateTraces(ctx, exportertest.NewNopSettings(factory.Type()), cfg))
	if err := e.Start(ctx, componenttest.NewNopHost()); err != nil {
		b.Fatal(err)
	}
	const spans, documents = 50, 51 // one span of the mix is a local root
	batches := make([]ptrace.Traces, 64)
	for i := range batches {
		batches[i] = benchTraces("mix", spans, spans)
	}
	before, start := stored(), processorTime()
	b.ResetTimer()
	for i := range b.N {
		for e.ConsumeTraces(ctx, batches[i%len(batches)]) != nil { // its queue is full
			time.Sleep(time.Millisecond)
		}
	}
	if err := e.Shutdown(ctx); err != nil { // after what is queued
		b.Fatal(err)
	}
	used := processorTime() - start
	if got := stored() - before; got != b.N*documents {
		b.Fatalf("%d documents arrived of %d", got, b.N*documents)
	}
	b.ReportMetric(float64(used.Nanoseconds())/float64(b.N*spans), "cpu-ns/span")
}

// endpointVariable makes the test binary an endpoint.
const endpointVariable = "ORACLE_BENCH_ENDPOINT"

// startEndpoint starts the endpoint and returns its URL and a function that
// says how many documents it took.
func startEndpoint(b *testing.B) (url string, stored func() int) {
	b.Helper()
	process := exec.Command(os.Args[0], "-test.run", "^$")
	process.Env = append(os.Environ(), endpointVariable+"=1")
	stdin := must(process.StdinPipe())
	stdout := must(process.StdoutPipe())
	if err := process.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		_ = stdin.Close() // the endpoint ends with its input
		_ = process.Wait()
	})
	line := must(bufio.NewReader(stdout).ReadString('\n'))
	url = strings.TrimSpace(line)
	return url, func() int {
		resp := must(http.Get(url + "/stored"))
		defer resp.Body.Close()
		return must(strconv.Atoi(string(must(io.ReadAll(resp.Body)))))
	}
}

// init serves PutTraceSegments in the process that startEndpoint starts.
func init() {
	if os.Getenv(endpointVariable) == "" {
		return
	}
	listener := must(net.Listen("tcp", "127.0.0.1:0"))
	var documents atomic.Int64
	mux := http.NewServeMux()
	mux.HandleFunc("GET /stored", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, documents.Load()) })
	mux.HandleFunc("POST /TraceSegments", func(w http.ResponseWriter, r *http.Request) {
		body := must(io.ReadAll(r.Body))
		documents.Add(int64(strings.Count(string(body), `\"start_time\":`)))
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprint(w, `{"UnprocessedTraceSegments":[]}`)
	})
	go func() { _ = http.Serve(listener, mux) }()
	fmt.Printf("http://%s\n", listener.Addr())
	_, _ = io.Copy(io.Discard, os.Stdin)
	os.Exit(0)
}
