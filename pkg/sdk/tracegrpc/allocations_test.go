package tracegrpc_test

import (
	"net"
	"testing"

	"go.opentelemetry.io/contrib/instrumentation/google.golang.org/grpc/otelgrpc"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	testpb "google.golang.org/grpc/interop/grpc_testing"

	"github.com/bragg-tracing/bragg/pkg/sdk/telemetrytest"
	"github.com/bragg-tracing/bragg/pkg/sdk/tracegrpc"
)

// TestAllocations: what the package adds to otelgrpc has a budget.
func TestAllocations(t *testing.T) {
	rec := telemetrytest.New(t)
	call := func(server []grpc.ServerOption, client []grpc.DialOption) func() {
		s := grpc.NewServer(server...)
		testpb.RegisterTestServiceServer(s, &testService{tracer: rec.TracerProvider().Tracer("test")})
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		served := make(chan struct{})
		go func() { defer close(served); _ = s.Serve(listener) }()
		conn, err := grpc.NewClient("passthrough:///"+listener.Addr().String(), append(client, grpc.WithTransportCredentials(insecure.NewCredentials()))...)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = conn.Close(); s.GracefulStop(); <-served })
		c := testpb.NewTestServiceClient(conn)
		return func() {
			rec.Reset()
			if _, err := c.UnaryCall(t.Context(), &testpb.SimpleRequest{}); err != nil {
				t.Fatal(err)
			}
		}
	}
	plain := []otelgrpc.Option{otelgrpc.WithTracerProvider(rec.TracerProvider()), otelgrpc.WithMeterProvider(rec.MeterProvider()), otelgrpc.WithPropagators(rec.Propagator())}
	without := testing.AllocsPerRun(200, call([]grpc.ServerOption{grpc.StatsHandler(otelgrpc.NewServerHandler(plain...))}, []grpc.DialOption{grpc.WithStatsHandler(otelgrpc.NewClientHandler(plain...))}))
	with := testing.AllocsPerRun(200, call(tracegrpc.ServerOptions(tracegrpc.WithProviders(rec)), tracegrpc.DialOptions(tracegrpc.WithProviders(rec))))
	t.Logf("%v allocations by otelgrpc, %v by tracegrpc", without, with)
	if with > without+10 { // gRPC's own vary by some
		t.Errorf("%v allocations, otelgrpc has %v", with, without)
	}
}
