package sqltext

import "strings"

// A Dialect says how literals are written.
type Dialect struct {
	doubleQuoted bool // "x" is a string, not a name
	backslash    bool // \ escapes inside strings
	dollar       bool // $tag$…$tag$ is a string
	hash         bool // # begins a comment
	nested       bool // comments are inside comments
	brackets     bool // [x] is a name
	quotedBy     bool // q'[x]' is a string
	json         bool // "x": is a member's name, every other "x" a string
	words        bool // a command and its arguments, as in Redis
	unsure       bool // what dialects disagree about ends the statement
}

var (
	mysql      = Dialect{doubleQuoted: true, backslash: true, hash: true}
	postgres   = Dialect{dollar: true, nested: true}
	sqlServer  = Dialect{brackets: true, nested: true}
	standard   = Dialect{}
	oracle     = Dialect{quotedBy: true}
	escaped    = Dialect{backslash: true}
	backticked = Dialect{doubleQuoted: true, backslash: true}
	jsonText   = Dialect{doubleQuoted: true, backslash: true, json: true}
	command    = Dialect{words: true}
	unknown    = Dialect{doubleQuoted: true, dollar: true, nested: true, unsure: true}
)

// dialects are those of the values of db.system.name and of the older db.system.
// https://opentelemetry.io/docs/specs/semconv/registry/attributes/db/
var dialects = map[string]Dialect{
	"mysql": mysql, "mariadb": mysql, "gcp.spanner": mysql, "spanner": mysql,
	"postgresql": postgres, "cockroachdb": postgres, "aws.redshift": postgres, "redshift": postgres, "cassandra": postgres,
	"sqlite": standard, "db2": standard, "ibm.db2": standard, "h2": standard, "h2database": standard, "hsqldb": standard,
	"derby": standard, "firebird": standard, "firebirdsql": standard, "trino": standard, "presto": standard,
	"teradata": standard, "aws.dynamodb": standard, "dynamodb": standard,
	"oracle": oracle, "oracle.db": oracle,
	"mssql": sqlServer, "microsoft.sql_server": sqlServer,
	"clickhouse": escaped, "snowflake": {backslash: true, dollar: true},
	"hive": backticked, "spark": backticked, "couchbase": backticked, "azure.cosmosdb": backticked, "cosmosdb": backticked,
	"mongodb": jsonText, "elasticsearch": jsonText, "opensearch": jsonText, "couchdb": jsonText,
	"redis": command, "valkey": command, "memcached": command,
}

// DialectOf returns the dialect of a value of db.system.name or db.system. Of a
// system that it does not know it takes for a literal what may be one.
func DialectOf(system string) Dialect {
	if d, ok := dialects[system]; ok {
		return d
	}
	return unknown
}

// Guess returns the dialect of JSON for what looks like JSON, else d.
func Guess(query string, d Dialect) Dialect {
	if text := strings.TrimSpace(query); strings.HasPrefix(text, "{") || strings.HasPrefix(text, "[{") {
		return jsonText
	}
	return d
}
