package filter

import (
	"strings"
	"unicode/utf8"
)

// Limits of an expression.
const (
	MaxLength = 16 << 10 // bytes
	MaxDepth  = 100      // of parentheses, blocks, "!" and JSON in one another
)

// Parse reads an expression. An empty one, or one of white space, is
// Const(true): every trace. The error is a *SyntaxError.
func Parse(text string) (Expr, error) {
	e, err := parse(text)
	if err != nil {
		return nil, err
	}
	return e, nil
}

// parse is Parse with the type of its error.
func parse(text string) (Expr, *SyntaxError) {
	if len(text) > MaxLength {
		return nil, &SyntaxError{Column: utf8.RuneCountInString(text[:MaxLength]) + 1,
			Message: "the expression is longer than 16384 bytes"}
	}
	if !utf8.ValidString(text) {
		valid := len(text) - len(strings.TrimLeftFunc(text, func(r rune) bool { return r != utf8.RuneError }))
		return nil, errorAt(text, valid, valid, "the expression is not valid UTF-8")
	}
	p := &parser{lexer: lexer{text: text}, scope: TraceScope}
	if err := p.advance(); err != nil {
		return nil, err
	}
	if p.token.kind == endToken {
		return Const(true), nil
	}
	e, err := p.or()
	if err != nil {
		return nil, err
	}
	if p.token.kind != endToken {
		return nil, p.unexpected("AND, OR or the end")
	}
	return e, nil
}

// A parser holds the next token that is not used yet.
type parser struct {
	lexer
	token token
	last  int // end of the token before
	scope Scope
	depth int
	wants *Completions // gathers what could come at the end of the text; nil unless completing
}

func (p *parser) advance() *SyntaxError {
	p.last = p.token.to
	t, err := p.next()
	p.token = t
	return err
}

// wrong makes the error for the next token.
func (p *parser) wrong(format string, args ...any) *SyntaxError {
	return errorAt(p.text, p.token.from, p.token.to, format, args...)
}

// unexpected says that something else should have come.
func (p *parser) unexpected(want string) *SyntaxError {
	if p.token.kind == endToken {
		return p.wrong("the expression ends where %s should come", want)
	}
	return p.wrong("unexpected '%.60s' where %s should come", p.text[p.token.from:p.token.to], want)
}

// expect uses up a sign.
func (p *parser) expect(sign, after string) *SyntaxError {
	p.want(mark(sign))
	if !p.token.is(sign) {
		return p.unexpected("'" + sign + "' after " + after)
	}
	return p.advance()
}

// enter counts a level; the caller must leave it with p.depth--.
func (p *parser) enter() *SyntaxError {
	if p.depth++; p.depth > MaxDepth {
		return p.wrong("the expression is more than %d levels deep", MaxDepth)
	}
	return nil
}

func (p *parser) or() (Expr, *SyntaxError) {
	var terms []Expr
	for {
		term, err := p.and()
		if err != nil {
			return nil, err
		}
		terms = append(terms, term)
		p.want(connective("OR", "one of the two holds"))
		if !p.token.isWord("OR") {
			break
		}
		if err := p.advance(); err != nil {
			return nil, err
		}
	}
	if len(terms) == 1 {
		return terms[0], nil
	}
	return &Or{terms}, nil
}

func (p *parser) and() (Expr, *SyntaxError) {
	var terms []Expr
	for {
		term, err := p.unary()
		if err != nil {
			return nil, err
		}
		terms = append(terms, term)
		p.want(connective("AND", "both hold"))
		if p.token.isWord("AND") {
			if err := p.advance(); err != nil {
				return nil, err
			}
		} else if !p.beginsUnary() {
			break
		}
	}
	if len(terms) == 1 {
		return terms[0], nil
	}
	return &And{terms}, nil
}

// beginsUnary reports whether another term follows, with AND left out.
func (p *parser) beginsUnary() bool {
	return p.token.is("!") || p.token.is("(") || p.token.kind == wordToken && !p.token.isWord("OR")
}

