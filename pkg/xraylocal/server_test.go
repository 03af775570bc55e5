package xraylocal_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/xray"
	"go.uber.org/goleak"

	"github.com/bragg-tracing/bragg/pkg/xraylocal"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/store"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const traceID = "1-00000000-000000000000000000000001"

const document = `{"trace_id":"` + traceID + `","id":"00000000000000d1","name":"web","start_time":1790158405.25,"end_time":1790158406.25}`

// start starts a server on a free port; dir may be "".
func start(t *testing.T, cfg xraylocal.Config) *xraylocal.Server {
	t.Helper()
	if cfg.Dir == "" {
		cfg.Dir = t.TempDir()
	}
	if cfg.Listen == "" {
		cfg.Listen = "127.0.0.1:0"
	}
	s, err := xraylocal.Open(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	if err := s.Start(); err != nil {
		t.Fatal(err)
	}
	return s
}

// client returns AWS's client of a server that it reaches at addr, by a name.
func client(t *testing.T, name, addr, key string) *xray.Client {
	t.Helper()
	transport := &http.Transport{DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, addr)
	}}
	t.Cleanup(transport.CloseIdleConnections)
	return xray.New(xray.Options{
		BaseEndpoint: aws.String("http://" + name), Region: "us-east-1", RetryMaxAttempts: 1,
		HTTPClient: &http.Client{Transport: transport},
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: key, SecretAccessKey: "s"}, nil
		}),
	})
}

func put(ctx context.Context, c *xray.Client) error {
	_, err := c.PutTraceSegments(ctx, &xray.PutTraceSegmentsInput{TraceSegmentDocuments: []string{document}})
	return err
}

func get(ctx context.Context, c *xray.Client) error {
	out, err := c.BatchGetTraces(ctx, &xray.BatchGetTracesInput{TraceIds: []string{traceID}})
	if err == nil && len(out.Traces) != 1 {
		return errors.New("the trace is not there")
	}
	return err
}

func TestRestartKeepsWhatWasAcknowledged(t *testing.T) {
	dir := t.TempDir()
	s := start(t, xraylocal.Config{Dir: dir})
	if err := put(t.Context(), client(t, s.Addr(), s.Addr(), "k")); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	s = start(t, xraylocal.Config{Dir: dir})
	if err := get(t.Context(), client(t, s.Addr(), s.Addr(), "k")); err != nil {
		t.Error(err)
	}
}

func TestByNameOnAPrivateNetwork(t *testing.T) {
	tests := []struct {
		name      string
		open      bool
		host, key string
		call      func(context.Context, *xray.Client) error
		ok        bool
	}{
		{"ingest open, no token", true, "xraylocal:2080", "k", put, true},
		{"ingest open, reading without token", true, "xraylocal:2080", "k", get, false},
		{"ingest open, reading with token as key id", true, "xraylocal:2080", "T0K/EN", get, true},
		{"ingest closed, no token", false, "xraylocal:2080", "k", put, false},
		{"ingest closed, token as key id", false, "xraylocal:2080", "T0K/EN", put, true},
		{"another name, with token", true, "evil.example:2080", "T0K/EN", put, false},
		{"another name, without", true, "evil.example:2080", "k", put, false},
		{"loopback name, with token", true, "localhost:2080", "T0K/EN", put, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := start(t, xraylocal.Config{
				Listen: "0.0.0.0:0", AllowRemote: true, AllowHosts: []string{"XRayLocal"}, IngestOpen: tt.open, Token: "T0K/EN",
			})
			_, port, err := net.SplitHostPort(s.Addr())
			if err != nil {
				t.Fatal(err)
			}
			addr := net.JoinHostPort("127.0.0.1", port)
			if err := put(t.Context(), client(t, "xraylocal:2080", addr, "T0K/EN")); err != nil {
				t.Fatal(err)
			}
			if err := tt.call(t.Context(), client(t, tt.host, addr, tt.key)); (err == nil) != tt.ok {
				t.Errorf("got %v, want ok %t", err, tt.ok)
			}
		})
	}
}

func TestOpenRefuses(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	tests := []struct {
		name string
		cfg  xraylocal.Config
		want []string // in the message
	}{
		{"remote", xraylocal.Config{Dir: dir, Listen: "0.0.0.0:0"}, []string{"0.0.0.0:0", "--allow-remote", "--allow-host"}},
		{"all interfaces", xraylocal.Config{Dir: dir, Listen: ":0"}, []string{"--allow-remote"}},
		{"a name", xraylocal.Config{Dir: dir, Listen: "example.com:0"}, []string{"--allow-remote"}},
		{"remote without token", xraylocal.Config{Dir: dir, Listen: "0.0.0.0:0", AllowRemote: true}, []string{"token", "--ingest-open"}},
		{"no port", xraylocal.Config{Dir: dir, Listen: "localhost"}, []string{"localhost", "host:port"}},
		{"directory below a file", xraylocal.Config{Dir: filepath.Join(file, "d")}, []string{filepath.Join(file, "d"), "choose another directory"}},
		{"port in use", xraylocal.Config{Dir: dir, Listen: taken.Addr().String()}, []string{taken.Addr().String(), "in use", "stop the program"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s, err := xraylocal.Open(tt.cfg)
			if err == nil {
				err = s.Start()
				if e := s.Close(t.Context()); e != nil {
					t.Error(e)
				}
			}
			var listen *xraylocal.ListenError
			var open *store.OpenError
			if !errors.As(err, &listen) && !errors.As(err, &open) {
				t.Fatalf("got %v", err)
			}
			for _, want := range tt.want {
				if !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
					t.Errorf("message %q does not have %q, or more than a line", err, want)
				}
			}
		})
	}
}

// TestCloseFinishesRequests holds a request open while the server closes.
func TestCloseFinishesRequests(t *testing.T) {
	entered, leave := make(chan struct{}), make(chan struct{})
	s := start(t, xraylocal.Config{NewConsole: func(http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			close(entered)
			<-leave
			_, _ = io.WriteString(w, "done")
		})
	}})
	answer := make(chan string, 1)
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	go func() {
		res, err := (&http.Client{Transport: transport}).Get("http://" + s.Addr() + "/page")
		if err != nil {
			answer <- err.Error()
			return
		}
		defer res.Body.Close()
		body, _ := io.ReadAll(res.Body)
		answer <- string(body)
	}()
	<-entered
	closed := make(chan error, 1)
	go func() { closed <- s.Close(t.Context()) }()
	close(leave)
	if got := <-answer; got != "done" {
		t.Errorf("answer %q", got)
	}
	if err := <-closed; err != nil {
		t.Error(err)
	}
}

func TestCloseIsBounded(t *testing.T) {
	entered, leave := make(chan struct{}), make(chan struct{})
	s, err := xraylocal.Open(xraylocal.Config{Dir: t.TempDir(), Listen: "127.0.0.1:0", NewConsole: func(http.Handler) http.Handler {
		return http.HandlerFunc(func(http.ResponseWriter, *http.Request) { close(entered); <-leave })
	}})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Start(); err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		if res, err := (&http.Client{Transport: transport}).Get("http://" + s.Addr() + "/"); err == nil {
			res.Body.Close()
		}
	}()
	<-entered
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if err := s.Close(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
	close(leave)
	<-gone
	if err := s.Store().Put(t.Context(), make([]store.Document, 1)); !errors.Is(err, store.ErrClosed) {
		t.Errorf("the store is open: %v", err)
	}
}
