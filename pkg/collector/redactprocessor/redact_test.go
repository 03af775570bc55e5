package redactprocessor

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/processor/processortest"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// TestTheRulesOfTheSDK runs the cases of pkg/sdk/redact through the processor.
func TestTheRulesOfTheSDK(t *testing.T) {
	content, err := os.ReadFile("../../sdk/redact/testdata/cases.json")
	if err != nil {
		t.Fatal(err)
	}
	var cases []struct{ Name, System, Key, In, Want string }
	if err := json.Unmarshal(content, &cases); err != nil || len(cases) == 0 {
		t.Fatalf("%d cases, %v", len(cases), err)
	}
	for _, c := range cases {
		t.Run(c.Name, func(t *testing.T) {
			span := ptrace.NewSpan()
			for _, m := range []pcommon.Map{
				span.Attributes(), span.Events().AppendEmpty().Attributes(), span.Links().AppendEmpty().Attributes(),
				span.Attributes().PutEmptyMap("map"),
			} {
				m.PutStr(c.Key, c.In)
				m.PutEmptySlice(c.Key + ".other").AppendEmpty().SetStr("kept")
				if c.System != "" {
					m.PutStr("db.system.name", c.System)
				}
			}
			got := through(t, nil, span)
			inner, _ := got.Attributes().Get("map")
			for where, m := range map[string]pcommon.Map{
				"attributes": got.Attributes(), "event": got.Events().At(0).Attributes(), "link": got.Links().At(0).Attributes(), "map": inner.Map(),
			} {
				if v, _ := m.Get(c.Key); v.Str() != c.Want {
					t.Errorf("%s: got  %s\nwant %s", where, v.Str(), c.Want)
				}
			}
		})
	}
}

// through returns what the processor makes of a span.
func through(t *testing.T, c *Config, span ptrace.Span) ptrace.Span {
	t.Helper()
	td := ptrace.NewTraces()
	span.CopyTo(td.ResourceSpans().AppendEmpty().ScopeSpans().AppendEmpty().Spans().AppendEmpty())
	return process(t, c, td).ResourceSpans().At(0).ScopeSpans().At(0).Spans().At(0)
}

func process(t testing.TB, c *Config, td ptrace.Traces) ptrace.Traces {
	t.Helper()
	factory, sink := NewFactory(), &consumertest.TracesSink{}
	if c == nil {
		c = factory.CreateDefaultConfig().(*Config)
	}
	p, err := factory.CreateTraces(t.Context(), processortest.NewNopSettings(factory.Type()), component.Config(c), sink)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Start(t.Context(), componenttest.NewNopHost()); err != nil {
		t.Fatal(err)
	}
	if err := p.ConsumeTraces(t.Context(), td); err != nil {
		t.Fatal(err)
	}
	if err := p.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	return sink.AllTraces()[0]
}

func TestNameStatusAndLists(t *testing.T) {
	span := ptrace.NewSpan()
	span.SetName("GET /a?token=x")
	span.Status().SetMessage(`Get "https://u:p@host/?sig=x": refused`)
	list := span.Attributes().PutEmptySlice("http.request.header.cookie")
	list.AppendEmpty().SetStr("a=b")
	list.AppendEmpty().SetStr("c=d")
	span.Attributes().PutInt("http.request.header.authorization", 7)
	got := through(t, nil, span)
	if got.Name() != "GET /a?token=REDACTED" || got.Status().Message() != `Get "https://REDACTED:REDACTED@host/?sig=REDACTED": refused` {
		t.Errorf("name %s, message %s", got.Name(), got.Status().Message())
	}
	cookies, _ := got.Attributes().Get("http.request.header.cookie")
	number, _ := got.Attributes().Get("http.request.header.authorization")
	if cookies.AsString() != `["REDACTED","REDACTED"]` || number.AsString() != "REDACTED" {
		t.Errorf("cookies %s, number %s", cookies.AsString(), number.AsString())
	}
}

func TestDepthIsBounded(t *testing.T) {
	span := ptrace.NewSpan()
	v := span.Attributes().PutEmptySlice("deep").AppendEmpty()
	for range 1000 {
		v = v.SetEmptySlice().AppendEmpty()
	}
	v.SetStr("deepest")
	deep, _ := through(t, nil, span).Attributes().Get("deep")
	if text := deep.AsString(); strings.Contains(text, "deepest") || !strings.Contains(text, "REDACTED") {
		t.Errorf("got %s", text)
	}
}

