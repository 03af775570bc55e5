package xray_test

import (
	"context"
	"errors"
	"io"
	"net"
	"testing"

	"github.com/bragg-tracing/bragg/pkg/sdk/xraysdk/xray"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

// An echo service has a stream that returns what it gets, until it gets "fail",
// "panic" or "wait", and one that returns how much it got.
var echo = grpc.ServiceDesc{
	ServiceName: "test.Echo", HandlerType: (*any)(nil),
	Streams: []grpc.StreamDesc{
		{StreamName: "Both", ServerStreams: true, ClientStreams: true, Handler: func(_ any, s grpc.ServerStream) error {
			for m := new(wrapperspb.StringValue); ; {
				if err := s.RecvMsg(m); err != nil {
					return ifNotEOF(err)
				}
				_ = xray.Capture(s.Context(), "part", func(context.Context) error { return nil })
				switch m.Value {
				case "fail":
					return status.Error(codes.ResourceExhausted, "no more")
				case "wait":
					<-s.Context().Done()
					return nil
				}
				if err := s.SendMsg(m); err != nil {
					return err
				}
			}
		}},
		{StreamName: "Count", ClientStreams: true, Handler: func(_ any, s grpc.ServerStream) error {
			n := new(wrapperspb.StringValue)
			for m := new(wrapperspb.StringValue); ; n.Value += m.Value {
				if err := s.RecvMsg(m); errors.Is(err, io.EOF) {
					return s.SendMsg(n)
				} else if err != nil {
					return err
				}
			}
		}},
	},
}

// anyFlags are those of a server that may or may not have got the message.
const anyFlags = "any"

func ifNotEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

func TestStreams(t *testing.T) {
	d := newDaemon(t)
	config := xray.GetRecorder(d.ctx)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := grpc.NewServer(grpc.StreamInterceptor(xray.StreamServerInterceptor(xray.WithRecorder(config))))
	server.RegisterService(&echo, struct{}{})
	go func() { _ = server.Serve(listener) }()
	defer server.Stop()
	conn, err := grpc.NewClient(listener.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithStreamInterceptor(xray.StreamClientInterceptor(xray.WithRecorder(config))))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	both, count := &echo.Streams[0], &echo.Streams[1]

	for _, c := range []struct {
		name           string
		stream         *grpc.StreamDesc
		messages       []string
		cancel         bool
		client, server string // flags of the subsegment and of the server's segment
	}{
		{"both ways", both, []string{"a", "b"}, false, "", ""},
		{"one answer", count, []string{"a", "b"}, false, "", ""},
		{"the server fails", both, []string{"a", "fail"}, false, "fault throttle", "throttle"},
		{"the client cancels", both, []string{"wait"}, true, "error fault", anyFlags},
	} {
		t.Run(c.name, func(t *testing.T) {
			ctx, seg := xray.BeginSegment(d.ctx, "svc")
			ctx, cancel := context.WithCancel(ctx)
			defer cancel()
			stream, err := conn.NewStream(ctx, c.stream, "/test.Echo/"+c.stream.StreamName)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range c.messages {
				if err := stream.SendMsg(wrapperspb.String(m)); err != nil {
					t.Fatal(err)
				}
			}
			if c.cancel {
				cancel() // and nobody reads the stream any more
			} else {
				_ = stream.CloseSend()
				for m := new(wrapperspb.StringValue); stream.RecvMsg(m) == nil && c.stream.ServerStreams; {
				}
			}
			seg.Close(nil)
			got := map[string]string{}
			for _, document := range d.documents() {
				if document["parent_id"] != nil { // the server's
					got["server"] = flags(document)
					continue
				}
				children, _ := document["subsegments"].([]any)
				for _, child := range children {
					got[child.(map[string]any)["name"].(string)] = flags(child.(map[string]any))
				}
			}
			if client, ok := got["test.Echo"]; !ok || client != c.client {
				t.Errorf("flags of the subsegment are %q (there: %v), want %q", client, ok, c.client)
			}
			if server, ok := got["server"]; !ok || server != c.server && c.server != anyFlags {
				t.Errorf("flags of the server's segment are %q (there: %v), want %q", server, ok, c.server)
			}
		})
	}
}

func flags(document map[string]any) (set string) {
	for _, flag := range []string{"error", "fault", "throttle"} {
		if document[flag] == true {
			if set != "" {
				set += " "
			}
			set += flag
		}
	}
	return set
}
