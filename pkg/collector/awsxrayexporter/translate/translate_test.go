package translate

import (
	"encoding/json"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bragg-tracing/bragg/pkg/segment"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

func mustNew(t testing.TB, cfg Config) *Translator {
	t.Helper()
	tr, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return tr
}

// translated returns the documents of td, each checked to be JSON that X-Ray
// has the size for.
func translated(t testing.TB, cfg Config, td ptrace.Traces) []map[string]any {
	t.Helper()
	var docs []map[string]any
	stats := mustNew(t, cfg).Translate(td, func(d Document) {
		var doc map[string]any
		if err := json.Unmarshal(d.JSON(), &doc); err != nil {
			t.Fatalf("%v in %s", err, d.JSON())
		}
		if len(d.JSON()) > segment.MaxSize {
			t.Fatalf("a document of %d bytes", len(d.JSON()))
		}
		docs = append(docs, doc)
	})
	if stats.Recovered > 0 {
		t.Fatalf("%d spans panicked", stats.Recovered)
	}
	if stats.Documents != len(docs) {
		t.Fatalf("Stats.Documents is %d for %d documents", stats.Documents, len(docs))
	}
	return docs
}

func TestNewRefuses(t *testing.T) {
	for name, cfg := range map[string]Config{
		"mode": {Mode: "strict"},
		"rule": {Disable: []string{"no_such_rule"}},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := New(cfg); err == nil {
				t.Error("no error")
			}
		})
	}
}

func TestRulesAreAllThere(t *testing.T) {
	if got, want := ruleSet(1)<<len(Rules), ruleEnd; got != want {
		t.Errorf("%d rules are listed for %b", len(Rules), want)
	}
}

// TestKinds holds the documents of the kinds of span, in both modes, in
// testdata. UPDATE=1 writes them anew.
func TestKinds(t *testing.T) {
	kinds := append([]spanKind{
		{"consumer", func(s ptrace.Span) {
			s.SetKind(ptrace.SpanKindConsumer)
			s.SetName("orders process")
			put(s.Attributes(), "messaging.system", "aws_sqs", "messaging.url", "https://sqs/1/orders")
			l := s.Links().AppendEmpty()
			l.SetTraceID([16]byte{7})
			l.SetSpanID([8]byte{8})
			put(l.Attributes(), "n", 1)
		}},
		{"local_root", func(s ptrace.Span) {
			s.SetKind(ptrace.SpanKindClient)
			s.SetName("S3.GetObject")
			put(s.Attributes(), "aws.span.kind", "LOCAL_ROOT", "aws.local.service", "checkout", "aws.remote.service", "AWS::S3",
				"rpc.system", "aws-api", "rpc.method", "GetObject", "aws.remote.operation", "GetObject", "app.tenant", "acme")
		}},
		{"in_progress", func(s ptrace.Span) {
			put(s.Attributes(), "aws.xray.inprogress", true, "aws.xray.annotations", []any{"a", "otel.resource.service.name"}, "a", 1,
				"aws.xray.metadata.ns", `{"k":[1,null]}`, "aws.xray.metadata.Default", `{"d":true}`, "aws.xray.metadata.bad", "{")
		}},
	}, spanKinds...)
	for _, mode := range []Mode{Compat, Default} {
		for _, k := range kinds {
			t.Run(string(mode)+"/"+k.name, func(t *testing.T) {
				text, err := json.MarshalIndent(translated(t, Config{Mode: mode}, traces(1, k)), "", "  ")
				if err != nil {
					t.Fatal(err)
				}
				golden := filepath.Join("testdata", k.name+"."+string(mode)+".json")
				if os.Getenv("UPDATE") != "" {
					if err := os.WriteFile(golden, append(text, '\n'), 0o644); err != nil {
						t.Fatal(err)
					}
				}
				want, err := os.ReadFile(golden)
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(string(want), string(text)+"\n"); diff != "" {
					t.Errorf("-want +got:\n%s", diff)
				}
			})
		}
	}
}

