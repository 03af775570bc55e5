package translate

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

// oneSpan is a batch of one span, with a parent, of a service named shop.
func oneSpan(kind ptrace.SpanKind, attributes ...any) (ptrace.Traces, ptrace.Span) {
	td := ptrace.NewTraces()
	rs := td.ResourceSpans().AppendEmpty()
	rs.Resource().Attributes().PutStr("service.name", "shop")
	s := rs.ScopeSpans().AppendEmpty().Spans().AppendEmpty()
	s.SetName("op")
	s.SetKind(kind)
	s.SetTraceID([16]byte{1})
	s.SetSpanID([8]byte{2})
	s.SetParentSpanID([8]byte{3})
	s.SetStartTimestamp(1732266206e9)
	s.SetEndTimestamp(1732266207e9)
	put(s.Attributes(), attributes...)
	return td, s
}

// at returns the member of a document at a path of names, each after a slash;
// nil if there is none.
func at(doc map[string]any, path string) any {
	var v any = doc
	for name := range strings.SplitSeq(path, "/") {
		m, ok := v.(map[string]any)
		if !ok {
			return nil
		}
		v = m[name]
	}
	return v
}

const (
	client   = ptrace.SpanKindClient
	server   = ptrace.SpanKindServer
	producer = ptrace.SpanKindProducer
	consumer = ptrace.SpanKindConsumer
	internal = ptrace.SpanKindInternal
)

