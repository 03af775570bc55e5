package store

import (
	"context"
	"math/rand/v2"
	"strings"
	"testing"
)

// BenchmarkPut measures PutTraceSegments calls of 50 documents, 12 to a trace,
// from 4 callers; the figure is documents.
func BenchmarkPut(b *testing.B) {
	s, err := Open(b.TempDir())
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	b.SetParallelism(2)
	b.RunParallel(func(pb *testing.PB) {
		n := rand.IntN(1 << 30)
		for pb.Next() {
			docs := make([]Document, 50)
			for i := range docs {
				docs[i] = document(b, n/12, n, float64(n), `"user":"someone","metadata":{"default":{"a":"`+strings.Repeat("x", 400)+`"}},`)
				n++
			}
			if err := s.Put(context.Background(), docs); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.ReportMetric(float64(b.N)*50/b.Elapsed().Seconds(), "documents/s")
}

// BenchmarkTraces reads 5 traces of 12 documents from a store of 1,000.
func BenchmarkTraces(b *testing.B) {
	s, err := Open(b.TempDir())
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	for trace := range 1000 {
		var docs []Document
		for id := range 12 {
			docs = append(docs, document(b, trace, id+1, 100, `"user":"someone",`))
		}
		put(b, s, docs...)
	}
	for b.Loop() {
		n := rand.IntN(995)
		traces, err := s.Traces(context.Background(), traceID(n), traceID(n+1), traceID(n+2), traceID(n+3), traceID(n+4))
		if err != nil || len(traces) != 5 {
			b.Fatal(len(traces), err)
		}
	}
}
