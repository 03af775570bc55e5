package redact

import "strings"

// A Rule is what is done with the value of an attribute.
type Rule uint8

// The rules.
const (
	Keep       Rule = iota
	Secret          // the value is replaced
	URL             // userinfo and parameters of a URL, or of a path with a query
	Query           // parameters of a query or fragment alone
	Statement       // literals of a statement in the language of db.system.name
	Connection      // the password of a data source
	Text            // URLs and bearer tokens inside a text
	JSON            // the members of JSON in a text, each by its name
)

// metadataPrefix is that of X-Ray's metadata, which is a JSON text a namespace.
const metadataPrefix = "aws.xray.metadata."

// RuleOf returns the rule for an attribute of a span, an event, a link or a log
// record. It allocates nothing.
func (r *Redactor) RuleOf(key string) Rule {
	if r == nil || key == "" {
		return Keep
	}
	rule, kind := r.ruleOf(key)
	if rule != Keep && r.off&kind != 0 {
		return Keep
	}
	return rule
}

func (r *Redactor) ruleOf(key string) (Rule, kinds) {
	if r.keys != nil && r.isOwn(key) {
		return Secret, 0
	}
	switch key {
	case "url.full", "http.url", "http.target", "url.original", "messaging.url":
		return URL, kindURLs
	case "url.query", "url.fragment":
		return Query, kindURLs
	case "db.query.text", "db.statement":
		return Statement, kindSQL
	case "db.connection_string":
		return Connection, kindURLs
	case "exception.message", "exception.stacktrace", "error.message":
		return Text, kindTexts
	}
	dot := strings.LastIndexByte(key, '.')
	if dot < 0 {
		return fieldRule(key)
	}
	switch first := key[0]; {
	case first == 'a' && strings.HasPrefix(key, metadataPrefix):
		return JSON, 0 // each member is of a kind
	case first == 'd' && (strings.HasPrefix(key, "db.query.parameter.") || strings.HasPrefix(key, "db.operation.parameter.")):
		return Secret, kindSQL
	case isHeader(key[:dot]):
		return headerRule(key[dot+1:])
	}
	return Keep, 0
}

// isHeader reports whether what comes before a key's last dot says that a
// header or an entry of gRPC's metadata follows.
func isHeader(prefix string) bool {
	for _, end := range [...]string{"header", "headers", "metadata"} {
		if strings.HasSuffix(prefix, end) {
			return true
		}
	}
	return prefix == "http.request" || prefix == "http.response" || prefix == "http" || prefix == "rpc"
}

func headerRule(name string) (Rule, kinds) { return byName(named, name) }

func byName(rules map[string]Rule, name string) (Rule, kinds) {
	var buf [longest]byte
	switch rules[string(fold(&buf, name))] {
	case Secret:
		return Secret, kindHeaders
	case URL:
		return URL, kindURLs
	}
	return Keep, 0
}

// fieldRule is for keys without a namespace, which log records have.
func fieldRule(key string) (Rule, kinds) {
	switch key {
	case "url", "uri", "URL":
		return URL, kindURLs
	case "error", "err", "msg", "message":
		return Text, kindTexts
	}
	return byName(namedFields, key)
}

// Apply returns what takes the place of a value: the value itself, the same
// string, if there is nothing to hide in it. system is the span's
// db.system.name or db.system, "" if it has none; only Statement reads it.
func (r *Redactor) Apply(rule Rule, value, system string) string {
	switch rule {
	case Secret:
		return Replacement
	case URL:
		return r.url(value)
	case Query:
		return r.parameters(value, true, false)
	case Statement:
		return statement(value, system)
	case Connection:
		return r.connection(value)
	case Text:
		return r.Text(value)
	case JSON:
		return r.inJSON(value)
	}
	return value
}