// Each rule: what a member is with it, and without it, which is as compat mode
// has it.
var ruleTests = []struct {
	name, rule string
	kind       ptrace.SpanKind
	attributes []any
	change     func(ptrace.Traces, ptrace.Span)
	path       string
	with       any
	without    any
	compat     any // if it is not as without, because another rule is off too
}{
	{name: "stable_db name", rule: "stable_db", kind: client,
		attributes: []any{"db.system.name", "postgresql", "db.namespace", "orders", "server.address", "db.example"},
		path:       "name", with: "orders@db.example", without: "db.example", compat: "op"},
	{name: "stable_db without namespace", rule: "stable_db", kind: client,
		attributes: []any{"db.system.name", "redis", "server.address", "cache.example"},
		path:       "name", with: "redis@cache.example", without: "cache.example", compat: "op"},
	{name: "stable_db query", rule: "stable_db", kind: client,
		attributes: []any{"db.system.name", "microsoft.sql_server", "db.query.text", "SELECT 1"},
		path:       "sql", with: map[string]any{"url": "op", "connection_string": "localhost/", "database_type": "mssql", "sanitized_query": "SELECT 1"}},
	{name: "stable_db not SQL", rule: "stable_db", kind: client,
		attributes: []any{"db.system.name", "redis"}, path: "sql"},
	{name: "stable_db host of old names", rule: "stable_db", kind: client,
		attributes: []any{"db.system", "mysql", "db.name", "orders", "net.peer.name", "db.example"},
		path:       "name", with: "orders@db.example", without: "orders"},
	{name: "sql_url", rule: "sql_url", kind: client,
		attributes: []any{"db.system", "mysql", "db.name", "orders", "net.peer.name", "db.example", "net.peer.port", 3306},
		path:       "sql/url", with: "mysql://db.example:3306/orders", without: "op"},
	{name: "stable_rpc name", rule: "stable_rpc", kind: client,
		attributes: []any{"rpc.system.name", "grpc", "rpc.method", "shop.Cart/Add"},
		path:       "name", with: "shop.Cart", without: "op"},
	{name: "stable_rpc AWS", rule: "stable_rpc", kind: client,
		attributes: []any{"rpc.system.name", "aws-api", "rpc.method", "S3/GetObject"},
		path:       "namespace", with: "aws", without: "remote"},
	{name: "stable_rpc operation", rule: "stable_rpc", kind: client,
		attributes: []any{"rpc.system.name", "aws-api", "rpc.method", "S3/GetObject"},
		path:       "aws/operation", with: "GetObject", without: "S3/GetObject"},
	{name: "grpc_status not found", rule: "grpc_status", kind: server,
		attributes: []any{"rpc.grpc.status_code", 5}, path: "error", with: true, without: false},
	{name: "grpc_status unavailable", rule: "grpc_status", kind: server,
		attributes: []any{"rpc.response.status_code", "UNAVAILABLE"}, path: "fault", with: true, without: false},
	{name: "grpc_status exhausted", rule: "grpc_status", kind: server,
		attributes: []any{"rpc.grpc.status_code", 8}, path: "throttle", with: true, without: false},
	{name: "grpc_status unknown code", rule: "grpc_status", kind: server,
		attributes: []any{"rpc.grpc.status_code", 99}, path: "fault", with: false, without: false},
	{name: "stable_messaging", rule: "stable_messaging", kind: producer,
		attributes: []any{"messaging.system", "kafka", "messaging.destination.name", "orders"},
		path:       "name", with: "orders", without: "op"},
	{name: "stable_messaging SQS", rule: "stable_messaging", kind: producer,
		attributes: []any{"messaging.system", "aws_sqs", "messaging.destination.name", "orders"},
		path:       "namespace", with: "aws", without: "remote"},
	{name: "stable_messaging queue", rule: "stable_messaging", kind: producer,
		attributes: []any{"messaging.system", "aws_sqs", "aws.sqs.queue.url", "https://sqs/1/orders"},
		path:       "aws/queue_url", with: "https://sqs/1/orders"},
	{name: "server_address url", rule: "server_address", kind: client,
		attributes: []any{"http.request.method", "GET", "url.scheme", "https", "url.path", "/a", "server.address", "h.example", "server.port", 8443},
		path:       "http/request/url", with: "https://h.example:8443/a", without: "https:///a"},
	{name: "server_address name", rule: "server_address", kind: client,
		attributes: []any{"server.address", "h.example"}, path: "name", with: "h.example", without: "op"},
	{name: "gen_ai", rule: "gen_ai", kind: client,
		attributes: []any{"gen_ai.provider.name", "openai"}, path: "name", with: "openai", without: "op"},
	{name: "gen_ai Bedrock", rule: "gen_ai", kind: client,
		attributes: []any{"gen_ai.system", "aws.bedrock"}, path: "namespace", with: "aws", without: "remote"},
	{name: "js_stacks", rule: "js_stacks", kind: server, change: func(td ptrace.Traces, s ptrace.Span) {
		put(td.ResourceSpans().At(0).Resource().Attributes(), "telemetry.sdk.language", "nodejs")
		failed(s, "E: m\n    at f (file:///a.mjs:7:1)")
	}, path: "cause/exceptions", with: []any{map[string]any{"id": "id", "message": "out of stock", "type": "*errors.errorString", "remote": false,
		"stack": []any{map[string]any{"path": "file:///a.mjs", "line": 7.0, "label": "f "}}}},
		without: []any{map[string]any{"id": "id", "message": "out of stock", "type": "*errors.errorString", "remote": false}}},
	{name: "names", rule: "names", kind: client,
		attributes: []any{"peer.service", "a,b!(c)\n²\\"}, path: "name", with: "abc²\\", without: "a,b!(c)\n²\\"},
	{name: "names cut", rule: "names", kind: client,
		attributes: []any{"peer.service", strings.Repeat("é", 300)}, path: "name", with: strings.Repeat("é", 200), without: strings.Repeat("é", 300)},
	{name: "names cut of the span", rule: "names", kind: internal, change: func(_ ptrace.Traces, s ptrace.Span) { s.SetName(strings.Repeat("a日", 100)) },
		path: "name", with: strings.Repeat("a日", 100), without: strings.Repeat("a日", 50)},
	{name: "names of nothing", rule: "names", kind: client,
		attributes: []any{"peer.service", "!!"}, path: "name", with: "op", without: "!!"},
	{name: "consumer_names", rule: "consumer_names", kind: consumer, path: "name", with: "shop", without: "op"},
	{name: "keep_consumed without block", rule: "keep_consumed", kind: client,
		attributes: []any{"server.port", 6379}, path: "metadata/default/server.port", with: 6379.0},
	{name: "keep_consumed of another type", rule: "keep_consumed", kind: client,
		attributes: []any{"http.method", 7, "http.host", "h"}, path: "metadata/default/http.method", with: 7.0},
	{name: "keep_consumed shown", rule: "keep_consumed", kind: client,
		attributes: []any{"http.method", "GET"}, path: "metadata/default/http.method"},
	{name: "keep_consumed another cloud", rule: "keep_consumed", kind: client, attributes: []any{"rpc.method", "Add"},
		change: func(td ptrace.Traces, _ ptrace.Span) {
			put(td.ResourceSpans().At(0).Resource().Attributes(), "cloud.provider", "gcp")
		}, path: "metadata/default/rpc.method", with: "Add"},
	{name: "keep_non_scalar", rule: "keep_non_scalar", kind: internal,
		attributes: []any{"indexed", []any{"a"}}, path: "metadata/default/indexed", with: []any{"a"}},
	{name: "span_events", rule: "span_events", kind: internal, change: func(_ ptrace.Traces, s ptrace.Span) {
		e := s.Events().AppendEmpty()
		e.SetName("retry")
		e.SetTimestamp(s.StartTimestamp() + 250e6)
		put(e.Attributes(), "n", 2)
	}, path: "metadata/default/otel.events", with: []any{map[string]any{"name": "retry", "offset": 0.25, "attributes": map[string]any{"n": 2.0}}}},
	{name: "span_events that the cause tells", rule: "span_events", kind: server, change: func(_ ptrace.Traces, s ptrace.Span) { failed(s, "") },
		path: "metadata/default/otel.events"},
	{name: "annotation_limits value", rule: "annotation_limits", kind: internal,
		attributes: []any{"indexed", strings.Repeat("é", 1001)}, path: "annotations/indexed",
		with: strings.Repeat("é", 1000), without: strings.Repeat("é", 1001)},
	{name: "annotation_limits whole value", rule: "annotation_limits", kind: internal,
		attributes: []any{"indexed", strings.Repeat("é", 1001)}, path: "metadata/default/indexed", with: strings.Repeat("é", 1001)},
	{name: "annotation_prefix", rule: "annotation_prefix", kind: internal,
		attributes: []any{"aws.xray.annotation.client_id", "Enova", "aws.xray.annotation.amount", 7}, path: "annotations",
		with: map[string]any{"client_id": "Enova", "amount": 7.0}},
	{name: "annotation_prefix is no metadata", rule: "annotation_prefix", kind: internal,
		attributes: []any{"aws.xray.annotation.client_id", "Enova", "client_id", "other"}, path: "metadata/default",
		with: map[string]any{"client_id": "other"}, without: map[string]any{"client_id": "other", "aws.xray.annotation.client_id": "Enova"}},
	{name: "aws_resources of S3", rule: "aws_resources", kind: client,
		attributes: []any{"rpc.system", "aws-api", "aws.s3.bucket", "letters", "aws.s3.key", "a", "aws.extended_request_id", "x"}, path: "aws",
		with:    map[string]any{"bucket_name": "letters", "key": "a", "id_2": "x", "xray": map[string]any{"auto_instrumentation": false}},
		without: map[string]any{"xray": map[string]any{"auto_instrumentation": false}}},
	{name: "aws_resources of others", rule: "aws_resources", kind: client,
		attributes: []any{"rpc.system", "aws-api", "aws.sns.topic.arn", "t", "aws.kinesis.stream_name", "s", "faas.invoked_name", "f", "aws.xray.retries", 2}, path: "aws",
		with:    map[string]any{"topic_arn": "t", "stream_name": "s", "function_name": "f", "retries": 2.0, "xray": map[string]any{"auto_instrumentation": false}},
		without: map[string]any{"xray": map[string]any{"auto_instrumentation": false}}},
	{name: "aws_throttle", rule: "aws_throttle", kind: client,
		attributes: []any{"rpc.system", "aws-api", "http.response.status_code", 400, "aws.throttled", true}, path: "throttle", with: true, without: false},
	{name: "aws_throttle of a call that went well in the end", rule: "aws_throttle", kind: client,
		attributes: []any{"rpc.system", "aws-api", "http.response.status_code", 200, "aws.throttled", true}, path: "throttle", with: false, without: false},
	{name: "sampling_rule", rule: "sampling_rule", kind: server, attributes: []any{"aws.xray.sampling_rule_name", "checkout"}, path: "aws/xray",
		with:    map[string]any{"auto_instrumentation": false, "sampling_rule_name": "checkout"},
		without: map[string]any{"auto_instrumentation": false}},
	{name: "python_causes", rule: "python_causes", kind: server, change: func(td ptrace.Traces, s ptrace.Span) {
		put(td.ResourceSpans().At(0).Resource().Attributes(), "telemetry.sdk.language", "python")
		failed(s, "  File \"a\", line 1, in b\n    x\nK: k\n\n"+pythonDirect+"\n\nx\ny")
	}, path: "cause/exceptions", with: []any{
		map[string]any{"id": "id", "message": "out of stock", "type": "*errors.errorString", "remote": false, "cause": "id"},
		map[string]any{"id": "id", "message": "k", "type": "K", "remote": false,
			"stack": []any{map[string]any{"path": "a", "line": 1.0, "label": "b"}}},
	}, without: []any{map[string]any{"id": "id", "message": "out of stock", "type": "*errors.errorString", "remote": false,
		"stack": []any{map[string]any{"path": "a", "line": 1.0, "label": "b"}}}}},
}

