package store

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"

	_ "modernc.org/sqlite" // the driver "sqlite"
)

// File is the name of the database in the data directory.
const File = "xray.db"

// ErrClosed is returned by calls on a Store after Close.
var ErrClosed = errors.New("the store is closed")

// An OpenError says that a data directory cannot be used, why, and what to do.
type OpenError struct {
	Dir    string
	Remedy string
	Err    error
}

func (e *OpenError) Error() string {
	return fmt.Sprintf("data directory %s: %v: %s", e.Dir, e.Err, e.Remedy)
}

// Unwrap returns the cause.
func (e *OpenError) Unwrap() error { return e.Err }

// A Store keeps documents and resources. It is one namespace of a database: see
// In. It is safe for concurrent use, also by several processes that open the
// same directory. Close it to release its goroutine and files.
type Store struct {
	*core
	namespace string
}

// A core is what the views of one database share.
type core struct {
	write *sql.DB // one connection, used by the writer alone
	read  *sql.DB // refuses to write

	options   options
	retention retention

	requests chan *request
	closing  chan struct{} // closed by Close: the writer ends
	done     chan struct{} // closed by the writer
	retained chan struct{} // closed when retention has ended
	close    func() error  // what Close does, once
}

// Open opens the store in dir, which it makes (mode 0700) if it is not there.
// The error is an *OpenError.
func Open(dir string, opts ...Option) (*Store, error) {
	path, err := prepare(dir)
	if err != nil {
		return nil, &OpenError{Dir: dir, Err: plain(err), Remedy: "give this user the right to write there, or choose another directory"}
	}
	s, err := open(dsn(path, onDisk), opts)
	if err != nil {
		return nil, &OpenError{Dir: dir, Err: fmt.Errorf("%s: %w", File, err), Remedy: "move the file away, or choose another directory"}
	}
	return s, nil
}

// OpenInMemory opens an empty store that is gone when it is closed.
func OpenInMemory(opts ...Option) (*Store, error) {
	s, err := open("file:/bragg-"+rand.Text()+"?vfs=memdb"+inMemory, opts)
	if err != nil {
		return nil, fmt.Errorf("open a store in memory: %w", err)
	}
	return s, nil
}

func open(dsn string, opts []Option) (*Store, error) {
	s := &core{
		options:  newOptions(opts),
		requests: make(chan *request),
		closing:  make(chan struct{}),
		done:     make(chan struct{}),
		retained: make(chan struct{}),
	}
	w, err := s.connect(dsn)
	if err != nil {
		return nil, err
	}
	st := &Store{core: s}
	go s.run(w)
	go st.retain()
	s.close = sync.OnceValue(func() error {
		close(s.closing)
		<-s.done
		<-s.retained
		return errors.Join(w.close(), w.conn.Close(), s.read.Close(), s.write.Close())
	})
	return st, nil
}

// prepare makes the directory and an empty database file that only this user
// can read; SQLite gives its side files the same mode.
func prepare(dir string) (path string, err error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", err
	}
	probe, err := os.CreateTemp(dir, ".probe-*") // the side files come and go: the directory must be writable
	if err != nil {
		return "", err
	}
	if err := errors.Join(probe.Close(), os.Remove(probe.Name())); err != nil {
		return "", err
	}
	path = filepath.Join(dir, File)
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return "", err
	}
	return path, f.Close()
}

// plain takes operation and path off an error of package os: the message that
// it goes into names the directory.
func plain(err error) error {
	var pe *os.PathError
	if errors.As(err, &pe) {
		return pe.Err
	}
	return err
}

// The settings of connections. FULL has every transaction synced before it is
// acknowledged; the page size is that of new files.
const (
	everywhere = "&_pragma=busy_timeout(10000)&_pragma=page_size(8192)&_pragma=auto_vacuum(2)&_pragma=temp_store(2)"
	onDisk     = everywhere + "&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=journal_size_limit(67108864)"
	inMemory   = everywhere + "&_pragma=journal_mode(MEMORY)"
	writing    = "&_pragma=cache_size(-32768)&_pragma=wal_autocheckpoint(2000)"
	reading    = "&_pragma=cache_size(-16384)&_pragma=query_only(1)"
)

func (s *core) connect(dsn string) (w *writer, err error) {
	ctx := context.Background()
	if s.write, err = sql.Open("sqlite", dsn+writing); err != nil {
		return nil, err
	}
	s.write.SetMaxOpenConns(1)
	defer func() {
		if err != nil {
			err = errors.Join(err, s.write.Close())
		}
	}()
	conn, err := s.write.Conn(ctx)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			_ = conn.Close() // err says why
		}
	}()
	was, err := migrate(ctx, conn)
	if err != nil {
		return nil, err
	}
	if was { // its file is to shrink as a new one does
		if _, err := conn.ExecContext(ctx, "PRAGMA auto_vacuum = 2; VACUUM"); err != nil {
			return nil, err
		}
	}
	if w, err = newWriter(conn); err != nil {
		return nil, err
	}
	if s.read, err = sql.Open("sqlite", dsn+reading); err != nil {
		return nil, errors.Join(err, w.close())
	}
	s.read.SetMaxOpenConns(4)
	s.read.SetMaxIdleConns(4)
	return w, nil
}

// dsn returns path as SQLite's file URI.
func dsn(path, query string) string {
	path = filepath.ToSlash(path)
	if filepath.VolumeName(path) != "" && !strings.HasPrefix(path, "/") {
		path = "/" + path // file:///C:/...
	}
	return "file:" + (&url.URL{Path: path}).EscapedPath() + "?" + strings.TrimPrefix(query, "&")
}

// Close waits for the transaction that is being written, and closes the files.
// Calls that are waiting to write return ErrClosed. A second Close does nothing
// and returns what the first returned.
func (s *Store) Close() error { return s.close() }

// In returns the namespace with this name, over the same database: what is put
// there is found there alone. Open returns the namespace "". Names are free; to
// use one makes it. Close closes the database for all.
func (s *Store) In(namespace string) *Store { return &Store{s.core, namespace} }

// Namespace returns the name of this namespace.
func (s *Store) Namespace() string { return s.namespace }

// Namespaces returns the names of those that hold documents, in order.
func (s *Store) Namespaces(ctx context.Context) ([]string, error) {
	rows, err := s.read.QueryContext(ctx, `
		SELECT name FROM namespaces n WHERE EXISTS (SELECT 1 FROM traces WHERE namespace = n.num) ORDER BY name`)
	if err != nil {
		return nil, fmt.Errorf("list namespaces: %w", err)
	}
	defer rows.Close()
	var names []string
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return nil, fmt.Errorf("list namespaces: %w", err)
		}
		names = append(names, name)
	}
	return names, rows.Err()
}

// inNamespace is the number of the namespace whose name is the parameter ?N,
// NULL if it was never used.
func inNamespace(parameter string) string {
	return `(SELECT num FROM namespaces WHERE name = ` + parameter + `)`
}
