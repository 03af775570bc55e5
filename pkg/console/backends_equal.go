package console

import (
	"sync"
	"time"
)

// How long a trace that was equal is taken to be so. Nothing more is to come of
// one that ended settledAfter ago; a duplicate of it is seen after equalFor.
const (
	equalFor     = 2 * time.Minute
	settledAfter = 30 * time.Second
	maxEquals    = 5000
)

// equals remembers the traces that were found equal, so that a list that is read
// every few seconds compares what is new. It is safe for concurrent use.
type equals struct {
	mu   sync.Mutex
	rows map[string]equalRow // by trace id
}

type equalRow struct {
	row   backendRow
	until time.Time
}

// split returns the ids that have to be compared, and the rows of the others.
func (e *equals) split(now time.Time, ids []string) (fresh []string, known []backendRow) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, id := range ids {
		if r, ok := e.rows[id]; ok && now.Before(r.until) {
			known = append(known, r.row)
		} else {
			fresh = append(fresh, id)
		}
	}
	return fresh, known
}

// keep remembers a row, if it is of a trace that is equal and settled.
func (e *equals) keep(now time.Time, row backendRow) {
	ended := time.UnixMicro(int64((row.Start + row.Duration) * 1e6))
	if row.State != equal || now.Sub(ended) < settledAfter {
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.rows == nil || len(e.rows) >= maxEquals {
		e.rows = map[string]equalRow{}
	}
	e.rows[row.ID] = equalRow{row, now.Add(equalFor)}
}
