package translate

import (
	"strconv"

	"github.com/bragg-tracing/bragg/pkg/segment"
)

// isSQL reports whether a value of db.system is an SQL database for contrib.
func isSQL(system string) bool {
	switch system {
	case "db2", "derby", "hive", "mariadb", "mssql", "mysql", "oracle", "postgresql", "sqlite", "teradata", "other_sql":
		return true
	}
	return false
}

// appendSQL appends the sql block of a query.
func (s *scratch) appendSQL(b []byte) []byte {
	a := &s.attributes
	if !a.gives.has(givesSQL) {
		return b
	}
	stable := s.t.rules.has(ruleStableDB)
	system := ""
	if x := a.latest(dbSystem); x != nil && isSQL(x.value.Str()) {
		system = a.show(dbSystem)
	} else if stable {
		if x := a.latest(dbSystemName, dbSystem); x != nil {
			system = sqlSystems[x.value.Str()]
		}
	}
	if system == "" {
		return b
	}
	s.status.sql = true
	name, query := a.show(dbName), a.show(dbStatement)
	if stable && name == "" {
		name = a.show(dbNamespace)
	}
	if stable && query == "" {
		query = a.show(dbQueryText)
	}
	b = append(b, `,\"sql\":`...)
	start := len(b)
	b = s.appendSQLURL(b, system, name)
	b = append(b, `,\"connection_string\":\"`...)
	if connection := a.show(dbConnectionString); connection != "" {
		b = segment.AppendStringPart(b, connection)
	} else if host := a.str(serverAddress); stable && host != "" {
		b = segment.AppendStringPart(b, host)
	} else {
		b = append(b, "localhost"...)
	}
	b = segment.AppendStringPart(append(b, '/'), name)
	b = append(b, `\"`...)
	b = appendMember(b, `,\"database_type\":`, system)
	b = appendMember(b, `,\"user\":`, a.show(dbUser))
	b = appendMember(b, `,\"sanitized_query\":`, query)
	return segment.CloseObject(b, start)
}

// appendSQLURL appends the url member: the span's name in compat mode, as the
// console once drew it, else where the database is.
func (s *scratch) appendSQLURL(b []byte, system, name string) []byte {
	a := &s.attributes
	host, port := a.latest(serverAddress, netPeerName), a.latest(serverPort, netPeerPort)
	if !s.t.rules.has(ruleSQLURL) || host == nil || host.value.Str() == "" {
		return appendMember(b, `,\"url\":`, s.span.Name())
	}
	b = segment.AppendStringPart(append(b, `,\"url\":\"`...), system)
	b = segment.AppendStringPart(append(b, "://"...), host.value.Str())
	host.shown = true
	if port != nil {
		port.shown = true
		if text := port.value.Str(); text != "" {
			b = segment.AppendStringPart(append(b, ':'), text)
		} else {
			b = strconv.AppendInt(append(b, ':'), port.value.Int(), 10)
		}
	}
	b = segment.AppendStringPart(append(b, '/'), name)
	return append(b, `\"`...)
}
