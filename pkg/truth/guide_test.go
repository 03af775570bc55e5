package truth

import (
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/bragg-tracing/bragg/pkg/collector/collectortest"
	"github.com/bragg-tracing/bragg/pkg/sdk/propagation"
)

// program returns the program that a guide prints.
func program(t *testing.T, guide string) string {
	t.Helper()
	text, err := os.ReadFile(guide)
	if err != nil {
		t.Fatal(err)
	}
	_, code, ok := strings.Cut(string(text), "```go\npackage main\n")
	code, _, closed := strings.Cut(code, "\n```")
	if !ok || !closed {
		t.Fatalf("%s has no program", guide)
	}
	return "package main\n" + code + "\n"
}

// TestGuide builds and runs the program of the SDK's guide, on another port, and
// finds what the guide says that one sees.
func TestGuide(t *testing.T) {
	t.Parallel()
	port, err := collectortest.FreePort()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	code := program(t, "../sdk/README.md")
	if !strings.Contains(code, `"localhost:8080"`) {
		t.Fatal("the program listens elsewhere than the guide says")
	}
	source, binary := filepath.Join(dir, "main.go"), filepath.Join(dir, "checkout")
	if err := os.WriteFile(source, []byte(strings.Replace(code, "localhost:8080", "127.0.0.1:"+port, 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"vet", source}, {"build", "-o", binary, source}} {
		if out, err := exec.Command("go", args...).CombinedOutput(); err != nil {
			t.Fatalf("go %s: %v\n%s", args[0], err, out)
		}
	}
	service := exec.Command(binary)
	service.Env = append(os.Environ(), "OTEL_EXPORTER_OTLP_ENDPOINT="+stack.otlp)
	service.Stdout, service.Stderr = testWriter{t}, testWriter{t}
	if err := service.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = service.Process.Kill() }()
	var answer *http.Response
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	for end := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) { // until it listens
		if answer, err = client.Get("http://127.0.0.1:" + port + "/carts/1"); err == nil {
			break
		}
		if time.Now().After(end) {
			t.Fatal(err)
		}
	}
	answer.Body.Close()
	header, err := propagation.ParseHeader(answer.Header.Get("X-Amzn-Trace-Id"))
	if err != nil {
		t.Fatalf("the answer's X-Amzn-Trace-Id is %q", answer.Header.Get("X-Amzn-Trace-Id"))
	}
	if err := service.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := service.Wait(); err != nil {
		t.Errorf("the service ended with %v", err)
	}
	await(t, header.TraceID.String(), 1).check(want{
		name: "checkout", span: "GET /carts/{id}", parent: "-", kind: "server", annotations: map[string]any{"cart": "1"},
	})
}
