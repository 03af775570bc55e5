package verify

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestMatchIDs(t *testing.T) {
	sent := map[string]bool{"a": true, "b": true, "c": true}
	tests := []struct {
		name     string
		arrivals []Arrival
		want     Match
	}{
		{"nothing", nil, Match{Extra: map[string]int{}}},
		{"all", []Arrival{{"a", 1, ""}, {"b", 1, ""}, {"c", 1, ""}}, Match{Spans: 3, Extra: map[string]int{}}},
		{"given twice in one row", []Arrival{{"a", 2, ""}}, Match{Spans: 1, Duplicates: 1, Extra: map[string]int{}}},
		{"given twice in two rows", []Arrival{{"a", 1, ""}, {"a", 1, ""}}, Match{Spans: 1, Duplicates: 1, Extra: map[string]int{}}},
		{"more than was sent", []Arrival{{"a", 1, ""}, {"x", 1, "inferred"}, {"y", 1, ""}},
			Match{Spans: 1, Extra: map[string]int{"inferred": 1, "unknown": 1}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, MatchIDs(sent, tt.arrivals)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestAwait(t *testing.T) {
	sent := Sent{}
	sent.Add("t", "a")
	sent.Add("t", "b")
	broken := errors.New("no backend")
	tests := []struct {
		name   string
		lookup func(call int) ([]Arrival, error)
		want   Total
		err    error
		took   time.Duration // at most, in the test's clock
	}{
		{"complete in the third round", func(call int) ([]Arrival, error) {
			return []Arrival{{SpanID: "a"}, {SpanID: "b"}}[:min(call, 2)], nil
		}, Total{Match: Match{Spans: 2, Extra: map[string]int{}}, Traces: 1}, nil, time.Second},
		{"half for ever", func(int) ([]Arrival, error) { return []Arrival{{SpanID: "a"}}, nil },
			Total{Match: Match{Spans: 1, Extra: map[string]int{}}, Traces: 1}, nil, 11 * time.Second},
		{"nothing for ever", func(int) ([]Arrival, error) { return nil, nil }, Total{Match: Match{Extra: map[string]int{}}}, nil, 11 * time.Second},
		{"an error", func(int) ([]Arrival, error) { return nil, broken }, Total{}, broken, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				calls, begun := -1, time.Now()
				got, err := Await(t.Context(), Wait{Sent: sent, Patience: 10 * time.Second, Lookup: func(context.Context, string) ([]Arrival, error) {
					calls++
					return tt.lookup(calls)
				}})
				if !errors.Is(err, tt.err) {
					t.Fatal(err)
				}
				if diff := cmp.Diff(tt.want, got); diff != "" {
					t.Errorf("(-want +got):\n%s", diff)
				}
				if took := time.Since(begun); took > tt.took {
					t.Errorf("took %v", took)
				}
			})
		})
	}
}
