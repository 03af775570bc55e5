package store

import (
	"context"
	"database/sql"
	"fmt"
)

// A migration leads from one version of the schema to the next.
type migration struct {
	statements string
	data       func(ctx context.Context, conn *sql.Conn) error // after the statements; may be nil
	drop       string                                          // after that
}

// migrations lead to the newest schema; the database's user_version counts those
// that it has been through. Never change one that was released: append.
var migrations = []migration{
	{statements: schema1},
	{statements: schema2},
	{statements: schema3, data: moveDocuments, drop: `
		DROP TABLE documents_2; DROP TABLE traces_2; DROP TABLE places;`},
	{statements: schema4},
	{statements: schema5},
}

const schema1 = `
CREATE TABLE clock (seq INTEGER NOT NULL);
INSERT INTO clock VALUES (0);
CREATE TABLE traces (
	num           INTEGER PRIMARY KEY,
	trace_id      TEXT    NOT NULL UNIQUE,
	revision      INTEGER NOT NULL,
	first_receipt INTEGER NOT NULL,
	last_receipt  INTEGER NOT NULL,
	start         REAL,
	end           REAL
);
CREATE TABLE places (
	trace INTEGER NOT NULL,
	start REAL    NOT NULL,
	since INTEGER NOT NULL,
	until INTEGER NOT NULL
);
CREATE INDEX places_by_start ON places (start, trace);
CREATE INDEX places_by_trace ON places (trace, until);
CREATE TABLE documents (
	num         INTEGER PRIMARY KEY,
	trace       INTEGER NOT NULL,
	id          TEXT    NOT NULL,
	segment     INTEGER NOT NULL,
	in_progress INTEGER NOT NULL,
	start       REAL    NOT NULL,
	end         REAL,
	receipt     INTEGER NOT NULL,
	versions    INTEGER NOT NULL,
	duplicates  INTEGER NOT NULL,
	body        BLOB    NOT NULL,
	UNIQUE (trace, id)
);
`

const schema2 = `
CREATE TABLE namespaces (
	num  INTEGER PRIMARY KEY,
	name TEXT NOT NULL UNIQUE
);
INSERT INTO namespaces VALUES (0, '');

-- What is not a document: groups, sampling rules, tags and the like.
CREATE TABLE resources (
	namespace INTEGER NOT NULL,
	kind      TEXT    NOT NULL,
	key       TEXT    NOT NULL,
	body      BLOB    NOT NULL,
	PRIMARY KEY (namespace, kind, key)
) WITHOUT ROWID;

CREATE TABLE traces_of (
	num           INTEGER PRIMARY KEY,
	namespace     INTEGER NOT NULL,
	trace_id      TEXT    NOT NULL,
	revision      INTEGER NOT NULL,
	first_receipt INTEGER NOT NULL,
	last_receipt  INTEGER NOT NULL,
	start         REAL,
	end           REAL,
	UNIQUE (trace_id, namespace)
);
INSERT INTO traces_of SELECT num, 0, trace_id, revision, first_receipt, last_receipt, start, end FROM traces;
DROP TABLE traces;
ALTER TABLE traces_of RENAME TO traces;
CREATE INDEX traces_by_namespace ON traces (namespace);
`