func TestDerivedIDsAreTheSameEachTime(t *testing.T) {
	td, s := oneSpan(client, "aws.span.kind", "LOCAL_ROOT")
	failed(s, "")
	s.SetKind(client)
	first, second := translated(t, Config{}, td), translated(t, Config{}, td)
	if diff := cmp.Diff(first, second); diff != "" {
		t.Errorf("the second translation differs: %s", diff)
	}
	if len(first) != 2 || first[0]["parent_id"] != first[1]["id"] || first[0]["id"] == first[1]["id"] {
		t.Errorf("the documents do not hang together: %v", first)
	}
	if first[0]["type"] != "subsegment" || first[1]["type"] != nil || first[1]["parent_id"] != "0300000000000000" {
		t.Errorf("the documents are not a call and its service: %v", first)
	}
}

func TestBadSpanCostsOnlyItself(t *testing.T) {
	td, good := oneSpan(server, "k", "v")
	good.CopyTo(td.ResourceSpans().At(0).ScopeSpans().At(0).Spans().AppendEmpty())
	s := newScratch(mustNew(t, Config{}))
	var docs []string
	emit := func(d Document) { docs = append(docs, string(d.JSON())) }
	s.beginResource(td.ResourceSpans().At(0).Resource())
	s.translate(ptrace.Span{}, emit) // not even a minimal document
	s.resource = nil
	s.translate(good, emit) // a minimal one
	s.beginResource(td.ResourceSpans().At(0).Resource())
	s.translate(good, emit)
	want := Stats{Documents: 2, Recovered: 2, Dropped: map[string]int{DroppedPanic: 1}}
	if diff := cmp.Diff(want, s.stats); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	for _, doc := range docs {
		if _, err := segment.Parse([]byte(doc)); err != nil {
			t.Errorf("%v in %s", err, doc)
		}
	}
	if len(docs) != 2 || !strings.Contains(docs[1], `"k":"v"`) {
		t.Errorf("the documents are %q", docs)
	}
}

func TestLargeSpansAreTrimmed(t *testing.T) {
	td, s := oneSpan(client, "db.system", "mysql", "db.statement", strings.Repeat("SELECT 日本 ", 10_000))
	failed(s, goTrace)
	var docs []Document
	var parsed *segment.Document
	stats := mustNew(t, Config{}).Translate(td, func(d Document) {
		docs = append(docs, d)
		var err error
		if parsed, err = segment.Parse(d.JSON()); err != nil {
			t.Fatal(err)
		}
	})
	if stats.Trimmed != 1 || len(docs) != 1 || !docs[0].Trimmed {
		t.Fatalf("not trimmed: %+v", stats)
	}
	if parsed.Metadata[segment.TrimmedNamespace] == nil {
		t.Error("the document does not say that it is trimmed")
	}
	if got := len(parsed.SQL.SanitizedQuery); got > 8192 || got < 8000 {
		t.Errorf("the query has %d bytes, want about 8192", got)
	}
}

// TestDeepValues holds that nothing nested is too deep for the stack.
func TestDeepValues(t *testing.T) {
	td, s := oneSpan(server)
	v := s.Attributes().PutEmpty("deep")
	for range 100_000 {
		v = v.SetEmptySlice().AppendEmpty()
	}
	v.SetStr("end")
	for _, mode := range []Mode{Compat, Default} {
		translated(t, Config{Mode: mode}, td)
	}
}

// TestTranslateConcurrentSafe holds that a batch that others read too is not
// touched, and that a Translator may be used by several at once.
func TestTranslateConcurrentSafe(t *testing.T) {
	td, s := oneSpan(client, "aws.xray.inprogress", true, "aws.span.kind", "LOCAL_ROOT", "aws.remote.service", "x")
	failed(s, goTrace)
	td.MarkReadOnly()
	tr := mustNew(t, Config{IndexAllAttributes: true})
	want := documents(tr, td)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 100 {
				if diff := cmp.Diff(want, documents(tr, td)); diff != "" {
					t.Error(diff)
					return
				}
			}
		})
	}
	wg.Wait()
}

