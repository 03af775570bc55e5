package store

import (
	"context"
	"database/sql"
	"errors"
)

// A writer writes transactions on the one connection that may.
type writer struct {
	conn       *sql.Conn
	statements []*sql.Stmt

	// What it remembers of the database, and knows to be so as long as nobody
	// else has written: seq is the last transaction that it saw.
	seq        int64
	next       int64            // number for a trace
	namespaces map[string]int64 // numbers, by name
	shapes     map[string]int64 // numbers, by encoding
	recent     recent
	encoder    encoder

	deletedTraces int // since shapes were looked through that no trace has

	tick, newNamespace, findTrace, newTrace, updateTrace, newPart *sql.Stmt
	findShape, newShape, leave, move, newHead, nextTrace          *sql.Stmt
	deleteParts, deleteHead, deleteMoved, deleteFacts, deleteRow  *sql.Stmt
	newFacts, newLink, deleteLinks, deleteEntityLinks             *sql.Stmt
}

func newWriter(conn *sql.Conn) (*writer, error) {
	w := &writer{conn: conn}
	w.forget()
	for _, p := range []struct {
		to    **sql.Stmt
		query string
	}{
		{&w.tick, `UPDATE clock SET seq = seq + 1 RETURNING seq`},
		{&w.nextTrace, `SELECT coalesce(max(num), 0) + 1 FROM traces`},
		{&w.newNamespace, `INSERT INTO namespaces (name) VALUES (?) ON CONFLICT (name) DO UPDATE SET name = name RETURNING num`},
		{&w.findTrace, `SELECT num, revision, first, last, start FROM traces WHERE id = ? AND namespace = ?`},
		{&w.newTrace, `INSERT INTO traces (num, namespace, id, revision, first, last, start, end, documents, duplicates, shape, graph)
			VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)`},
		{&w.updateTrace, `UPDATE traces SET revision = ?4, first = ?5, last = ?6, start = ?7, end = ?8, documents = ?9,
			duplicates = ?10, shape = ?11, graph = ?12 WHERE num = ?1 AND namespace = ?2 AND id = ?3`},
		{&w.newPart, `INSERT INTO parts (num, body) VALUES (?, ?)`},
		{&w.findShape, `SELECT num FROM shapes WHERE hash = ? AND body = ?`},
		{&w.newShape, `INSERT INTO shapes (hash, body) VALUES (?, ?) RETURNING num`},
		{&w.leave, `DELETE FROM heads WHERE namespace = ? AND start = ? AND trace = ? RETURNING since`},
		{&w.move, `INSERT INTO moved (namespace, start, trace, since, until, at) VALUES (?, ?, ?, ?, ?, ?)`},
		{&w.newHead, `INSERT INTO heads (namespace, start, trace, since, flags, s0, s1, s2, s3, s4, s5, s6, s7, status, response, duration, method, url)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`},
		{&w.deleteParts, `DELETE FROM parts WHERE num BETWEEN ? AND ?`},
		{&w.deleteHead, `DELETE FROM heads WHERE namespace = ? AND start = ? AND trace = ?`},
		{&w.deleteMoved, `DELETE FROM moved WHERE trace = ?`},
		{&w.newFacts, `INSERT OR REPLACE INTO facts (trace, body) VALUES (?, ?)`},
		{&w.deleteFacts, `DELETE FROM facts WHERE trace = ?`},
		{&w.newLink, `INSERT OR IGNORE INTO links (namespace, target, source, entity, id, kind) VALUES (?, ?, ?, ?, ?, ?)`},
		{&w.deleteLinks, `DELETE FROM links WHERE source = ?`},
		{&w.deleteEntityLinks, `DELETE FROM links WHERE source = ? AND entity = ?`},
		{&w.deleteRow, `DELETE FROM traces WHERE num = ?`},
	} {
		stmt, err := conn.PrepareContext(context.Background(), p.query)
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

// forget drops what the writer remembers of the database.
func (w *writer) forget() {
	w.seq, w.next = 0, 0
	w.namespaces, w.shapes = make(map[string]int64), make(map[string]int64)
	w.recent.clear()
}

func (w *writer) exec(query string) error {
	_, err := w.conn.ExecContext(context.Background(), query)
	return err
}

// transact calls f in a transaction, which it commits if f returns no error.
func (w *writer) transact(f func(t *transaction) error) (err error) {
	if err := w.exec("BEGIN IMMEDIATE"); err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = w.exec("ROLLBACK") // err says why
			w.forget()             // parts of it are about what is not written now
		}
	}()
	t, err := w.begun()
	if err != nil {
		return err
	}
	if err := f(t); err != nil {
		return err
	}
	return w.exec("COMMIT")
}

// begun starts a transaction's bookkeeping. If another process has written since
// the last, the writer knows nothing.
func (w *writer) begun() (*transaction, error) {
	t := &transaction{writer: w}
	if err := w.tick.QueryRow().Scan(&t.seq); err != nil {
		return nil, err
	}
	if t.seq != w.seq+1 || w.next == 0 {
		w.forget()
		if err := w.nextTrace.QueryRow().Scan(&w.next); err != nil {
			return nil, err
		}
	}
	w.seq = t.seq
	w.recent.turn()
	return t, nil
}

// put does what all requests ask for, in one transaction.
func (w *writer) put(batch []*request) error {
	return w.transact(func(t *transaction) error {
		for _, r := range batch {
			if err := t.write(r); err != nil {
				return err
			}
		}
		for _, trace := range t.touched {
			if err := t.settle(trace); err != nil {
				return err
			}
		}
		return nil
	})
}

// reset empties the tables, but not the clock: tokens from before stay old.
func (w *writer) reset() error {
	err := w.transact(func(*transaction) error {
		for _, table := range []string{"parts", "heads", "moved", "traces", "facts", "links", "shapes", "resources"} {
			if err := w.exec("DELETE FROM " + table); err != nil {
				return err
			}
		}
		w.forget()
		return nil
	})
	if err != nil {
		return err
	}
	return w.exec("VACUUM")
}