const schema3 = `
ALTER TABLE traces RENAME TO traces_2;
ALTER TABLE documents RENAME TO documents_2;
DROP INDEX traces_by_namespace;

CREATE TABLE traces (
	num        INTEGER PRIMARY KEY,
	namespace  INTEGER NOT NULL,
	id         BLOB    NOT NULL, -- 16 bytes, or the text if that is not in its usual form
	revision   INTEGER NOT NULL, -- change sets accepted
	first      INTEGER NOT NULL, -- receipts of documents, Unix nanoseconds
	last       INTEGER NOT NULL,
	start      REAL,             -- of its segments, epoch seconds; NULL without one
	end        REAL,             -- latest end of a segment; NULL without one
	documents  INTEGER NOT NULL,
	duplicates INTEGER NOT NULL, -- completed documents that were ignored
	shape      INTEGER,          -- of its service graph; NULL if that has to be made from the documents
	graph      BLOB              -- the graph's values
);
CREATE UNIQUE INDEX traces_by_id ON traces (id, namespace);

-- For "which have to do with a time range": those of which the end of the span
-- lies in it or within an hour after it, and, apart, those that span more.
CREATE INDEX traces_by_last ON traces (namespace, last);
CREATE INDEX traces_by_end  ON traces (namespace, end);
CREATE INDEX traces_long_received ON traces (namespace, last) WHERE last - first > 3600000000000;
CREATE INDEX traces_long          ON traces (namespace, end)  WHERE end - start > 3600;

-- What filter expressions are planned with (see package index), in the order in
-- which traces are listed. A trace of which no segment came has no row. Since
-- is the transaction by which the trace came to stand there.
CREATE TABLE heads (
	namespace INTEGER NOT NULL,
	start     REAL    NOT NULL,
	trace     INTEGER NOT NULL,
	since     INTEGER NOT NULL,
	flags     INTEGER NOT NULL,
	s0 INTEGER NOT NULL, s1 INTEGER NOT NULL, s2 INTEGER NOT NULL, s3 INTEGER NOT NULL,
	s4 INTEGER NOT NULL, s5 INTEGER NOT NULL, s6 INTEGER NOT NULL, s7 INTEGER NOT NULL,
	status    INTEGER,
	response  REAL,
	duration  REAL,
	method    TEXT,
	url       TEXT,
	PRIMARY KEY (namespace, start, trace)
) WITHOUT ROWID;

-- Where traces stood until a transaction moved them, because an earlier segment
-- arrived: a reader who pages through an older order still finds them there.
CREATE TABLE moved (
	namespace INTEGER NOT NULL,
	start     REAL    NOT NULL,
	trace     INTEGER NOT NULL,
	since     INTEGER NOT NULL,
	until     INTEGER NOT NULL,
	at        INTEGER NOT NULL -- Unix nanoseconds
);
CREATE INDEX moved_by_start ON moved (namespace, start, trace);
CREATE INDEX moved_by_trace ON moved (trace);

-- What of a trace came in one transaction (see part.go). The number is the
-- trace's, shifted, and then counts up.
CREATE TABLE parts (
	num  INTEGER PRIMARY KEY,
	body BLOB NOT NULL
);

CREATE TABLE shapes (
	num  INTEGER PRIMARY KEY,
	hash INTEGER NOT NULL,
	body BLOB    NOT NULL
);
CREATE INDEX shapes_by_hash ON shapes (hash);
`

const schema4 = schemaFacts + `
-- Below which number traces may have no facts, because an older build stored them.
CREATE TABLE unfilled (below INTEGER NOT NULL);
INSERT INTO unfilled SELECT coalesce(max(num), 0) + 1 FROM traces WHERE EXISTS (SELECT 1 FROM traces);

-- For the traces that went one of a few ways.
CREATE INDEX traces_by_shape ON traces (namespace, shape, last);
`

// schemaFacts is what filter expressions ask of a trace beside its graph (see
// index.Facts). A trace that was stored before, or is too large, has no row.
const schemaFacts = `
CREATE TABLE IF NOT EXISTS facts (
	trace INTEGER PRIMARY KEY,
	body  BLOB NOT NULL
);
`

const schema5 = schemaLinks + `
-- What links of older traces there are, and what a summary of them says, the
-- background finds out.
DELETE FROM unfilled;
INSERT INTO unfilled SELECT coalesce(max(num), 0) + 1 FROM traces WHERE EXISTS (SELECT 1 FROM traces);
`

