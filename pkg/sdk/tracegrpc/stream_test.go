package tracegrpc_test

import (
	"context"
	"errors"
	"io"
	"net"
	"runtime"
	"testing"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	testpb "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/status"

	"github.com/bragg-tracing/bragg/pkg/sdk/telemetrytest"
	"github.com/bragg-tracing/bragg/pkg/sdk/tracegrpc"
)

// testService is gRPC's own for its tests, with all kinds of streams. Each of
// its methods makes a span of its own, to see whose child it is.
type testService struct {
	testpb.UnimplementedTestServiceServer
	tracer trace.Tracer
}

// work does as a request says: its username names a failure.
func (s *testService) work(ctx context.Context, wish string) error {
	_, span := s.tracer.Start(ctx, "work")
	defer span.End()
	switch wish {
	case "panic":
		panic("weights are missing")
	case "fail":
		return status.Error(codes.Unavailable, "no backend")
	}
	return nil
}

func (s *testService) UnaryCall(ctx context.Context, r *testpb.SimpleRequest) (*testpb.SimpleResponse, error) {
	return &testpb.SimpleResponse{}, s.work(ctx, string(r.GetPayload().GetBody()))
}

func (s *testService) StreamingInputCall(stream testpb.TestService_StreamingInputCallServer) error {
	for {
		r, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return stream.SendAndClose(&testpb.StreamingInputCallResponse{})
		}
		if err != nil {
			return err
		}
		if err := s.work(stream.Context(), string(r.GetPayload().GetBody())); err != nil {
			return err
		}
	}
}

func (s *testService) StreamingOutputCall(r *testpb.StreamingOutputCallRequest, stream testpb.TestService_StreamingOutputCallServer) error {
	for range r.GetResponseParameters() {
		if err := stream.Send(&testpb.StreamingOutputCallResponse{}); err != nil {
			return err
		}
	}
	return s.work(stream.Context(), string(r.GetPayload().GetBody()))
}

func (s *testService) FullDuplexCall(stream testpb.TestService_FullDuplexCallServer) error {
	for {
		r, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := s.work(stream.Context(), string(r.GetPayload().GetBody())); err != nil {
			return err
		}
		if err := stream.Send(&testpb.StreamingOutputCallResponse{}); err != nil {
			return err
		}
	}
}

// recovering makes errors of panics, as services do that are to go on.
func recovering() []grpc.ServerOption {
	recovered := func(err *error) {
		if p := recover(); p != nil {
			*err = status.Errorf(codes.Internal, "%v", p)
		}
	}
	return []grpc.ServerOption{
		grpc.ChainUnaryInterceptor(func(ctx context.Context, req any, _ *grpc.UnaryServerInfo, next grpc.UnaryHandler) (_ any, err error) {
			defer recovered(&err)
			return next(ctx, req)
		}),
		grpc.ChainStreamInterceptor(func(srv any, stream grpc.ServerStream, _ *grpc.StreamServerInfo, next grpc.StreamHandler) (err error) {
			defer recovered(&err)
			return next(srv, stream)
		}),
	}
}

func connectTest(t *testing.T, rec *telemetrytest.Recorder) testpb.TestServiceClient {
	t.Helper()
	server := grpc.NewServer(append(recovering(), tracegrpc.ServerOptions(tracegrpc.WithProviders(rec))...)...)
	testpb.RegisterTestServiceServer(server, &testService{tracer: rec.TracerProvider().Tracer("test")})
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan struct{})
	go func() { defer close(served); _ = server.Serve(listener) }()
	conn, err := grpc.NewClient("passthrough:///"+listener.Addr().String(),
		append(tracegrpc.DialOptions(tracegrpc.WithProviders(rec)), grpc.WithTransportCredentials(insecure.NewCredentials()))...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(); server.GracefulStop(); <-served })
	return testpb.NewTestServiceClient(conn)
}

// calls are one of each kind, with wishes for the messages that they send.
var calls = map[string]func(ctx context.Context, c testpb.TestServiceClient, wish string) error{
	"UnaryCall": func(ctx context.Context, c testpb.TestServiceClient, wish string) error {
		_, err := c.UnaryCall(ctx, &testpb.SimpleRequest{Payload: payload(wish)})
		return err
	},
	"StreamingInputCall": func(ctx context.Context, c testpb.TestServiceClient, wish string) error {
		stream, err := c.StreamingInputCall(ctx)
		if err != nil {
			return err
		}
		if err := stream.Send(&testpb.StreamingInputCallRequest{Payload: payload(wish)}); err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		_, err = stream.CloseAndRecv()
		return err
	},
	"StreamingOutputCall": func(ctx context.Context, c testpb.TestServiceClient, wish string) error {
		stream, err := c.StreamingOutputCall(ctx, &testpb.StreamingOutputCallRequest{
			Payload: payload(wish), ResponseParameters: []*testpb.ResponseParameters{{}, {}, {}},
		})
		if err != nil {
			return err
		}
		return drainStream(stream.Recv)
	},
	"FullDuplexCall": func(ctx context.Context, c testpb.TestServiceClient, wish string) error {
		stream, err := c.FullDuplexCall(ctx)
		if err != nil {
			return err
		}
		if err := stream.Send(&testpb.StreamingOutputCallRequest{Payload: payload(wish)}); err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		if err := stream.CloseSend(); err != nil {
			return err
		}
		return drainStream(stream.Recv)
	},
}

func payload(wish string) *testpb.Payload { return &testpb.Payload{Body: []byte(wish)} }

func drainStream(recv func() (*testpb.StreamingOutputCallResponse, error)) error {
	for {
		if _, err := recv(); err != nil {
			if errors.Is(err, io.EOF) {
				return nil
			}
			return err
		}
	}
}

// TestStreams: each kind of call is a client's and a server's span, whatever
// the number of messages, and what the handler does is below the server's.
func TestStreams(t *testing.T) {
	for method, call := range calls {
		for _, tt := range []struct {
			wish, code, clientStatus string
			panics                   bool
		}{
			{"", "OK", "", false},
			{"fail", "UNAVAILABLE", "no backend", false},
			{"panic", "INTERNAL", "weights are missing", true},
		} {
			t.Run(method+" "+tt.wish, func(t *testing.T) {
				rec := telemetrytest.New(t)
				c := connectTest(t, rec)
				if err := call(t.Context(), c, tt.wish); (err == nil) != (tt.wish == "") {
					t.Fatalf("the call returned %v", err)
				}
				for len(rec.Spans()) < 3 { // the server's span ends after the client has its answer
					runtime.Gosched()
				}
				var client, server *telemetrytest.Span
				for _, s := range rec.Spans() {
					switch s.SpanKind() {
					case trace.SpanKindClient:
						client = s
					case trace.SpanKindServer:
						server = s
					}
				}
				code := []attribute.KeyValue{attribute.String("rpc.response.status_code", tt.code), attribute.String("rpc.method", "grpc.testing.TestService/"+method)}
				client.Root().Has(code...)
				server.ChildOf(client).Has(code...)
				rec.Span("work").ChildOf(server)
				if tt.clientStatus != "" {
					client.Failed(tt.clientStatus)
				}
				if tt.panics {
					server.Failed("panic: weights are missing").Has(attribute.String("error.type", "panic"))
					if n := len(server.Events()); n != 1 || server.Events()[0].Name != "exception" {
						t.Errorf("events %v, want one exception", server.Events())
					}
				}
			})
		}
	}
}
