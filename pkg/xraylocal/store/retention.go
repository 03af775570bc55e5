package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"time"
)

// Retention tells what the store deletes by itself, and what it has deleted
// since it was opened.
type Retention struct {
	MaxAge        time.Duration // 0: none
	MaxSize       int64         // bytes; 0: none
	Size          int64         // bytes in use when it was last looked at
	DeletedByAge  int64         // traces
	DeletedBySize int64         // traces
	// Full is when the size retention last began to delete after a time of not
	// having to; zero if it never did.
	Full time.Time
}

// Retention returns what retention has done so far.
func (s *Store) Retention() Retention {
	r := &s.retention
	state := Retention{
		MaxAge: s.options.maxAge, MaxSize: s.options.maxSize, Size: r.size.Load(),
		DeletedByAge: r.byAge.Load(), DeletedBySize: r.bySize.Load(),
	}
	if at := r.full.Load(); at != 0 {
		state.Full = time.Unix(0, at)
	}
	return state
}

// A retention counts. Only its goroutine writes.
type retention struct {
	size, byAge, bySize atomic.Int64
	full                atomic.Int64 // Unix nanoseconds
}

// Size retention deletes until the database is a little below its limit, so that
// it has not to begin anew at once, and counts as a new beginning after a pause.
const (
	retainShare = 0.97
	retainPause = time.Hour
	retainBatch = 200 // traces in a transaction: others wait for it
)

// retain deletes what is too old and what is too much, and catches up with what
// is to be indexed, until the store is closed.
func (s *Store) retain() {
	defer close(s.retained)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	ticker := time.NewTicker(s.options.every)
	defer ticker.Stop()
	for {
		if err := s.retainOnce(ctx); err != nil && !errors.Is(err, ErrClosed) {
			s.options.logger.Error("X-Ray Local cannot delete old traces", "error", err)
		}
		if err := s.catchUp(ctx); err != nil && !errors.Is(err, ErrClosed) {
			s.options.logger.Error("X-Ray Local cannot index traces in the background", "error", err)
		}
		select {
		case <-s.closing:
			return
		case <-ticker.C:
		}
	}
}

func (s *Store) retainOnce(ctx context.Context) error {
	if s.options.maxAge > 0 {
		before := s.options.now().Add(-s.options.maxAge).UnixNano()
		for n := retainBatch; n == retainBatch; {
			var err error
			if n, err = s.deleteOldest(ctx, before, retainBatch); err != nil {
				return err
			}
			s.retention.byAge.Add(int64(n))
		}
	}
	size, free, err := s.sizes(ctx)
	if err != nil {
		return err
	}
	s.retention.size.Store(size)
	if s.options.maxSize > 0 && size > s.options.maxSize {
		if err := s.makeRoom(ctx); err != nil {
			return err
		}
	}
	if free > size/4 && free > 16<<20 { // give the file's free pages back, bit by bit
		return s.do(ctx, &request{change: func(t *transaction, _ int64) error { return t.exec("PRAGMA incremental_vacuum(1000)") }})
	}
	return nil
}

// makeRoom deletes the oldest traces until the size is below its limit.
func (s *Store) makeRoom(ctx context.Context) error {
	now := s.options.now().UnixNano()
	if last := s.retention.full.Load(); now-last > int64(retainPause) {
		s.options.logger.Warn("X-Ray Local's data directory is full: from now on the oldest traces are deleted",
			"size", s.retention.size.Load(), "limit", s.options.maxSize)
		s.retention.full.Store(now)
	}
	var traces int64
	if err := s.read.QueryRowContext(ctx, `SELECT count(*) FROM traces`).Scan(&traces); err != nil {
		return fmt.Errorf("count traces: %w", err)
	}
	target := int64(retainShare * float64(s.options.maxSize))
	each := max(s.retention.size.Load()/max(traces, 1), 1)
	for {
		size, _, err := s.sizes(ctx)
		if err != nil {
			return err
		}
		if s.retention.size.Store(size); size <= target {
			return nil
		}
		n, err := s.deleteOldest(ctx, 1<<63-1, int(min(1+(size-target)/each, retainBatch)))
		s.retention.bySize.Add(int64(n))
		if err != nil || n == 0 {
			return err
		}
	}
}

