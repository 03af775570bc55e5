package timeline

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/bragg-tracing/bragg/pkg/segment"
)

// large returns n segments, each below the one before (deep) or all below the
// first.
func large(n int, deep bool) []*segment.Document {
	docs := make([]*segment.Document, n)
	for i := range docs {
		start := 1.8e9 + float64(i)/1000
		end := start + 1
		docs[i] = &segment.Document{ID: fmt.Sprintf("%016x", i), Name: "service", StartTime: start, EndTime: &end}
		switch {
		case i == 0:
		case deep:
			docs[i].ParentID = docs[i-1].ID
		default:
			docs[i].ParentID = docs[0].ID
		}
	}
	return docs
}

func TestBuildLarge(t *testing.T) {
	for name, deep := range map[string]bool{"wide": false, "deep": true} {
		docs := large(10_000, deep)
		begin := time.Now()
		rows := Build(docs).Fold()
		// It takes some 10 ms. The limit is what quadratic time would break.
		if took := time.Since(begin); took > 2*time.Second {
			t.Errorf("%s: took %v", name, took)
		}
		want := 1
		if deep {
			want = 9_999
		}
		if len(rows) != 10_000 || rows[9_999].Depth != want {
			t.Errorf("%s: %d rows, the last at depth %d", name, len(rows), rows[9_999].Depth)
		}
	}
}

func BenchmarkBuild(b *testing.B) {
	docs := large(10_000, false)
	for b.Loop() {
		Build(docs)
	}
}

// FuzzBuild feeds a list of documents; whatever they say, Build ends, draws
// every document at most once and keeps its promises about rows.
func FuzzBuild(f *testing.F) {
	f.Add([]byte(`[{"id":"a","name":"web","start_time":1,"end_time":2,"parent_id":"b","subsegments":[null,{"id":"b","start_time":-1e300,"end_time":1e300}]}]`))
	f.Add([]byte(`[{"id":"a","parent_id":"c"},{"id":"b","parent_id":"a","type":"subsegment"},{"id":"c","parent_id":"b","inferred":true},null,{"id":"a","end_time":3}]`))
	f.Add([]byte(`[{},{},{"subsegments":[{},{"subsegments":[{}]}]}]`))
	f.Fuzz(func(t *testing.T, data []byte) {
		var docs []*segment.Document
		if json.Unmarshal(data, &docs) != nil {
			return
		}
		tl := Build(docs)
		check(t, tl, tl.Rows)
		check(t, tl, tl.Fold())
		for i := range tl.Rows {
			_ = tl.Rows[i].Request()
		}
	})
}

func check(t *testing.T, tl *Timeline, rows []Row) {
	t.Helper()
	seen := make(map[*segment.Document]bool)
	depth := -1
	for _, r := range rows {
		if seen[r.Document] {
			t.Fatalf("document %q drawn twice", r.ID)
		}
		seen[r.Document] = true
		if r.Depth < 0 || r.Depth > depth+1 {
			t.Fatalf("depth %d after %d", r.Depth, depth)
		}
		depth = r.Depth
		if r.Offset < 0 || r.Duration < 0 || r.Offset > tl.Duration || r.Duration > tl.Duration-r.Offset {
			t.Fatalf("row at %d for %d in a timeline of %d", r.Offset, r.Duration, tl.Duration)
		}
	}
}
