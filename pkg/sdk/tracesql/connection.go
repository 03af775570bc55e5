package tracesql

import (
	"net"
	"net/url"
	"path"
	"strconv"
	"strings"

	"go.opentelemetry.io/otel/attribute"
)

// A Connection is what spans say of a database. Fields may be empty.
type Connection struct {
	System   string // db.system.name: postgresql, mysql, mariadb, sqlite, microsoft.sql_server, oracle.db
	Host     string // server.address: a name or an address
	Port     int    // server.port, 0 for the system's default
	Database string // db.namespace
	User     string
}

// systems are the names that db.system.name has for drivers and the schemes of
// their URLs.
var systems = map[string]string{
	"pgx": "postgresql", "postgres": "postgresql", "postgresql": "postgresql", "pq": "postgresql",
	"cockroach": "cockroachdb", "cockroachdb": "cockroachdb", "redshift": "aws.redshift",
	"mysql": "mysql", "mariadb": "mariadb", "sqlite": "sqlite", "sqlite3": "sqlite", "libsql": "sqlite",
	"sqlserver": "microsoft.sql_server", "mssql": "microsoft.sql_server", "azuresql": "microsoft.sql_server",
	"oracle": "oracle.db", "godror": "oracle.db", "clickhouse": "clickhouse", "snowflake": "snowflake", "trino": "trino",
}

// oldSystems are the values of db.system where they differ from db.system.name.
var oldSystems = map[string]string{
	"microsoft.sql_server": "mssql", "oracle.db": "oracle", "aws.redshift": "redshift",
}

// ParseDataSourceName reads what a data source name says of the database. What
// it cannot read it leaves empty; it never keeps a password.
func ParseDataSourceName(driverName, dsn string) Connection {
	c := Connection{System: systems[driverName]}
	switch {
	case c.System == "sqlite":
		c.Database = sqliteName(dsn)
	case driverName == "mysql" && !strings.Contains(dsn, "://"):
		c.readMySQL(dsn)
	case strings.Contains(dsn, "://"):
		c.readURL(dsn)
	case c.System == "postgresql" || strings.Contains(dsn, "="):
		c.readPairs(dsn)
	}
	if c.System == "" {
		c.System = "other_sql"
	}
	return c
}

// sqliteName is the file's name: SQLite has no other name for a database.
func sqliteName(dsn string) string {
	name, _, _ := strings.Cut(strings.TrimPrefix(dsn, "file:"), "?")
	if name == "" || name == ":memory:" {
		return "memory"
	}
	return path.Base(strings.ReplaceAll(name, `\`, "/"))
}

// readURL reads scheme://user:password@host:port/database, of which PostgreSQL
// allows several hosts.
func (c *Connection) readURL(dsn string) {
	scheme, rest, _ := strings.Cut(dsn, "://")
	if c.System == "" {
		c.System = systems[scheme]
	}
	authority, _, _ := strings.Cut(rest, "/")
	if at := strings.LastIndexByte(authority, '@'); at >= 0 {
		authority = authority[at+1:]
	}
	if first, _, several := strings.Cut(authority, ","); several {
		dsn = strings.Replace(dsn, authority, first, 1)
	}
	u, err := url.Parse(dsn)
	if err != nil {
		return
	}
	c.Host, c.User = u.Hostname(), u.User.Username()
	c.Port, _ = strconv.Atoi(u.Port())
	c.Database = strings.TrimPrefix(u.Path, "/")
	q := u.Query()
	for name, field := range map[string]*string{"host": &c.Host, "dbname": &c.Database, "database": &c.Database, "user": &c.User} {
		if *field == "" || name == "database" && c.System == "microsoft.sql_server" {
			if v := q.Get(name); v != "" {
				*field = v
			}
		}
	}
}

// readPairs reads key=value pairs, separated by blanks as for PostgreSQL or by
// semicolons as for SQL Server.
// https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING
func (c *Connection) readPairs(dsn string) {
	separator := byte(' ')
	if strings.Contains(dsn, ";") {
		separator = ';'
	}
	for dsn != "" {
		var key, value string
		key, dsn, _ = strings.Cut(dsn, "=")
		value, dsn = cutValue(strings.TrimLeft(dsn, " "), separator)
		switch strings.ToLower(strings.Trim(key, " ;")) {
		case "host", "hostaddr", "server":
			if c.Host == "" {
				c.Host, _, _ = strings.Cut(value, ",")
			}
		case "port":
			c.Port, _ = strconv.Atoi(value)
		case "dbname", "database":
			c.Database = value
		case "user", "user id":
			c.User = value
		}
	}
}

func cutValue(s string, separator byte) (value, rest string) {
	if !strings.HasPrefix(s, "'") {
		i := strings.IndexByte(s, separator)
		if i < 0 {
			return s, ""
		}
		return s[:i], s[i+1:]
	}
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '\\':
			if i++; i < len(s) {
				b.WriteByte(s[i])
			}
		case '\'':
			return b.String(), s[i+1:]
		default:
			b.WriteByte(s[i])
		}
	}
	return b.String(), ""
}

// readMySQL reads [user[:password]@][net[(addr)]]/dbname[?params].
// https://github.com/go-sql-driver/mysql#dsn-data-source-name
func (c *Connection) readMySQL(dsn string) {
	slash := strings.LastIndexByte(dsn, '/')
	if slash < 0 {
		return
	}
	c.Database, _, _ = strings.Cut(dsn[slash+1:], "?")
	rest := dsn[:slash]
	if at := strings.LastIndexByte(rest, '@'); at >= 0 {
		c.User, _, _ = strings.Cut(rest[:at], ":")
		rest = rest[at+1:]
	}
	network, address, ok := strings.Cut(strings.TrimSuffix(rest, ")"), "(")
	switch {
	case !ok && network == "unix":
		return
	case !ok:
		c.Host = "127.0.0.1" // the driver's default
	case network == "unix":
		c.Host = address
	default:
		c.Host = address
		if host, port, err := net.SplitHostPort(address); err == nil {
			c.Host = host
			c.Port, _ = strconv.Atoi(port)
		}
	}
}

// attributes are those of every span.
func (c *Connection) attributes(old bool) []attribute.KeyValue {
	var a []attribute.KeyValue
	add := func(name, value string) {
		if value != "" {
			a = append(a, attribute.String(name, value))
		}
	}
	add("db.system.name", c.System)
	add("db.namespace", c.Database)
	add("server.address", c.Host)
	if c.Port != 0 {
		a = append(a, attribute.Int("server.port", c.Port))
	}
	if !old {
		return a
	}
	system := c.System
	if s, ok := oldSystems[system]; ok {
		system = s
	}
	add("db.system", system)
	add("db.name", c.Database)
	add("db.user", c.User)
	if c.Host != "" && !strings.HasPrefix(c.Host, "/") {
		host := c.Host
		if c.Port != 0 {
			host = net.JoinHostPort(c.Host, strconv.Itoa(c.Port))
		}
		add("db.connection_string", system+"://"+host)
	}
	return a
}

// metricAttributes are those of measurements; they tell databases apart, and
// no more.
func (c *Connection) metricAttributes() []attribute.KeyValue {
	stable := c.attributes(false)
	if c.System == "" {
		return nil
	}
	return stable
}
