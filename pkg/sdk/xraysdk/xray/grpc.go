//go:build !xraysdk_nogrpc

package xray

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"github.com/bragg-tracing/bragg/pkg/sdk/xraysdk/header"
	"github.com/bragg-tracing/bragg/pkg/sdk/xraysdk/internal/logger"
	"go.opentelemetry.io/otel/trace"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
)

// GrpcOption changes an interceptor. WithRecorder and WithSegmentNamer make
// them.
type GrpcOption interface {
	apply(option *grpcOption)
}

type grpcOption struct {
	config *Config
	namer  SegmentNamer
}

func newGRPCOption(opts []GrpcOption) (o grpcOption) {
	for _, opt := range opts {
		opt.apply(&o)
	}
	return o
}

func (o *grpcOption) context(ctx context.Context) context.Context {
	if o.config == nil {
		return ctx
	}
	return context.WithValue(ctx, RecorderContextKey{}, o.config)
}

func (o *grpcOption) name(host, method string) string {
	if o.namer != nil {
		return o.namer.Name(host)
	}
	service, _, _ := strings.Cut(strings.TrimPrefix(method, "/"), "/")
	return service
}

type grpcOptionFunc func(*grpcOption)

func (f grpcOptionFunc) apply(o *grpcOption) { f(o) }

// WithRecorder gives segments a configuration.
func WithRecorder(cfg *Config) GrpcOption {
	return grpcOptionFunc(func(o *grpcOption) { o.config = cfg })
}

// WithSegmentNamer names segments by the host, instead of by the service.
func WithSegmentNamer(sn SegmentNamer) GrpcOption {
	return grpcOptionFunc(func(o *grpcOption) { o.namer = sn })
}

// UnaryClientInterceptor makes a subsegment of each call and sends the trace
// header along.
func UnaryClientInterceptor(clientInterceptorOptions ...GrpcOption) grpc.UnaryClientInterceptor {
	option := newGRPCOption(clientInterceptorOptions)
	return func(ctx context.Context, method string, req, reply interface{}, cc *grpc.ClientConn, invoker grpc.UnaryInvoker, opts ...grpc.CallOption) error {
		ctx, seg := beginSubsegment(option.context(ctx), option.name(cc.Target(), method), trace.SpanKindClient)
		if seg == nil {
			return invoker(ctx, method, req, reply, cc, opts...)
		}
		seg.Lock()
		if !seg.Dummy {
			seg.Namespace = "remote"
			request := seg.httpBlock()
			request.URL, request.Method = "grpc://"+cc.Target()+method, http.MethodPost
		}
		seg.Unlock()
		ctx = metadata.AppendToOutgoingContext(ctx, TraceIDHeaderKey, seg.DownstreamHeader().String())
		panicked := true
		defer func() {
			if panicked {
				seg.Close(nil)
			}
		}()
		err := invoker(ctx, method, req, reply, cc, opts...)
		panicked = false
		seg.captureMessage(reply)
		seg.captureGRPCStatus(err)
		seg.Close(err)
		return err
	}
}

// UnaryServerInterceptor makes a segment of each call. It continues the trace
// of the call's header and answers with a header of its own.
func UnaryServerInterceptor(serverInterceptorOptions ...GrpcOption) grpc.UnaryServerInterceptor {
	option := newGRPCOption(serverInterceptorOptions)
	return func(ctx context.Context, req interface{}, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (resp interface{}, err error) {
		md, _ := metadata.FromIncomingContext(ctx)
		traceHeader := header.FromString(only(md, TraceIDHeaderKey))
		host := only(md, ":authority")
		u := &url.URL{Scheme: "grpc", Host: host, Path: info.FullMethod}
		ctx, seg := NewSegmentFromHeader(option.context(ctx), option.name(host, info.FullMethod),
			&http.Request{Host: host, URL: u, Method: http.MethodPost}, traceHeader)
		defer func() {
			p := recover()
			if p == nil {
				seg.Close(nil)
				return
			}
			seg.Close(seg.formatting().Panicf("%v", p))
			panic(p)
		}()
		seg.captureCall(md, u.String())
		resp, err = handler(ctx, req)
		seg.captureGRPCStatus(err)
		seg.captureMessage(resp)
		answer := header.RootPrefix + seg.TraceID
		if traceHeader.SamplingDecision == header.Requested {
			answer += ";" + header.SampledPrefix + flag(seg.Sampled)
		}
		if err := grpc.SetHeader(ctx, metadata.Pairs(TraceIDHeaderKey, answer)); err != nil {
			logger.Debugf("trace header of a gRPC answer: %v", err)
		}
		return resp, err
	}
}

// only is the value of a key that has exactly one.
func only(md metadata.MD, key string) string {
	if values := md.Get(key); len(values) == 1 {
		return values[0]
	}
	return ""
}

func (s *Segment) captureCall(md metadata.MD, full string) {
	s.Lock()
	defer s.Unlock()
	if s.Dummy {
		return
	}
	request := s.httpBlock()
	request.URL, request.Method, request.UserAgent = full, http.MethodPost, only(md, "user-agent")
	if forwarded := only(md, "x-forwarded-for"); forwarded != "" {
		request.ClientIP, request.XForwardedFor = clientIP(forwarded, "")
	}
}

func (s *Segment) captureMessage(message interface{}) {
	m, ok := message.(proto.Message)
	if !ok || s.Dummy {
		return
	}
	size := proto.Size(m)
	s.Lock()
	defer s.Unlock()
	s.GetHTTP().GetResponse().ContentLength = size
}

// captureGRPCStatus tells the caller's errors from the service's faults.
func (s *Segment) captureGRPCStatus(err error) {
	if err == nil {
		return
	}
	s.Lock()
	defer s.Unlock()
	st, ok := status.FromError(err)
	if !ok {
		s.Fault = true
		return
	}
	switch st.Code() {
	case codes.Canceled, codes.InvalidArgument, codes.NotFound, codes.AlreadyExists, codes.PermissionDenied,
		codes.Unauthenticated, codes.FailedPrecondition, codes.Aborted, codes.OutOfRange:
		s.Error = true
	case codes.ResourceExhausted:
		s.Throttle = true
	case codes.OK:
	default:
		s.Fault = true
	}
}
