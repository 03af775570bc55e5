package awsxrayreceiver

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/bragg-tracing/bragg/pkg/collector/awsxrayexporter/translate"
	"github.com/bragg-tracing/bragg/pkg/collector/awsxrayreceiver/spans"
)

// rendered returns the documents that the exporter renders of a document's
// spans when it may not send the document.
func rendered(t *testing.T, document string) (docs []map[string]any) {
	t.Helper()
	td := ptrace.NewTraces()
	if _, err := spans.Append(td, []byte(document), spans.Options{HTTP: spans.OldHTTP}); err != nil {
		t.Fatal(err)
	}
	tr, err := translate.New(translate.Config{})
	if err != nil {
		t.Fatal(err)
	}
	tr.Translate(td, func(d translate.Document) {
		var doc map[string]any
		if err := json.Unmarshal(d.JSON(), &doc); err != nil {
			t.Fatalf("%v in %s", err, d.JSON())
		}
		docs = append(docs, doc)
	})
	return docs
}

// at follows a path of member names and indexes.
func at(v any, path ...any) any {
	for _, step := range path {
		switch step := step.(type) {
		case string:
			m, _ := v.(map[string]any)
			v = m[step]
		case int:
			l, _ := v.([]any)
			if step >= len(l) {
				return nil
			}
			v = l[step]
		}
	}
	return v
}

// TestRenderedFromSpans has what contrib's receiver and exporter lose between
// them.
func TestRenderedFromSpans(t *testing.T) {
	all := documents(t)
	for _, test := range []struct {
		document string
		n        int // of the documents rendered
		path     []any
	}{
		{"ec2_logs", 0, []any{"origin"}},
		{"ec2_logs", 0, []any{"aws", "ec2"}},
		{"ecs_fargate", 0, []any{"origin"}},
		{"ecs_fargate", 0, []any{"aws", "ecs", "task_arn"}},
		{"ecs_fargate", 0, []any{"aws", "ecs", "cluster_arn"}},
		{"ecs_no_origin", 0, []any{"aws", "ecs", "container"}},
		{"beanstalk", 0, []any{"aws", "elastic_beanstalk"}},
		{"eks", 0, []any{"origin"}},
		{"links", 0, []any{"links"}},
		{"exception_go", 0, []any{"cause", "exceptions", 0, "stack", 0}},
		{"exception_go", 0, []any{"cause", "exceptions", 0, "stack", 1}},
		{"exception_java", 0, []any{"cause", "exceptions", 0, "stack", 0}},
		{"exception_python", 0, []any{"cause", "exceptions", 0, "stack", 0}},
		{"exception_node", 0, []any{"cause", "exceptions", 0, "stack", 0, "line"}},
		{"exception_dotnet", 0, []any{"cause", "exceptions", 0, "stack", 0, "path"}},
		{"sql_jdbc", 1, []any{"subsegments", 0, "sql", "sanitized_query"}},
		{"sql_jdbc", 1, []any{"subsegments", 0, "sql", "user"}},
		{"in_progress", 0, []any{"in_progress"}},
		{"in_progress", 0, []any{"end_time"}},
		{"server_go", 0, []any{"annotations"}},
		{"server_go", 0, []any{"user"}},
		{"no_aws", 0, []any{"fault"}},
	} {
		t.Run(test.document, func(t *testing.T) {
			var original map[string]any
			if err := json.Unmarshal([]byte(all[test.document]), &original); err != nil {
				t.Fatal(err)
			}
			path := test.path
			want := at(original, path...)
			if test.n > 0 {
				path = path[2:] // the subsegment is a document of its own
			}
			if diff := cmp.Diff(want, at(rendered(t, all[test.document])[test.n], path...)); diff != "" {
				t.Errorf("%v: %s", test.path, diff)
			}
		})
	}
}

// TestEndlessIsAccepted: X-Ray refuses the document, but not what is rendered.
func TestEndlessIsAccepted(t *testing.T) {
	doc := rendered(t, documents(t)["no_end"])[0]
	if doc["in_progress"] != true || doc["end_time"] != nil {
		t.Errorf("document is %v", doc)
	}
}
