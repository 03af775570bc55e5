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
		ctx = seg.callOut(ctx, cc.Target(), method)
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
		ctx, seg, answer := option.begin(ctx, info.FullMethod)
		defer func() { seg.closeWithPanic(recover()) }()
		resp, err = handler(ctx, req)
		seg.captureGRPCStatus(err)
		seg.captureMessage(resp)
		if err := grpc.SetHeader(ctx, answer); err != nil {
			logger.Debugf("trace header of a gRPC answer: %v", err)
		}
		return resp, err
	}
}

// begin begins the segment of a call. answer is what the client is told.
func (o *grpcOption) begin(ctx context.Context, method string) (_ context.Context, seg *Segment, answer metadata.MD) {
	md, _ := metadata.FromIncomingContext(ctx)
	traceHeader := header.FromString(only(md, TraceIDHeaderKey))
	host := only(md, ":authority")
	u := &url.URL{Scheme: "grpc", Host: host, Path: method}
	ctx, seg = NewSegmentFromHeader(o.context(ctx), o.name(host, method),
		&http.Request{Host: host, URL: u, Method: http.MethodPost}, traceHeader)
	seg.captureCall(md, u.String())
	text := header.RootPrefix + seg.TraceID
	if traceHeader.SamplingDecision == header.Requested {
		text += ";" + header.SampledPrefix + flag(seg.Sampled)
	}
	return ctx, seg, metadata.Pairs(TraceIDHeaderKey, text)
}

// callOut notes a call that the subsegment is of, and returns a context that
// takes the trace header along.
func (s *Segment) callOut(ctx context.Context, target, method string) context.Context {
	s.Lock()
	if !s.Dummy {
		s.Namespace = "remote"
		request := s.httpBlock()
		request.URL, request.Method = "grpc://"+target+method, http.MethodPost
	}
	s.Unlock()
	return metadata.AppendToOutgoingContext(ctx, TraceIDHeaderKey, s.DownstreamHeader().String())
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
