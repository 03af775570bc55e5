package sink

import (
	"fmt"
	"time"
)

// retention says how much is kept.
type retention struct {
	spans int64         // rows
	age   time.Duration // since they were received
	step  int64         // rows that one transaction deletes at most
	every time.Duration // between two looks
}

var defaultRetention = retention{spans: 1_000_000, age: 24 * time.Hour, step: 5000, every: time.Minute}

// pause returns the time to the next step.
func (r retention) pause(more bool) time.Duration {
	if more {
		return 10 * time.Millisecond // which lets requests in
	}
	return r.every
}

// prune deletes the oldest spans beyond the retention, one step of them, and
// reports whether there is more to delete.
func (w *writer) prune(keep retention, now time.Time) (more bool, err error) {
	tx, err := w.db.Begin()
	if err != nil {
		return false, fmt.Errorf("begin: %w", err)
	}
	defer tx.Rollback()
	var first, last int64
	if err := tx.QueryRow("SELECT coalesce(min(num), 0), coalesce(max(num), -1) FROM spans").Scan(&first, &last); err != nil {
		return false, err
	}
	// Everything before end goes: what is beyond the number of rows, and
	// further what is too old, both within one step.
	limit := min(first+keep.step, last+1)
	var young int64
	if err := tx.QueryRow("SELECT coalesce(min(num), ?) FROM spans WHERE num < ? AND received >= ?",
		limit, limit, now.Add(-keep.age).UnixNano()).Scan(&young); err != nil {
		return false, err
	}
	end := max(young, min(limit, last+1-keep.spans))
	if end > first {
		if _, err := tx.Exec("DELETE FROM spans WHERE num < ?", end); err != nil {
			return false, err
		}
		if _, err := tx.Exec("DELETE FROM resources WHERE received < coalesce((SELECT received FROM spans ORDER BY num LIMIT 1), ?)",
			now.Add(-keep.age).UnixNano()); err != nil {
			return false, err
		}
	}
	if err := tx.Commit(); err != nil {
		return false, fmt.Errorf("commit: %w", err)
	}
	w.spans = last + 1 - max(end, first)
	return end == limit && end <= last && end > first, nil
}
