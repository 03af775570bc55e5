package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/bragg-tracing/bragg/pkg/segment"
)

// A Document is a document with the text that it was decoded from.
type Document struct {
	*segment.Document
	Raw []byte
}

// maxBatch is how many documents go into one transaction, give or take the
// last caller's.
const maxBatch = 2000

// A request is one call that writes, handed to the writer.
type request struct {
	namespace string
	docs      []Document
	receipt   int64
	reset     bool

	// change, if not nil, is what to do in the place of docs. An error of it
	// that is a refusal is this request's alone.
	change func(t *transaction, namespace int64) error

	refused error
	done    chan error // buffered: the caller may have gone
}

// Put stores documents that segment.Validate has accepted, all or none, and
// returns when they are committed. Of several documents with the same trace id
// and id, the first completed one stays and later completed ones are counted
// as duplicates; one in progress is replaced by whatever comes next.
//
// If ctx ends first, Put returns its error, and the documents may be stored or
// not: to put them again does no harm. Docs must not be changed meanwhile.
func (s *Store) Put(ctx context.Context, docs []Document) error {
	if len(docs) == 0 {
		return nil
	}
	if err := s.do(ctx, &request{docs: docs}); err != nil {
		return fmt.Errorf("put %d documents: %w", len(docs), err)
	}
	return nil
}

// Reset removes every document and every resource of all namespaces. Page tokens given out before find nothing.
func (s *Store) Reset(ctx context.Context) error {
	if err := s.do(ctx, &request{reset: true}); err != nil {
		return fmt.Errorf("reset the store: %w", err)
	}
	return nil
}

func (s *Store) do(ctx context.Context, r *request) error {
	r.namespace, r.receipt = s.namespace, s.now().UnixNano()
	r.done = make(chan error, 1)
	select {
	case s.requests <- r:
	case <-s.closing:
		return ErrClosed
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

// run is the writer's goroutine: it ends when the store is closed.
func (s *core) run(w *writer) {
	defer close(s.done)
	for {
		select {
		case <-s.closing:
			return
		case r := <-s.requests:
			if r.reset {
				r.done <- w.reset()
				continue
			}
			batch, reset := s.gather(r)
			err := w.put(batch)
			for _, r := range batch {
				r.done <- cmp.Or(err, r.refused)
			}
			if reset != nil {
				reset.done <- w.reset()
			}
		}
	}
}

// gather returns r with what is waiting behind it: under load many callers
// share one transaction, and an idle store adds no delay. It stops at a reset,
// which it returns apart.
func (s *core) gather(r *request) (batch []*request, reset *request) {
	batch = []*request{r}
	for n := len(r.docs); n < maxBatch; {
		select {
		case r := <-s.requests:
			if r.reset {
				return batch, r
			}
			batch = append(batch, r)
			n += len(r.docs)
		default:
			return batch, nil
		}
	}
	return batch, nil
}

// A writer writes transactions on the one connection that may.
type writer struct {
	db         *sql.DB
	statements []*sql.Stmt

	namespaces map[string]int64 // numbers, by name

	newNamespace, tick, newTrace, newDocument, duplicate, bounds, touch, leave, place *sql.Stmt
}

func newWriter(db *sql.DB) (*writer, error) {
	w := &writer{db: db, namespaces: make(map[string]int64)}
	for _, p := range []struct {
		to    **sql.Stmt
		query string
	}{
		{&w.newNamespace, `INSERT INTO namespaces (name) VALUES (?) ON CONFLICT (name) DO UPDATE SET name = name RETURNING num`},
		{&w.tick, `UPDATE clock SET seq = seq + 1 RETURNING seq`},
		{&w.newTrace, `
			INSERT INTO traces (trace_id, namespace, revision, first_receipt, last_receipt) VALUES (?1, ?3, 0, ?2, ?2)
			ON CONFLICT (trace_id, namespace) DO UPDATE SET revision = revision RETURNING num, start, end`},
		{&w.newDocument, `
			INSERT INTO documents (trace, id, segment, in_progress, start, end, receipt, versions, duplicates, body)
			VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 1, 0, ?8)
			ON CONFLICT (trace, id) DO UPDATE SET segment = ?3, in_progress = ?4, start = ?5, end = ?6,
				receipt = ?7, versions = versions + 1, body = ?8
			WHERE in_progress RETURNING versions`},
		{&w.duplicate, `UPDATE documents SET duplicates = duplicates + 1 WHERE trace = ? AND id = ?`},
		{&w.bounds, `SELECT min(start), max(end) FROM documents WHERE trace = ? AND segment`},
		{&w.touch, `UPDATE traces SET revision = revision + 1, last_receipt = ?2, start = ?3, end = ?4 WHERE num = ?1`},
		{&w.leave, `UPDATE places SET until = ?2 WHERE trace = ?1 AND until = ` + fmt.Sprint(int64(never))},
		{&w.place, `INSERT INTO places (trace, start, since, until) VALUES (?1, ?2, ?3, ` + fmt.Sprint(int64(never)) + `)`},
	} {
		stmt, err := db.Prepare(p.query)
		if err != nil {
			return nil, errors.Join(err, w.close())
		}
		*p.to = stmt
		w.statements = append(w.statements, stmt)
	}
	return w, nil
}

func (w *writer) close() error {
	var errs []error
	for _, stmt := range w.statements {
		errs = append(errs, stmt.Close())
	}
	return errors.Join(errs...)
}

// put writes the documents of all requests in one transaction.
func (w *writer) put(batch []*request) (err error) {
	tx, err := w.db.Begin()
	if err != nil {
		return err
	}
	t := &transaction{writer: w, tx: tx}
	defer func() {
		if err != nil {
			_ = tx.Rollback() // err says why
			for _, name := range t.made {
				delete(w.namespaces, name)
			}
		}
	}()
	if err := tx.Stmt(w.tick).QueryRow().Scan(&t.seq); err != nil {
		return err
	}
	for _, r := range batch {
		if err := t.write(r); err != nil {
			return err
		}
	}
	return tx.Commit()
}

// reset empties the tables, but not the clock: tokens from before stay old.
func (w *writer) reset() error {
	tx, err := w.db.Begin()
	if err != nil {
		return err
	}
	defer tx.Rollback() // does nothing after Commit
	for _, query := range []string{
		`DELETE FROM documents`, `DELETE FROM places`, `DELETE FROM traces`, `DELETE FROM resources`, `UPDATE clock SET seq = seq + 1`,
	} {
		if _, err := tx.Exec(query); err != nil {
			return err
		}
	}
	if err := tx.Commit(); err != nil {
		return err
	}
	_, err = w.db.Exec(`VACUUM`)
	return err
}
