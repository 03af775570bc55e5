package filter

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strings"
)

// complex reads service, edge, rootcause and group; word is in lower case.
func (p *parser) complex(word string) (Expr, *SyntaxError) {
	if p.scope != TraceScope {
		return nil, p.wrong("%s cannot be used in a block", word)
	}
	name := p.token
	if err := p.advanceUnlessWrong(word); err != nil {
		return nil, err
	}
	switch word {
	case "service":
		return p.service(name)
	case "edge":
		return p.edge(name)
	case "rootcause.json":
		return p.causeJSON(name)
	case string(GroupName), string(GroupARN):
		return p.group(GroupKey(word), name)
	default:
		return p.rootCause(word, name)
	}
}

// advanceUnlessWrong uses up the word if there is a keyword of this name.
func (p *parser) advanceUnlessWrong(word string) *SyntaxError {
	if strings.HasPrefix(word, "rootcause") && word != "rootcause.json" {
		cause, element, _ := strings.Cut(strings.TrimPrefix(word, "rootcause."), ".")
		if cause == string(ResponseTimeCause) && element == string(ExceptionElement) {
			return p.wrong("the root cause of a response time has no exceptions: use rootcause.responsetime.service or rootcause.responsetime.entity")
		}
		if !slices.Contains(elementsOf(Cause(cause)), Element(element)) {
			return p.wrong("%s", unknownKeyword(p.token.text, false))
		}
	}
	return p.advance()
}

// elementsOf returns the lists of a kind of root cause; none if there is no
// such kind.
func elementsOf(cause Cause) []Element {
	switch cause {
	case FaultCause, ErrorCause:
		return []Element{ServiceElement, EntityElement, ExceptionElement}
	case ResponseTimeCause:
		return []Element{ServiceElement, EntityElement}
	default:
		return nil
	}
}

func (p *parser) service(name token) (Expr, *SyntaxError) {
	if err := p.expect("(", "service"); err != nil {
		return nil, err
	}
	e := &Service{Pos: name.from}
	p.want(mark(")"))
	if !p.token.is(")") {
		node, err := p.selector()
		if err != nil {
			return nil, err
		}
		e.Node = &node
	}
	if err := p.expect(")", "the service"); err != nil {
		return nil, err
	}
	var err *SyntaxError
	e.Filter, err = p.optionalBlock(ServiceScope)
	if err != nil {
		return nil, err
	}
	return e, nil
}

func (p *parser) edge(name token) (Expr, *SyntaxError) {
	if err := p.expect("(", "edge"); err != nil {
		return nil, err
	}
	source, err := p.selector()
	if err != nil {
		return nil, err
	}
	if err := p.expect(",", "the source of the edge"); err != nil {
		return nil, err
	}
	destination, err := p.selector()
	if err != nil {
		return nil, err
	}
	if err := p.expect(")", "the destination of the edge"); err != nil {
		return nil, err
	}
	filter, err := p.optionalBlock(EdgeScope)
	if err != nil {
		return nil, err
	}
	return &Edge{source, destination, filter, name.from}, nil
}

func (p *parser) optionalBlock(scope Scope) (Expr, *SyntaxError) {
	p.want(mark("{"))
	if !p.token.is("{") {
		return nil, nil
	}
	return p.between("{", "}", scope)
}

// selector reads a name or id().
func (p *parser) selector() (Selector, *SyntaxError) {
	p.wantService()
	if p.token.kind == stringToken {
		name := p.token.text
		return Selector{Name: &name}, p.advance()
	}
	if !p.token.isWord("id") {
		return Selector{}, p.unexpected(`a name in quotation marks or id(name: "…", type: "…")`)
	}
	if err := p.advance(); err != nil {
		return Selector{}, err
	}
	if err := p.expect("(", "id"); err != nil {
		return Selector{}, err
	}
	var s Selector
	p.want(mark(")"))
	for !p.token.is(")") {
		if err := p.part(&s); err != nil {
			return s, err
		}
		if p.token.is(")") {
			break
		}
		if err := p.expect(",", "a part of id()"); err != nil {
			return s, err
		}
		if p.token.is(")") {
			return s, p.unexpected("name:, type: or account.id:")
		}
	}
	return s, p.advance()
}

