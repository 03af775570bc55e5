// Command collectormix measures whole collectors: OTLP gRPC in, X-Ray out, with
// contrib's awsxray exporter and with ours, the same configuration, batches and
// concurrency. The endpoint verifies every signature and decodes every document;
// a run in which not every span is stored fails. Only the processor time of the
// collector's process counts. It prints the runs, and last the medians as
//
//	ratio collector_mix <contrib/ours>
//	figure collector_mix_contrib <seconds per million spans> s
//	figure collector_mix_ours <seconds per million spans> s
//
// and before them, of both sides at their defaults, how many spans a second
// arrive and how many are lost when each put takes 100 ms, one put in five is
// throttled, one in five reports a throttled document, and the endpoint is down
// for ten seconds.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
)

func main() {
	log.SetFlags(0)
	runs := flag.Int("runs", 5, "alternating runs of each side")
	spans := flag.Int("spans", 500_000, "spans in a run; a multiple of 500")
	faulty := flag.Bool("faults", true, "measure deliveries to an endpoint that misbehaves, too")
	flag.Parse()
	if err := compare(*runs, *spans, *faulty); err != nil {
		log.Fatal(err)
	}
}

// A side is one of the two collectors.
type side struct {
	name, program string
	config        string
	seconds       []float64 // of processor time per million spans
	memory        int64     // most resident, bytes
}

func compare(runs, spans int, faulty bool) error {
	dir, err := os.MkdirTemp("", "collectormix")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	sides := []*side{
		{name: "contrib", program: "github.com/bragg-tracing/bragg/pkg/collector/awsxrayexporter/oracle/collectormix/contribcollector", config: ""},
		{name: "ours", program: "github.com/bragg-tracing/bragg/cmd/collector", config: "    translation: compat\n    sending_queue: {enabled: false}\n    retry_on_failure: {enabled: false}\n"},
	}
	for _, s := range sides {
		out := filepath.Join(dir, s.name)
		build := exec.Command("go", "build", "-o", out, s.program)
		if output, err := build.CombinedOutput(); err != nil {
			return fmt.Errorf("build %s: %w\n%s", s.name, err, output)
		}
		s.program = out
	}
	endpoint, err := newEndpoint()
	if err != nil {
		return err
	}
	defer endpoint.close()
	for run := range runs {
		for _, s := range sides {
			if err := s.run(dir, endpoint, spans); err != nil {
				return fmt.Errorf("run %d of %s: %w", run+1, s.name, err)
			}
			fmt.Printf("run %d %-8s %6.2f s of processor time per million spans\n", run+1, s.name, s.seconds[run])
		}
	}
	if faulty {
		if err := deliver(sides, dir, endpoint); err != nil {
			return err
		}
	}
	if runs > 0 {
		report(sides)
	}
	return nil
}

func report(sides []*side) {
	contrib, ours := median(sides[0].seconds), median(sides[1].seconds)
	fmt.Printf("ratio collector_mix %.2f\n", contrib/ours)
	for _, s := range sides {
		fmt.Printf("figure collector_mix_%s %.2f s\n", s.name, median(s.seconds))
		fmt.Printf("figure collector_mix_%s_memory %d bytes\n", s.name, s.memory)
	}
}

func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[len(sorted)/2]
}

const configuration = `
receivers: {otlp: {protocols: {grpc: {endpoint: "%s"}}}}
processors: {batch: {timeout: 200ms, send_batch_size: 500, send_batch_max_size: 500}}
exporters:
  awsxray:
    endpoint: "%s"
    region: us-east-1
    num_workers: 1
%s
service:
  telemetry: {metrics: {level: none}, logs: {level: error}}
  pipelines: {traces: {receivers: [otlp], processors: [batch], exporters: [awsxray]}}
`

// run starts the collector, sends the spans, stops it, and reads its processor
// time. Every document must be in the endpoint by then.
func (s *side) run(dir string, e *endpoint, spans int) error {
	address, err := freeAddress()
	if err != nil {
		return err
	}
	file := filepath.Join(dir, s.name+".yaml")
	if err := os.WriteFile(file, fmt.Appendf(nil, configuration, address, e.url, s.config), 0o600); err != nil {
		return err
	}
	cmd := exec.Command(s.program, "--config", "file:"+file)
	cmd.Env = environment(dir)
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		return err
	}
	before := e.stored.Load()
	sendErr := send(address, spans)
	if sendErr == nil {
		sendErr = e.await(before + int64(spans))
	}
	cmd.Process.Signal(os.Interrupt) //nolint:errcheck // Wait tells
	if err := cmd.Wait(); err != nil && sendErr == nil {
		return err
	}
	if sendErr != nil {
		return sendErr
	}
	used := cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	s.seconds = append(s.seconds, used.Seconds()/float64(spans)*1e6)
	if usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		s.memory = max(s.memory, usage.Maxrss*1024)
	}
	return nil
}

func environment(home string) []string {
	return []string{"HOME=" + home, "AWS_ACCESS_KEY_ID=" + accessKey, "AWS_SECRET_ACCESS_KEY=" + secretKey, "AWS_EC2_METADATA_DISABLED=true"}
}

func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	return l.Addr().String(), nil
}

// send sends requests of 500 spans over one connection, two at a time.
func send(address string, spans int) error {
	conn, err := grpc.NewClient(address, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return err
	}
	defer conn.Close()
	client := ptraceotlp.NewGRPCClient(conn)
	errs := make(chan error, 2)
	requests := make(chan int)
	for range cap(errs) {
		go func() {
			var err error
			for i := range requests {
				if err == nil {
					ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
					_, err = client.Export(ctx, request(i), grpc.WaitForReady(true))
					cancel()
				}
			}
			errs <- err
		}()
	}
	for i := range spans / perRequest {
		requests <- i
	}
	close(requests)
	for range cap(errs) {
		if e := <-errs; e != nil {
			err = e
		}
	}
	return err
}