// sizes returns how many bytes of the database are in use, and how many not.
func (s *Store) sizes(ctx context.Context) (used, free int64, err error) {
	var pages, unused, size int64
	for query, to := range map[string]*int64{"page_count": &pages, "freelist_count": &unused, "page_size": &size} {
		if err := s.read.QueryRowContext(ctx, "PRAGMA "+query).Scan(to); err != nil {
			return 0, 0, fmt.Errorf("measure the database: %w", err)
		}
	}
	return (pages - unused) * size, unused * size, nil
}

// deleteOldest deletes at most limit traces of which the last document came
// before a time, the oldest first, and returns how many.
func (s *Store) deleteOldest(ctx context.Context, before int64, limit int) (deleted int, err error) {
	err = s.do(ctx, &request{change: func(t *transaction, _ int64) (err error) {
		deleted, err = t.deleteOldest(before, limit)
		return err
	}})
	if err != nil {
		return 0, fmt.Errorf("delete old traces: %w", err)
	}
	return deleted, nil
}

// An aged is a trace with the arrival of its last document.
type aged struct {
	num, namespace, last int64
	id                   []byte
	start                *float64
}

// deleteOldest deletes at most limit traces, of all namespaces.
func (t *transaction) deleteOldest(before int64, limit int) (int, error) {
	all, err := t.oldest(before, limit)
	if err != nil {
		return 0, err
	}
	for _, a := range all {
		if err := t.deleteTrace(a); err != nil {
			return 0, fmt.Errorf("trace %s: %w", idText(a.id), err)
		}
	}
	t.deletedTraces += len(all)
	if t.deletedTraces > maxShapes {
		t.deletedTraces = 0
		clear(t.shapes)
		if err := t.exec(`DELETE FROM shapes WHERE num NOT IN (SELECT shape FROM traces WHERE shape IS NOT NULL)`); err != nil {
			return 0, err
		}
	}
	return len(all), t.exec(fmt.Sprintf(`DELETE FROM moved WHERE at < %d`, t.now-int64(time.Hour)))
}

func (t *transaction) oldest(before int64, limit int) ([]aged, error) {
	namespaces, err := t.allNamespaces()
	if err != nil {
		return nil, err
	}
	var all []aged
	for _, namespace := range namespaces {
		rows, err := t.conn.QueryContext(context.Background(), `SELECT num, namespace, last, id, start FROM traces
			WHERE namespace = ? AND last < ? ORDER BY last LIMIT ?`, namespace, before, limit)
		if err != nil {
			return nil, err
		}
		for rows.Next() {
			var a aged
			if err := rows.Scan(&a.num, &a.namespace, &a.last, &a.id, &a.start); err != nil {
				return nil, errors.Join(err, rows.Close())
			}
			all = append(all, a)
		}
		if err := errors.Join(rows.Err(), rows.Close()); err != nil {
			return nil, err
		}
	}
	slices.SortFunc(all, func(a, b aged) int { return cmp.Compare(a.last, b.last) })
	return all[:min(limit, len(all))], nil
}

func (t *transaction) allNamespaces() (nums []int64, err error) {
	rows, err := t.conn.QueryContext(context.Background(), `SELECT num FROM namespaces`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var num int64
		if err := rows.Scan(&num); err != nil {
			return nil, err
		}
		nums = append(nums, num)
	}
	return nums, rows.Err()
}

func (t *transaction) deleteTrace(a aged) error {
	first, last := partsOf(a.num)
	if _, err := t.deleteParts.Exec(first, last); err != nil {
		return err
	}
	if a.start != nil {
		if _, err := t.deleteHead.Exec(a.namespace, *a.start, a.num); err != nil {
			return err
		}
		if _, err := t.deleteMoved.Exec(a.num); err != nil {
			return err
		}
	}
	if _, err := t.deleteFacts.Exec(a.num); err != nil {
		return err
	}
	if _, err := t.deleteLinks.Exec(a.num); err != nil {
		return err
	}
	t.recent.drop(traceKey{a.namespace, idText(a.id)})
	_, err := t.deleteRow.Exec(a.num)
	return err
}
