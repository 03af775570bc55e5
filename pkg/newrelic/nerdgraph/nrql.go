package nerdgraph

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// A SyntaxError says where NRQL is not understood.
type SyntaxError struct {
	Position int // characters from the start, from 1
	Near     string
	Why      string // "" for an unexpected word
}

func (e *SyntaxError) Error() string {
	if e.Why != "" {
		return fmt.Sprintf("NRQL Syntax Error: %s", e.Why)
	}
	return fmt.Sprintf("NRQL Syntax Error: Error at line 1 position %d, unexpected '%s'", e.Position, e.Near)
}

// A query is NRQL, parsed.
type query struct {
	columns      []column // none stands for *
	event        string
	conditions   []condition
	since, until time.Duration // ago
	order        string        // an attribute, "" for none
	descending   bool
	limit        int
}

// A column is an attribute or a function of one.
type column struct {
	function  string // count, uniqueCount, latest; "" for the attribute itself
	attribute string
	as        string
}

type condition struct {
	attribute string
	operator  string // =, !=, <, >, <=, >=, LIKE, IN, NULL
	not       bool
	values    []any // string or float64
}

const (
	defaultLimit = 100
	maxLimit     = 5000 // of LIMIT MAX
	defaultSince = time.Hour
	maxNRQL      = 4096 // characters, New Relic's own limit
)

var tokenPattern = regexp.MustCompile("^(?:'(?:[^'\\\\]|\\\\.)*'|`[^`]*`|-?[0-9]+(?:\\.[0-9]+)?(?:[eE][+-]?[0-9]+)?|[A-Za-z_][A-Za-z0-9_.:]*|<=|>=|!=|[=<>(),*])")

type token struct {
	text     string
	position int
}

func tokens(text string) ([]token, error) {
	if len(text) > maxNRQL {
		return nil, &SyntaxError{Why: fmt.Sprintf("the query is longer than %d characters", maxNRQL)}
	}
	var all []token
	for at := 0; at < len(text); {
		if strings.ContainsRune(" \t\r\n", rune(text[at])) {
			at++
			continue
		}
		found := tokenPattern.FindString(text[at:])
		if found == "" {
			return nil, &SyntaxError{Position: at + 1, Near: string([]rune(text[at:])[0])}
		}
		all = append(all, token{found, at + 1})
		at += len(found)
	}
	return all, nil
}

// A parser reads the clauses, which NRQL takes in any order after the first.
type parser struct {
	tokens []token
	at     int
	length int
}

func parse(text string) (q query, err error) {
	all, err := tokens(text)
	if err != nil {
		return q, err
	}
	defer func() { // the parser's methods give up by panicking with their error
		if failed, ok := recover().(*SyntaxError); ok {
			err = failed
		}
	}()
	p := &parser{tokens: all, length: len(text)}
	q.limit, q.since = defaultLimit, defaultSince
	seen := map[string]bool{}
	for p.at < len(p.tokens) {
		clause := strings.ToUpper(p.peek())
		if seen[clause] {
			p.fail()
		}
		seen[clause] = true
		p.at++
		p.clause(clause, &q)
	}
	if !seen["SELECT"] || !seen["FROM"] {
		return q, &SyntaxError{Position: p.length + 1, Near: "end of query"}
	}
	return q, nil
}

func (p *parser) clause(name string, q *query) {
	switch name {
	case "SELECT":
		q.columns = p.columns()
	case "FROM":
		q.event = p.name()
	case "WHERE":
		q.conditions = append(q.conditions, p.condition())
		for p.take("AND") {
			q.conditions = append(q.conditions, p.condition())
		}
	case "SINCE":
		q.since = p.ago()
	case "UNTIL":
		q.until = p.ago()
	case "LIMIT":
		q.limit = p.limit()
	case "ORDER":
		p.want("BY")
		q.order = p.name()
		q.descending = p.take("DESC")
		if !q.descending {
			p.take("ASC")
		}
	default:
		p.at--
		p.fail()
	}
}

func (p *parser) peek() string {
	if p.at == len(p.tokens) {
		return ""
	}
	return p.tokens[p.at].text
}

