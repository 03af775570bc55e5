package tracesql

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseDataSourceName(t *testing.T) {
	tests := []struct {
		driver, dsn string
		want        Connection
	}{
		{"pgx", "postgres://app:secret@db.example.com:5433/loans?sslmode=disable", Connection{"postgresql", "db.example.com", 5433, "loans", "app"}},
		{"pgx", "postgres:///loans?host=/run/postgresql&user=app", Connection{"postgresql", "/run/postgresql", 0, "loans", "app"}},
		{"postgres", "postgres://app:se@cret@a:1,b:2/loans", Connection{"postgresql", "a", 1, "loans", "app"}},
		{"postgres", "host=db port=5433 user=app password='it\\'s secret' dbname=loans", Connection{"postgresql", "db", 5433, "loans", "app"}},
		{"pgx", `user='a\'b' password=secret host=db`, Connection{"postgresql", "db", 0, "", "a'b"}},
		{"mysql", "app:se/cr@et@tcp(db:3307)/loans?parseTime=true", Connection{"mysql", "db", 3307, "loans", "app"}},
		{"mysql", "app@unix(/run/mysqld.sock)/loans", Connection{"mysql", "/run/mysqld.sock", 0, "loans", "app"}},
		{"mysql", "/loans", Connection{"mysql", "127.0.0.1", 0, "loans", ""}},
		{"sqlite", "file:/var/lib/loans.db?_pragma=busy_timeout(5000)", Connection{"sqlite", "", 0, "loans.db", ""}},
		{"sqlite3", ":memory:", Connection{"sqlite", "", 0, "memory", ""}},
		{"sqlserver", "sqlserver://app:secret@db:1433?database=loans", Connection{"microsoft.sql_server", "db", 1433, "loans", "app"}},
		{"sqlserver", "server=db;user id=app;password=secret;database=loans", Connection{"microsoft.sql_server", "db", 0, "loans", "app"}},
		{"own", "oracle://app:secret@db:1521/XE", Connection{"oracle.db", "db", 1521, "XE", "app"}},
		{"own", "", Connection{System: "other_sql"}},
		{"pgx", "postgres://%zz:secret@", Connection{System: "postgresql"}},
	}
	for _, tt := range tests {
		t.Run(tt.driver+" "+tt.dsn, func(t *testing.T) {
			got := ParseDataSourceName(tt.driver, tt.dsn)
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
			for _, kv := range got.attributes(true) {
				if strings.Contains(kv.Value.String(), "secret") {
					t.Errorf("%s holds the password: %s", kv.Key, kv.Value.String())
				}
			}
		})
	}
}

func FuzzParseDataSourceName(f *testing.F) {
	f.Add("pgx", "postgres://app@db:5433/loans")
	f.Add("mysql", "app@tcp(db:3307)/loans")
	f.Add("postgres", `host='a\' port=1`)
	f.Fuzz(func(t *testing.T, driver, dsn string) {
		const secret = "hunter2secret"
		for _, with := range []string{dsn, "postgres://u:" + secret + "@h/d", "host=h password=" + secret + " " + strings.ReplaceAll(dsn, secret, "")} {
			got := fmt.Sprint(ParseDataSourceName(driver, with))
			if with != dsn && systems[driver] == "postgresql" && strings.Contains(got, secret) {
				t.Fatalf("%s of %q", got, with)
			}
		}
	})
}
