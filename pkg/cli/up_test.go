package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bragg-tracing/bragg/pkg/up"
)

// bragg runs the command line with args and returns what a shell sees.
func bragg(t *testing.T, ctx context.Context, args ...string) (status int, stdout, stderr string) {
	t.Helper()
	var out, errs written
	root := NewCommand()
	root.SetArgs(args)
	root.SetOut(&out)
	root.SetErr(&errs)
	status = run(ctx, root)
	return status, out.String(), errs.String()
}

// written is what a command has written, which logs from several goroutines.
type written struct {
	mu   sync.Mutex
	text bytes.Buffer
	at   string // what is written when then is called, if that is not nil
	then func()
}

func (w *written) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	n, err := w.text.Write(p)
	if w.then != nil && bytes.Contains(w.text.Bytes(), []byte(w.at)) {
		w.then()
	}
	return n, err
}

func (w *written) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.text.String()
}

// TestWrongCallsAreOneClearLine: status 2 for a call that is wrong, 1 for one
// that fails; one line that names the thing and the remedy; never a stack.
func TestWrongCallsAreOneClearLine(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	port := strconv.Itoa(taken.Addr().(*net.TCPAddr).Port)
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, []byte("receivers: ["), 0o600); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name   string
		args   []string
		status int
		want   []string
	}{
		{"unknown command", []string{"upp"}, 2, []string{`unknown command "upp"`}},
		{"unknown flag", []string{"up", "--bogus"}, 2, []string{"unknown flag: --bogus", "bragg up --help"}},
		{"argument too many", []string{"up", "now"}, 2, []string{"now"}},
		{"unknown backend", []string{"up", "--backends", "jaeger"}, 2, []string{`"jaeger"`, "xray,newrelic"}},
		{"no requests", []string{"up", "--once", "--requests", "0"}, 2, []string{"--requests 0"}},
		{"negative rate", []string{"up", "--rate", "-1"}, 2, []string{"--rate -1"}},
		{"json without once", []string{"up", "--json"}, 2, []string{"--once"}},
		{"once with real", []string{"up", "--once", "--real", "--backends", "xray", "--data", dir}, 2, []string{"--once", "--real"}},
		{"map: two forms", []string{"map", "--svg", "--json"}, 2, []string{"json", "svg"}},
		{"map: two beginnings", []string{"map", "--from", "14:00", "--last", "1h"}, 2, []string{"from", "last"}},
		{"export: two sources", []string{"export", "--data", dir, "--endpoint", "http://127.0.0.1:1"}, 2, []string{"data", "endpoint"}},
		{"export: wrong filter", []string{"export", "--filter", "((", "--endpoint", "http://127.0.0.1:1"}, 2, []string{"--filter", "^"}},
		{"migrate: to what is not there", []string{"migrate", "--to", "jaeger"}, 2, []string{"--to jaeger", "xraysdk", "otel"}},
		{"bad region", []string{"up", "--region", "Frankfurt", "--data", dir}, 1, []string{`"Frankfurt"`, "us-east-1"}},
		{"no such configuration", []string{"up", "--config", "nowhere.yaml", "--data", dir}, 1, []string{"nowhere.yaml", "--config"}},
		{"broken configuration", []string{"up", "--free-ports", "--config", file, "--data", dir}, 1, []string{"file"}},
		{"data directory is a file", []string{"up", "--free-ports", "--data", file}, 1, []string{file, "--data"}},
		{"port in use", []string{"up", "--free-ports", "--xray-port", port, "--data", dir}, 1, []string{port, "in use", "--xray-port"}},
		{"local: port in use", []string{"local", "--listen", "127.0.0.1:" + port, "--data", dir}, 1, []string{port, "in use"}},
		{"local: beyond this machine", []string{"local", "--listen", "0.0.0.0:0", "--data", dir}, 1, []string{"--allow-remote"}},
		{"sink: port in use", []string{"sink", "--listen", "127.0.0.1:" + port, "--data", dir}, 1, []string{port, "in use"}},
		{"sink: beyond this machine", []string{"sink", "--listen", "0.0.0.0:0", "--data", dir}, 1, []string{"--allow-remote"}},
		{"unknown demo service", []string{"demo", "billing"}, 2, []string{`"billing"`, "web"}},
		{"no demo service", []string{"demo"}, 2, []string{"1 arg"}},
		{"health check of nobody", []string{"healthcheck", "http://127.0.0.1:1/"}, 1, []string{"127.0.0.1:1"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second) // for one that starts after all
			defer cancel()
			status, stdout, stderr := bragg(t, ctx, tt.args...)
			if status != tt.status || stdout != "" {
				t.Errorf("status %d, want %d; stdout %q", status, tt.status, stdout)
			}
			for _, want := range tt.want {
				if !strings.Contains(stderr, want) {
					t.Errorf("stderr %q does not say %q", stderr, want)
				}
			}
			said := 0
			for line := range strings.Lines(stderr) {
				if strings.HasPrefix(line, "bragg ") && strings.Contains(line, ": ") {
					said++
				}
				if strings.Contains(line, "goroutine ") || strings.Contains(line, "panic") {
					t.Errorf("stderr has a stack: %q", stderr)
				}
			}
			if said != 1 && tt.args[0] != "upp" {
				t.Errorf("%d lines tell the error, want 1: %q", said, stderr)
			}
		})
	}
}

