package collector

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/open-telemetry/opentelemetry-collector-contrib/processor/attributesprocessor"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/processor"
	"go.opentelemetry.io/collector/processor/processortest"
)

// TestRedactTakesItsPlace: otel-collector.yaml has what ADOT can run, and this
// collector runs what is better.
func TestRedactTakesItsPlace(t *testing.T) {
	changed := func(conf *confmap.Conf) {
		more := map[string]any{"processors": map[string]any{attributesRedact: map[string]any{"actions": []any{map[string]any{"key": "app.card", "action": "delete"}}}}}
		if err := conf.Merge(confmap.NewFromStringMap(more)); err != nil {
			t.Fatal(err)
		}
	}
	own := func(conf *confmap.Conf) {
		more := map[string]any{"processors": map[string]any{preciseRedact: map[string]any{"keys": []any{"app.card"}}}}
		if err := conf.Merge(confmap.NewFromStringMap(more)); err != nil {
			t.Fatal(err)
		}
	}
	tests := []struct {
		name   string
		change func(*confmap.Conf)
		want   []any // between memory_limiter and the batch
		config any
	}{
		{"as shipped", func(*confmap.Conf) {}, []any{preciseRedact}, map[string]any{}},
		{"with actions of somebody", changed, []any{preciseRedact, attributesRedact}, map[string]any{}},
		{"with a configuration of redact", own, []any{preciseRedact}, map[string]any{"keys": []any{"app.card"}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			conf, err := confmap.NewRetrievedFromYAML([]byte(DefaultConfig))
			if err != nil {
				t.Fatal(err)
			}
			c, err := conf.AsConf()
			if err != nil {
				t.Fatal(err)
			}
			tt.change(c)
			if err := (redaction{}).Convert(t.Context(), c); err != nil {
				t.Fatal(err)
			}
			want := map[string][]any{
				"traces/xray":      append(append([]any{"memory_limiter"}, tt.want...), "batch/xray"),
				"traces/newrelic":  append(append([]any{"memory_limiter", "attributes/newrelic"}, tt.want...), "batch/newrelic"),
				"metrics/newrelic": {"memory_limiter", "batch/newrelic"},
				"logs/newrelic":    append(append([]any{"memory_limiter"}, tt.want...), "batch/newrelic"),
			}
			for pipeline, want := range want {
				if diff := cmp.Diff(want, c.Get("service::pipelines::"+pipeline+"::processors")); diff != "" {
					t.Errorf("%s (-want +got):\n%s", pipeline, diff)
				}
			}
			if diff := cmp.Diff(tt.config, c.Get("processors::redact")); diff != "" {
				t.Errorf("redact (-want +got):\n%s", diff)
			}
		})
	}
}

// adotRedaction is the processor attributes/redact of otel-collector.yaml, which
// ADOT runs.
func adotRedaction(t *testing.T, sink *consumertest.TracesSink) processor.Traces {
	t.Helper()
	shipped, err := shippedRedaction()
	if err != nil {
		t.Fatal(err)
	}
	factory := attributesprocessor.NewFactory()
	c := factory.CreateDefaultConfig()
	if err := confmap.NewFromStringMap(shipped.(map[string]any)).Unmarshal(c); err != nil {
		t.Fatal(err)
	}
	p, err := factory.CreateTraces(t.Context(), processortest.NewNopSettings(factory.Type()), c, sink)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestRedactionOnADOT(t *testing.T) {
	const secret = "hunter2hunter2"
	tests := []struct{ name, key, in, want string }{
		{"a header", "http.request.header.authorization", "Bearer " + secret, ""},
		{"in another spelling", "http.request.header.Proxy_Authorization", secret, ""},
		{"cookies", "http.response.header.set-cookie", secret, ""},
		{"a key of an API", "http.request.header.x-api-key", secret, ""},
		{"gRPC metadata", "rpc.grpc.request.metadata.authorization", secret, ""},
		{"another header", "http.request.header.accept", "text/html", "text/html"},
		{"a count", "app.cookie.count", "3", "3"},
		{"URL without anything", "url.full", "https://example.com/a?b=c#d", "https://example.com/a?b=c#d"},
		{"a token", "url.full", "https://example.com/a?b=c&access_token=" + secret + "&d=e", "https://example.com/a?b=c"},
		{"presigned", "http.url", "https://b.s3.amazonaws.com/k?X-Amz-Algorithm=a&X-Amz-Credential=" + secret, "https://b.s3.amazonaws.com/k?X-Amz-Algorithm=a"},
		{"AWSAccessKeyId", "url.full", "https://b/k?AWSAccessKeyId=" + secret, "https://b/k"},
		{"Signature", "url.full", "https://b/k?Signature=" + secret, "https://b/k"},
		{"sig", "url.full", "https://b/k?sig=" + secret, "https://b/k"},
		{"X-Goog-Signature", "url.full", "https://b/k?X-Goog-Signature=" + secret, "https://b/k"},
		{"userinfo", "url.full", "https://user:" + secret + "@example.com/a@b", "example.com/a@b"},
		{"a target", "http.target", "/a?code=" + secret, "/a"},
		{"a query", "url.query", "token=" + secret, ""},
		{"a query, later", "url.query", "a=b&key=" + secret, "a=b"},
		{"a clean statement", "db.query.text", "SELECT a, t1.b2 FROM t1 WHERE id = $1 AND b = ? AND c = :c\n", "SELECT a, t1.b2 FROM t1 WHERE id = $1 AND b = ? AND c = :c\n"},
		{"a string", "db.statement", "SELECT a FROM t WHERE b = '" + secret + "' AND c = 1", "SELECT a FROM t WHERE b = "},
		{"a number", "db.statement", "SELECT a FROM t WHERE b > 42", "SELECT a FROM t WHERE b > "},
		{"dollars", "db.query.text", "SELECT $x$" + secret + "$x$", "SELECT "},
		{"a comment", "db.query.text", "SELECT a /* " + secret + " */", "SELECT a "},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			sink := &consumertest.TracesSink{}
			td := ptrace.NewTraces()
			span := td.ResourceSpans().AppendEmpty().ScopeSpans().AppendEmpty().Spans().AppendEmpty()
			span.Attributes().PutStr(tt.key, tt.in)
			span.Attributes().PutStr("kept", "kept")
			if err := adotRedaction(t, sink).ConsumeTraces(t.Context(), td); err != nil {
				t.Fatal(err)
			}
			attributes := sink.AllTraces()[0].ResourceSpans().At(0).ScopeSpans().At(0).Spans().At(0).Attributes().AsRaw()
			got, _ := attributes[tt.key].(string)
			if got != tt.want || attributes["kept"] != "kept" || len(attributes) > 2 {
				t.Errorf("got %q, want %q; all attributes: %v", got, tt.want, attributes)
			}
			for key, v := range attributes {
				if strings.Contains(v.(string), secret) {
					t.Errorf("%s holds the secret: %v", key, v)
				}
			}
		})
	}
}
