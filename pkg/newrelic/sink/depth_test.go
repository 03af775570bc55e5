package sink

import (
	"context"
	"log/slog"
	"strings"
	"testing"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"
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

func TestDepth(t *testing.T) {
	for _, tt := range []struct {
		name        string
		nested      int
		proto, json bool // refused
	}{
		{"flat", 0, false, false},
		{"as deep as anybody goes", 30, false, false},
		{"too deep for JSON", 70, false, true},
		{"too deep", 120, true, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			body, err := nestedRequest(tt.nested).MarshalProto()
			if err != nil {
				t.Fatal(err)
			}
			if err := checkProtoDepth(body); (err != nil) != tt.proto {
				t.Errorf("protobuf: %v", err)
			}
			if body, err = nestedRequest(tt.nested).MarshalJSON(); err != nil {
				t.Fatal(err)
			}
			if err := checkJSONDepth(body); (err != nil) != tt.json {
				t.Errorf("JSON: %v", err)
			}
		})
	}
	brackets := `{"a":"` + strings.Repeat(`[\"`, 1000) + `"}`
	if err := checkJSONDepth([]byte(brackets)); err != nil {
		t.Errorf("brackets in a string: %v", err)
	}
	if err := checkProtoDepth([]byte(brackets)); err != nil {
		t.Errorf("text that is no message: %v", err)
	}
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
		contentType := contentJSON
		if isProto {
			contentType = contentProtobuf
		}
		traces := ptraceotlp.NewExportRequest()
		if err := decode(traces, contentType, body); err != nil {
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
