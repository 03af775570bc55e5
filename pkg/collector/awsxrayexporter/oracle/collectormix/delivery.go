package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"time"

	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
)

// faults are how the endpoint misbehaves, and what it stores meanwhile.
type faults struct {
	delay    time.Duration // before each answer
	throttle int           // each such put is answered 429
	report   int           // each such put reports one throttled document
	down     time.Duration // from the first put on, connections are cut

	mu     sync.Mutex
	puts   int
	first  time.Time // put
	last   time.Time // that stored something
	stored map[any]bool
}

// before delays, cuts or throttles a put, and reports whether it is to be read.
func (f *faults) before(w http.ResponseWriter) bool {
	f.mu.Lock()
	f.puts++
	if f.first.IsZero() {
		f.first = time.Now()
	}
	throttled := f.throttle > 0 && f.puts%f.throttle == 0
	down := time.Since(f.first) < f.down
	f.mu.Unlock()
	time.Sleep(f.delay)
	if down {
		panic(http.ErrAbortHandler)
	}
	if throttled {
		w.Header().Set("X-Amzn-Errortype", "ThrottledException")
		http.Error(w, `{"Message":"Rate exceeded"}`, http.StatusTooManyRequests)
	}
	return !throttled
}

// store keeps the documents of a put, or all but one, and answers it.
func (f *faults) store(w http.ResponseWriter, documents []map[string]any) {
	f.mu.Lock()
	defer f.mu.Unlock()
	unprocessed := ""
	if f.report > 0 && f.puts%f.report == 0 {
		unprocessed = fmt.Sprintf(`{"Id":%q,"ErrorCode":"ThrottledException","Message":"Rate exceeded"}`, documents[0]["id"])
		documents = documents[1:]
	}
	for _, d := range documents {
		f.stored[d["id"]] = true
	}
	f.last = time.Now()
	fmt.Fprintf(w, `{"UnprocessedTraceSegments":[%s]}`, unprocessed)
}

func (f *faults) progress() (stored int, last time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.stored), f.last
}

// deliveryConfiguration has the exporter at its defaults, behind the batch
// processor of otel-collector.yaml.
const deliveryConfiguration = `
receivers: {otlp: {protocols: {grpc: {endpoint: "%s"}}}}
processors: {batch: {timeout: 1s, send_batch_size: 512, send_batch_max_size: 1024}}
exporters: {awsxray: {endpoint: "%s", region: us-east-1}}
service:
  telemetry: {metrics: {level: none}, logs: {level: fatal}}
  pipelines: {traces: {receivers: [otlp], processors: [batch], exporters: [awsxray]}}
`

// A delivery is one row: spans under a fault. Contrib gets fewer where it is
// slow.
type delivery struct {
	name          string
	faults        func() *faults
	contrib, ours int           // spans
	pace          time.Duration // between requests; 0: as fast as they are taken
}

var deliveries = []delivery{
	{"put_100ms", func() *faults { return &faults{delay: 100 * time.Millisecond} }, 10_000, 50_000, 0},
	{"throttled_fifth", func() *faults { return &faults{delay: 100 * time.Millisecond, throttle: 5} }, 10_000, 50_000, 0},
	{"reported_fifth", func() *faults { return &faults{report: 5} }, 50_000, 50_000, 10 * time.Millisecond},
	{"down_10s", func() *faults { return &faults{down: 10 * time.Second} }, 50_000, 50_000, 100 * time.Millisecond},
}

func (d *delivery) of(s *side) int {
	if s.name == "contrib" {
		return d.contrib
	}
	return d.ours
}

// deliver measures all rows and prints their figures.
func deliver(sides []*side, dir string, e *endpoint) error {
	for _, d := range deliveries {
		for _, s := range sides {
			if err := s.deliver(dir, e, d); err != nil {
				return fmt.Errorf("%s of %s: %w", d.name, s.name, err)
			}
		}
	}
	return nil
}

func (s *side) deliver(dir string, e *endpoint, d delivery) error {
	f := d.faults()
	f.stored = map[any]bool{}
	e.faults.Store(f)
	defer e.faults.Store(nil)
	address, err := freeAddress()
	if err != nil {
		return err
	}
	file := filepath.Join(dir, s.name+"-delivery.yaml")
	if err := os.WriteFile(file, fmt.Appendf(nil, deliveryConfiguration, address, e.url), 0o600); err != nil {
		return err
	}
	cmd := exec.Command(s.program, "--config", "file:"+file)
	cmd.Env = environment(dir)
	if err := cmd.Start(); err != nil {
		return err
	}
	defer func() {
		cmd.Process.Kill() //nolint:errcheck // it has ended, or Wait tells
		cmd.Wait()         //nolint:errcheck // killed
	}()
	refused, err := sendPaced(address, d.of(s), d.pace)
	if err != nil {
		return err
	}
	accepted := d.of(s) - refused
	const patience = 15 * time.Second
	for begun := time.Now(); ; time.Sleep(50 * time.Millisecond) {
		stored, last := f.progress()
		if stored >= accepted || time.Since(last) > patience && time.Since(begun) > patience {
			break
		}
	}
	stored, last := f.progress()
	name := d.name + "_" + s.name
	fmt.Printf("figure %s_rate %.0f spans/s\n", name, float64(stored)/last.Sub(f.first).Seconds())
	fmt.Printf("figure %s_lost %d spans of %d\n", name, accepted-stored, accepted)
	if refused > 0 {
		fmt.Printf("figure %s_refused %d spans\n", name, refused)
	}
	return nil
}

// sendPaced sends requests one after the other and returns how many spans were
// refused; a refused request is not sent again.
func sendPaced(address string, spans int, pace time.Duration) (refused int, err error) {
	conn, err := grpc.NewClient(address, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return 0, err
	}
	defer conn.Close()
	client := ptraceotlp.NewGRPCClient(conn)
	for i := range spans / perRequest {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		_, err := client.Export(ctx, request(i), grpc.WaitForReady(true))
		cancel()
		if err != nil {
			refused += perRequest
		}
		time.Sleep(pace)
	}
	return refused, nil
}
