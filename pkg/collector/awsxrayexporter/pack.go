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
	var all []put
	last := map[pcommon.TraceID]int{} // the group of a trace that has room
	for _, d := range documents {
		size := len(d.body) + 1
		i, known := last[d.trace]
		if !known || !all[i].fits(1, size) {
			i = len(all)
			all = append(all, put{})
			last[d.trace] = i
		}
		all[i].add([]document{d}, size)
	}
	slices.SortStableFunc(all, func(a, b put) int { return len(b.documents) - len(a.documents) })
	return all
}