// schemaLinks is which traces link to which: one row for each link of a segment or
// subsegment.
const schemaLinks = `
CREATE TABLE IF NOT EXISTS links (
	namespace INTEGER NOT NULL,
	target    BLOB    NOT NULL, -- as traces.id; it need not be stored
	source    INTEGER NOT NULL, -- the trace that has the link
	entity    TEXT    NOT NULL, -- the segment or subsegment there
	id        TEXT    NOT NULL, -- what it links to, in the target
	kind      TEXT    NOT NULL,
	PRIMARY KEY (namespace, target, source, entity, id)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS links_by_source ON links (source, entity);
`

// shrinking is the schema version since which files give free pages back.
const shrinking = 3

// migrate brings the database to the newest schema, in one transaction. It
// reports whether there was one that does not give free pages back.
func migrate(ctx context.Context, conn *sql.Conn) (was bool, err error) {
	if _, err := conn.ExecContext(ctx, "BEGIN IMMEDIATE"); err != nil {
		return false, err
	}
	defer func() {
		if err != nil {
			_, _ = conn.ExecContext(ctx, "ROLLBACK") // err says why
		}
	}()
	var version int
	if err := conn.QueryRowContext(ctx, "PRAGMA user_version").Scan(&version); err != nil {
		return false, err
	}
	if version > len(migrations) {
		return false, fmt.Errorf("its schema has version %d, and this build knows %d: use a newer build", version, len(migrations))
	}
	was = version > 0 && version < shrinking
	for ; version < len(migrations); version++ {
		if err := migrations[version].run(ctx, conn); err != nil {
			return false, fmt.Errorf("migrate to schema version %d: %w", version+1, err)
		}
	}
	if _, err := conn.ExecContext(ctx, fmt.Sprintf("PRAGMA user_version = %d", version)); err != nil {
		return false, err
	}
	_, err = conn.ExecContext(ctx, "COMMIT")
	return was, err
}

func (m migration) run(ctx context.Context, conn *sql.Conn) error {
	if _, err := conn.ExecContext(ctx, m.statements); err != nil {
		return err
	}
	if m.data != nil {
		if err := m.data(ctx, conn); err != nil {
			return err
		}
	}
	_, err := conn.ExecContext(ctx, m.drop)
	return err
}

// moveDocuments writes the documents of schema 2 as parts, trace by trace.
func moveDocuments(ctx context.Context, conn *sql.Conn) error {
	if _, err := conn.ExecContext(ctx, schemaFacts+schemaLinks); err != nil { // a writer writes them
		return err
	}
	w, err := newWriter(conn)
	if err != nil {
		return err
	}
	defer w.close() // of statements that only this function uses
	t, err := w.begun()
	if err != nil {
		return err
	}
	rows, err := conn.QueryContext(ctx, `
		SELECT t.num, t.namespace, t.trace_id, t.revision, t.first_receipt, t.last_receipt, d.receipt, d.duplicates, d.body
		FROM traces_2 t JOIN documents_2 d ON d.trace = t.num ORDER BY t.num, d.num`)
	if err != nil {
		return err
	}
	defer rows.Close()
	var trace *state
	for rows.Next() {
		var next state
		var e entry
		var duplicates int
		if err := rows.Scan(&next.num, &next.namespace, &next.id, &next.revision, &next.first, &next.last, &e.receipt, &duplicates, &e.raw); err != nil {
			return err
		}
		if trace == nil || next.num != trace.num {
			if err := t.moveTrace(trace); err != nil {
				return err
			}
			next.fresh, next.changed = true, true
			trace = &next
		}
		if err := trace.replay(e); err != nil {
			return err
		}
		trace.entries = append(trace.entries, e)
		for range min(duplicates, 1000) {
			d := entry{duplicate: true, receipt: e.receipt, raw: []byte(trace.docs[len(trace.docs)-1].ID)}
			trace.entries = append(trace.entries, d)
			trace.duplicates++
		}
	}
	if err := rows.Err(); err != nil {
		return err
	}
	return t.moveTrace(trace)
}

func (t *transaction) moveTrace(trace *state) error {
	if trace == nil {
		return nil
	}
	return t.settle(trace)
}
