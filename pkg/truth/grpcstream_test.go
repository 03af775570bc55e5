package truth

import (
	"context"
	"errors"
	"io"
	"net"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	testpb "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/status"

	"github.com/bragg-tracing/bragg/pkg/sdk/telemetry"
	"github.com/bragg-tracing/bragg/pkg/sdk/tracegrpc"
)

// decisions streams: it answers each message, and panics at one that says so.
type decisions struct {
	testpb.UnimplementedTestServiceServer
	sdk *telemetry.SDK
}

func (s decisions) FullDuplexCall(stream testpb.TestService_FullDuplexCallServer) error {
	for {
		r, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		_, span := s.sdk.TracerProvider().Tracer("truth").Start(stream.Context(), "evaluate")
		span.End()
		if string(r.GetPayload().GetBody()) == "panic" {
			panic("weights are missing")
		}
		if err := stream.Send(&testpb.StreamingOutputCallResponse{}); err != nil {
			return err
		}
	}
}

// TestGRPCStreams: a stream is one call, whose messages' work is below it, and a
// panic in it is a fault with its stack.
func TestGRPCStreams(t *testing.T) {
	t.Parallel()
	shop, loans := newService(t, "stream-shop"), newService(t, "stream-loans")
	recovering := grpc.ChainStreamInterceptor(func(srv any, stream grpc.ServerStream, _ *grpc.StreamServerInfo, next grpc.StreamHandler) (err error) {
		defer func() {
			if p := recover(); p != nil {
				err = status.Errorf(codes.Internal, "%v", p)
			}
		}()
		return next(srv, stream)
	})
	server := grpc.NewServer(append([]grpc.ServerOption{recovering}, tracegrpc.ServerOptions(tracegrpc.WithProviders(loans))...)...)
	testpb.RegisterTestServiceServer(server, decisions{sdk: loans})
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan struct{})
	go func() { defer close(served); _ = server.Serve(listener) }()
	conn, err := grpc.NewClient(listener.Addr().String(), append(tracegrpc.DialOptions(tracegrpc.WithProviders(shop), tracegrpc.WithPeerName("loans")),
		grpc.WithTransportCredentials(insecure.NewCredentials()))...)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(); server.Stop(); <-served }()
	send := func(ctx context.Context, messages ...string) {
		stream, err := testpb.NewTestServiceClient(conn).FullDuplexCall(ctx)
		if err != nil {
			t.Error(err)
			return
		}
		for _, m := range messages {
			_ = stream.Send(&testpb.StreamingOutputCallRequest{Payload: &testpb.Payload{Body: []byte(m)}}) // Recv tells
			_, _ = stream.Recv()
		}
		_ = stream.CloseSend()
		_, _ = stream.Recv()
	}
	const method = "grpc.testing.TestService/FullDuplexCall"
	r := observe(t, shop, 5, func(ctx context.Context) { send(ctx, "one", "two") })
	r.check(want{name: "loans", span: method, parent: "stream-shop", namespace: "remote", kind: "client", attributes: map[string]any{"rpc.response.status_code": "OK"}})
	r.check(want{name: "stream-loans", span: method, parent: "loans", kind: "server"})

	r = observe(t, shop, 5, func(ctx context.Context) { send(ctx, "one", "panic") })
	r.check(want{name: "loans", span: method, namespace: "remote", kind: "client", fault: true, message: "weights are missing"})
	d := r.check(want{name: "stream-loans", span: method, parent: "loans", kind: "server", fault: true, exception: "panic", message: "weights are missing"})
	if len(d.Cause.Exceptions[0].Stack) == 0 {
		t.Error("the panic has no stack")
	}
}