func (p *parser) next() string {
	if p.at == len(p.tokens) {
		p.fail()
	}
	p.at++
	return p.tokens[p.at-1].text
}

func (p *parser) fail() {
	if p.at >= len(p.tokens) {
		panic(&SyntaxError{Position: p.length + 1, Near: "end of query"})
	}
	panic(&SyntaxError{Position: p.tokens[p.at].position, Near: p.tokens[p.at].text})
}

// take skips a word, if it is the next.
func (p *parser) take(word string) bool {
	if !strings.EqualFold(p.peek(), word) {
		return false
	}
	p.at++
	return true
}

func (p *parser) want(word string) {
	if !p.take(word) {
		p.fail()
	}
}

// name reads an attribute or event, with or without backticks.
func (p *parser) name() string {
	text := p.peek()
	if quoted, ok := strings.CutPrefix(text, "`"); ok {
		p.at++
		return strings.TrimSuffix(quoted, "`")
	}
	if text == "" || !(text[0] == '_' || text[0] >= 'A' && text[0] <= 'Z' || text[0] >= 'a' && text[0] <= 'z') {
		p.fail()
	}
	p.at++
	return text
}

func (p *parser) columns() []column {
	if p.take("*") {
		return nil
	}
	var all []column
	for {
		c := column{attribute: p.name()}
		if p.take("(") {
			c.function = c.attribute
			switch strings.ToLower(c.function) {
			case "count", "uniquecount", "latest":
			default:
				panic(&SyntaxError{Why: fmt.Sprintf("unknown function %.40q", c.function)})
			}
			if c.attribute = "*"; !p.take("*") {
				c.attribute = p.name()
			}
			p.want(")")
		}
		if p.take("AS") {
			if c.as = strings.Trim(p.peek(), "'"); c.as == p.peek() {
				c.as = p.name()
			} else {
				p.at++
			}
		}
		all = append(all, c)
		if !p.take(",") {
			return all
		}
	}
}

func (p *parser) condition() condition {
	c := condition{not: p.take("NOT")}
	c.attribute = p.name()
	if p.take("NOT") {
		c.not = !c.not
	}
	switch op := strings.ToUpper(p.next()); op {
	case "=", "!=", "<", ">", "<=", ">=", "LIKE":
		c.operator, c.values = op, []any{p.value()}
	case "IN":
		c.operator = op
		p.want("(")
		for {
			c.values = append(c.values, p.value())
			if !p.take(",") {
				break
			}
		}
		p.want(")")
	case "IS":
		c.operator = "NULL"
		if p.take("NOT") {
			c.not = !c.not
		}
		p.want("NULL")
	default:
		p.at--
		p.fail()
	}
	return c
}

func (p *parser) value() any {
	text := p.next()
	if quoted, ok := strings.CutPrefix(text, "'"); ok {
		return strings.NewReplacer(`\'`, `'`, `\\`, `\`).Replace(strings.TrimSuffix(quoted, "'"))
	}
	switch strings.ToLower(text) {
	case "true", "false":
		return strings.ToLower(text) == "true"
	}
	n, err := strconv.ParseFloat(text, 64)
	if err != nil {
		p.at--
		p.fail()
	}
	return n
}

var units = map[string]time.Duration{
	"second": time.Second, "minute": time.Minute, "hour": time.Hour, "day": 24 * time.Hour, "week": 7 * 24 * time.Hour,
}

// ago reads `30 minutes ago`, and `now`.
func (p *parser) ago() time.Duration {
	if p.take("now") {
		return 0
	}
	n, err := strconv.Atoi(p.peek())
	if err != nil || n < 0 || n > 1_000_000 {
		p.fail()
	}
	p.at++
	unit, ok := units[strings.TrimSuffix(strings.ToLower(p.peek()), "s")]
	if !ok {
		p.fail()
	}
	p.at++
	p.want("ago")
	return time.Duration(n) * unit
}

func (p *parser) limit() int {
	if p.take("MAX") {
		return maxLimit
	}
	n, err := strconv.Atoi(p.peek())
	if err != nil || n < 1 || n > maxLimit {
		p.fail()
	}
	p.at++
	return n
}
