package telemetry_test

import (
	"bytes"
	"context"
	"log/slog"
	"net"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/bragg-tracing/bragg/pkg/sdk/telemetry"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m)
}

// clearEnvironment makes the test independent of the variables that it was
// started with. An empty variable counts as one that is not set.
func clearEnvironment(t *testing.T) {
	t.Helper()
	for _, kv := range os.Environ() {
		name, _, _ := strings.Cut(kv, "=")
		if slices.ContainsFunc([]string{"OTEL_", "AWS_", "BRAGG_", "NEW_RELIC_", "ECS_", "KUBERNETES_"}, func(p string) bool { return strings.HasPrefix(name, p) }) {
			t.Setenv(name, "")
		}
	}
	// This machine may be Amazon's.
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
}

// logBuffer is a logger's output that can be read while it is written.
type logBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *logBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *logBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

func (b *logBuffer) logger() *slog.Logger {
	return slog.New(slog.NewTextHandler(b, nil))
}

// start starts an SDK that the end of the test shuts down. Options given come
// after the test's own.
func start(t *testing.T, opts ...telemetry.Option) *telemetry.SDK {
	t.Helper()
	opts = append([]telemetry.Option{
		telemetry.WithServiceName("test"),
		telemetry.WithoutGlobals(),
		telemetry.WithEndpoint(closedPort(t)),
		telemetry.WithLogger(slog.New(slog.DiscardHandler)),
	}, opts...)
	sdk, err := telemetry.Start(t.Context(), opts...)
	if err != nil {
		t.Fatalf("Start: %v", err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
		defer cancel()
		_ = sdk.Shutdown(ctx) // errors are the business of the tests that want them
	})
	return sdk
}

// closedPort returns the URL of a port of this machine at which nobody listens.
func closedPort(t *testing.T) string {
	t.Helper()
	l := listen(t)
	defer l.Close()
	return "http://" + l.Addr().String()
}

// blackHole returns the URL of a port that accepts connections and answers
// nothing.
func blackHole(t *testing.T) string {
	t.Helper()
	l := listen(t)
	var conns []net.Conn
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			conns = append(conns, conn)
		}
	}()
	t.Cleanup(func() {
		l.Close()
		<-done
		for _, c := range conns {
			c.Close()
		}
	})
	return "http://" + l.Addr().String()
}

func listen(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// endSpans starts and ends n spans, each in a trace of its own.
func endSpans(sdk *telemetry.SDK, n int) {
	tracer := sdk.TracerProvider().Tracer("test")
	for range n {
		_, span := tracer.Start(context.Background(), "operation")
		span.End()
	}
}
