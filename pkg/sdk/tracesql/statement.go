package tracesql

import (
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"go.opentelemetry.io/otel/attribute"

	"github.com/bragg-tracing/bragg/pkg/sdk/internal/sqltext"
)

// A statement is what spans say of a query.
type statement struct {
	text      string
	operation string // SELECT
	table     string // clients, "" for none or several
	summary   string // SELECT clients

	attributes []attribute.KeyValue // of its spans; shared by them, so nobody changes it
}

// complete makes the attributes: the connection's, and the statement's, old
// names too if wanted.
func (s *statement) complete(connection []attribute.KeyValue, old bool) {
	a := make([]attribute.KeyValue, len(connection), len(connection)+5)
	copy(a, connection)
	a = append(a, attribute.String("db.query.text", s.text))
	if old {
		a = append(a, attribute.String("db.statement", s.text))
	}
	if s.summary != "" {
		a = append(a, attribute.String("db.query.summary", s.summary), attribute.String("db.operation.name", s.operation))
	}
	if s.table != "" {
		a = append(a, attribute.String("db.collection.name", s.table))
	}
	s.attributes = slices.Clip(a)
}

// Limits of what is remembered: services have few statements, and those that
// make them up would fill the memory.
const (
	keptStatements = 1000
	keptBytes      = 4 << 10 // of one statement
)

// statements reads queries and remembers what it read. Its methods may be
// called concurrently.
type statements struct {
	dialect    sqltext.Dialect
	raw, old   bool
	connection []attribute.KeyValue

	known   atomic.Pointer[map[string]*statement] // never changes; a new one takes its place
	growing sync.Mutex
}

func newStatements(system string, raw bool, connection []attribute.KeyValue, old bool) *statements {
	s := &statements{dialect: sqltext.DialectOf(system), raw: raw, old: old, connection: connection}
	s.known.Store(&map[string]*statement{})
	return s
}

// get returns what spans say of a query that is not empty. Nobody may change it.
func (s *statements) get(query string) *statement {
	if known, ok := (*s.known.Load())[query]; ok {
		return known
	}
	read := read(query, s.dialect)
	if s.raw {
		read.text = sqltext.Cut(query, maxText)
	}
	read.complete(s.connection, s.old)
	if len(query) <= keptBytes && len(*s.known.Load()) < keptStatements {
		s.keep(query, &read)
	}
	return &read
}

// keep remembers a statement.
func (s *statements) keep(query string, read *statement) {
	s.growing.Lock()
	defer s.growing.Unlock()
	known := *s.known.Load()
	if len(known) >= keptStatements {
		return
	}
	more := make(map[string]*statement, len(known)+1)
	maps.Copy(more, known)
	more[strings.Clone(query)] = read
	s.known.Store(&more)
}