// part reads one part of id() into s.
func (p *parser) part(s *Selector) *SyntaxError {
	parts := map[string]**string{"name": &s.Name, "type": &s.Type, "account.id": &s.AccountID}
	p.want(part("name"), part("type"), part("account.id"))
	name := strings.ToLower(p.token.text)
	target := parts[name]
	if p.token.kind != wordToken || target == nil {
		return p.unexpected("name:, type: or account.id:")
	}
	if *target != nil {
		return p.wrong("%s is given twice", name)
	}
	if err := p.advance(); err != nil {
		return err
	}
	if err := p.expect(":", "a part of id()"); err != nil {
		return err
	}
	p.wantPart(name)
	if p.token.kind != stringToken {
		return p.unexpected("a string in quotation marks")
	}
	text := p.token.text
	*target = &text
	return p.advance()
}

func (p *parser) rootCause(word string, name token) (Expr, *SyntaxError) {
	parts := strings.Split(word, ".")
	e := &RootCause{Cause: Cause(parts[1]), Of: Element(parts[2]), Pos: name.from}
	p.want(mark("{"))
	if !p.token.is("{") {
		return nil, p.unexpected("a block after " + word + ", as in " + word + ` { name = "…" },`)
	}
	var err *SyntaxError
	if e.Filter, err = p.between("{", "}", e.Scope()); err != nil {
		return nil, err
	}
	return e, nil
}

// equality reads = or !=.
func (p *parser) equality(word string) (Op, *SyntaxError) {
	p.want(operator(Equals, AnyKind), operator(NotEquals, AnyKind))
	op := p.token.op
	if p.token.kind != opToken || op != Equals && op != NotEquals {
		return "", p.unexpected("= or != after " + word)
	}
	return op, nil
}

func (p *parser) group(by GroupKey, name token) (Expr, *SyntaxError) {
	op, err := p.equality(string(by))
	if err != nil {
		return nil, err
	}
	if err := p.advance(); err != nil {
		return nil, err
	}
	p.wantGroup(by)
	if p.token.kind != stringToken {
		return nil, p.unexpected("a string in quotation marks")
	}
	e := &Group{By: by, Op: op, Value: p.token.text, Pos: name.from}
	return e, p.advance()
}

// causeJSON reads the array after #, which is JSON and has its own tokens.
func (p *parser) causeJSON(name token) (Expr, *SyntaxError) {
	op, err := p.equality("rootcause.json")
	if err != nil {
		return nil, err
	}
	if err := p.advance(); err != nil {
		return nil, err
	}
	if !p.token.is("#") || !strings.HasPrefix(p.text[p.pos:], "[") {
		return nil, p.unexpected(`a list of root causes, as in #[{"Services": [{"Name": "…"}]}],`)
	}
	from := p.pos
	var raw json.RawMessage
	d := json.NewDecoder(strings.NewReader(p.text[from:]))
	if jsonErr := d.Decode(&raw); jsonErr != nil {
		return nil, p.badJSON(from, jsonErr)
	}
	p.pos += int(d.InputOffset())
	patterns, err := compactPatterns(p.text, from, raw)
	if err != nil {
		return nil, err
	}
	return &RootCauseJSON{Op: op, Patterns: patterns, Pos: name.from}, p.advance()
}

func (p *parser) badJSON(from int, err error) *SyntaxError {
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		at := from + min(max(int(syntax.Offset)-1, 0), len(p.text)-from)
		return errorAt(p.text, at, at, "the list of root causes is not JSON: %v", syntax)
	}
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		return errorAt(p.text, from, from+1, "this '[' has no closing ']'")
	}
	return errorAt(p.text, from, from+1, "the list of root causes is not JSON: %v", err)
}

// compactPatterns checks that raw is an array of objects that is not too deep.
func compactPatterns(text string, from int, raw json.RawMessage) (string, *SyntaxError) {
	depth, deepest := 0, 0
	d := json.NewDecoder(bytes.NewReader(raw))
	for {
		t, err := d.Token()
		if err != nil {
			break
		}
		switch t {
		case json.Delim('['), json.Delim('{'):
			depth++
			deepest = max(deepest, depth)
		case json.Delim(']'), json.Delim('}'):
			depth--
		default:
			if depth == 1 {
				return "", errorAt(text, from, from+len(raw), `a root cause is an object, as in {"Services": [{"Name": "…"}]}`)
			}
		}
	}
	var patterns []map[string]any
	if err := json.Unmarshal(raw, &patterns); err != nil || len(patterns) == 0 {
		return "", errorAt(text, from, from+len(raw), `there should be at least one root cause, as in {"Services": [{"Name": "…"}]}`)
	}
	if deepest > MaxDepth {
		return "", errorAt(text, from, from+len(raw), "the list is more than %d levels deep", MaxDepth)
	}
	var compact bytes.Buffer
	_ = json.Compact(&compact, raw) // it is valid
	return compact.String(), nil
}
