package segment

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

// document returns a complete document with members added or replaced.
func document(t *testing.T, members map[string]any) []byte {
	t.Helper()
	doc := map[string]any{
		"name": "shop", "id": "0102030405060708", "trace_id": "1-58406520-a006649127e371903a2de979",
		"start_time": 1480615200.25, "end_time": 1480615201.5, "fault": true, "error": false, "throttle": false,
		"type": "subsegment", "parent_id": "0807060504030201", "namespace": "remote",
	}
	for k, v := range members {
		doc[k] = v
	}
	text, err := json.Marshal(doc)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func stackOf(n int) []any {
	var frames []any
	for i := range n {
		frames = append(frames, map[string]any{"path": strings.Repeat("p", 50), "line": i, "label": strings.Repeat("l", 50)})
	}
	return frames
}

func entriesNamed(n int, size int) map[string]any {
	m := map[string]any{}
	for i := range n {
		m[fmt.Sprintf("k%05d", i)] = strings.Repeat("v", size+i%7)
	}
	return m
}

func TestTrim(t *testing.T) {
	deep := any("x")
	for range 2000 {
		deep = []any{deep}
	}
	exceptions := func(frames int) map[string]any {
		return map[string]any{"exceptions": []any{map[string]any{"id": "0102030405060701", "type": "E", "truncated": 3, "stack": stackOf(frames)}}}
	}
	for _, test := range []struct {
		name    string
		members map[string]any
		cut     []any
		check   func(t *testing.T, doc *Document)
	}{
		{"stack", map[string]any{"cause": exceptions(1000), "metadata": map[string]any{"default": entriesNamed(10, 1000)}}, []any{"stack"}, func(t *testing.T, doc *Document) {
			e := doc.Cause.Exceptions[0]
			if len(e.Stack) != 32 || e.Truncated != 3+1000-32 || e.Stack[0].Line != 0 {
				t.Errorf("%d frames, %d truncated", len(e.Stack), e.Truncated)
			}
			if len(doc.Metadata["default"]) != 10 {
				t.Error("the metadata was touched")
			}
		}},
		{"stack of a subsegment", map[string]any{"subsegments": []any{map[string]any{
			"name": "s", "id": "0102030405060709", "start_time": 1, "end_time": 2, "cause": exceptions(1000),
		}}}, []any{"stack"}, func(t *testing.T, doc *Document) {
			if n := len(doc.Subsegments[0].Cause.Exceptions[0].Stack); n != 32 {
				t.Errorf("%d frames", n)
			}
		}},
		{"query", map[string]any{"sql": map[string]any{"sanitized_query": strings.Repeat("日", 50_000)}}, []any{"strings"}, func(t *testing.T, doc *Document) {
			if q := doc.SQL.SanitizedQuery; len(q) > 8192 || len(q) < 8180 || !strings.HasSuffix(q, "日…") {
				t.Errorf("a query of %d bytes that ends in %q", len(q), q[len(q)-9:])
			}
		}},
		{"escapes", map[string]any{"sql": map[string]any{"sanitized_query": strings.Repeat("\x01<", 50_000)}}, []any{"strings"}, nil},
		{"strings in depth", map[string]any{"metadata": map[string]any{"default": map[string]any{"a": []any{entriesNamed(30, 5000)}}}}, []any{"strings"}, nil},
		{"metadata", map[string]any{"metadata": map[string]any{"default": entriesNamed(1000, 100), "other": map[string]any{"big": []any{entriesNamed(100, 100)}, "small": 1}}}, []any{"metadata"}, func(t *testing.T, doc *Document) {
			if doc.Metadata["other"]["big"] != nil || doc.Metadata["other"]["small"] == nil {
				t.Error("the largest entry was not the first to go")
			}
			if n := len(doc.Metadata["default"]); n < 400 {
				t.Errorf("only %d entries are left", n)
			}
		}},
		{"namespaces", map[string]any{"metadata": func() map[string]any {
			m := map[string]any{}
			for i := range 10_000 {
				m[fmt.Sprint("namespace", i)] = map[string]any{}
			}
			return m
		}()}, []any{"metadata"}, nil},
		{"deep metadata", map[string]any{"metadata": map[string]any{"default": map[string]any{"deep": deep, "big": []any{entriesNamed(1000, 100)}}}}, []any{"metadata"}, nil},
		{"annotations", map[string]any{"annotations": entriesNamed(1000, 100)}, []any{"annotations"}, func(t *testing.T, doc *Document) {
			if len(doc.Annotations) < 300 {
				t.Errorf("only %d annotations are left", len(doc.Annotations))
			}
		}},
		{"long keys", map[string]any{"annotations": map[string]any{strings.Repeat("k", 100_000): 1, "short": 2}}, []any{"annotations"}, func(t *testing.T, doc *Document) {
			if len(doc.Annotations) != 1 {
				t.Errorf("the annotations are %v", len(doc.Annotations))
			}
		}},
		{"links", map[string]any{"links": func() (links []any) {
			for range 1000 {
				links = append(links, map[string]any{"trace_id": "1-58406520-a006649127e371903a2de979", "id": "0102030405060708"})
			}
			return links
		}()}, []any{"links"}, nil},
		{"long name", map[string]any{"name": strings.Repeat("n", 100_000)}, []any{"strings"}, func(t *testing.T, doc *Document) {
			if len(doc.Name) > 8192 {
				t.Errorf("a name of %d bytes", len(doc.Name))
			}
		}},
		{"unknown members", map[string]any{"more": entriesNamed(3000, 100)}, []any{"rest"}, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			text := document(t, test.members)
			got := Trim(text, MaxSize)
			if len(got) > MaxSize || len(text) <= MaxSize {
				t.Fatalf("%d bytes of %d", len(got), len(text))
			}
			if !utf8.Valid(got) || !json.Valid(got) {
				t.Fatal("not valid")
			}
			doc, err := Decode(got)
			if err != nil {
				t.Fatal(err)
			}
			if code := check(doc); code != "" && code != InvalidName {
				t.Errorf("X-Ray would refuse it: %s", code)
			}
			if !doc.Fault || doc.Namespace != "remote" || doc.ParentID != "0807060504030201" || *doc.EndTime != 1480615201.5 {
				t.Errorf("members are missing: %+v", doc)
			}
			var cut []any
			if err := json.Unmarshal(doc.Metadata[TrimmedNamespace]["cut"], &cut); err != nil {
				t.Fatal(err)
			}
			if len(cut) > 0 && test.cut[0] != cut[len(cut)-1] {
				t.Errorf("cut %v, want %v last", cut, test.cut)
			}
			if size := string(doc.Metadata[TrimmedNamespace]["size"]); size != fmt.Sprint(len(text)) {
				t.Errorf("the size is %s, want %d", size, len(text))
			}
			if test.check != nil {
				test.check(t, doc)
			}
		})
	}
}

