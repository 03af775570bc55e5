package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/klauspost/compress/zstd"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"

	"github.com/bragg-tracing/bragg/pkg/sdk/licensekey"
)

const token = "token-of-a-measurement"

// gateway is one balancer and two samplers.
type gateway struct {
	balancer *process
	samplers []*process
	client   *http.Client
}

// A process is a collector that runs.
type process struct {
	name   string
	cmd    *exec.Cmd
	ports  map[string]string
	output bytes.Buffer
}

// cpu returns the processor time that a process took; it must have ended.
func (p *process) cpu() time.Duration {
	return p.cmd.ProcessState.UserTime() + p.cmd.ProcessState.SystemTime()
}

func (p *process) end() error {
	if p.cmd.ProcessState != nil {
		return nil
	}
	if err := p.cmd.Process.Signal(os.Interrupt); err != nil {
		return err
	}
	if err := p.cmd.Wait(); err != nil {
		return fmt.Errorf("%s: %w\n%s", p.name, err, p.output.String())
	}
	return nil
}

func startGateway(ctx context.Context, dir string, o options, backend string) (*gateway, error) {
	program := filepath.Join(dir, "collector")
	fmt.Println("building the collector")
	if output, err := exec.CommandContext(ctx, "go", "build", "-o", program, "./cmd/collector").CombinedOutput(); err != nil {
		return nil, fmt.Errorf("build the collector, from the repository's root: %w\n%s", err, output)
	}
	roots, err := writeCertificate(dir)
	if err != nil {
		return nil, err
	}
	g := &gateway{client: &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}, MaxIdleConnsPerHost: 16}}}
	var hosts []string
	for i := range 2 {
		s, err := startProcess(fmt.Sprint("sampler ", i+1), program, dir, "sampler", map[string]string{
			"BRAGG_XRAY_ENDPOINT": backend, "BRAGG_NEWRELIC_ENDPOINT": backend, "BRAGG_NEWRELIC_EXPORTERS": "[otlp_http/newrelic]",
			"NEW_RELIC_LICENSE_KEY": licensekey.Local, "BRAGG_KEEP_REST": strconv.Itoa(o.keep), "BRAGG_DECISION_WAIT": o.wait.String(),
			"BRAGG_NUM_TRACES": strconv.Itoa(o.traces),
		})
		if err != nil {
			return nil, err
		}
		g.samplers = append(g.samplers, s)
		hosts = append(hosts, `"127.0.0.1:`+s.ports["OTLP_GRPC"]+`"`)
	}
	g.balancer, err = startProcess("balancer", program, dir, "balancer", map[string]string{
		"BRAGG_SAMPLERS": "{static: {hostnames: [" + strings.Join(hosts, ", ") + "]}}",
	})
	return g, err
}

func startProcess(name, program, dir, config string, env map[string]string) (*process, error) {
	p := &process{name: name, cmd: exec.Command(program, "--config", "deploy/gateway/"+config+".yaml"), ports: map[string]string{}}
	p.cmd.Env = []string{
		"HOME=" + dir, "AWS_ACCESS_KEY_ID=local", "AWS_SECRET_ACCESS_KEY=local", "AWS_EC2_METADATA_DISABLED=true", "BRAGG_BIND=127.0.0.1",
		"BRAGG_LOG_LEVEL=warn", "BRAGG_GATEWAY_TOKEN=" + token, "BRAGG_SAMPLER_TOKEN=" + token,
		"BRAGG_TLS_CERT_FILE=" + dir + "/cert.pem", "BRAGG_TLS_KEY_FILE=" + dir + "/key.pem", "BRAGG_TLS_CA_FILE=" + dir + "/cert.pem",
	}
	for _, port := range []string{"OTLP_GRPC", "OTLP_HTTP", "HEALTH", "METRICS"} {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		_, p.ports[port], _ = net.SplitHostPort(l.Addr().String())
		l.Close()
		p.cmd.Env = append(p.cmd.Env, "BRAGG_"+port+"_PORT="+p.ports[port])
	}
	for name, value := range env {
		p.cmd.Env = append(p.cmd.Env, name+"="+value)
	}
	p.cmd.Stdout, p.cmd.Stderr = &p.output, &p.output
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	for range 100 {
		resp, err := http.Get("http://127.0.0.1:" + p.ports["HEALTH"])
		if err == nil {
			resp.Body.Close()
			return p, nil
		}
		time.Sleep(100 * time.Millisecond)
	}
	p.cmd.Process.Kill()
	p.cmd.Wait() //nolint:errcheck // it was killed
	return nil, fmt.Errorf("%s does not start:\n%s", name, p.output.String())
}

func (g *gateway) all() []*process { return append([]*process{g.balancer}, g.samplers...) }

