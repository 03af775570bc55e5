package verify

// An Arrival is one span or segment that a backend has of a trace.
type Arrival struct {
	SpanID   string // 16 lower-case hex digits
	Received int    // how often the backend was given it, at least 1
	Reason   string // why it may exist without having been sent; "" if it may not
}

// A Match counts what a backend has of the spans that were sent.
type Match struct {
	Spans      int            // distinct spans that were sent and arrived
	Duplicates int            // how often the backend was given what it had already
	Extra      map[string]int // what was not sent, by Reason; [Unknown] if that is ""
}

// Unknown is the reason of what nobody sent and no backend makes on its own.
const Unknown = "unknown"

// MatchIDs compares what a backend has of one trace with the span ids that were
// sent of it.
func MatchIDs(sent map[string]bool, arrivals []Arrival) Match {
	m := Match{Extra: map[string]int{}}
	seen := map[string]bool{}
	for _, a := range arrivals {
		m.Duplicates += max(a.Received, 1) - 1
		if seen[a.SpanID] {
			m.Duplicates++
			continue
		}
		seen[a.SpanID] = true
		switch {
		case sent[a.SpanID]:
			m.Spans++
		case a.Reason != "":
			m.Extra[a.Reason]++
		default:
			m.Extra[Unknown]++
		}
	}
	return m
}

// Add adds the counts of another trace.
func (m *Match) Add(other Match) {
	m.Spans += other.Spans
	m.Duplicates += other.Duplicates
	if m.Extra == nil {
		m.Extra = map[string]int{}
	}
	for reason, n := range other.Extra {
		m.Extra[reason] += n
	}
}
