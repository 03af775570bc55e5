package storetest

import (
	"encoding/json"
	"testing"

	"github.com/bragg-tracing/bragg/pkg/xraylocal/assembly"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/servicegraph"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/store/index"
)

// Facts returns what a store keeps of a trace beside its documents, as it is read
// back.
func Facts(t *testing.T, trace *assembly.Trace) *index.Facts {
	t.Helper()
	entry := index.Of(trace, servicegraph.Of(trace, nil))
	facts, err := index.ReadFacts(index.AppendFacts(nil, trace, &entry))
	if err != nil || !facts.Whole() {
		t.Fatal(facts, err)
	}
	return &facts
}

// JSON returns a value as indented JSON, to be compared line by line.
func JSON(t *testing.T, v any) string {
	t.Helper()
	b, err := json.MarshalIndent(v, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
