package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/bragg-tracing/bragg/pkg/freeport"
	"github.com/bragg-tracing/bragg/pkg/sdk/licensekey"
	"github.com/bragg-tracing/bragg/pkg/verify"
)

// memoryLimit is what a small task gives the collector, in MiB. Its own limiter
// refuses before that, and Go's garbage collector aims lower still.
const (
	memoryLimit  = 384
	limiterLimit = 256
	gcLimit      = 230
)

// errNoMount says that this user may not mount a small file system.
var errNoMount = errors.New("cannot mount a small file system")

// A process is a collector that runs.
type process struct {
	program string
	configs []string
	env     []string
	ports   map[string]string

	cmd    *exec.Cmd
	done   chan struct{}
	output *lastOutput
	peak   int // KiB, over all lives

	queues  string // directory
	mounted bool   // a small file system is on it
}

// newProcess describes a collector. Its ports stay over restarts.
func newProcess(program string, configs []string, queues string, b *backends) (*process, error) {
	p := &process{program: program, configs: configs, queues: queues, ports: map[string]string{}, output: &lastOutput{}}
	for _, name := range []string{"OTLP_GRPC", "OTLP_HTTP", "DAEMON", "HEALTH", "METRICS"} {
		address, err := freeport.Address("tcp", "udp")
		if err != nil {
			return nil, err
		}
		_, p.ports[name], _ = net.SplitHostPort(address)
	}
	p.env = []string{
		"HOME=" + queues, "GOMEMLIMIT=" + fmt.Sprint(gcLimit) + "MiB", "GORACE=exitcode=0",
		"AWS_ACCESS_KEY_ID=local", "AWS_SECRET_ACCESS_KEY=local", "AWS_REGION=us-east-1", "AWS_EC2_METADATA_DISABLED=true",
		"BRAGG_XRAY_ENDPOINT=http://" + b.xray.address, "BRAGG_NEWRELIC_ENDPOINT=http://" + b.newrelic.address,
		"BRAGG_NEWRELIC_EXPORTERS=[otlp_http/newrelic]", "NEW_RELIC_LICENSE_KEY=" + licensekey.Local,
		"BRAGG_QUEUE_DIR=" + queues, "BRAGG_LOG_LEVEL=warn",
	}
	for name, port := range p.ports {
		p.env = append(p.env, "BRAGG_"+name+"_PORT="+port)
	}
	return p, nil
}

func (p *process) otlp() string    { return "http://127.0.0.1:" + p.ports["OTLP_HTTP"] }
func (p *process) grpc() string    { return "http://127.0.0.1:" + p.ports["OTLP_GRPC"] }
func (p *process) daemon() string  { return "127.0.0.1:" + p.ports["DAEMON"] }
func (p *process) metrics() string { return "http://127.0.0.1:" + p.ports["METRICS"] + "/metrics" }

// start returns when the collector is healthy.
func (p *process) start(ctx context.Context) error {
	args := []string{}
	for _, c := range p.configs {
		args = append(args, "--config", c)
	}
	p.cmd = exec.Command(p.program, args...)
	p.cmd.Env, p.cmd.Stdout, p.cmd.Stderr = p.env, p.output, p.output
	if err := start(p.cmd); err != nil {
		return fmt.Errorf("start the collector: %w", err)
	}
	p.done = make(chan struct{})
	go func(cmd *exec.Cmd, done chan struct{}) { defer close(done); cmd.Wait() }(p.cmd, p.done) //nolint:errcheck // it is killed
	deadline := time.Now().Add(30 * time.Second)
	for time.Now().Before(deadline) {
		resp, err := http.Get("http://127.0.0.1:" + p.ports["HEALTH"])
		if err == nil {
			resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return nil
			}
		}
		select {
		case <-p.done:
			return fmt.Errorf("the collector ended: %s", p.output)
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(50 * time.Millisecond):
		}
	}
	return errors.New("the collector is not healthy after 30 s")
}

// alive says whether it still runs.
func (p *process) alive() bool {
	select {
	case <-p.done:
		return false
	default:
		return true
	}
}

// kill ends it as the kernel does when memory is short: nothing is flushed.
func (p *process) kill() {
	p.notePeak()
	p.cmd.Process.Kill() //nolint:errcheck // it may have ended
	<-p.done
}

// stop ends it as ECS does.
func (p *process) stop() {
	if p.cmd == nil || !p.alive() {
		return
	}
	p.notePeak()
	p.cmd.Process.Signal(syscall.SIGTERM) //nolint:errcheck // it may have ended
	select {
	case <-p.done:
	case <-time.After(30 * time.Second):
		p.kill()
	}
}

// unmount puts the queues back on the large disk, with the collector down.
func (p *process) unmount(ctx context.Context) error {
	if !p.mounted {
		return nil
	}
	p.stop()
	p.mounted = false
	if err := unmountAt(p.queues); err != nil {
		return err
	}
	return p.start(ctx)
}

func unmountAt(dir string) error {
	if out, err := exec.Command("umount", dir).CombinedOutput(); err != nil {
		return fmt.Errorf("umount: %w: %s", err, out)
	}
	return nil
}

var highWater = regexp.MustCompile(`VmHWM:\s+(\d+) kB`)

// notePeak keeps the most memory that was ever resident.
func (p *process) notePeak() {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if err != nil {
		return
	}
	if m := highWater.FindSubmatch(text); m != nil {
		kib, _ := strconv.Atoi(string(m[1]))
		p.peak = max(p.peak, kib)
	}
}

func (p *process) counts(ctx context.Context) (verify.Counts, error) {
	return verify.ReadCounts(ctx, p.metrics())
}

// lastOutput keeps the last of what a process writes.
type lastOutput struct {
	mu   sync.Mutex
	text bytes.Buffer
}

const keptOutput = 1 << 20

func (o *lastOutput) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.text.Write(b)
	if over := o.text.Len() - keptOutput; over > 0 {
		o.text.Next(over)
	}
	return len(b), nil
}

func (o *lastOutput) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// build compiles a program of this repository.
func build(ctx context.Context, dir, pkg, name string, mode []string) (string, error) {
	program := filepath.Join(dir, name)
	args := append(append([]string{"build"}, mode...), "-o", program, pkg)
	if out, err := exec.CommandContext(ctx, "go", args...).CombinedOutput(); err != nil {
		return "", fmt.Errorf("build %s: %w: %s", pkg, err, bytes.TrimSpace(out))
	}
	return program, nil
}

var variable = regexp.MustCompile(`\$\{env:([A-Z_]+)(?::-([^}]*))?\}`)

// expand replaces the variables of a configuration by their values, for a
// collector that cannot do it itself.
func expand(text string, env []string) string {
	values := map[string]string{}
	for _, e := range env {
		name, value, _ := strings.Cut(e, "=")
		values[name] = value
	}
	return variable.ReplaceAllStringFunc(text, func(v string) string {
		m := variable.FindStringSubmatch(v)
		if value, ok := values[m[1]]; ok {
			return value
		}
		return m[2]
	})
}
