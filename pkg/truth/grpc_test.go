package truth

import (
	"context"
	"net"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"

	"github.com/bragg-tracing/bragg/pkg/sdk/tracegrpc"
)

// TestGRPC: a client and a server of two services.
func TestGRPC(t *testing.T) {
	t.Parallel()
	shop, loans := newService(t, "grpc-shop"), newService(t, "grpc-loans")
	every := tracegrpc.WithFilter(func(string) bool { return true })
	server := grpc.NewServer(append(tracegrpc.ServerOptions(tracegrpc.WithProviders(loans), every),
		grpc.ChainUnaryInterceptor(func(ctx context.Context, req any, _ *grpc.UnaryServerInfo, next grpc.UnaryHandler) (any, error) {
			switch req.(*healthpb.HealthCheckRequest).GetService() {
			case "limited":
				return nil, status.Error(codes.ResourceExhausted, "slow down")
			case "down":
				return nil, status.Error(codes.Unavailable, "no backend")
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
	conn, err := grpc.NewClient(listener.Addr().String(), append(tracegrpc.DialOptions(tracegrpc.WithProviders(shop), every),
		grpc.WithTransportCredentials(insecure.NewCredentials()))...)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(); server.Stop(); <-served }()

	const service, method = "grpc.health.v1.Health", "grpc.health.v1.Health/Check"
	tests := []struct {
		name, service, code string
		fault, err, thr     bool
		message             string // the client's
	}{
		{"ok", "", "OK", false, false, false, ""},
		{"not found", "unknown", "NOT_FOUND", false, true, false, "unknown service"},
		{"throttled", "limited", "RESOURCE_EXHAUSTED", false, true, true, "slow down"},
		{"unavailable", "down", "UNAVAILABLE", true, false, false, "no backend"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := observe(t, shop, 3, func(ctx context.Context) {
				_, _ = healthpb.NewHealthClient(conn).Check(ctx, &healthpb.HealthCheckRequest{Service: tt.service})
			})
			code := map[string]any{"rpc.response.status_code": tt.code, "rpc.method": method}
			r.check(want{
				name: service, span: method, parent: "grpc-shop", namespace: "remote", kind: "client",
				fault: tt.fault, err: tt.err, thr: tt.thr, message: tt.message, attributes: code,
			})
			r.check(want{
				name: "grpc-loans", span: method, parent: service, kind: "server", fault: tt.fault, err: tt.err, thr: tt.thr, attributes: code,
			})
		})
	}
}
