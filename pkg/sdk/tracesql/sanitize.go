package tracesql

import "github.com/bragg-tracing/bragg/pkg/sdk/internal/sqltext"

// Sanitize returns the statement as it is recorded for a value of
// db.system.name: ? for each literal, one ? for a list after IN, no comments,
// blanks for line breaks, and at most 8 KiB. What it cannot read to its end,
// such as a string that does not end, it leaves out; of a system that it does
// not know, also what is a literal for some systems and not for others.
func Sanitize(system, query string) string { return read(query, sqltext.DialectOf(system)).text }

// maxText is what is recorded of a statement, in bytes.
const maxText = 8 << 10

// read sanitises a statement and finds out what it does.
func read(query string, d sqltext.Dialect) statement {
	var sum summary
	text := sqltext.Sanitize(query, d, maxText, sum.see)
	return statement{text: text, operation: sum.operation, table: sum.oneTable(), summary: sum.text()}
}
