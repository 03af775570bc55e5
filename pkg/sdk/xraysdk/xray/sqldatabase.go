package xray

//lint:file-ignore SA1019 drivers still have these interfaces

import (
	"context"
	"database/sql/driver"
	"fmt"
	"net"
	"net/url"
	"reflect"
	"strconv"
	"strings"
	"time"
)

// A database is what subsegments say of one.
type database struct {
	name string // of subsegments: name@host
	data SQLData
}

const unknown = "Unknown"

// questions ask a database for its version, the user and its name, by system.
var questions = []struct{ driver, system, query string }{
	{"postgres", "Postgres", "SELECT version(), current_user, current_database()"},
	{"mysql", "MySQL", "SELECT version(), current_user(), database()"},
	{"", "MS SQL", "SELECT @@version, current_user, db_name()"},
	{"", "Oracle", "SELECT version FROM v$instance UNION SELECT user, ora_database_name FROM dual"},
}

// describeDatabase asks a connection who the database is, each system's way
// until one answers, unless the driver's name tells the system.
func describeDatabase(ctx context.Context, d *tracedDriver, conn driver.Conn, dsn string, clean bool) *database {
	db := &database{}
	host := ""
	db.data.URL, db.data.ConnectionString, host = showDSN(dsn, clean)
	db.data.DriverVersion = driverVersion(d.Driver)
	db.data.DatabaseType, db.data.DatabaseVersion, db.data.User, db.name = unknown, unknown, unknown, unknown
	for _, q := range questions {
		if (d.name == "postgres" || d.name == "mysql") && q.driver != d.name {
			continue
		}
		if answer, err := ask(ctx, conn, q.query); err == nil {
			db.data.DatabaseType = q.system
			db.data.DatabaseVersion, db.data.User, db.name = answer[0], answer[1], answer[2]
			break
		}
	}
	if host != "" {
		db.name += "@" + host
	}
	return db
}

// driverVersion is what the driver says, or else its package.
func driverVersion(d driver.Driver) string {
	if v, ok := d.(interface{ Version() string }); ok {
		return v.Version()
	}
	t := reflect.TypeOf(d)
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t.PkgPath()
}

// ask returns a row of three.
func ask(ctx context.Context, conn driver.Conn, query string) (answer [3]string, err error) {
	stmt, err := prepare(ctx, conn, query)
	if err != nil {
		return answer, err
	}
	defer stmt.Close()
	rows, err := queryStmt(ctx, stmt)
	if err != nil {
		return answer, err
	}
	defer rows.Close()
	row := make([]driver.Value, len(rows.Columns()))
	if len(row) != len(answer) {
		return answer, fmt.Errorf("xray: want %d columns, not %d", len(answer), len(row))
	}
	if err := rows.Next(row); err != nil {
		return answer, err
	}
	for i, value := range row {
		if answer[i], err = textOf(value); err != nil {
			return answer, err
		}
	}
	return answer, nil
}

func queryStmt(ctx context.Context, stmt driver.Stmt) (driver.Rows, error) {
	if q, ok := stmt.(driver.StmtQueryContext); ok {
		return q.QueryContext(ctx, []driver.NamedValue{})
	}
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	return stmt.Query([]driver.Value{})
}

func textOf(value driver.Value) (string, error) {
	switch v := value.(type) {
	case string:
		return v, nil
	case []byte:
		return string(v), nil
	case time.Time:
		return v.Format(time.RFC3339Nano), nil
	case int64:
		return strconv.FormatInt(v, 10), nil
	case float64:
		return strconv.FormatFloat(v, 'g', -1, 64), nil
	case bool:
		return strconv.FormatBool(v), nil
	}
	return "", fmt.Errorf("xray: %T is no text", value)
}

// showDSN is a data source without password, as a URL if it is one, and its
// host. Whether it is one is a guess: it has a scheme, a user or a query.
func showDSN(dsn string, clean bool) (shownURL, connection, host string) {
	text, scheme := dsn, strings.Contains(dsn, "//")
	if !scheme {
		text = "//" + dsn
	}
	u, err := url.Parse(text)
	if err == nil && strings.Contains(u.Path, "@") {
		// user/password@host:port/database
		prefix := "//"
		if u.Scheme != "" {
			prefix = u.Scheme + "://"
		}
		u, err = url.Parse(prefix + u.Host + "%2F" + u.Path[1:])
	}
	if err != nil || u.Scheme == "" && u.User == nil && u.RawQuery == "" {
		if !clean {
			dsn = stripPasswords(dsn)
		}
		return "", dsn, ""
	}
	if u.User != nil {
		name := u.User.Username()
		if _, ok := u.User.Password(); !ok {
			name, _, _ = strings.Cut(name, "/")
		}
		u.User = url.User(name)
	}
	q := u.Query()
	q.Del("password")
	q.Del("X-Amz-Security-Token") // of RDS's IAM authentication
	u.RawQuery = q.Encode()
	host, _, _ = net.SplitHostPort(u.Host)
	shown := u.String()
	if !scheme {
		shown = strings.TrimPrefix(shown, "//")
	}
	return shown, "", host
}

// stripPasswords takes the passwords out of key=value pairs with spaces or
// semicolons between, and out of user:password@host. A value in braces may hold
// anything, } doubled.
func stripPasswords(dsn string) string {
	separator := byte(' ')
	if strings.Count(dsn, ";") > strings.Count(dsn, " ") {
		separator = ';'
	}
	var kept strings.Builder
	for rest := dsn; rest != ""; {
		pair := rest[:pairEnd(rest, separator)]
		rest = rest[len(pair):]
		key, _, ok := strings.Cut(pair, "=")
		if ok && isPassword(key) {
			continue
		}
		kept.WriteString(pair)
	}
	return stripUserPassword(kept.String())
}

func isPassword(key string) bool {
	key = strings.ToLower(strings.TrimSpace(key))
	return key == "password" || key == "pwd"
}

// pairEnd is where a pair ends, its separator included.
func pairEnd(s string, separator byte) int {
	braces := false
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '{' && i > 0 && s[i-1] == '=':
			braces = true
		case s[i] == '}' && braces:
			if i+1 < len(s) && s[i+1] == '}' {
				i++
			} else {
				braces = false
			}
		case s[i] == separator && !braces:
			return i + 1
		}
	}
	return len(s)
}

// stripUserPassword takes the password out of user:password@host.
func stripUserPassword(s string) string {
	at := strings.LastIndexByte(s, '@')
	if at < 0 {
		return s
	}
	start := strings.LastIndexAny(s[:at], " ;") + 1
	if colon := strings.IndexByte(s[start:at], ':'); colon >= 0 {
		return s[:start+colon] + s[at:]
	}
	return s
}
