package awsxrayexporter

import (
	"encoding/json"
	"os"
	"testing"
)

func BenchmarkAppendString(b *testing.B) {
	text, err := os.ReadFile("translate/testdata/sql.default.json")
	if err != nil {
		b.Fatal(err)
	}
	var v any
	if err := json.Unmarshal(text, &v); err != nil {
		b.Fatal(err)
	}
	if text, err = json.Marshal(v); err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(text)))
	var dst []byte
	for b.Loop() {
		dst = appendString(dst[:0], text)
	}
}