func TestRules(t *testing.T) {
	tested := map[string]bool{}
	for _, test := range ruleTests {
		tested[test.rule] = true
		t.Run(test.name, func(t *testing.T) {
			td, s := oneSpan(test.kind, test.attributes...)
			if test.change != nil {
				test.change(td, s)
			}
			compat := test.compat
			if compat == nil {
				compat = test.without
			}
			indexed := []string{"indexed"}
			for _, side := range []struct {
				name string
				cfg  Config
				want any
			}{
				{"on", Config{IndexedAttributes: indexed}, test.with},
				{"off", Config{IndexedAttributes: indexed, Disable: []string{test.rule}}, test.without},
				{"compat", Config{IndexedAttributes: indexed, Mode: Compat}, compat},
			} {
				got := withoutIDs(at(translated(t, side.cfg, td)[0], test.path))
				if diff := cmp.Diff(side.want, got); diff != "" {
					t.Errorf("%s: -want +got:\n%s", side.name, diff)
				}
			}
		})
	}
	for _, r := range Rules {
		if !tested[r.Name] {
			t.Errorf("rule %s has no test", r.Name)
		}
	}
}

// withoutIDs replaces the ids of exceptions.
func withoutIDs(v any) any {
	list, _ := v.([]any)
	for _, e := range list {
		if m, ok := e.(map[string]any); ok {
			for _, name := range []string{"id", "cause"} {
				if _, ok := m[name].(string); ok {
					m[name] = "id"
				}
			}
		}
	}
	return v
}

