package compare

import (
	"cmp"
	"slices"
	"strings"

	"github.com/bragg-tracing/bragg/pkg/xraylocal/client"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/timeline"
)

// A Likeness says by what traces are like another.
type Likeness string

// The likenesses, the closest first.
const (
	SameRequest Likeness = "the same request"             // service, method and path, and it ended well
	SameFailed  Likeness = "the same request, not all ok" // the same, whatever its outcome
	SameService Likeness = "the same service"
)

// Typical returns the trace that is typical of what trace did: of those among
// others that are most like it, the one with the median duration. With it come
// how many these were and by what they are alike. Of an even number it is the
// faster of the two in the middle. Traces in progress do not count, nor does
// trace itself. It is false if there is none.
//
// Parts of a path that have a digit are taken for ids: /orders/7 and /orders/8
// are one request.
func Typical(trace client.Summary, others []client.Summary) (typical client.Summary, of int, by Likeness, ok bool) {
	request := func(s client.Summary) bool {
		return s.Service == trace.Service && s.Method == trace.Method && route(s.URL) == route(trace.URL)
	}
	for _, like := range []struct {
		by Likeness
		is func(client.Summary) bool
	}{
		{SameRequest, func(s client.Summary) bool { return request(s) && s.Outcome == timeline.OK }},
		{SameFailed, request},
		{SameService, func(s client.Summary) bool { return s.Service == trace.Service }},
	} {
		var alike []client.Summary
		for _, s := range others {
			if s.ID != trace.ID && !s.InProgress && like.is(s) {
				alike = append(alike, s)
			}
		}
		if len(alike) == 0 {
			continue
		}
		slices.SortFunc(alike, func(a, b client.Summary) int {
			return cmp.Or(cmp.Compare(a.Duration, b.Duration), cmp.Compare(a.ID, b.ID))
		})
		return alike[(len(alike)-1)/2], len(alike), like.by, true
	}
	return client.Summary{}, 0, "", false
}

// route is the path of a URL without its ids.
func route(url string) string {
	parts := strings.Split(timeline.Path(url), "/")
	for i, part := range parts {
		if strings.ContainsAny(part, "0123456789") {
			parts[i] = "*"
		}
	}
	return strings.Join(parts, "/")
}
