package translate

import (
	"strings"
	"testing"

	"github.com/bragg-tracing/bragg/pkg/collector/awsxrayreceiver/passthrough"
	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

func TestKeptDocuments(t *testing.T) {
	const document = `{"id":"0200000000000000", "name":"as it came"}`
	for _, test := range []struct {
		name   string
		change func(spans ptrace.SpanSlice)
		want   int // documents
		kept   bool
	}{
		{"unchanged", func(ptrace.SpanSlice) {}, 1, true},
		{"redacted", func(spans ptrace.SpanSlice) { spans.At(1).Attributes().PutStr("k", "***") }, 2, false},
		{"dropped", func(spans ptrace.SpanSlice) {
			i := 0
			spans.RemoveIf(func(ptrace.Span) bool { i++; return i == 2 })
		}, 1, false},
	} {
		for _, mode := range []Mode{Compat, Default} {
			t.Run(test.name+"/"+string(mode), func(t *testing.T) {
				td, _ := oneSpan(server, "k", "v")
				spans := td.ResourceSpans().At(0).ScopeSpans().At(0).Spans()
				sub := spans.AppendEmpty()
				spans.At(0).CopyTo(sub)
				sub.SetSpanID([8]byte{4})
				if !passthrough.Mark(td.ResourceSpans().At(0), document) {
					t.Fatal("not marked")
				}
				test.change(spans)
				docs := documents(mustNew(t, Config{Mode: mode, IndexAllAttributes: true}), td)
				if len(docs) != test.want {
					t.Fatalf("%d documents, want %d: %q", len(docs), test.want, docs)
				}
				if test.kept {
					if diff := cmp.Diff(document, docs[0]); diff != "" {
						t.Error(diff)
					}
					return
				}
				for _, doc := range docs {
					if strings.Contains(doc, "aws.xray.document") || strings.Contains(doc, "as it came") {
						t.Errorf("the kept document shows in %s", doc)
					}
				}
			})
		}
	}
}