func TestAnnotationsAreAtMostFifty(t *testing.T) {
	td, s := oneSpan(server)
	for i := range 60 {
		s.Attributes().PutInt(fmt.Sprint("a", i), int64(i))
	}
	doc := translated(t, Config{IndexAllAttributes: true}, td)[0]
	annotations := at(doc, "annotations").(map[string]any)
	if len(annotations) != 50 {
		t.Errorf("%d annotations, want 50", len(annotations))
	}
	metadata := at(doc, "metadata/default").(map[string]any)
	if len(metadata) != 11 || metadata["otel.resource.service.name"] != "shop" {
		t.Errorf("the metadata is %v, want ten attributes and the resource's", metadata)
	}
}

func TestAnnotationsWithOneKey(t *testing.T) {
	td, _ := oneSpan(server, "a-b", 1, "a_b", 2, "a b", 3)
	doc := translated(t, Config{IndexAllAttributes: true}, td)[0]
	want := map[string]any{"a_b": 1.0, "otel.resource.service.name": "shop"}
	if diff := cmp.Diff(want, doc["annotations"]); diff != "" {
		t.Errorf("annotations: -want +got:\n%s", diff)
	}
	if diff := cmp.Diff(map[string]any{"a_b": 2.0, "a b": 3.0}, at(doc, "metadata/default")); diff != "" {
		t.Errorf("metadata: -want +got:\n%s", diff)
	}
}

func TestNumbersThatJSONHasNot(t *testing.T) {
	for _, mode := range []Mode{Compat, Default} {
		td, _ := oneSpan(server, "nan", math.NaN(), "inf", []any{math.Inf(1), math.Inf(-1)})
		doc := translated(t, Config{Mode: mode}, td)[0]
		if diff := cmp.Diff([]any{"Infinity", "-Infinity"}, at(doc, "metadata/default/inf")); diff != "" || at(doc, "metadata/default/nan") != "NaN" {
			t.Errorf("%s mode: %v", mode, doc["metadata"])
		}
	}
}
