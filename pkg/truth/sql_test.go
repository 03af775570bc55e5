package truth

import (
	"context"
	"database/sql"
	"net/url"
	"path/filepath"
	"strings"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"
	_ "modernc.org/sqlite"             // the driver "sqlite"

	"github.com/bragg-tracing/bragg/pkg/sdk/tracesql"
	"github.com/bragg-tracing/bragg/pkg/segment"
)

const schema = "CREATE TABLE clients (id integer PRIMARY KEY, name text, rating integer)"

// query makes a table, a query with a literal in it, and one that fails.
func query(t *testing.T, ctx context.Context, db *sql.DB) {
	t.Helper()
	if _, err := db.ExecContext(ctx, schema); err != nil {
		t.Fatal(err)
	}
	rows, err := db.QueryContext(ctx, "SELECT rating FROM clients WHERE name = 'Enova' AND id IN (1, 2)")
	if err != nil {
		t.Fatal(err)
	}
	for rows.Next() {
		t.Error("a row in an empty table")
	}
	if err := rows.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := db.ExecContext(ctx, "DELETE FROM gone WHERE id = 7"); err == nil {
		t.Fatal("a table that is not there was emptied")
	}
}

const sanitized = "SELECT rating FROM clients WHERE name = ? AND id IN (?)"

func TestPostgreSQL(t *testing.T) {
	t.Parallel()
	dsn := postgresURL(t)
	u, err := url.Parse(dsn)
	if err != nil {
		t.Fatal(err)
	}
	sdk := newService(t, "sql-postgres")
	db, err := tracesql.Open("pgx", dsn, tracesql.WithProviders(sdk))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	r := observe(t, sdk, 4, func(ctx context.Context) { query(t, ctx, db) })
	const name = "postgres@127.0.0.1"
	r.check(want{
		name: name, span: "SELECT clients", parent: "sql-postgres", namespace: "remote", kind: "client",
		sql: &segment.SQL{
			URL: "postgresql://" + u.Host + "/postgres", ConnectionString: "postgresql://" + u.Host + "/postgres",
			DatabaseType: "postgresql", User: "app", SanitizedQuery: sanitized,
		},
		attributes: map[string]any{
			"db.system.name": "postgresql", "db.namespace": "postgres", "db.collection.name": "clients", "db.operation.name": "SELECT",
			"db.query.text": sanitized, "db.query.summary": "SELECT clients", "server.address": "127.0.0.1",
		},
	})
	r.check(want{name: name, span: "CREATE clients", namespace: "remote"})
	r.check(want{
		name: name, span: "DELETE gone", namespace: "remote", fault: true, exception: "pgconn.PgError", message: "does not exist",
		attributes: map[string]any{"error.type": "42P01", "db.response.status_code": "42P01"},
	})
	for _, d := range r.documents {
		if strings.Contains(show(d), "secret") {
			t.Errorf("the password is in a document: %s", show(d))
		}
	}
}

func TestSQLite(t *testing.T) {
	t.Parallel()
	sdk := newService(t, "sql-sqlite")
	db, err := tracesql.Open("sqlite", "file:"+filepath.Join(t.TempDir(), "loans.db"), tracesql.WithProviders(sdk))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	r := observe(t, sdk, 4, func(ctx context.Context) { query(t, ctx, db) })
	const name = "loans.db"
	r.check(want{
		name: name, span: "SELECT clients", parent: "sql-sqlite", namespace: "remote", kind: "client",
		sql: &segment.SQL{
			URL: "SELECT clients", ConnectionString: "localhost/loans.db", DatabaseType: "sqlite", SanitizedQuery: sanitized,
		},
		attributes: map[string]any{"db.system.name": "sqlite", "db.namespace": "loans.db"},
	})
	r.check(want{name: name, span: "DELETE gone", namespace: "remote", fault: true, message: "no such table"})
}
