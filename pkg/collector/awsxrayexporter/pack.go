package awsxrayexporter

import (
	"slices"

	"go.opentelemetry.io/collector/pdata/pcommon"
)

// A put is what one PutTraceSegments request carries.
type put struct {
	documents []document
	bytes     int // of the bodies with a comma each
}

func (p *put) add(documents []document, bytes int) {
	p.documents = append(p.documents, documents...)
	p.bytes += bytes
}

func (p *put) fits(documents, bytes int) bool {
	return len(p.documents)+documents <= maxDocuments && putOverhead+p.bytes+bytes <= maxPutBytes
}

// openPuts is among how many unfilled puts a place for a trace is sought.
const openPuts = 32

// pack distributes documents over puts of at most maxDocuments and maxPutBytes.
// The documents of a trace go together, if one put can hold them: X-Ray gives a
// trace the less room the longer its documents trickle in
// (https://repost.aws/knowledge-center/x-ray-trace-quota-error). A document
// that is larger than maxPutBytes gets a put of its own.
func pack(documents []document) []put {
	if len(documents) == 0 {
		return nil
	}
	whole := put{documents: documents}
	for i := range documents {
		whole.bytes += len(documents[i].body) + 1
	}
	if len(documents) <= maxDocuments && putOverhead+whole.bytes <= maxPutBytes {
		return []put{whole}
	}
	var puts, open []put
	for _, g := range groups(documents) {
		i := slices.IndexFunc(open, func(p put) bool { return p.fits(len(g.documents), g.bytes) })
		if i < 0 {
			if len(open) == openPuts {
				puts = append(puts, open[0])
				open = slices.Delete(open, 0, 1)
			}
			open = append(open, put{documents: make([]document, 0, maxDocuments)})
			i = len(open) - 1
		}
		open[i].add(g.documents, g.bytes)
		if len(open[i].documents) == maxDocuments {
			puts = append(puts, open[i])
			open = slices.Delete(open, i, i+1)
		}
	}
	return append(puts, open...)
}

// groups returns the documents by trace, the largest groups first: large ones
// need the room, small ones fill the gaps. A trace that is too large for one
// put is cut into groups that are full and one that is not.
func groups(documents []document) []put {
	all := make([]put, 0, len(documents)/4+1)
	of := make([]int32, len(documents))                         // the group of each document
	last := make(map[pcommon.TraceID]int32, len(documents)/4+1) // the group of a trace that has room
	counts := make([]int, 0, cap(all))                          // documents of each group
	for i := range documents {
		d := &documents[i]
		size := len(d.body) + 1
		g, known := last[d.trace]
		if !known || counts[g] == maxDocuments || putOverhead+all[g].bytes+size > maxPutBytes {
			g = int32(len(all))
			all, counts = append(all, put{}), append(counts, 0)
			last[d.trace] = g
		}
		of[i] = g
		all[g].bytes += size
		counts[g]++
	}
	sorted := make([]document, len(documents))
	start := 0
	for g, n := range counts {
		all[g].documents = sorted[start : start : start+n]
		start += n
	}
	for i, g := range of {
		all[g].documents = append(all[g].documents, documents[i])
	}
	slices.SortStableFunc(all, func(a, b put) int { return len(b.documents) - len(a.documents) })
	return all
}
