package spans

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

const identified = `"id":"70de5b6f19ff9a0a","name":"shop","start_time":1759637152.5,"end_time":1759637153,"trace_id":"1-68e1f2a0-aabbccddeeff001122334455"`

// spansOf returns the spans of a document with the given other members.
func spansOf(t *testing.T, members string) (pcommon.Resource, ptrace.SpanSlice) {
	t.Helper()
	td := ptrace.NewTraces()
	n, err := Append(td, []byte("{"+identified+","+members+"}"), Options{HTTP: OldHTTP})
	if err != nil {
		t.Fatal(err)
	}
	rs := td.ResourceSpans().At(0)
	if td.SpanCount() != n {
		t.Fatalf("%d spans, said %d", td.SpanCount(), n)
	}
	return rs.Resource(), rs.ScopeSpans().At(0).Spans()
}

// TestRepairs has the inputs that crash or defeat contrib's receiver.
func TestRepairs(t *testing.T) {
	for _, test := range []struct {
		name, sub string // of a subsegment
		check     func(span ptrace.Span) bool
	}{
		{"no start_time", `{"id":"1111111111111111","name":"a","end_time":1759637153}`,
			func(s ptrace.Span) bool { return s.StartTimestamp() == 1759637152_500000000 }},
		{"no name", `{"id":"1111111111111111","start_time":1759637152.6}`,
			func(s ptrace.Span) bool { return s.Name() == "unnamed" }},
		{"no end_time", `{"id":"1111111111111111","name":"a","start_time":1759637152.6}`,
			func(s ptrace.Span) bool { return s.EndTimestamp() == s.StartTimestamp() && has(s, inProgress) }},
		{"an exception without id", `{"id":"1111111111111111","name":"a","start_time":1,"cause":{"exceptions":[{"message":"m"}]}}`,
			func(s ptrace.Span) bool {
				m, _ := s.Events().At(0).Attributes().Get("exception.message")
				return m.Str() == "m" && s.Events().At(0).Attributes().Len() == 1
			}},
		{"a trace_id longer than 35 characters", `{"id":"1111111111111111","name":"a","start_time":1,"trace_id":"1-68e1f2a0-aabbccddeeff00112233445566"}`,
			func(s ptrace.Span) bool { return s.TraceID().String() == "68e1f2a0aabbccddeeff001122334455" }},
		{"no id", `{"name":"a","start_time":1}`, func(s ptrace.Span) bool { return !s.SpanID().IsEmpty() }},
		{"an id of another length", `{"id":"11","name":"a","start_time":1}`, func(s ptrace.Span) bool { return !s.SpanID().IsEmpty() }},
		{"an unknown namespace", `{"id":"1111111111111111","name":"a","start_time":1,"namespace":"x"}`,
			func(s ptrace.Span) bool { return s.Kind() == ptrace.SpanKindInternal && has(s, namespaceName) }},
		{"members of other types", `{"id":"1111111111111111","name":"a","start_time":1,"http":7,"aws":"x","sql":[],"cause":1,"metadata":[1],"annotations":"x","links":{},"subsegments":"x","fault":"yes","user":1,"in_progress":0}`,
			func(s ptrace.Span) bool { return s.Status().Code() == ptrace.StatusCodeUnset }},
		{"an end beyond time", `{"id":"1111111111111111","name":"a","start_time":-5,"end_time":1e300}`,
			func(s ptrace.Span) bool { return s.StartTimestamp() == 0 && s.EndTimestamp() == 1<<64-1 }},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, spans := spansOf(t, `"subsegments":[`+test.sub+`]`)
			if spans.Len() != 2 || spans.At(1).ParentSpanID() != spans.At(0).SpanID() || !test.check(spans.At(1)) {
				t.Errorf("%d spans, the last %s %v", spans.Len(), spans.At(spans.Len()-1).Name(), spans.At(spans.Len()-1).Attributes().AsRaw())
			}
		})
	}
}

func has(s ptrace.Span, attribute string) bool {
	_, ok := s.Attributes().Get(attribute)
	return ok
}

func TestDerivedIDsDiffer(t *testing.T) {
	_, spans := spansOf(t, `"subsegments":[{},{},{"subsegments":[{}]}]`)
	seen := map[pcommon.SpanID]bool{}
	for _, s := range spans.All() {
		seen[s.SpanID()] = true
	}
	if len(seen) != 5 {
		t.Errorf("%d ids of %d spans", len(seen), spans.Len())
	}
}