func TestOffAndMore(t *testing.T) {
	t.Setenv("BRAGG_REDACT", "off")
	span := ptrace.NewSpan()
	span.Attributes().PutStr("url.full", "/?token=x")
	span.Attributes().PutStr("app.card", "4111")
	if got, _ := through(t, nil, span).Attributes().Get("url.full"); got.Str() != "/?token=x" {
		t.Errorf("off: got %s", got.Str())
	}
	if got, _ := through(t, &Config{Keys: []string{"app.*"}}, span).Attributes().Get("app.card"); got.Str() != "REDACTED" {
		t.Errorf("more: got %s", got.Str())
	}
	if err := (&Config{Only: []string{"header"}}).Validate(); err == nil || !strings.Contains(err.Error(), "known are headers") {
		t.Errorf("a kind that does not exist: %v", err)
	}
}

func TestLogRecords(t *testing.T) {
	ld := plog.NewLogs()
	record := ld.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty().LogRecords().AppendEmpty()
	record.Body().SetStr("call https://u:p@host/?token=x failed")
	record.Attributes().PutStr("Authorization", "Bearer x")
	record.Attributes().PutEmptyMap("headers").PutStr("Cookie", "x")
	record.Attributes().PutStr("cart", "17")
	factory, sink := NewFactory(), &consumertest.LogsSink{}
	p, err := factory.CreateLogs(t.Context(), processortest.NewNopSettings(factory.Type()), factory.CreateDefaultConfig(), sink)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.ConsumeLogs(t.Context(), ld); err != nil {
		t.Fatal(err)
	}
	got := sink.AllLogs()[0].ResourceLogs().At(0).ScopeLogs().At(0).LogRecords().At(0)
	attributes, err := json.Marshal(got.Attributes().AsRaw())
	if err != nil {
		t.Fatal(err)
	}
	if want := "call https://REDACTED:REDACTED@host/?token=REDACTED failed"; got.Body().Str() != want {
		t.Errorf("body %s", got.Body().Str())
	}
	if want := `{"Authorization":"REDACTED","cart":"17","headers":{"Cookie":"REDACTED"}}`; string(attributes) != want {
		t.Errorf("got %s, want %s", attributes, want)
	}
}

// request is a batch of 50 spans as otelhttp and a database make them.
func request() ptrace.Traces {
	td := ptrace.NewTraces()
	spans := td.ResourceSpans().AppendEmpty().ScopeSpans().AppendEmpty().Spans()
	for range 25 {
		http := spans.AppendEmpty()
		http.SetName("GET /carts/{id}")
		for key, v := range map[string]string{
			"http.request.method": "GET", "http.route": "/carts/{id}", "url.scheme": "https", "url.path": "/carts/1", "server.address": "example.com",
			"network.protocol.version": "1.1", "user_agent.original": "curl/8.5", "client.address": "10.0.0.1", "url.full": "https://example.com/carts/1?page=2",
		} {
			http.Attributes().PutStr(key, v)
		}
		http.Attributes().PutInt("http.response.status_code", 200)
		db := spans.AppendEmpty()
		db.SetName("SELECT clients")
		for key, v := range map[string]string{
			"db.system.name": "postgresql", "db.query.text": "SELECT rating FROM clients WHERE id = $1", "db.namespace": "shop", "server.address": "db",
			"db.operation.name": "SELECT", "db.collection.name": "clients", "db.query.summary": "SELECT clients",
		} {
			db.Attributes().PutStr(key, v)
		}
	}
	return td
}

func TestCleanBatchesAllocateNothing(t *testing.T) {
	p, err := newRedactor(NewFactory().CreateDefaultConfig())
	if err != nil {
		t.Fatal(err)
	}
	td := request()
	if n := testing.AllocsPerRun(100, func() { _, _ = p.processTraces(t.Context(), td) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkCleanSpan(b *testing.B) {
	p, err := newRedactor(NewFactory().CreateDefaultConfig())
	if err != nil {
		b.Fatal(err)
	}
	td := request()
	n := td.SpanCount()
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		_, _ = p.processTraces(b.Context(), td)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/span")
}
