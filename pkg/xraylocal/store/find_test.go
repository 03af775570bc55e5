package store

import (
	"cmp"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
)

// pages reads all pages of a query and calls between after each.
func pages(t *testing.T, s *Store, q Query, between func()) (ids []string) {
	t.Helper()
	for {
		page, err := s.Find(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		if len(page.Refs) > q.Limit || (page.Next != "" && len(page.Refs) != q.Limit) {
			t.Fatalf("%d traces in a page of %d", len(page.Refs), q.Limit)
		}
		for _, ref := range page.Refs {
			ids = append(ids, ref.TraceID)
		}
		if page.Next == "" {
			return ids
		}
		q.Token = page.Next
		between()
	}
}

// TestFindIsStable pages while new traces arrive and old ones move to an
// earlier or, their first segment being replaced, a later start.
func TestFindIsStable(t *testing.T) {
	s := newStore(t)
	const n = 60
	starts := make(map[string]float64)
	random := rand.New(rand.NewPCG(1, 2))
	for i := range n {
		start := float64(1000 + random.IntN(40)) // some are equal
		members := ""
		if i%3 == 0 {
			members = `"in_progress":true,`
		}
		put(t, s, document(t, i, 1, start, members))
		starts[traceID(i)] = start
	}
	next := n
	disturb := func() {
		for range 5 {
			put(t, s, document(t, next, 1, float64(1000+random.IntN(40)), ""))
			put(t, s, document(t, random.IntN(n), 2+next, float64(900+random.IntN(140)), ""))
			put(t, s, document(t, random.IntN(n)/3*3, 1, float64(1000+random.IntN(60)), ""))
			next++
		}
	}
	got := pages(t, s, Query{Start: 1000, End: 1040, Limit: 7}, disturb)
	var want []string
	for i := range n {
		want = append(want, traceID(i))
	}
	slices.SortFunc(want, func(a, b string) int {
		return cmp.Or(cmp.Compare(starts[b], starts[a]), cmp.Compare(b, a))
	})
	if diff := gocmp.Diff(want, got); diff != "" {
		t.Errorf("traces (-want +got):\n%s", diff)
	}
	if now := pages(t, s, Query{Start: 0, End: 1e6, Limit: 7}, func() {}); len(now) != next {
		t.Errorf("afterwards %d traces, want %d", len(now), next)
	}
}

func TestFindRanges(t *testing.T) {
	clock := newClock(5000)
	s, err := Open(t.TempDir(), withClock(clock.now))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	at := func(seconds int64, docs ...Document) {
		clock.set(seconds)
		put(t, s, docs...)
	}
	at(5000, document(t, 1, 1, 100, ""))                                                            // 100 to 101
	at(5010, document(t, 2, 1, 200, `"in_progress":true,`))                                         // 200 to 201
	at(5020, document(t, 2, 1, 200, ""))                                                            //
	at(5030, document(t, 3, 2, 310, ""), document(t, 3, 1, 300, ""))                                // 300 to 311
	at(5040, document(t, 4, 1, 400, fmt.Sprintf(`"type":"subsegment","parent_id":%q,`, spanID(9)))) // no segment yet
	at(5050, document(t, 1, 1, 150, ""))                                                            // a duplicate: no change

	tests := []struct {
		name string
		q    Query
		want []int
	}{
		{"all by start", Query{End: 1e9}, []int{3, 2, 1}},
		{"start is included", Query{Start: 200, End: 300}, []int{3, 2}},
		{"between starts", Query{Start: 201, End: 299}, nil},
		{"by span", Query{By: BySpan, Start: 201, End: 301}, []int{3, 2}},
		{"by span, within one", Query{By: BySpan, Start: 305, End: 306}, []int{3}},
		{"by span, beyond", Query{By: BySpan, Start: 311.5, End: 1e9}, nil},
		{"by receipt", Query{By: ByReceipt, Start: 5000, End: 5030}, []int{2, 1}},
		{"the receipt of what was replaced is gone", Query{By: ByReceipt, Start: 5005, End: 5015}, nil},
		{"end of receipt is excluded", Query{By: ByReceipt, Start: 5015, End: 5020}, nil},
		{"a duplicate is no receipt", Query{By: ByReceipt, Start: 5045, End: 6000}, nil},
		{"huge range", Query{By: ByReceipt, Start: -1e300, End: 1e300}, []int{3, 2, 1}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.q.Limit = 2
			var want []string
			for _, n := range tt.want {
				want = append(want, traceID(n))
			}
			if diff := gocmp.Diff(want, pages(t, s, tt.q, func() {})); diff != "" {
				t.Errorf("traces (-want +got):\n%s", diff)
			}
		})
	}
	page, err := s.Find(t.Context(), Query{By: ByReceipt, Start: 5015, End: 5025, Limit: 1})
	if err != nil || len(page.Refs) != 1 || page.Refs[0].Matched.Unix() != 5020 {
		t.Errorf("match: %v, %v", page, err)
	}
	// A trace can be found from when its first segment arrives.
	at(5060, document(t, 4, 9, 390, ""))
	if got := pages(t, s, Query{Start: 390, End: 390, Limit: 1}, func() {}); len(got) != 1 || got[0] != traceID(4) {
		t.Errorf("after its segment arrived: %v", got)
	}
}

func TestFindRefusesTokens(t *testing.T) {
	s := newStore(t)
	for _, token := range []string{"x", "!!!", position{}.token()[1:], "AAAA" + position{}.token()} {
		if _, err := s.Find(t.Context(), Query{End: 1, Limit: 1, Token: token}); !errors.Is(err, ErrToken) {
			t.Errorf("token %q: %v", token, err)
		}
	}
}
