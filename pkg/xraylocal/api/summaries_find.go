package api

import (
	"context"

	"github.com/bragg-tracing/bragg/pkg/xraylocal/store"
)

// maxRead bounds the traces that one call puts together.
const maxRead = 10_000

// A foundPage is what findMatching found; the traces went to match.
type foundPage struct {
	processed int
	last      float64 // start of the trace where the page ends
	next      string
}

// findMatching calls match with traces of a query until q.Limit of them match,
// or maxRead have been read.
func findMatching(ctx context.Context, s *store.Store, q store.Query, match func(*store.Trace, *float64) bool) (foundPage, error) {
	var found foundPage
	matches, limit := 0, q.Limit
	if q.By == store.ByEnd {
		q.By, q.Start = store.ByStart, q.Start-longest
	}
	for {
		q.Limit = limit
		page, err := s.Find(ctx, q)
		if err != nil {
			return found, err
		}
		for i, ref := range page.Refs {
			traces, err := s.Traces(ctx, ref.TraceID)
			if err != nil {
				return found, err
			}
			found.processed++
			found.last = ref.Start
			for _, trace := range traces {
				var second *float64
				if !ref.Matched.IsZero() {
					second = new(float64)
					*second = float64(ref.Matched.Unix())
				}
				if match(trace, second) {
					matches++
				}
			}
			if matches < limit || i == len(page.Refs)-1 {
				continue
			}
			q.Limit = i + 1
			page, err = s.Find(ctx, q)
			found.next = page.Next
			return found, err
		}
		if q.Token = page.Next; q.Token == "" || matches == limit || found.processed >= maxRead {
			found.next = page.Next
			return found, nil
		}
	}
}
