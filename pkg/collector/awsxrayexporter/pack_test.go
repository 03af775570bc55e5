package awsxrayexporter

import (
	"bytes"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// documentsFor returns one document for each element, the number of its trace,
// with a body of size bytes.
func documentsFor(size int, traces ...int) []document {
	var all []document
	for i, trace := range traces {
		all = append(all, document{body: bytes.Repeat([]byte("x"), size), trace: traceID(trace), segment: spanID(i)})
	}
	return all
}

func TestPack(t *testing.T) {
	same := func(n int) []int { return make([]int, n) }
	distinct := func(n int) []int {
		all := make([]int, n)
		for i := range all {
			all[i] = i
		}
		return all
	}
	of := func(size, traces int) []int { // traces of that size, mixed
		all := make([]int, size*traces)
		for i := range all {
			all[i] = i % traces
		}
		return all
	}
	tests := []struct {
		name      string
		documents []document
		want      []int // documents of the puts, the largest first
	}{
		{"none", nil, nil},
		{"one", documentsFor(100, 1), []int{1}},
		{"fifty of one trace", documentsFor(100, same(50)...), []int{50}},
		{"120 of one trace", documentsFor(100, same(120)...), []int{50, 50, 20}},
		{"120 traces", documentsFor(100, distinct(120)...), []int{50, 50, 20}},
		{"traces of thirty", documentsFor(100, of(30, 4)...), []int{30, 30, 30, 30}},
		{"traces of thirty and of one", documentsFor(100, append(of(30, 4), distinct(84)[4:]...)...), []int{50, 50, 50, 50}},
		{"large documents", documentsFor(300<<10, distinct(7)...), []int{3, 3, 1}},
		{"a trace of large documents", documentsFor(300<<10, same(7)...), []int{3, 3, 1}},
		{"too large for any put", documentsFor(2<<20, distinct(2)...), []int{1, 1}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var got []int
			seen := map[[8]byte]bool{}
			for _, p := range pack(test.documents) {
				got = append(got, len(p.documents))
				if size := len(appendPut(nil, p.documents)); size > maxPutBytes && len(p.documents) > 1 {
					t.Errorf("a put has %d bytes", size)
				}
				for _, d := range p.documents {
					seen[d.segment] = true
				}
			}
			slices.SortFunc(got, func(a, b int) int { return b - a })
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
			if len(seen) != len(test.documents) {
				t.Errorf("%d documents of %d are packed", len(seen), len(test.documents))
			}
		})
	}
}
