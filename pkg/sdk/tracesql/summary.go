package tracesql

import (
	"strings"

	"github.com/bragg-tracing/bragg/pkg/sdk/internal/sqltext"
)

// A summary is what a statement does, and to which tables.
// https://opentelemetry.io/docs/specs/semconv/db/database-spans/#generating-a-summary-of-the-query
type summary struct {
	operation string
	tables    []string
	depth     int  // of parentheses
	expect    bool // the next name is a table
	qualified bool // the last was a dot after a table
	last      string
}

// maxTables and maxSummary bound what a span is called.
const (
	maxTables  = 3
	maxSummary = 255
)

var operations = map[string]bool{
	"SELECT": true, "INSERT": true, "UPDATE": true, "DELETE": true, "MERGE": true, "REPLACE": true, "UPSERT": true,
	"CREATE": true, "ALTER": true, "DROP": true, "TRUNCATE": true, "CALL": true, "EXEC": true, "EXECUTE": true,
	"BEGIN": true, "COMMIT": true, "ROLLBACK": true, "SAVEPOINT": true, "SET": true, "SHOW": true, "EXPLAIN": true,
	"PRAGMA": true, "VACUUM": true, "ANALYZE": true, "COPY": true, "LOCK": true, "GRANT": true, "REVOKE": true,
	"LISTEN": true, "NOTIFY": true, "REFRESH": true, "VALUES": true, "USE": true, "START": true,
}

// beforeTable are the words that a table's name follows, for each operation.
var beforeTable = map[string]string{
	"FROM": "SELECT DELETE", "JOIN": "SELECT", "INTO": "INSERT MERGE REPLACE UPSERT SELECT", "UPDATE": "UPDATE",
	"TABLE": "CREATE ALTER DROP TRUNCATE LOCK", "CALL": "CALL", "EXEC": "EXEC", "EXECUTE": "EXECUTE", "COPY": "COPY",
	"TRUNCATE": "TRUNCATE",
}

// betweenTable are the words that may stand between those and the name.
var betweenTable = map[string]bool{
	"ONLY": true, "IF": true, "NOT": true, "EXISTS": true, "TABLE": true, "LATERAL": true, "IGNORE": true, "OR": true, "LOW_PRIORITY": true,
}

func (s *summary) see(k sqltext.Kind, text string) {
	switch k {
	case sqltext.Word:
		s.seeWord(text)
	case sqltext.Name:
		if s.expect || s.qualified {
			s.addTable(strings.Trim(text, "\"`"))
		}
	case sqltext.Symbol:
		s.seeSymbol(text)
	case sqltext.Blank:
		return
	default:
		s.expect = false
	}
	s.last = text
}

func (s *summary) seeWord(text string) {
	upper := strings.ToUpper(text)
	if s.qualified {
		s.addTable(text)
		return
	}
	if s.operation == "" {
		// The statement after WITH … AS (…) counts, not those inside.
		if !operations[upper] || s.depth > 0 {
			return
		}
		s.operation = upper
	}
	if s.expect && !betweenTable[upper] {
		s.addTable(text)
		return
	}
	if for_ := beforeTable[upper]; s.depth == 0 && strings.Contains(" "+for_+" ", " "+s.operation+" ") {
		s.expect = true
	}
}

func (s *summary) seeSymbol(text string) {
	switch text {
	case "(":
		s.depth++
		s.expect = false
	case ")":
		s.depth--
	case ".":
		s.qualified = s.last != "" && len(s.tables) > 0 && strings.Trim(s.last, "\"`") == lastPart(s.tables[len(s.tables)-1])
		return
	case ",":
		// FROM a, b: the second is left out, as a column list looks the same.
	}
	s.qualified = false
}

func lastPart(table string) string { return table[strings.LastIndexByte(table, '.')+1:] }

func (s *summary) addTable(text string) {
	if s.qualified && len(s.tables) > 0 {
		s.tables[len(s.tables)-1] += "." + text
	} else if len(s.tables) < maxTables {
		s.tables = append(s.tables, text)
	}
	s.expect, s.qualified = false, false
}

func (s *summary) oneTable() string {
	if len(s.tables) == 1 {
		return s.tables[0]
	}
	return ""
}

func (s *summary) text() string {
	text := s.operation
	for _, t := range s.tables {
		if len(text)+1+len(t) > maxSummary {
			break
		}
		text += " " + t
	}
	return text
}
