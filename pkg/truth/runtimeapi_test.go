package truth

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// A runtimeAPI is AWS's side of a Lambda function: the HTTP API by which its
// process gets invocations and answers them.
// https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
type runtimeAPI struct {
	server      *httptest.Server
	invocations chan *invocation
	exited      chan struct{} // closed when the function's process has ended

	mu      sync.Mutex
	running map[string]*invocation
	n       int
}

type invocation struct {
	id, header, payload string
	deadline            time.Time
	answer              chan answer
}

// An answer is what the function said: its response, or an error.
type answer struct {
	failed bool
	body   string
}

// startFunction starts this test binary as a function, in a process of its own.
func startFunction(t *testing.T, name string, concurrency int) *runtimeAPI {
	t.Helper()
	a := &runtimeAPI{invocations: make(chan *invocation), exited: make(chan struct{}), running: map[string]*invocation{}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /2018-06-01/runtime/invocation/next", a.next)
	mux.HandleFunc("POST /2018-06-01/runtime/invocation/{id}/response", a.answered(false))
	mux.HandleFunc("POST /2018-06-01/runtime/invocation/{id}/error", a.answered(true))
	a.server = httptest.NewServer(mux)
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(exe)
	cmd.Env = append(os.Environ(), childVariable+"="+name,
		"AWS_LAMBDA_RUNTIME_API="+strings.TrimPrefix(a.server.URL, "http://"), "AWS_LAMBDA_FUNCTION_NAME="+name,
		"AWS_LAMBDA_FUNCTION_VERSION=$LATEST", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE=128", "LAMBDA_TASK_ROOT=/var/task",
		"AWS_LAMBDA_INITIALIZATION_TYPE=on-demand", "OTEL_EXPORTER_OTLP_ENDPOINT="+stack.otlp, "OTEL_METRICS_EXPORTER=none",
		"OTEL_SERVICE_NAME="+name)
	if concurrency > 1 {
		cmd.Env = append(cmd.Env, "AWS_LAMBDA_MAX_CONCURRENCY="+strconv.Itoa(concurrency))
	}
	cmd.Stdout, cmd.Stderr = testWriter{t}, testWriter{t}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { defer close(a.exited); _ = cmd.Wait() }()
	t.Cleanup(func() {
		_ = cmd.Process.Kill() // as Lambda ends it
		<-a.exited
		a.server.CloseClientConnections()
		a.server.Close()
	})
	return a
}

// next hands out an invocation, as soon as there is one.
func (a *runtimeAPI) next(w http.ResponseWriter, r *http.Request) {
	select {
	case <-r.Context().Done():
	case i := <-a.invocations:
		a.mu.Lock()
		a.running[i.id] = i
		a.mu.Unlock()
		h := w.Header()
		h.Set("Lambda-Runtime-Aws-Request-Id", i.id)
		h.Set("Lambda-Runtime-Deadline-Ms", strconv.FormatInt(i.deadline.UnixMilli(), 10))
		h.Set("Lambda-Runtime-Invoked-Function-Arn", "arn:aws:lambda:us-east-1:123456789012:function:decide")
		h.Set("Lambda-Runtime-Trace-Id", i.header)
		_, _ = io.WriteString(w, i.payload)
	}
}

func (a *runtimeAPI) answered(failed bool) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			body = []byte(err.Error())
		}
		w.WriteHeader(http.StatusAccepted)
		a.mu.Lock()
		i := a.running[r.PathValue("id")]
		a.mu.Unlock()
		i.answer <- answer{failed, string(body)}
	}
}

// invoke runs an invocation to its answer. Without one in time, the answer is
// that it timed out.
func (a *runtimeAPI) invoke(t *testing.T, header, payload string, timeout time.Duration) answer {
	t.Helper()
	a.mu.Lock()
	a.n++
	i := &invocation{id: fmt.Sprintf("request-%d", a.n), header: header, payload: payload, answer: make(chan answer, 1)}
	a.mu.Unlock()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second) // for the process to start
	defer cancel()
	i.deadline = time.Now().Add(20*time.Second + timeout)
	if timeout < time.Second {
		i.deadline = time.Now().Add(timeout)
	}
	select {
	case a.invocations <- i:
	case <-a.exited:
		t.Fatal("the function's process ended")
	case <-ctx.Done():
		t.Fatal("the function asks for no invocation")
	}
	select {
	case got := <-i.answer:
		return got
	case <-time.After(time.Until(i.deadline)):
		return answer{true, "timeout"}
	}
}
