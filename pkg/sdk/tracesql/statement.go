package tracesql

import (
	"sync"
	"sync/atomic"

	"go.opentelemetry.io/otel/attribute"
)

// A statement is what spans say of a query.
type statement struct {
	text      string
	operation string // SELECT
	table     string // clients, "" for none or several
	summary   string // SELECT clients
}

func (s statement) append(attributes []attribute.KeyValue, old bool) []attribute.KeyValue {
	attributes = append(attributes, attribute.String("db.query.text", s.text))
	if old {
		attributes = append(attributes, attribute.String("db.statement", s.text))
	}
	if s.summary != "" {
		attributes = append(attributes, attribute.String("db.query.summary", s.summary), attribute.String("db.operation.name", s.operation))
	}
	if s.table != "" {
		attributes = append(attributes, attribute.String("db.collection.name", s.table))
	}
	return attributes
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
	dialect dialect
	raw     bool
	known   sync.Map // query → statement
	n       atomic.Int64
}

func newStatements(system string, raw bool) *statements {
	return &statements{dialect: dialectOf(system), raw: raw}
}

func (s *statements) get(query string) statement {
	if query == "" {
		return statement{}
	}
	if known, ok := s.known.Load(query); ok {
		return known.(statement)
	}
	read := read(query, s.dialect)
	if s.raw {
		read.text = cut(query)
	}
	if len(query) <= keptBytes && s.n.Load() < keptStatements {
		if _, loaded := s.known.LoadOrStore(query, read); !loaded {
			s.n.Add(1)
		}
	}
	return read
}