// stop ends the balancer before the samplers, so that all of it is decided.
func (g *gateway) stop() error {
	var errs []error
	for _, p := range g.all() {
		errs = append(errs, p.end())
	}
	return errors.Join(errs...)
}

func (g *gateway) kill() {
	for _, p := range g.all() {
		if p.cmd.ProcessState == nil {
			p.cmd.Process.Kill()
			p.cmd.Wait() //nolint:errcheck // it was killed
		}
	}
}

// memory returns the most memory that each process had, in bytes.
func (g *gateway) memory() map[string]int64 {
	peak := map[string]int64{}
	for _, p := range g.all() {
		status, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
		for line := range strings.Lines(string(status)) {
			var kilobytes int64
			if _, err := fmt.Sscanf(line, "VmHWM: %d kB", &kilobytes); err == nil {
				peak[p.name] = kilobytes << 10
			}
		}
	}
	return peak
}

const tracesOfRequest = 100

// send sends all traces by eight connections and returns the bytes on the wire.
func (g *gateway) send(ctx context.Context, o options) (int64, error) {
	encoder, err := zstd.NewWriter(nil)
	if err != nil {
		return 0, err
	}
	var sent atomic.Int64
	var once sync.Once
	var failure error
	requests := make(chan struct{})
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range requests {
				n, err := g.post(ctx, encoder, o.spans)
				sent.Add(n)
				if err != nil {
					once.Do(func() { failure = err })
				}
			}
		})
	}
	for range o.traces / tracesOfRequest {
		requests <- struct{}{}
	}
	close(requests)
	wg.Wait()
	return sent.Load(), failure
}

func (g *gateway) post(ctx context.Context, encoder *zstd.Encoder, spans int) (int64, error) {
	body, err := ptraceotlp.NewExportRequestFromTraces(someTraces(spans)).MarshalProto()
	if err != nil {
		return 0, err
	}
	packed := encoder.EncodeAll(body, nil)
	for {
		request, err := http.NewRequestWithContext(ctx, http.MethodPost, "https://localhost:"+g.balancer.ports["OTLP_HTTP"]+"/v1/traces", bytes.NewReader(packed))
		if err != nil {
			return 0, err
		}
		request.Header = http.Header{"Content-Type": {"application/x-protobuf"}, "Content-Encoding": {"zstd"}, "Authorization": {"Bearer " + token}}
		resp, err := g.client.Do(request)
		if err != nil {
			return 0, err
		}
		answer, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		switch resp.StatusCode {
		case http.StatusOK:
			return int64(len(packed)), nil
		case http.StatusServiceUnavailable, http.StatusTooManyRequests:
			time.Sleep(50 * time.Millisecond) // its queue is full: what an agent does too
		default:
			return 0, fmt.Errorf("the balancer answered %s: %s", resp.Status, answer)
		}
	}
}

// someTraces makes requests of a web service that asks a database.
func someTraces(spans int) ptrace.Traces {
	traces := ptrace.NewTraces()
	resource := traces.ResourceSpans().AppendEmpty()
	for key, value := range map[string]string{"service.name": "orders", "cloud.provider": "aws", "cloud.platform": "aws_ecs", "aws.ecs.launchtype": "fargate"} {
		resource.Resource().Attributes().PutStr(key, value)
	}
	list := resource.ScopeSpans().AppendEmpty().Spans()
	var random [8]byte
	now := time.Now()
	for range tracesOfRequest {
		var id [16]byte
		rand.Read(id[:]) //nolint:errcheck // it never fails
		binary.BigEndian.PutUint32(id[:], uint32(now.Unix()))
		var parent pcommon.SpanID
		for i := range spans {
			rand.Read(random[:]) //nolint:errcheck // it never fails
			s := list.AppendEmpty()
			s.SetTraceID(id)
			s.SetSpanID(random)
			s.SetParentSpanID(parent)
			s.SetName("GET /orders/{id}")
			s.SetKind(ptrace.SpanKindServer)
			if i > 0 {
				s.SetKind(ptrace.SpanKindClient)
			} else {
				parent = random
			}
			s.SetStartTimestamp(pcommon.NewTimestampFromTime(now))
			s.SetEndTimestamp(pcommon.NewTimestampFromTime(now.Add(40 * time.Millisecond)))
			s.Attributes().PutStr("http.request.method", "GET")
			s.Attributes().PutStr("url.path", fmt.Sprintf("/orders/%x", random))
			s.Attributes().PutInt("http.response.status_code", 200)
			s.Attributes().PutStr("db.query.text", "SELECT id, client, amount, state FROM orders WHERE id = $1 AND state <> $2 ORDER BY created_at"+strings.Repeat(" ", 8))
			s.Attributes().PutStr("user_agent.original", fmt.Sprintf("Mozilla/5.0 (X11; Linux x86_64) %x%x", id, random))
		}
	}
	return traces
}
