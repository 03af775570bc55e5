package sink

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"

	_ "modernc.org/sqlite" // the driver "sqlite"
)

// File is the name of the database in the data directory.
const File = "newrelic.db"

var errClosed = errors.New("the sink is closed")

// schema is of one version: to change it, count schemaVersion up; a database
// of another version is refused.
const (
	schemaVersion = 1
	schema        = `
CREATE TABLE resources (
	digest     BLOB PRIMARY KEY, -- of attributes
	attributes TEXT NOT NULL,    -- a JSON object
	received   INTEGER NOT NULL  -- last time, Unix nanoseconds
) WITHOUT ROWID;

-- One row for each span received: duplicates are rows of their own. num goes
-- up, and rows are deleted in its order, so that its range is the row count.
CREATE TABLE spans (
	num        INTEGER PRIMARY KEY AUTOINCREMENT,
	trace_id   BLOB NOT NULL,
	span_id    BLOB NOT NULL,
	parent_id  BLOB,
	name       TEXT NOT NULL,
	service    TEXT NOT NULL,
	kind       TEXT NOT NULL,
	status     TEXT NOT NULL,
	message    TEXT NOT NULL,
	start      INTEGER NOT NULL, -- Unix nanoseconds, like end and received
	end        INTEGER NOT NULL,
	received   INTEGER NOT NULL,
	resource   BLOB NOT NULL,    -- resources.digest
	attributes TEXT NOT NULL     -- a JSON object
);
CREATE INDEX spans_by_trace ON spans (trace_id, span_id);

CREATE TABLE arrivals (
	signal   TEXT NOT NULL,
	name     TEXT NOT NULL,
	count    INTEGER NOT NULL,
	received INTEGER NOT NULL,
	PRIMARY KEY (signal, name)
) WITHOUT ROWID;
`
)

// store keeps spans in SQLite. All writes go through one goroutine.
type store struct {
	write     *sql.DB // one connection, the writer's
	read      *sql.DB // refuses to write
	retention retention
	log       *slog.Logger

	requests chan *request
	closing  chan struct{}
	done     chan struct{} // closed by the writer
	close    func() error  // once
}

// openStore opens the database in dir and makes both if they are not there.
func openStore(dir string, keep retention, log *slog.Logger) (*store, error) {
	if dir == "" {
		return nil, errors.New("no data directory given: name one with --data")
	}
	s := &store{
		retention: keep, log: log,
		requests: make(chan *request), closing: make(chan struct{}), done: make(chan struct{}),
	}
	path, err := prepare(dir)
	if err != nil {
		return nil, fmt.Errorf("data directory: %w: give this user the right to write there, or choose another with --data", err)
	}
	if err := s.connect(path); err != nil {
		return nil, fmt.Errorf("%s: %w: move the file away, or choose another directory with --data", path, err)
	}
	w, err := newWriter(s.write)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", path, err), s.read.Close(), s.write.Close())
	}
	go s.run(w)
	s.close = sync.OnceValue(func() error {
		close(s.closing)
		<-s.done
		return errors.Join(w.close(), s.read.Close(), s.write.Close())
	})
	return s, nil
}

// prepare makes the directory, and an empty file that only this user can read;
// SQLite gives its side files the same mode.
func prepare(dir string) (path string, err error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", err
	}
	path = filepath.Join(dir, File)
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return "", err
	}
	return path, f.Close()
}

func (s *store) connect(path string) (err error) {
	const pragmas = "_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)&_pragma=synchronous(NORMAL)"
	if s.write, err = sql.Open("sqlite", dsn(path, pragmas+"&_txlock=immediate")); err != nil {
		return err
	}
	s.write.SetMaxOpenConns(1)
	if err := createSchema(s.write); err != nil {
		return errors.Join(err, s.write.Close())
	}
	if s.read, err = sql.Open("sqlite", dsn(path, pragmas+"&_pragma=query_only(1)")); err != nil {
		return errors.Join(err, s.write.Close())
	}
	s.read.SetMaxOpenConns(4)
	return nil
}

// dsn returns path as SQLite's file URI.
func dsn(path, query string) string {
	path = filepath.ToSlash(path)
	if filepath.VolumeName(path) != "" && !strings.HasPrefix(path, "/") {
		path = "/" + path // file:///C:/...
	}
	return "file:" + (&url.URL{Path: path}).EscapedPath() + "?" + query
}

func createSchema(db *sql.DB) error {
	tx, err := db.Begin()
	if err != nil {
		return err
	}
	defer tx.Rollback()
	var version int
	if err := tx.QueryRow("PRAGMA user_version").Scan(&version); err != nil {
		return err
	}
	switch version {
	case schemaVersion:
		return nil
	case 0:
		if _, err := tx.Exec(fmt.Sprintf("%s; PRAGMA user_version = %d", schema, schemaVersion)); err != nil {
			return err
		}
		return tx.Commit()
	}
	return fmt.Errorf("it was written by another version of this program (schema %d, this one has %d)", version, schemaVersion)
}

// Reset deletes everything that a sink keeps in a data directory. A sink that
// is using it goes on, empty. Without a database there it does nothing.
func Reset(ctx context.Context, dir string) error {
	if _, err := os.Stat(filepath.Join(dir, File)); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	s, err := openStore(dir, defaultRetention, slog.New(slog.DiscardHandler))
	if err != nil {
		return fmt.Errorf("newrelic sink: %w", err)
	}
	return errors.Join(s.put(ctx, &request{reset: true}), s.close())
}