func (p *parser) unary() (Expr, *SyntaxError) {
	if !p.token.is("!") {
		return p.primary()
	}
	if err := p.enter(); err != nil {
		return nil, err
	}
	defer func() { p.depth-- }()
	if err := p.advance(); err != nil {
		return nil, err
	}
	term, err := p.unary()
	if err != nil {
		return nil, err
	}
	return &Not{term}, nil
}

func (p *parser) primary() (Expr, *SyntaxError) {
	if !p.token.is("(") {
		return p.predicate()
	}
	return p.between("(", ")", p.scope)
}

// between reads an expression of a scope in brackets.
func (p *parser) between(open, closing string, scope Scope) (Expr, *SyntaxError) {
	from := p.token.from
	if err := p.enter(); err != nil {
		return nil, err
	}
	outer := p.scope
	defer func() { p.depth--; p.scope = outer }()
	if err := p.advance(); err != nil {
		return nil, err
	}
	p.scope = scope
	if p.token.is(closing) {
		return nil, errorAt(p.text, from, p.token.to, "there is nothing between '%s' and '%s'", open, closing)
	}
	e, err := p.or()
	if err != nil {
		return nil, err
	}
	p.want(mark(closing))
	if p.token.kind == endToken {
		return nil, errorAt(p.text, from, from+1, "this '%s' has no closing '%s'", open, closing)
	}
	if !p.token.is(closing) {
		return nil, p.unexpected("AND, OR or '" + closing + "'")
	}
	return e, p.advance()
}

// predicate reads what begins with a word.
func (p *parser) predicate() (Expr, *SyntaxError) {
	p.wantPredicate()
	if p.token.kind != wordToken || p.token.isWord("AND") || p.token.isWord("OR") {
		return nil, p.noPredicate()
	}
	word := p.token
	switch lower := strings.ToLower(word.text); {
	case lower == "service" || lower == "edge" || lower == "rootcause" || strings.HasPrefix(lower, "rootcause."),
		lower == string(GroupName), lower == string(GroupARN):
		return p.complex(lower)
	case lower == "id":
		return nil, p.wrong(`id() stands only in service() and edge(), as in service(id(name: "…", type: "…"))`)
	case lower == "annotation" || strings.HasPrefix(lower, "annotation."):
		key, err := p.annotationKey()
		if err != nil {
			return nil, err
		}
		return p.comparison(Field{Annotation, key}, word)
	default:
		if err := p.checkKeyword(Keyword(lower)); err != nil {
			return nil, err
		}
		if err := p.advance(); err != nil {
			return nil, err
		}
		return p.comparison(Field{Keyword: Keyword(lower)}, word)
	}
}

// noPredicate says what is wrong with a token that no predicate begins with.
func (p *parser) noPredicate() *SyntaxError {
	switch {
	case p.token.is("}") || p.token.is(")"):
		if p.depth == 0 {
			return p.wrong("this '%s' closes nothing", p.token.text)
		}
	case p.token.is("{"):
		return p.wrong("a block stands only after service(), edge() or a rootcause keyword")
	case p.token.kind == opToken:
		return p.wrong("there is no keyword before '%s'", p.token.op)
	case p.token.kind == stringToken || p.token.kind == numberToken:
		return p.wrong("a comparison begins with a keyword, as in http.url CONTAINS \"/api/\"")
	}
	return p.unexpected("a keyword")
}

// checkKeyword reports what is wrong with the word that stands for a keyword.
func (p *parser) checkKeyword(k Keyword) *SyntaxError {
	info, ok := k.Info()
	if !ok {
		return p.wrong("%s", unknownKeyword(p.token.text, p.scope&request != 0))
	}
	if info.Scopes&p.scope == 0 {
		where := causes
		if info.Scopes&causes != causes {
			where = info.Scopes
		}
		if where == entities {
			where = CauseEntityScope
		}
		if info.Scopes&request == request {
			return p.wrong("%s cannot be used %s", k, p.scope)
		}
		return p.wrong("%s can be used only %s", k, where)
	}
	return nil
}

