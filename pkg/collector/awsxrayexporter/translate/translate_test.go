package translate

import (
	"encoding/json"
	"testing"

	"github.com/bragg-tracing/bragg/pkg/segment"
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
		if err := json.Unmarshal(d.JSON, &doc); err != nil {
			t.Fatalf("%v in %s", err, d.JSON)
		}
		if len(d.JSON) > segment.MaxSize {
			t.Fatalf("a document of %d bytes", len(d.JSON))
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
