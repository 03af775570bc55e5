package spans

import (
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"
)

// systems are the values of db.system that the exporter makes an sql block of.
var systems = map[string]bool{
	"db2": true, "derby": true, "hive": true, "mariadb": true, "mssql": true, "mysql": true,
	"oracle": true, "postgresql": true, "sqlite": true, "teradata": true, "other_sql": true,
}

// otherNames are what drivers call these systems.
var otherNames = map[string]string{
	"postgres": "postgresql", "microsoft sql server": "mssql", "sqlserver": "mssql", "sql server": "mssql",
	"sqlite3": "sqlite", "apache derby": "derby", "apache hive": "hive", "oracle database": "oracle",
}

func fillSQL(to pcommon.Map, sql object) {
	p := putter{sql, to}
	if url, ok := sql.str("url"); ok {
		connection, name := splitURL(url)
		to.PutStr("db.connection_string", connection)
		if name != "" {
			to.PutStr("db.name", name)
		}
	} else {
		p.str("connection_string", "db.connection_string")
	}
	if kind, ok := sql.str("database_type"); ok {
		system := dbSystem(kind)
		to.PutStr("db.system", system)
		if system != kind {
			to.PutStr(sqlType, kind)
		}
	} else if sql != nil {
		to.PutStr("db.system", "other_sql")
	}
	p.str("sanitized_query", "db.statement")
	p.str("user", "db.user")
	p.str("database_version", sqlVersion)
	p.str("driver_version", sqlDriverVersion)
	p.str("preparation", sqlPreparation)
}

func dbSystem(databaseType string) string {
	name := strings.ToLower(databaseType)
	if known, ok := otherNames[name]; ok {
		name = known
	}
	if !systems[name] {
		return "other_sql"
	}
	return name
}

// splitURL splits "scheme://host/database?options" before the database, and
// leaves the options out. Of what has no such form, all is the connection.
func splitURL(url string) (connection, database string) {
	url, _, _ = strings.Cut(url, "?")
	scheme, rest := "", url
	if i := strings.Index(url, "//"); i >= 0 {
		scheme, rest = url[:i+2], url[i+2:]
		host, database, _ := strings.Cut(rest, "/")
		return scheme + host, database
	}
	if i := strings.LastIndex(url, ":"); i >= 0 && !strings.ContainsAny(url, " /=") {
		return url[:i+1], url[i+1:] // as in jdbc:sqlite:shop.db
	}
	return url, ""
}
