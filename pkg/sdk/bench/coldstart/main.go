// Command coldstart measures what telemetry adds to the cold start of a Lambda
// function: it starts the processes of functions as Lambda does, behind the
// Runtime API, on this machine, in turn: one without telemetry, one that sets
// OpenTelemetry up by hand, and one that calls telemetry.Start, which exports to
// a collector or to the daemon that every function has.
//
// It prints for each the time from the start of the process until it asks for
// its first invocation (Lambda's Init Duration), until that is answered, and
// until it is ready for the next. It ends with lines
//
//	figure coldstart-<program>-<part> <value> ms
//	ratio coldstart <by hand/ours>
package main

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"log"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"time"

	collectortrace "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"google.golang.org/grpc"
)

// function is one that is measured.
type function struct {
	name, program string
	env           []string
	starts        []start
}

// start is what one start took.
type start struct{ init, answer, ready time.Duration }

func main() {
	rounds := flag.Int("rounds", 20, "starts of each function")
	flag.Parse()
	if err := run(*rounds); err != nil {
		log.Fatal(err)
	}
}

func run(rounds int) error {
	dir, err := os.MkdirTemp("", "coldstart")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	for _, program := range []string{"plain", "byhand", "ours"} {
		build := exec.Command("go", "build", "-trimpath", "-ldflags=-s -w", "-tags=lambda.norpc", "-o", filepath.Join(dir, program),
			"github.com/bragg-tracing/bragg/pkg/sdk/bench/coldstart/"+program)
		build.Stderr = os.Stderr
		if err := build.Run(); err != nil {
			return fmt.Errorf("%s: %w", build, err)
		}
	}
	collector, daemon, stop, err := listen()
	if err != nil {
		return err
	}
	defer stop()
	otlp := []string{"OTEL_EXPORTER_OTLP_ENDPOINT=http://" + collector, "OTEL_METRICS_EXPORTER=none", "OTEL_LOGS_EXPORTER=none"}
	functions := []*function{
		{name: "plain", program: "plain"},
		{name: "byhand", program: "byhand", env: otlp},
		{name: "ours-otlp", program: "ours", env: otlp},
		{name: "ours-xrayudp", program: "ours", env: append(otlp, "OTEL_TRACES_EXPORTER=xrayudp", "AWS_XRAY_DAEMON_ADDRESS="+daemon)},
	}
	for i := range rounds + 2 {
		for _, f := range functions {
			s, err := coldStart(filepath.Join(dir, f.program), f.env)
			if err != nil {
				return fmt.Errorf("%s: %w", f.name, err)
			}
			if i >= 2 { // the first read the binaries from the disk
				f.starts = append(f.starts, s)
			}
		}
	}
	report(functions)
	return nil
}

// listen is a collector and a daemon that take spans and forget them.
func listen() (collector, daemon string, stop func(), err error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", "", nil, err
	}
	u, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		l.Close()
		return "", "", nil, err
	}
	server := grpc.NewServer()
	collectortrace.RegisterTraceServiceServer(server, forgetful{})
	go func() { _ = server.Serve(l) }()
	return l.Addr().String(), u.LocalAddr().String(), func() { server.Stop(); u.Close() }, nil
}

type forgetful struct {
	collectortrace.UnimplementedTraceServiceServer
}

func (forgetful) Export(context.Context, *collectortrace.ExportTraceServiceRequest) (*collectortrace.ExportTraceServiceResponse, error) {
	return &collectortrace.ExportTraceServiceResponse{}, nil
}

func report(functions []*function) {
	inits := map[string]float64{}
	var lines []string
	for _, f := range functions {
		for _, part := range []struct {
			name string
			of   func(start) time.Duration
		}{
			{"init", func(s start) time.Duration { return s.init }},
			{"answer", func(s start) time.Duration { return s.answer }},
			{"ready", func(s start) time.Duration { return s.ready }},
		} {
			ms := median(f.starts, part.of)
			if part.name == "init" {
				inits[f.name] = ms
			}
			lines = append(lines, fmt.Sprintf("figure coldstart-%s-%s %.1f ms", f.name, part.name, ms))
		}
	}
	for _, line := range lines {
		fmt.Println(line)
	}
	fmt.Printf("ratio coldstart %.3f\n", inits["byhand"]/inits["ours-otlp"])
}

func median(starts []start, of func(start) time.Duration) float64 {
	slices.SortFunc(starts, func(a, b start) int { return cmp.Compare(of(a), of(b)) })
	return float64(of(starts[len(starts)/2]).Microseconds()) / 1000
}
