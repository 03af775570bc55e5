package tracesql

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/bragg-tracing/bragg/pkg/sdk/internal/sqltext"
)

func TestSanitize(t *testing.T) {
	tests := []struct {
		name, system, in, want string
	}{
		{"placeholders stay", "postgresql", "SELECT a FROM t WHERE id = $1 AND b = ? AND c = :c AND d = @d", "SELECT a FROM t WHERE id = $1 AND b = ? AND c = :c AND d = @d"},
		{"strings", "postgresql", "SELECT 'it''s' || E'a\\'b' FROM t", "SELECT ? || ? FROM t"},
		{"backslash is no escape in PostgreSQL", "postgresql", `SELECT 'a\' FROM t WHERE x = 'b'`, `SELECT ? FROM t WHERE x = ?`},
		{"backslash is one in MySQL", "mysql", `SELECT 'a\'b' FROM t`, "SELECT ? FROM t"},
		{"double quotes are names", "postgresql", `SELECT "Name" FROM "Clients"`, `SELECT "Name" FROM "Clients"`},
		{"double quotes are strings in MySQL", "mysql", `SELECT "secret" FROM t`, `SELECT ? FROM t`},
		{"numbers", "sqlite", "UPDATE t SET a = 1, b = -2.5e10, c = 0xFF, d = .5 WHERE t1.c2 = 3", "UPDATE t SET a = ?, b = -?, c = ?, d = ? WHERE t1.c2 = ?"},
		{"dollar strings", "postgresql", "SELECT $$it's$$, $q$a $$ b$q$, $1", "SELECT ?, ?, $1"},
		{"comments", "mysql", "/* who */ SELECT 1 -- secret\nFROM t # more\n WHERE a = 2", "SELECT ? FROM t WHERE a = ?"},
		{"line breaks", "sqlite", "SELECT a\n\t  FROM t", "SELECT a FROM t"},
		{"IN", "sqlite", "SELECT a FROM t WHERE b IN (1, 2,\n 3) AND c = 4", "SELECT a FROM t WHERE b IN (?) AND c = ?"},
		{"IN with placeholders", "postgresql", "DELETE FROM t WHERE b IN ($1,$2,$3)", "DELETE FROM t WHERE b IN ($1)"},
		{"IN with a query", "sqlite", "SELECT a FROM t WHERE b IN (SELECT x FROM y WHERE z = 1)", "SELECT a FROM t WHERE b IN (SELECT x FROM y WHERE z = ?)"},
		{"string without end", "sqlite", "SELECT a FROM t WHERE b = 'secret", "SELECT a FROM t WHERE b = ?"},
		{"casts", "postgresql", "SELECT a::text FROM t", "SELECT a::text FROM t"},
		{"typed strings", "postgresql", "SELECT DATE '2026-01-01', X'1f'", "SELECT DATE ?, ?"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := Sanitize(tt.system, tt.in); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

func TestSummary(t *testing.T) {
	tests := []struct{ in, summary, table string }{
		{"SELECT rating FROM clients WHERE id = ?", "SELECT clients", "clients"},
		{"select * from public.clients c join scores s on s.id = c.id", "SELECT public.clients scores", ""},
		{`INSERT INTO "Scores" (a, b) VALUES (1, 2)`, "INSERT Scores", "Scores"},
		{"UPDATE ONLY clients SET a = 1", "UPDATE clients", "clients"},
		{"DELETE FROM clients", "DELETE clients", "clients"},
		{"CREATE TABLE IF NOT EXISTS clients (id int)", "CREATE clients", "clients"},
		{"WITH x AS (SELECT a FROM secret) UPDATE clients SET a = 1", "UPDATE clients", "clients"},
		{"SELECT a FROM (SELECT b FROM c) d", "SELECT", ""},
		{"BEGIN", "BEGIN", ""},
		{"CALL settle(1)", "CALL settle", "settle"},
		{"SELECT 1", "SELECT", ""},
		{"garbage", "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.in, func(t *testing.T) {
			got := read(tt.in, sqltext.DialectOf("postgresql"))
			if got.summary != tt.summary || got.table != tt.table {
				t.Errorf("summary %q, table %q, want %q, %q", got.summary, got.table, tt.summary, tt.table)
			}
		})
	}
}

// TestLongStatementsAreCut: a statement is a part of a document of 64 KB.
func TestLongStatementsAreCut(t *testing.T) {
	long := "SELECT " + strings.Repeat("ä, ", 1<<16) + "x FROM t"
	got := read(long, sqltext.DialectOf("sqlite"))
	if len(got.text) > maxText || !utf8.ValidString(got.text) || got.summary != "SELECT t" {
		t.Errorf("%d bytes, summary %q", len(got.text), got.summary)
	}
}

// TestStatementsAreBounded: made-up statements do not fill the memory.
func TestStatementsAreBounded(t *testing.T) {
	s := newStatements("sqlite", false, nil, true)
	for i := range 3 * keptStatements {
		s.get(fmt.Sprintf("SELECT c%d FROM t", i))
	}
	if n := len(*s.known.Load()); n != keptStatements {
		t.Errorf("%d statements are kept, want %d", n, keptStatements)
	}
}

// TestKnownStatementsCostNothing: a statement is read once.
func TestKnownStatementsCostNothing(t *testing.T) {
	s := newStatements("sqlite", false, nil, true)
	query := "SELECT a FROM t WHERE b = 1"
	s.get(query)
	if n := testing.AllocsPerRun(100, func() { s.get(query) }); n > 0 {
		t.Errorf("%v allocations", n)
	}
}

func FuzzSanitize(f *testing.F) {
	for _, q := range []string{"SELECT 'a' FROM t WHERE b IN (1, 2)", `$q$x$q$ "x" 0x1f E'\'' -- c`, "/* x", "`a``b`", "'x"} {
		f.Add(q)
	}
	f.Fuzz(func(t *testing.T, query string) {
		for _, system := range []string{"mysql", "postgresql", "sqlite"} {
			once := Sanitize(system, query)
			if len(once) > maxText {
				t.Fatalf("%d bytes", len(once))
			}
			// What a literal holds must be gone: a marked string must not show.
			const secret = "hunter2secret"
			if got := Sanitize(system, "SELECT a FROM t WHERE b = '"+secret+"' AND "+query); strings.Contains(got, secret) && !strings.Contains(query, secret) {
				t.Fatalf("%s: %q", system, got)
			}
		}
	})
}
