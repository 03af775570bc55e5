package deploy

import (
	"bytes"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/bragg-tracing/bragg/pkg/freeport"
)

// A collectorProcess is a collector that runs.
type collectorProcess struct {
	cmd    *exec.Cmd
	ports  map[string]string // by the name in BRAGG_…_PORT
	output bytes.Buffer      // to be read after it has ended
}

// address returns where a port of the collector is.
func (c *collectorProcess) address(port string) string { return "127.0.0.1:" + c.ports[port] }

func freePorts(t *testing.T) map[string]string {
	t.Helper()
	ports := map[string]string{}
	for _, name := range []string{"OTLP_GRPC", "OTLP_HTTP", "DAEMON", "HEALTH", "METRICS"} {
		_, ports[name], _ = net.SplitHostPort(freeAddress(t))
	}
	return ports
}

func freeAddress(t *testing.T) string {
	t.Helper()
	address, err := freeport.Address("tcp", "udp")
	if err != nil {
		t.Fatal(err)
	}
	return address
}

// startCollector starts a collector with configurations that are files, or as
// --config has them, and nothing of this process in its environment. It returns
// when the collector is healthy. The test stops it.
func startCollector(t *testing.T, configs []string, ports, env map[string]string) *collectorProcess {
	t.Helper()
	c := &collectorProcess{cmd: exec.Command(program(t, "collector")), ports: ports}
	for _, config := range configs {
		c.cmd.Args = append(c.cmd.Args, "--config="+config)
	}
	c.cmd.Env = []string{
		"HOME=" + t.TempDir(), "GORACE=exitcode=0", // the collector's core races: see the rehearsal
		"AWS_ACCESS_KEY_ID=local", "AWS_SECRET_ACCESS_KEY=local", "AWS_EC2_METADATA_DISABLED=true",
	}
	for name, port := range ports {
		c.cmd.Env = append(c.cmd.Env, "BRAGG_"+name+"_PORT="+port)
	}
	for name, value := range env {
		c.cmd.Env = append(c.cmd.Env, name+"="+value)
	}
	c.cmd.Stdout, c.cmd.Stderr = &c.output, &c.output
	if err := c.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		c.stop()
		if t.Failed() {
			t.Logf("%s said:\n%s", strings.Join(configs, " "), c.output.String())
		}
	})
	c.awaitHealth(t)
	return c
}

func (c *collectorProcess) awaitHealth(t *testing.T) {
	t.Helper()
	client := http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	for range 300 {
		resp, err := client.Get("http://" + c.address("HEALTH"))
		if err == nil {
			resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return
			}
		}
		time.Sleep(100 * time.Millisecond) // a process has no other signal
	}
	t.Fatal("the collector is not healthy after 30 s")
}

// stop ends it as an orchestrator does, and reports how it ended.
func (c *collectorProcess) stop() error {
	if c.cmd.ProcessState != nil {
		return nil
	}
	if err := c.cmd.Process.Signal(os.Interrupt); err != nil {
		return fmt.Errorf("stop the collector: %w", err)
	}
	return c.cmd.Wait()
}
