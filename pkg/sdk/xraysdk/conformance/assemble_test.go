package main

import (
	"cmp"
	"encoding/json"
	"slices"
	"testing"
)

// accepted are the members of documents in which both may differ, and why.
var accepted = map[string]string{
	"id":          "random",
	"trace_id":    "random; that it is the same in a whole trace is tested where the trees are put together",
	"parent_id":   "random; the X-Ray SDK has the segment's in all subsegments, here it is that of the one above",
	"start_time":  "the clock",
	"end_time":    "the clock",
	"type":        "here all subsegments travel on their own, there some",
	"subsegments": "the trees are compared as they are put together",
}

// A tree is a document with its subsegments, by name and start.
type tree struct {
	Document map[string]any
	Children []tree
}

type entry struct {
	document   map[string]any
	id, parent string
	start      float64
}

// assemble puts the documents of one run together. Every document but one must
// have its parent among them, and all must be of one trace.
func assemble(t *testing.T, documents [][]byte) tree {
	t.Helper()
	var entries []entry
	traces, seen := map[string]bool{}, map[string]bool{}
	var flatten func(document map[string]any, parent string)
	flatten = func(document map[string]any, parent string) {
		id, _ := document["id"].(string)
		if seen[id] {
			return // the X-Ray SDK sends a segment twice when its goroutine and Close meet
		}
		seen[id] = true
		if parent == "" {
			parent, _ = document["parent_id"].(string)
		}
		if trace, ok := document["trace_id"].(string); ok {
			traces[trace] = true
		}
		if _, ok := document["end_time"].(float64); !ok {
			t.Errorf("%v has no end_time", document["name"])
		}
		start, _ := document["start_time"].(float64)
		children, _ := document["subsegments"].([]any)
		for _, child := range children {
			flatten(child.(map[string]any), id)
		}
		for member := range accepted {
			delete(document, member)
		}
		withoutRandom(document)
		entries = append(entries, entry{document, id, parent, start})
	}
	for _, text := range documents {
		var document map[string]any
		if err := json.Unmarshal(text, &document); err != nil {
			t.Fatal(err)
		}
		flatten(document, "")
	}
	if len(traces) != 1 {
		t.Errorf("documents of %d traces", len(traces))
	}
	return rooted(t, entries)
}

// withoutRandom takes the ids and stacks of exceptions away: the X-Ray SDK's
// stacks lack the function that closed the segment.
func withoutRandom(document map[string]any) {
	cause, _ := document["cause"].(map[string]any)
	exceptions, _ := cause["exceptions"].([]any)
	for _, e := range exceptions {
		exception := e.(map[string]any)
		delete(exception, "id")
		stack, _ := exception["stack"].([]any)
		exception["stack"] = len(stack) > 0
	}
}

func rooted(t *testing.T, entries []entry) tree {
	t.Helper()
	slices.SortStableFunc(entries, func(a, b entry) int {
		return cmp.Or(cmp.Compare(a.document["name"].(string), b.document["name"].(string)), cmp.Compare(a.start, b.start))
	})
	known := map[string]bool{}
	for _, e := range entries {
		known[e.id] = true
	}
	var build func(parent string) []tree
	build = func(parent string) (children []tree) {
		for _, e := range entries {
			if e.parent == parent {
				children = append(children, tree{e.document, build(e.id)})
			}
		}
		return children
	}
	var roots []tree
	for _, e := range entries {
		if !known[e.parent] {
			roots = append(roots, tree{e.document, build(e.id)})
		}
	}
	if len(roots) != 1 {
		t.Fatalf("%d roots", len(roots))
	}
	return roots[0]
}
