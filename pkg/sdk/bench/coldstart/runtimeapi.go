package main

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"
)

// patience is how long a function may take to ask or to answer.
const patience = 20 * time.Second

// coldStart runs the process of a function for one invocation.
// https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
func coldStart(binary string, env []string) (start, error) {
	asked, answered := make(chan time.Time, 2), make(chan time.Time, 1)
	invoke := make(chan struct{}, 1)
	mux := http.NewServeMux()
	mux.HandleFunc("GET /2018-06-01/runtime/invocation/next", func(w http.ResponseWriter, r *http.Request) {
		asked <- time.Now()
		select {
		case <-r.Context().Done():
			return
		case <-invoke:
		}
		h := w.Header()
		h.Set("Lambda-Runtime-Aws-Request-Id", "1")
		h.Set("Lambda-Runtime-Deadline-Ms", strconv.FormatInt(time.Now().Add(patience).UnixMilli(), 10))
		h.Set("Lambda-Runtime-Invoked-Function-Arn", "arn:aws:lambda:us-east-1:123456789012:function:bench")
		h.Set("Lambda-Runtime-Trace-Id", "Root=1-6ab1c0de-000000000000000000000001;Parent=00000000000000a1;Sampled=1")
		_, _ = io.WriteString(w, "{}")
	})
	mux.HandleFunc("POST /2018-06-01/runtime/invocation/{id}/response", func(w http.ResponseWriter, _ *http.Request) {
		answered <- time.Now()
		w.WriteHeader(http.StatusAccepted)
	})
	server := httptest.NewServer(mux)
	defer server.Close()
	defer server.CloseClientConnections()
	cmd := exec.Command(binary)
	cmd.Env = append(env, "AWS_LAMBDA_RUNTIME_API="+strings.TrimPrefix(server.URL, "http://"), "AWS_LAMBDA_FUNCTION_NAME=bench",
		"AWS_LAMBDA_FUNCTION_VERSION=$LATEST", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE=128", "AWS_REGION=us-east-1", "OTEL_SERVICE_NAME=bench",
		"AWS_LAMBDA_INITIALIZATION_TYPE=on-demand", "GOMAXPROCS=2")
	cmd.Stderr = os.Stderr
	begun := time.Now()
	if err := cmd.Start(); err != nil {
		return start{}, err
	}
	defer func() { _ = cmd.Process.Kill(); _ = cmd.Wait() }()
	first, err := await(asked)
	if err != nil {
		return start{}, err
	}
	handed := time.Now()
	invoke <- struct{}{}
	answer, err := await(answered)
	if err != nil {
		return start{}, err
	}
	ready, err := await(asked)
	return start{first.Sub(begun), answer.Sub(handed), ready.Sub(handed)}, err
}

func await(c chan time.Time) (time.Time, error) {
	select {
	case t := <-c:
		return t, nil
	case <-time.After(patience):
		return time.Time{}, errors.New("the function neither asks nor answers")
	}
}