func documents(tr *Translator, td ptrace.Traces) (docs []string) {
	tr.Translate(td, func(d Document) { docs = append(docs, string(d.JSON())) })
	return docs
}

// TestNamesThatComeTwice: of equal names the last wins, as in a map.
func TestNamesThatComeTwice(t *testing.T) {
	var list []any
	for i := range 300 {
		list = append(list, map[string]any{"k": i})
	}
	td, s := oneSpan(server, "other", "1", "http.method", "GET", "list", list)
	twice(t, &td, &s)
	for _, mode := range []Mode{Compat, Default} {
		for _, text := range documents(mustNew(t, Config{Mode: mode}), td) {
			if n := strings.Count(text, `"other":`); n != 1 {
				t.Errorf("%s mode: other comes %d times in %s", mode, n, text)
			}
			if !strings.Contains(text, `"other":"2"`) || !strings.Contains(text, `"method":"PUT"`) {
				t.Errorf("%s mode: the last does not win in %s", mode, text)
			}
		}
	}
}

// twice gives the span second values of other and http.method, which only the
// wire can carry.
func twice(t *testing.T, td *ptrace.Traces, s *ptrace.Span) {
	t.Helper()
	s.Attributes().PutStr("oThEr", "2")
	s.Attributes().PutStr("hTtP.method", "PUT")
	text, err := (&ptrace.ProtoMarshaler{}).MarshalTraces(*td)
	if err != nil {
		t.Fatal(err)
	}
	text = []byte(strings.NewReplacer("oThEr", "other", "hTtP.method", "http.method").Replace(string(text)))
	if *td, err = (&ptrace.ProtoUnmarshaler{}).UnmarshalTraces(text); err != nil {
		t.Fatal(err)
	}
}

func TestResourcesAreKept(t *testing.T) {
	tr := mustNew(t, Config{})
	for round := range 3 {
		for i := range 2 * cachedResources {
			td, _ := oneSpan(server)
			td.ResourceSpans().At(0).Resource().Attributes().PutInt("i", int64(i))
			if docs := documents(tr, td); !strings.Contains(docs[0], `"otel.resource.i":`+pcommon.NewValueInt(int64(i)).AsString()) {
				t.Fatalf("round %d: resource %d gives %s", round, i, docs)
			}
		}
	}
	if n := len(tr.resources.young) + len(tr.resources.old); n == 0 || n > 2*cachedResources {
		t.Errorf("%d resources are kept, want 1 to %d", n, 2*cachedResources)
	}
}

// TestResourceSeenOnceIsNotKept holds that a crowd of resources that come once
// costs no memory.
func TestResourceSeenOnceIsNotKept(t *testing.T) {
	tr := mustNew(t, Config{})
	for i := range 100 {
		td, _ := oneSpan(server)
		td.ResourceSpans().At(0).Resource().Attributes().PutInt("i", int64(i))
		documents(tr, td)
	}
	if n := len(tr.resources.young) + len(tr.resources.old); n != 0 {
		t.Errorf("%d resources are kept, want none", n)
	}
}

func TestHostOf(t *testing.T) {
	for _, s := range []string{
		"postgresql://app@db.example.com:5432/shop", "postgresql://app:secret@db:5432/shop?sslmode=off", "mysql://db", "mysql://db:/x",
		"mysql://db:x/y", "mysql://a@b@c/", "mysql://user%40corp@db/x", "mysql://[::1]:5432/x", "MySQL://db/x", "://db", "db:5432", "", "/x",
		"mysql://user name@db", "mysql://db/%zz", "mysql://db/a b", "mysql://:5432/x", "mysql://db?x@y", "mysql://db#x@y", "a-b+c.1://db/x",
		"sqlserver://s;database=x", "jdbc:mysql://db/x", "mysql://db/\x00",
	} {
		want := ""
		if u, err := url.Parse(s); err == nil {
			want = u.Hostname()
		}
		if got := hostOf(s); got != want {
			t.Errorf("host of %q: got %q, want %q as of url.Parse", s, got, want)
		}
	}
}
