package nerdgraph

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/vektah/gqlparser/v2/ast"
)

// A result is what a query has found.
type result struct {
	rows       []Row
	event      string
	begin, end time.Time
}

func (r *result) metadata(e *execution) resolver {
	return func(f *ast.Field, path []any) any {
		switch f.Name {
		case "eventTypes":
			return []string{r.event}
		case "facets", "messages":
			return []string{}
		case "timeWindow":
			return e.object(f.SelectionSet, func(f *ast.Field, _ []any) any {
				return map[string]any{"begin": r.begin.UnixMilli(), "end": r.end.UnixMilli()}[f.Name]
			}, path)
		}
		return "NrdbMetadata"
	}
}

// run answers NRQL.
func (e *execution) run(text string) (*result, error) {
	q, err := parse(text)
	if err != nil {
		return nil, err
	}
	now := time.Now()
	r := &result{event: q.event, begin: now.Add(-q.since), end: now.Add(-q.until)}
	events, err := e.events(q)
	if err != nil {
		return nil, err
	}
	matching := []Row{}
	for _, row := range events {
		if q.matches(row, r.begin, r.end) {
			matching = append(matching, row)
		}
	}
	r.rows = q.shape(matching)
	return r, nil
}

// events returns the rows that a query is about, before its conditions.
func (e *execution) events(q query) ([]Row, error) {
	switch q.event {
	case "NrIntegrationError":
		return e.cfg.IntegrationErrors, nil
	case "Span":
		for _, c := range q.conditions {
			if id, ok := c.one(); ok && (c.attribute == "trace.id" || c.attribute == "traceId") {
				return e.data.SpanRows(e.ctx, id)
			}
		}
		return nil, &SyntaxError{Why: "this local NerdGraph wants WHERE trace.id = '…' in a query of Span"}
	}
	return nil, nil // New Relic knows no event type before the first event of it
}

// one returns the only string that the condition allows.
func (c condition) one() (string, bool) {
	if c.not || c.operator != "=" {
		return "", false
	}
	s, ok := c.values[0].(string)
	return s, ok
}

func (q query) matches(row Row, begin, end time.Time) bool {
	at, ok := asNumber(row["timestamp"])
	if ok && (at < float64(begin.UnixMilli()) || at > float64(end.UnixMilli())) {
		return false
	}
	for _, c := range q.conditions {
		if c.holds(row) == c.not {
			return false
		}
	}
	return true
}

func (c condition) holds(row Row) bool {
	v, there := row[c.attribute]
	there = there && v != nil
	switch c.operator {
	case "NULL":
		return !there
	case "!=":
		return !there || compare(v, c.values[0]) != 0
	case "IN", "=":
		return there && slices.ContainsFunc(c.values, func(want any) bool { return compare(v, want) == 0 })
	case "LIKE":
		return there && like(fmt.Sprint(v), fmt.Sprint(c.values[0]))
	}
	n, isNumber := asNumber(v)
	want, isToo := asNumber(c.values[0])
	if !isNumber || !isToo {
		return false
	}
	switch c.operator {
	case "<":
		return n < want
	case ">":
		return n > want
	case "<=":
		return n <= want
	default:
		return n >= want
	}
}

// like matches with % for anything.
func like(text, pattern string) bool {
	parts := strings.Split(strings.ToLower(pattern), "%")
	text = strings.ToLower(text)
	if len(parts) == 1 {
		return text == parts[0]
	}
	if !strings.HasPrefix(text, parts[0]) {
		return false
	}
	text = text[len(parts[0]):]
	for _, part := range parts[1 : len(parts)-1] {
		i := strings.Index(text, part)
		if i < 0 {
			return false
		}
		text = text[i+len(part):]
	}
	return strings.HasSuffix(text, parts[len(parts)-1])
}

func asNumber(v any) (float64, bool) {
	switch n := v.(type) {
	case int64:
		return float64(n), true
	case int:
		return float64(n), true
	case float64:
		return n, true
	}
	return 0, false
}

func compare(a, b any) int {
	x, isNumber := asNumber(a)
	y, isToo := asNumber(b)
	if isNumber && isToo {
		return cmp.Compare(x, y)
	}
	return cmp.Compare(fmt.Sprint(a), fmt.Sprint(b))
}

// shape orders, cuts and aggregates the rows as the query asks. Without an
// order the latest come first, as at New Relic.
func (q query) shape(rows []Row) []Row {
	order, descending := q.order, q.descending
	if order == "" {
		order, descending = "timestamp", true
	}
	slices.SortStableFunc(rows, func(a, b Row) int {
		if c := compare(a[order], b[order]); !descending {
			return c
		} else {
			return -c
		}
	})
	if len(q.columns) > 0 && q.columns[0].function != "" {
		return []Row{q.aggregate(rows)}
	}
	rows = rows[:min(len(rows), q.limit)]
	if len(q.columns) == 0 {
		return rows
	}
	shaped := make([]Row, len(rows))
	for i, row := range rows {
		shaped[i] = Row{"timestamp": row["timestamp"]}
		for _, c := range q.columns {
			shaped[i][cmp.Or(c.as, c.attribute)] = row[c.attribute]
		}
	}
	return shaped
}

func (q query) aggregate(rows []Row) Row {
	out := Row{}
	for _, c := range q.columns {
		name := strings.ToLower(c.function)
		key, n, distinct := c.as, 0, map[string]bool{}
		var latest any
		for _, row := range rows { // the latest first
			v, ok := row[c.attribute]
			if c.attribute != "*" && (!ok || v == nil) {
				continue
			}
			if n++; n == 1 {
				latest = v
			}
			distinct[fmt.Sprint(v)] = true
		}
		switch {
		case name == "count" && c.attribute == "*":
			out[cmp.Or(key, "count")] = n
		case name == "count":
			out[cmp.Or(key, "count."+c.attribute)] = n
		case name == "latest":
			out[cmp.Or(key, "latest."+c.attribute)] = latest
		default:
			out[cmp.Or(key, "uniqueCount."+c.attribute)] = len(distinct)
		}
	}
	return out
}
