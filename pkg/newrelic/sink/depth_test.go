package sink

import (
	"context"
	"log/slog"
	"testing"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"

	"github.com/bragg-tracing/bragg/pkg/otlp"
)

// nestedRequest returns a request with an attribute of n lists in lists.
func nestedRequest(n int) ptraceotlp.ExportRequest {
	td := ptrace.NewTraces()
	span := td.ResourceSpans().AppendEmpty().ScopeSpans().AppendEmpty().Spans().AppendEmpty()
	span.SetTraceID(pcommon.TraceID{1})
	span.SetSpanID(pcommon.SpanID{1})
	list := span.Attributes().PutEmptySlice("nested")
	for range n {
		list = list.AppendEmpty().SetEmptySlice()
	}
	return ptraceotlp.NewExportRequestFromTraces(td)
}

// FuzzTraces holds that no body gets further than a refusal or the database.
func FuzzTraces(f *testing.F) {
	for _, n := range []int{0, 3} {
		body, err := nestedRequest(n).MarshalProto()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(body, true)
		if body, err = nestedRequest(n).MarshalJSON(); err != nil {
			f.Fatal(err)
		}
		f.Add(body, false)
	}
	s, err := openStore(f.TempDir(), defaultRetention, slog.New(slog.DiscardHandler))
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { _ = s.close() })
	f.Fuzz(func(t *testing.T, body []byte, isProto bool) {
		contentType := otlp.JSON
		if isProto {
			contentType = otlp.Protobuf
		}
		traces := ptraceotlp.NewExportRequest()
		if err := otlp.Decode(traces, contentType, body); err != nil {
			return
		}
		if err := s.put(context.Background(), tracesRequest(traces.Traces())); err != nil {
			t.Errorf("what is decoded cannot be stored: %v", err)
		}
		if err := s.put(context.Background(), &request{reset: true}); err != nil {
			t.Error(err)
		}
	})
}