// annotationKey uses up an annotation and returns its key.
func (p *parser) annotationKey() (string, *SyntaxError) {
	if p.scope&request == 0 {
		return "", p.wrong("annotation cannot be used %s", p.scope)
	}
	word := p.token
	if key, dotted := strings.CutPrefix(word.text[len("annotation"):], "."); dotted {
		if key == "" {
			return "", p.wrong("a key should follow, as in annotation.key or annotation[any key]")
		}
		if !isKey(key) {
			return "", p.wrong("a key with characters other than letters, digits and _ is written annotation[%.60s]", key)
		}
		return key, p.advance()
	}
	p.skipSpace()
	if !strings.HasPrefix(p.text[p.pos:], "[") {
		return "", p.wrong("a key should follow, as in annotation.key or annotation[any key]")
	}
	p.pos++
	return p.bracketedKey()
}

// bracketedKey reads the key after "[", as a string or as it stands.
func (p *parser) bracketedKey() (string, *SyntaxError) {
	from := p.pos - 1
	p.skipSpace()
	var key string
	if strings.HasPrefix(p.text[p.pos:], `"`) {
		t, err := p.quoted()
		if err != nil {
			return "", err
		}
		key = t.text
		p.skipSpace()
	} else if end := strings.IndexByte(p.text[p.pos:], ']'); end >= 0 {
		key = strings.TrimSpace(p.text[p.pos : p.pos+end])
		p.pos += end
	}
	if !strings.HasPrefix(p.text[p.pos:], "]") {
		return "", errorAt(p.text, from, from+1, "this '[' has no closing ']'")
	}
	p.pos++
	if key == "" {
		return "", errorAt(p.text, from, p.pos, "the key is empty")
	}
	return key, p.advance()
}

// comparison reads operator and value after a field, if there is one.
func (p *parser) comparison(field Field, word token) (Expr, *SyntaxError) {
	p.wantOperator(field.Keyword)
	if p.token.kind != opToken {
		return &Bare{field, word.from}, p.noValue()
	}
	op := p.token
	if err := p.checkOperator(field.Keyword); err != nil {
		return nil, err
	}
	if err := p.advance(); err != nil {
		return nil, err
	}
	p.wantValue(field)
	value, err := p.value(op.op)
	if err != nil {
		return nil, err
	}
	return &Comparison{Field: field, Op: op.op, Value: value, Pos: word.from}, nil
}

// noValue explains a value that comes without an operator.
func (p *parser) noValue() *SyntaxError {
	if p.token.kind == stringToken || p.token.kind == numberToken {
		return p.unexpected("an operator, AND, OR or the end")
	}
	if p.token.isWord("LIKE") || p.token.isWord("MATCHES") || p.token.isWord("IN") || p.token.isWord("IS") {
		return p.wrong("there is no operator '%s': use =, !=, CONTAINS, BEGINSWITH or ENDSWITH", p.token.text)
	}
	return nil
}

// checkOperator refuses an operator that no value makes right.
func (p *parser) checkOperator(k Keyword) *SyntaxError {
	info, _ := k.Info()
	for _, op := range info.Operators() {
		if op == p.token.op {
			return nil
		}
	}
	var all []string
	for _, op := range info.Operators() {
		all = append(all, string(op))
	}
	return p.wrong("%s cannot be used with %s, which is %s: use one of %s",
		p.token.op, k, info.Kind, strings.Join(all, " "))
}

// String returns the kind, as one reads it in a message.
func (k Kind) String() string {
	return [...]string{"of any kind", "a boolean", "a number", "a string"}[k]
}

func (p *parser) value(op Op) (Value, *SyntaxError) {
	t := p.token
	var v Value
	switch {
	case t.kind == stringToken:
		v = Value{Kind: String, Text: t.text}
	case t.kind == numberToken:
		v = Value{Kind: Number, Number: t.number}
	case t.isWord("true"), t.isWord("false"):
		v = Value{Kind: Bool, Bool: t.isWord("true")}
	case t.kind == wordToken && !t.isWord("AND") && !t.isWord("OR"):
		v = Value{Kind: String, Text: t.text}
	default:
		return v, p.unexpected("a value for " + string(op))
	}
	return v, p.advance()
}

// isKey reports whether a key of an annotation can be written after a dot.
func isKey(key string) bool {
	for _, r := range key {
		if r >= utf8.RuneSelf || !isLetter(r) && (r < '0' || r > '9') {
			return false
		}
	}
	return key != ""
}
