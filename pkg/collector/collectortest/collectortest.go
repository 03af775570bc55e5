// Package collectortest has what tests need that start a collector in their
// process.
package collectortest

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"

	"github.com/bragg-tracing/bragg/pkg/collector"
	"github.com/bragg-tracing/bragg/pkg/freeport"
)

// Ports returns the variables of otel-collector.yaml that name the collector's
// ports, BRAGG_OTLP_GRPC_PORT and the others, each with a port as FreePort's, and
// no two the same.
func Ports() (map[string]string, error) {
	env := map[string]string{}
	for _, name := range []string{"OTLP_GRPC", "OTLP_HTTP", "DAEMON", "HEALTH", "METRICS"} {
		port, err := FreePort()
		if err != nil {
			return nil, err
		}
		env["BRAGG_"+name+"_PORT"] = port
	}
	return env, nil
}

// FreePort returns a port of 127.0.0.1 that was free for TCP and UDP a moment
// ago.
func FreePort() (string, error) {
	address, err := freeport.Address("tcp", "udp")
	if err != nil {
		return "", err
	}
	_, port, err := net.SplitHostPort(address)
	return port, err
}

// limiterInterval is how often the memory limiter of otel-collector.yaml checks.
const limiterInterval = "check_interval: 5s"

// Configuration writes otel-collector.yaml into dir and returns its path. A pair
// of replacements is of a text that must be there, and what it becomes.
//
// The memory limiter does not check in it: that of collector v0.159.0, which
// pipelines share, has a data race, as a pipeline that starts writes the host
// that the first check of another reads.
func Configuration(dir string, replacements ...string) (path string, err error) {
	text := collector.DefaultConfig
	replacements = append(replacements, limiterInterval, "check_interval: 1h")
	for i := 0; i+1 < len(replacements); i += 2 {
		if !strings.Contains(text, replacements[i]) {
			return "", fmt.Errorf("otel-collector.yaml has no %q", replacements[i])
		}
		text = strings.Replace(text, replacements[i], replacements[i+1], 1)
	}
	path = filepath.Join(dir, "otel-collector.yaml")
	return path, os.WriteFile(path, []byte(text), 0o600)
}
