package store

import (
	"context"
	"database/sql"
	"fmt"
)

// migrations lead from each version of the schema to the next; the database's
// user_version counts those that it has been through. Never change one that
// was released: append.
var migrations = []string{`
-- One row. seq numbers the transactions that wrote: a reader who remembers it
-- can come back to the same set of traces (see places).
CREATE TABLE clock (seq INTEGER NOT NULL);
INSERT INTO clock VALUES (0);

CREATE TABLE traces (
	num           INTEGER PRIMARY KEY,
	trace_id      TEXT    NOT NULL UNIQUE,
	revision      INTEGER NOT NULL, -- change sets accepted
	first_receipt INTEGER NOT NULL, -- Unix nanoseconds
	last_receipt  INTEGER NOT NULL,
	start         REAL,             -- of its segments, epoch seconds; NULL without one
	end           REAL              -- latest end of a segment; NULL without one
);

-- Where a trace stood in the order of start times, and when: from transaction
-- since, to before transaction until. A trace moves when an earlier segment of
-- it arrives; a reader who pages through an older order still finds it there.
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
	segment     INTEGER NOT NULL, -- 1: segment, 0: subsegment sent on its own
	in_progress INTEGER NOT NULL,
	start       REAL    NOT NULL,
	end         REAL,
	receipt     INTEGER NOT NULL, -- Unix nanoseconds
	versions    INTEGER NOT NULL, -- 1, and 1 for each time that it was replaced
	duplicates  INTEGER NOT NULL, -- completed documents of this id that were ignored
	body        BLOB    NOT NULL, -- as it was sent
	UNIQUE (trace, id)
);
`, `
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
`}

// never is the until of the place where a trace stands now.
const never = 1<<63 - 1

// migrate brings the database to the newest schema, in one transaction.
func migrate(ctx context.Context, db *sql.DB) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback() // does nothing after Commit
	var version int
	if err := tx.QueryRowContext(ctx, "PRAGMA user_version").Scan(&version); err != nil {
		return err
	}
	if version > len(migrations) {
		return fmt.Errorf("its schema has version %d, and this build knows %d: use a newer build", version, len(migrations))
	}
	for ; version < len(migrations); version++ {
		if _, err := tx.ExecContext(ctx, migrations[version]); err != nil {
			return fmt.Errorf("migrate to schema version %d: %w", version+1, err)
		}
	}
	if _, err := tx.ExecContext(ctx, fmt.Sprintf("PRAGMA user_version = %d", version)); err != nil {
		return err
	}
	return tx.Commit()
}
