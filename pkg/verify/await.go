package verify

import (
	"context"
	"fmt"
	"time"
)

// Sent holds the span ids that were sent, by trace id, both in lower-case hex.
type Sent map[string]map[string]bool

// Add adds a span. Adding it again does nothing.
func (s Sent) Add(traceID, spanID string) {
	if s[traceID] == nil {
		s[traceID] = map[string]bool{}
	}
	s[traceID][spanID] = true
}

// Spans returns how many spans there are.
func (s Sent) Spans() int {
	n := 0
	for _, spans := range s {
		n += len(spans)
	}
	return n
}

// A Wait says what [Await] waits for.
type Wait struct {
	Sent Sent
	// Lookup returns what the backend has of a trace, nothing if it does not
	// have it yet. An error ends the wait.
	Lookup func(ctx context.Context, traceID string) ([]Arrival, error)
	// Patience is how long the backend may get nothing new of what is missing
	// before that counts as lost.
	Patience time.Duration
	// First and Most bound the pause between two rounds of lookups, which grows
	// by half each time. 0 means 100 ms for both.
	First, Most time.Duration
	// Progress, if not nil, is told after each round how many spans are there.
	Progress func(have, want int)
}

// A Total counts what a backend has of everything that was sent.
type Total struct {
	Match
	Traces int // of which it has at least one span that was sent
}

// Await asks the backend for each trace until it has all of its spans, or until
// the backend has got nothing new for as long as w.Patience lasts.
func Await(ctx context.Context, w Wait) (Total, error) {
	complete := map[string]Match{} // by trace id
	want := w.Sent.Spans()
	last, lastNews, pause := -1, time.Now(), max(w.First, 100*time.Millisecond)
	for {
		total := Total{Match: Match{Extra: map[string]int{}}}
		for id, spans := range w.Sent {
			m, ok := complete[id]
			if !ok {
				arrivals, err := w.Lookup(ctx, id)
				if err != nil {
					return Total{}, fmt.Errorf("read trace %s: %w", id, err)
				}
				if m = MatchIDs(spans, arrivals); m.Spans == len(spans) {
					complete[id] = m
				}
			}
			total.Add(m)
			if m.Spans > 0 {
				total.Traces++
			}
		}
		if w.Progress != nil {
			w.Progress(total.Spans, want)
		}
		if total.Spans > last {
			last, lastNews = total.Spans, time.Now()
		}
		if total.Spans == want || time.Since(lastNews) > w.Patience {
			return total, nil
		}
		select {
		case <-ctx.Done():
			return Total{}, ctx.Err()
		case <-time.After(pause):
		}
		pause = min(pause*3/2, max(w.Most, 100*time.Millisecond))
	}
}
