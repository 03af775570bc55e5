package sink

import (
	"bufio"
	"context"
	"encoding/binary"
	"io"
	"net/http"

	"go.opentelemetry.io/collector/pdata/plog/plogotlp"
	"go.opentelemetry.io/collector/pdata/pmetric/pmetricotlp"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"
	"google.golang.org/grpc"
	"google.golang.org/grpc/encoding"
	_ "google.golang.org/grpc/encoding/gzip" // lets clients compress
	"google.golang.org/grpc/mem"
	"google.golang.org/grpc/status"

	"github.com/bragg-tracing/bragg/pkg/otlp"
)

// newGRPCServer returns the server of the three OTLP services. It has no
// listener: requests come from the HTTP server through serveGRPC.
func newGRPCServer(s *Sink) *grpc.Server {
	server := grpc.NewServer(grpc.MaxRecvMsgSize(maxBodyBytes), grpc.WaitForHandlers(true),
		grpc.ForceServerCodecV2(shallowCodec{encoding.GetCodecV2("proto")}))
	ptraceotlp.RegisterGRPCServer(server, &tracesService{sink: s})
	pmetricotlp.RegisterGRPCServer(server, &metricsService{sink: s})
	plogotlp.RegisterGRPCServer(server, &logsService{sink: s})
	return server
}

// shallowCodec refuses messages that nest too deep before it decodes them.
type shallowCodec struct{ encoding.CodecV2 }

// Unmarshal implements encoding.CodecV2.
func (c shallowCodec) Unmarshal(data mem.BufferSlice, v any) error {
	buffer := data.MaterializeToBuffer(mem.DefaultBufferPool())
	defer buffer.Free()
	if err := otlp.CheckProtoDepth(buffer.ReadOnlyData()); err != nil {
		return err
	}
	return c.CodecV2.Unmarshal(mem.BufferSlice{buffer}, v)
}

// grpcPrefix is the length of what precedes each gRPC message: a flag and the
// message's length on the wire.
const grpcPrefix = 5

// serveGRPC checks a request as New Relic does, before gRPC decompresses it.
func (s *Sink) serveGRPC(w http.ResponseWriter, r *http.Request) {
	if refused := s.checkKey(r); refused != nil {
		refused.refuseGRPC(w)
		return
	}
	body := bufio.NewReader(r.Body)
	prefix, err := body.Peek(grpcPrefix)
	if err == nil && binary.BigEndian.Uint32(prefix[1:]) > maxWireBytes {
		tooLarge.refuseGRPC(w)
		return
	}
	r.Body = struct {
		io.Reader
		io.Closer
	}{body, r.Body}
	s.grpc.ServeHTTP(w, r)
}

type tracesService struct {
	ptraceotlp.UnimplementedGRPCServer
	sink *Sink
}

// Export implements ptraceotlp.GRPCServer.
func (t *tracesService) Export(ctx context.Context, r ptraceotlp.ExportRequest) (ptraceotlp.ExportResponse, error) {
	err := t.sink.store.put(ctx, tracesRequest(r.Traces()))
	return ptraceotlp.NewExportResponse(), t.sink.grpcError(err)
}

type metricsService struct {
	pmetricotlp.UnimplementedGRPCServer
	sink *Sink
}

// Export implements pmetricotlp.GRPCServer.
func (m *metricsService) Export(ctx context.Context, r pmetricotlp.ExportRequest) (pmetricotlp.ExportResponse, error) {
	err := m.sink.store.put(ctx, metricsRequest(r.Metrics()))
	return pmetricotlp.NewExportResponse(), m.sink.grpcError(err)
}

type logsService struct {
	plogotlp.UnimplementedGRPCServer
	sink *Sink
}

// Export implements plogotlp.GRPCServer.
func (l *logsService) Export(ctx context.Context, r plogotlp.ExportRequest) (plogotlp.ExportResponse, error) {
	err := l.sink.store.put(ctx, logsRequest(r.Logs()))
	return plogotlp.NewExportResponse(), l.sink.grpcError(err)
}

func (s *Sink) grpcError(err error) error {
	if err == nil {
		return nil
	}
	refused := s.notStored(err)
	return status.Error(refused.grpc, refused.reason)
}
