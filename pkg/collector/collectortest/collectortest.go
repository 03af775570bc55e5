// Package collectortest has what tests need that start a collector in their
// process.
package collectortest

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/bragg-tracing/bragg/pkg/collector"
)

// Ports returns the variables of otel-collector.yaml that name the collector's
// ports, BRAGG_OTLP_GRPC_PORT and the others, each with a port as FreePort's, and
// no two the same.
func Ports() (map[string]string, error) {
	env := map[string]string{}
	for _, name := range []string{"OTLP_GRPC", "OTLP_HTTP", "DAEMON", "HEALTH", "METRICS"} {
		port, release, err := take()
		defer release()
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
	port, release, err := take()
	release()
	return port, err
}

// take listens on a port for TCP and UDP until release is called.
func take() (port string, release func(), err error) {
	var held []interface{ Close() error }
	release = func() {
		for _, h := range held {
			h.Close()
		}
	}
	for range 20 {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return "", release, err
		}
		held = append(held, l)
		number := l.Addr().(*net.TCPAddr).Port
		if u, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: number}); err == nil {
			held = append(held, u)
			return strconv.Itoa(number), release, nil
		}
	}
	return "", release, errors.New("no port is free for TCP and UDP")
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
