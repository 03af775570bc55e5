package main

import (
	"context"

	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"
	"google.golang.org/grpc/mem"
)

// sink answers export requests. Like the socket that the datagrams of the other
// side end in, it reads them and looks no further.
type sink struct {
	ptraceotlp.UnimplementedGRPCServer
}

func (*sink) Export(context.Context, ptraceotlp.ExportRequest) (ptraceotlp.ExportResponse, error) {
	return ptraceotlp.NewExportResponse(), nil
}

// discard is a codec that decodes nothing and encodes nothing.
type discard struct{}

func (discard) Name() string                         { return "proto" }
func (discard) Marshal(any) (mem.BufferSlice, error) { return nil, nil }
func (discard) Unmarshal(mem.BufferSlice, any) error { return nil }
