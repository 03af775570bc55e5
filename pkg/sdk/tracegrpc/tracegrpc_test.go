package tracegrpc_test

import (
	"context"
	"fmt"
	"net"
	"runtime"
	"testing"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"
	"go.uber.org/goleak"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"

	"github.com/bragg-tracing/bragg/pkg/sdk/telemetrytest"
	"github.com/bragg-tracing/bragg/pkg/sdk/tracegrpc"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// all traces the health service, which is the one that gRPC itself brings.
func all(string) bool { return true }

// connect starts a real server of the health service and a client of it.
func connect(t testing.TB, rec *telemetrytest.Recorder, opts ...tracegrpc.Option) *grpc.ClientConn {
	t.Helper()
	opts = append([]tracegrpc.Option{tracegrpc.WithProviders(rec), tracegrpc.WithFilter(all)}, opts...)
	server := grpc.NewServer(append(tracegrpc.ServerOptions(opts...), grpc.ChainUnaryInterceptor(
		func(ctx context.Context, req any, _ *grpc.UnaryServerInfo, next grpc.UnaryHandler) (any, error) {
			if req.(*healthpb.HealthCheckRequest).GetService() == "limited" {
				return nil, status.Error(codes.ResourceExhausted, "slow down")
			}
			return next(ctx, req)
		}))...)
	healthpb.RegisterHealthServer(server, health.NewServer())
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan struct{})
	go func() { defer close(served); _ = server.Serve(listener) }()
	conn, err := grpc.NewClient("passthrough:///"+listener.Addr().String(),
		append(tracegrpc.DialOptions(opts...), grpc.WithTransportCredentials(insecure.NewCredentials()))...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(); server.GracefulStop(); <-served })
	return conn
}

func check(t testing.TB, conn *grpc.ClientConn, service string) error {
	t.Helper()
	_, err := healthpb.NewHealthClient(conn).Check(t.Context(), &healthpb.HealthCheckRequest{Service: service})
	return err
}

// spans returns the client's and the server's of one call. The server's ends
// after the client has its answer.
func spans(t *testing.T, rec *telemetrytest.Recorder, call func()) (client, server *telemetrytest.Span) {
	t.Helper()
	call()
	for len(rec.Spans()) < 2 {
		runtime.Gosched()
	}
	for _, s := range rec.Spans() {
		if s.SpanKind() == trace.SpanKindClient {
			client = s
		} else {
			server = s
		}
	}
	return client, server
}

func TestCalls(t *testing.T) {
	tests := []struct {
		name, service, code string
		opts                []tracegrpc.Option
	}{
		{"well", "", "OK", nil},
		{"not found", "unknown", "NOT_FOUND", nil},
		{"throttled", "limited", "RESOURCE_EXHAUSTED", []tracegrpc.Option{tracegrpc.WithPeerName("health")}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			rec := telemetrytest.New(t)
			conn := connect(t, rec, tt.opts...)
			client, server := spans(t, rec, func() { _ = check(t, conn, tt.service) })
			server.ChildOf(client).Kind(trace.SpanKindServer).Has(attribute.String("rpc.response.status_code", tt.code))
			client.Root().Has(attribute.String("rpc.response.status_code", tt.code), attribute.String("rpc.method", "grpc.health.v1.Health/Check"))
			if tt.opts != nil {
				client.Has(attribute.String("peer.service", "health"))
			}
		})
	}
}

func TestHealthChecksAreLeftOut(t *testing.T) {
	rec := telemetrytest.New(t)
	conn := connect(t, rec, tracegrpc.WithFilter(nil))
	if err := check(t, conn, ""); err != nil {
		t.Fatal(err)
	}
	if n := len(rec.Spans()); n != 0 {
		t.Errorf("%d spans", n)
	}
}

func TestPublicEndpoint(t *testing.T) {
	rec := telemetrytest.New(t)
	conn := connect(t, rec, tracegrpc.WithPublicEndpoint())
	client, server := spans(t, rec, func() { _ = check(t, conn, "") })
	server.Root().LinkedTo(client.SpanContext())
}

func ExampleServerOptions() {
	rec := telemetrytest.New(new(testing.T)) // a service: telemetry.Start, and no WithProviders
	server := grpc.NewServer(tracegrpc.ServerOptions(tracegrpc.WithProviders(rec), tracegrpc.WithFilter(all))...)
	healthpb.RegisterHealthServer(server, health.NewServer())
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Println(err)
		return
	}
	go func() { _ = server.Serve(listener) }()

	conn, err := grpc.NewClient(listener.Addr().String(), append(
		tracegrpc.DialOptions(tracegrpc.WithProviders(rec), tracegrpc.WithFilter(all)),
		grpc.WithTransportCredentials(insecure.NewCredentials()))...)
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = healthpb.NewHealthClient(conn).Check(context.Background(), &healthpb.HealthCheckRequest{})
	fmt.Println(err)
	_ = conn.Close()
	server.GracefulStop()
	for _, s := range rec.Spans() {
		fmt.Println(s.SpanKind(), s.Name())
	}
	// Unordered output:
	// <nil>
	// client grpc.health.v1.Health/Check
	// server grpc.health.v1.Health/Check
}
