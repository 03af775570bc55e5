//go:build !xraysdk_nogrpc

package xray

import (
	"context"
	"errors"
	"io"
	"sync"

	"github.com/bragg-tracing/bragg/pkg/sdk/xraysdk/internal/logger"
	"go.opentelemetry.io/otel/trace"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// StreamServerInterceptor is UnaryServerInterceptor for streams: the segment
// lasts as long as the handler. The X-Ray SDK does not have it:
// https://github.com/aws/aws-xray-sdk-go/issues/110
func StreamServerInterceptor(serverInterceptorOptions ...GrpcOption) grpc.StreamServerInterceptor {
	option := newGRPCOption(serverInterceptorOptions)
	return func(srv any, ss grpc.ServerStream, info *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
		ctx, seg, answer := option.begin(ss.Context(), info.FullMethod)
		defer func() { seg.closeWithPanic(recover()) }()
		if err := ss.SetHeader(answer); err != nil { // before the handler sends a message
			logger.Debugf("trace header of a gRPC answer: %v", err)
		}
		err := handler(srv, &serverStream{ss, ctx})
		seg.captureGRPCStatus(err)
		return err
	}
}

type serverStream struct {
	grpc.ServerStream
	ctx context.Context
}

func (s *serverStream) Context() context.Context { return s.ctx }

// StreamClientInterceptor is UnaryClientInterceptor for streams: the subsegment
// lasts until the stream has been read to its end, an operation fails, or the
// context of the call is done. The X-Ray SDK does not have it.
func StreamClientInterceptor(clientInterceptorOptions ...GrpcOption) grpc.StreamClientInterceptor {
	option := newGRPCOption(clientInterceptorOptions)
	return func(ctx context.Context, desc *grpc.StreamDesc, cc *grpc.ClientConn, method string, streamer grpc.Streamer, opts ...grpc.CallOption) (grpc.ClientStream, error) {
		ctx, seg := beginSubsegment(option.context(ctx), option.name(cc.Target(), method), trace.SpanKindClient)
		if seg == nil {
			return streamer(ctx, desc, cc, method, opts...)
		}
		s := &clientStream{seg: seg, single: !desc.ServerStreams}
		stream, err := streamer(seg.callOut(ctx, cc.Target(), method), desc, cc, method, opts...)
		if err != nil {
			s.end(err)
			return nil, err
		}
		s.ClientStream = stream
		s.stop = context.AfterFunc(ctx, func() { s.close(status.FromContextError(ctx.Err()).Err()) })
		return s, nil
	}
}

// A clientStream closes its subsegment when the stream ends.
type clientStream struct {
	grpc.ClientStream
	seg    *Segment
	single bool // there is one message to receive
	stop   func() bool
	once   sync.Once
}

func (s *clientStream) RecvMsg(m any) error {
	err := s.ClientStream.RecvMsg(m)
	if err != nil || s.single {
		s.end(err)
	}
	return err
}

func (s *clientStream) Header() (metadata.MD, error) {
	md, err := s.ClientStream.Header()
	if err != nil {
		s.end(err)
	}
	return md, err
}

func (s *clientStream) SendMsg(m any) error {
	err := s.ClientStream.SendMsg(m)
	if err != nil && !errors.Is(err, io.EOF) { // of EOF the reason is to be received
		s.end(err)
	}
	return err
}

func (s *clientStream) end(err error) {
	if s.stop != nil {
		s.stop()
	}
	s.close(err)
}

func (s *clientStream) close(err error) {
	s.once.Do(func() {
		if errors.Is(err, io.EOF) {
			err = nil
		}
		s.seg.captureGRPCStatus(err)
		s.seg.Close(err)
	})
}