// TestEveryCommandHelps: --help with examples, everywhere.
func TestEveryCommandHelps(t *testing.T) {
	for _, cmd := range NewCommand().Commands() {
		status, stdout, _ := bragg(t, t.Context(), cmd.Name(), "--help")
		if status != 0 || !strings.Contains(stdout, "Examples:") {
			t.Errorf("bragg %s --help: status %d, without examples:\n%s", cmd.Name(), status, stdout)
		}
	}
}

// TestOnceExits1WhenABackendMissesSpans runs with a collector that gives New
// Relic nothing of what comes by the X-Ray daemon's protocol.
func TestOnceExits1WhenABackendMissesSpans(t *testing.T) {
	if testing.Short() {
		t.Skip("waits for what never comes")
	}
	config, err := os.ReadFile("../../otel-collector.yaml")
	if err != nil {
		t.Fatal(err)
	}
	const pipeline = "    traces/newrelic:\n      receivers: [otlp, awsxray]"
	broken := strings.Replace(string(config), pipeline, "    traces/newrelic:\n      receivers: [otlp]", 1)
	if broken == string(config) {
		t.Fatal("otel-collector.yaml has no such pipeline")
	}
	file := filepath.Join(t.TempDir(), "broken.yaml")
	if err := os.WriteFile(file, []byte(broken), 0o600); err != nil {
		t.Fatal(err)
	}
	status, stdout, stderr := bragg(t, t.Context(), "up", "--once", "--requests", "50", "--json",
		"--free-ports", "--config", file, "--data", t.TempDir())
	if status != 1 {
		t.Errorf("status %d, want 1\n%s%s", status, stdout, stderr)
	}
	var report up.Report
	if err := json.Unmarshal([]byte(stdout), &report); err != nil {
		t.Fatalf("%v: %s", err, stdout)
	}
	if report.Spans.MissingNewRelic == nil || *report.Spans.MissingNewRelic == 0 || *report.Spans.MissingXRay != 0 {
		t.Errorf("report %s", stdout)
	}
}

// TestUpStaysUntilItIsStopped starts `bragg up`, stops it as Ctrl-C does once it
// says how, and empties what it left.
func TestUpStaysUntilItIsStopped(t *testing.T) {
	limit := stopLimit
	stopLimit = time.Minute
	t.Cleanup(func() { stopLimit = limit })
	dir := t.TempDir()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	out := written{at: "Ctrl-C stops", then: cancel}
	root := NewCommand()
	root.SetArgs([]string{"up", "--free-ports", "--rate", "20", "--data", dir, "--config", "../../otel-collector.yaml"})
	root.SetOut(io.Discard)
	root.SetErr(&out)
	status := run(ctx, root)
	stderr := out.String()
	if status != 0 || !errors.Is(ctx.Err(), context.Canceled) {
		t.Errorf("status %d, %v: %s", status, ctx.Err(), stderr)
	}
	last := -1
	for _, want := range []string{"X-Ray Local", "New Relic sink", "collector", "demo", "load", "console  ", "stopping"} {
		at := strings.Index(stderr, want)
		if at <= last {
			t.Errorf("%q is not there or not in order:\n%s", want, stderr)
		}
		last = max(at, last)
	}
	for range 2 { // an empty directory can be emptied
		if status, stdout, stderr := bragg(t, t.Context(), "reset", "--data", dir); status != 0 || !strings.Contains(stdout, "is empty") {
			t.Errorf("reset: status %d: %s%s", status, stdout, stderr)
		}
	}
}
