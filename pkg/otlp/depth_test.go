package otlp

import (
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
			for contentType, refused := range map[string]bool{Protobuf: tt.proto, JSON: tt.json} {
				body, err := Encode(nestedRequest(tt.nested), contentType)
				if err != nil {
					t.Fatal(err)
				}
				if err := Decode(ptraceotlp.NewExportRequest(), contentType, body); (err != nil) != refused {
					t.Errorf("%s: %v", contentType, err)
				}
			}
		})
	}
	brackets := `{"a":"` + strings.Repeat(`[\"`, 1000) + `"}`
	if err := checkJSONDepth([]byte(brackets)); err != nil {
		t.Errorf("brackets in a string: %v", err)
	}
	if err := CheckProtoDepth([]byte(brackets)); err != nil {
		t.Errorf("text that is no message: %v", err)
	}
}