func TestTrimLeavesWhatFits(t *testing.T) {
	text := document(t, nil)
	if diff := cmp.Diff(string(text), string(Trim(text, MaxSize))); diff != "" {
		t.Error(diff)
	}
}

func TestTrimOfNoDocument(t *testing.T) {
	for _, text := range []string{strings.Repeat("x", 2*MaxSize), `"` + strings.Repeat("x", 2*MaxSize) + `"`} {
		if got := Trim([]byte(text), MaxSize); got != nil {
			t.Errorf("got %d bytes, want none", len(got))
		}
	}
}

// FuzzTrim holds that whatever is JSON and has a member or none fits.
func FuzzTrim(f *testing.F) {
	f.Add("a", strings.Repeat("日", 2000), 30)
	f.Add("\x00", "\xff<>", 3000)
	f.Fuzz(func(t *testing.T, key, value string, n int) {
		if n < 0 || n > 3000 || len(value) > 5000 {
			return
		}
		list := make([]any, n)
		for i := range list {
			list[i] = map[string]any{key: value}
		}
		text := document(t, map[string]any{"metadata": map[string]any{"default": map[string]any{key: list, "v": value}}})
		got := Trim(text, 4096)
		if len(got) > 4096 || !json.Valid(got) || !utf8.Valid(got) {
			t.Fatalf("%d bytes, valid: %v", len(got), json.Valid(got))
		}
	})
}