func TestElementsThatAreNoSubsegments(t *testing.T) {
	if _, spans := spansOf(t, `"subsegments":[1,null,"x",[]]`); spans.Len() != 1 {
		t.Errorf("%d spans", spans.Len())
	}
}

func TestResource(t *testing.T) {
	for _, test := range []struct {
		name, members string
		want          map[string]any
	}{
		{"Fargate", `"origin":"AWS::ECS::Fargate","aws":{"ecs":{"task_arn":"t","container":"c"}}`, map[string]any{
			"service.name": "shop", "cloud.provider": "aws", "cloud.platform": "aws_ecs", "aws.ecs.launchtype": "fargate", "aws.ecs.task.arn": "t", "container.name": "c"}},
		{"Lambda", `"origin":"AWS::Lambda::Function","aws":{}`, map[string]any{
			"service.name": "shop", "cloud.provider": "aws", "aws.xray.origin": "AWS::Lambda::Function"}},
		{"an origin without an aws block", `"origin":"AWS::EC2::Instance"`, map[string]any{
			"service.name": "shop", "cloud.provider": "unknown", "aws.xray.origin": "AWS::EC2::Instance"}},
		{"an SDK", `"aws":{"xray":{"sdk":"X-Ray for Node.js","sdk_version":"3"}},"service":{"runtime":"node","runtime_version":"22","version":"7"},"resource_arn":"r"`, map[string]any{
			"service.name": "shop", "cloud.provider": "aws", "telemetry.sdk.name": "X-Ray", "telemetry.sdk.language": "nodejs", "telemetry.sdk.version": "3",
			"process.runtime.name": "node", "process.runtime.version": "22", "service.version": "7", "aws.xray.resource_arn": "r"}},
		{"an SDK of no language", `"aws":{"xray":{"sdk":"mine"}}`, map[string]any{
			"service.name": "shop", "cloud.provider": "aws", "telemetry.sdk.name": "mine"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			resource, _ := spansOf(t, test.members)
			if diff := cmp.Diff(test.want, resource.Attributes().AsRaw()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestStacktraces(t *testing.T) {
	for sdk, want := range map[string]string{
		"Go":      "goroutine 1 [running]:\nmain.(*cart).add\n\tcart.go:41\nouter\n\tx\n",
		"Java":    "E: no stock\n\tat main.(*cart).add(cart.go:41)\n\tat outer(x)\n",
		"Python":  "Traceback (most recent call last):\n  File \"x\", line 0, in outer\n  File \"cart.go\", line 41, in main.(*cart).add\nE: no stock",
		"Node.js": "E: no stock\n    at main.(*cart).add (cart.go:41:0)\n    at outer (x:0:0)\n",
		".NET":    "E: no stock\n   at main.(*cart).add in cart.go:line 41\n   at outer in x:line 0\n",
		"Ruby":    "E: no stock\n\tat main.(*cart).add(cart.go:41)\n\tat outer(x)\n",
	} {
		_, spans := spansOf(t, `"aws":{"xray":{"sdk":"X-Ray for `+sdk+`"}},"cause":{"exceptions":[{"type":"E","message":"no\nstock","stack":[{"label":"main.(*cart).add","path":"cart.go","line":41},{"label":"outer","path":"x"}]}]}`)
		got, _ := spans.At(0).Events().At(0).Attributes().Get("exception.stacktrace")
		if diff := cmp.Diff(want, got.Str()); diff != "" {
			t.Errorf("%s: %s", sdk, diff)
		}
	}
}

func TestSplitURL(t *testing.T) {
	for url, want := range map[string][2]string{
		"jdbc:postgresql://h:5432/ebdb?x=y": {"jdbc:postgresql://h:5432", "ebdb"},
		"postgresql://h":                    {"postgresql://h", ""},
		"//h:5432/ebdb":                     {"//h:5432", "ebdb"},
		"jdbc:oracle:thin:@h:1521:xe":       {"jdbc:oracle:thin:@h:1521:", "xe"},
		"u@tcp(h:3306)/shop":                {"u@tcp(h:3306)/shop", ""},
		"SELECT shop.orders":                {"SELECT shop.orders", ""},
		"host=h dbname=d":                   {"host=h dbname=d", ""},
		"":                                  {"", ""},
	} {
		connection, database := splitURL(url)
		if got := [2]string{connection, database}; got != want {
			t.Errorf("%q: got %q, want %q", url, got, want)
		}
	}
}

func TestHTTPConventions(t *testing.T) {
	document := []byte("{" + identified + `,"http":{"request":{"method":"GET","url":"u","client_ip":"1.2.3.4"},"response":{"status":200,"content_length":"5"}}}`)
	old := map[string]any{"http.method": "GET", "http.url": "u", "http.client_ip": "1.2.3.4", "http.status_code": int64(200), "http.response_content_length": int64(5)}
	stable := map[string]any{"http.request.method": "GET", "url.full": "u", "client.address": "1.2.3.4", "http.response.status_code": int64(200), "http.response.body.size": int64(5)}
	both := map[string]any{}
	for _, m := range []map[string]any{old, stable} {
		for k, v := range m {
			both[k] = v
		}
	}
	for c, want := range map[Conventions]map[string]any{OldHTTP: old, StableHTTP: stable, BothHTTP: both} {
		td := ptrace.NewTraces()
		if _, err := Append(td, document, Options{HTTP: c}); err != nil {
			t.Fatal(err)
		}
		got := td.ResourceSpans().At(0).ScopeSpans().At(0).Spans().At(0).Attributes().AsRaw()
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%d: %s", c, diff)
		}
	}
}

func TestTimesAreThoseOfTheDocument(t *testing.T) {
	_, spans := spansOf(t, `"subsegments":[{"id":"1111111111111111","name":"a","start_time":1596648396.6399446,"end_time":1596648396.6401389}]`)
	if s := spans.At(1); s.StartTimestamp() != 1596648396_639944600 || s.EndTimestamp() != 1596648396_640138900 {
		t.Errorf("times are %d and %d", s.StartTimestamp(), s.EndTimestamp())
	}
}

func TestLeavesWhatWasThere(t *testing.T) {
	td := ptrace.NewTraces()
	for _, document := range []string{"{" + identified + "}", "{}", "no", "{" + identified + "}"} {
		_, _ = Append(td, []byte(document), Options{KeepDocument: true})
	}
	if td.ResourceSpans().Len() != 2 || td.SpanCount() != 2 {
		t.Errorf("%d resources, %d spans", td.ResourceSpans().Len(), td.SpanCount())
	}
}

func FuzzAppend(f *testing.F) {
	paths, err := filepath.Glob("../testdata/documents/*.json")
	if err != nil || len(paths) == 0 {
		f.Fatalf("seeds: %v, %d files", err, len(paths))
	}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Add([]byte("{" + identified + `,"subsegments":[{"aws":{"xray":{"sdk":" for "}},"sql":{"url":"//"}}]}`))
	f.Add([]byte("{" + identified + `,"user":"` + "\xff" + `","subsegments":` + strings.Repeat(`[{"subsegments":`, 50) + "[]" + strings.Repeat("}]", 50) + "}"))
	f.Fuzz(func(t *testing.T, document []byte) {
		td := ptrace.NewTraces()
		n, err := Append(td, document, Options{KeepDocument: true, HTTP: BothHTTP})
		if (err == nil) != (n > 0) || td.SpanCount() != n {
			t.Fatalf("%d spans, said %d, error %v", td.SpanCount(), n, err)
		}
		for _, rs := range td.ResourceSpans().All() {
			for _, s := range rs.ScopeSpans().At(0).Spans().All() {
				for key, value := range s.Attributes().All() {
					if !utf8.ValidString(key) || value.Type() == pcommon.ValueTypeStr && !utf8.ValidString(value.Str()) {
						t.Errorf("%q is not UTF-8", key)
					}
				}
			}
		}
	})
}

func BenchmarkAppend(b *testing.B) {
	for _, name := range []string{"server_go", "aws_call", "exception_go"} {
		document, err := os.ReadFile("../testdata/documents/" + name + ".json")
		if err != nil {
			b.Fatal(err)
		}
		for _, keep := range []bool{false, true} {
			b.Run(name+"/keep="+strconv.FormatBool(keep), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					if _, err := Append(ptrace.NewTraces(), document, Options{KeepDocument: keep, HTTP: OldHTTP}); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
