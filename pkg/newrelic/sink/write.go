package sink

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

const (
	// maxBatch is how many spans go into one transaction, give or take the
	// last request's.
	maxBatch = 5000
	// maxNames bounds the names that arrivals of one signal are counted by.
	maxNames = 1000
	// otherName counts what comes beyond.
	otherName = "(other)"
)

const (
	signalMetrics = "metrics"
	signalLogs    = "logs"
)

// arrival names what is counted.
type arrival struct{ signal, name string }

// request is one thing for the writer to do.
type request struct {
	resources []resourceRow
	spans     int
	received  int64 // Unix nanoseconds, set by put
	arrivals  map[arrival]int64
	reset     bool
	done      chan error // buffered: the caller may have gone
}

// put does the request and returns when it is committed. When ctx ends before,
// it returns ctx's error and the request may be done or not.
func (s *store) put(ctx context.Context, r *request) error {
	r.received, r.done = time.Now().UnixNano(), make(chan error, 1)
	select {
	case s.requests <- r:
	case <-s.closing:
		return errClosed
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case err := <-r.done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// run is the writer. It commits what waits in one transaction, and deletes
// what is old in between.
func (s *store) run(w *writer) {
	defer close(s.done)
	prune := time.NewTimer(0)
	defer prune.Stop()
	for {
		select {
		case first := <-s.requests:
			batch := s.collect(first)
			err := w.commit(batch)
			for _, r := range batch {
				r.done <- err
			}
			if w.spans > s.retention.spans {
				prune.Reset(0)
			}
		case <-prune.C:
			more, err := w.prune(s.retention, time.Now())
			if err != nil {
				s.log.Error("New Relic sink cannot delete old spans", "error", err)
			}
			prune.Reset(s.retention.pause(more && err == nil))
		case <-s.closing:
			return
		}
	}
}

// collect returns the first request and those that wait behind it.
func (s *store) collect(first *request) []*request {
	batch, spans := []*request{first}, first.spans
	for spans < maxBatch {
		select {
		case r := <-s.requests:
			batch, spans = append(batch, r), spans+r.spans
		default:
			return batch
		}
	}
	return batch
}

// writer holds the statements of the one connection that writes.
type writer struct {
	db                            *sql.DB
	addSpan, addResource, addMore *sql.Stmt
	spans                         int64            // rows, about
	names                         map[arrival]bool // counted so far
	perSignal                     map[string]int   // how many of them
}

func newWriter(db *sql.DB) (*writer, error) {
	w := &writer{db: db}
	for statement, text := range map[**sql.Stmt]string{
		&w.addSpan: `INSERT INTO spans (trace_id, span_id, parent_id, name, service, kind, status, message, start, end, received, resource, attributes)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		&w.addResource: `INSERT INTO resources (digest, attributes, received) VALUES (?, ?, ?)
			ON CONFLICT (digest) DO UPDATE SET received = excluded.received`,
		&w.addMore: `INSERT INTO arrivals (signal, name, count, received) VALUES (?, ?, ?, ?)
			ON CONFLICT (signal, name) DO UPDATE SET count = count + excluded.count, received = excluded.received`,
	} {
		var err error
		if *statement, err = db.Prepare(text); err != nil {
			return nil, errors.Join(err, w.close())
		}
	}
	if err := w.load(); err != nil {
		return nil, errors.Join(err, w.close())
	}
	return w, nil
}

// load reads what the writer keeps in memory of the database.
func (w *writer) load() error {
	w.names, w.perSignal = map[arrival]bool{}, map[string]int{}
	if err := w.db.QueryRow("SELECT coalesce(max(num) - min(num) + 1, 0) FROM spans").Scan(&w.spans); err != nil {
		return err
	}
	rows, err := w.db.Query("SELECT signal, name FROM arrivals")
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var a arrival
		if err := rows.Scan(&a.signal, &a.name); err != nil {
			return err
		}
		w.names[a] = true
		w.perSignal[a.signal]++
	}
	return rows.Err()
}

func (w *writer) close() error {
	var errs []error
	for _, statement := range []*sql.Stmt{w.addSpan, w.addResource, w.addMore} {
		if statement != nil {
			errs = append(errs, statement.Close())
		}
	}
	return errors.Join(errs...)
}

// commit does all requests in one transaction, or none.
func (w *writer) commit(batch []*request) error {
	tx, err := w.db.Begin()
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	defer tx.Rollback()
	spans := int64(0)
	for _, r := range batch {
		if err := w.write(tx, r); err != nil {
			return err
		}
		spans += int64(r.spans)
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	w.spans += spans
	for _, r := range batch {
		if r.reset {
			return w.load()
		}
	}
	return nil
}

func (w *writer) write(tx *sql.Tx, r *request) error {
	if r.reset {
		if _, err := tx.Exec("DELETE FROM spans; DELETE FROM resources; DELETE FROM arrivals"); err != nil {
			return fmt.Errorf("reset: %w", err)
		}
	}
	addSpan, addResource := tx.Stmt(w.addSpan), tx.Stmt(w.addResource)
	for _, resource := range r.resources {
		if _, err := addResource.Exec(resource.digest, string(resource.attributes), r.received); err != nil {
			return fmt.Errorf("store resource: %w", err)
		}
		for i := range resource.spans {
			x := &resource.spans[i]
			var parent []byte
			if !x.parentID.IsEmpty() {
				parent = x.parentID[:]
			}
			if _, err := addSpan.Exec(x.traceID[:], x.spanID[:], parent, x.name, x.service, x.kind, x.status, x.message,
				x.start, x.end, r.received, resource.digest, string(x.attributes)); err != nil {
				return fmt.Errorf("store span: %w", err)
			}
		}
	}
	for a, n := range r.arrivals {
		a = w.known(a)
		if _, err := tx.Stmt(w.addMore).Exec(a.signal, a.name, n, r.received); err != nil {
			return fmt.Errorf("count %s: %w", a.signal, err)
		}
	}
	return nil
}

// known returns the arrival, or the one for all others when there are too many.
func (w *writer) known(a arrival) arrival {
	if w.names[a] {
		return a
	}
	if w.perSignal[a.signal] >= maxNames {
		return arrival{a.signal, otherName}
	}
	w.names[a] = true
	w.perSignal[a.signal]++
	return a
}
