package filter

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Completions are what can stand where the cursor is.
type Completions struct {
	From  int          // offset in bytes of what is being typed: From to the cursor is what a choice replaces
	Items []Completion // words and signs of the language that begin as what is typed does, in any case of letters

	// What only the data can tell, and whoever calls may offer beside Items.
	Values   *Field   // values of this field
	Services bool     // names of services
	Types    bool     // types of services
	Keys     bool     // keys of annotations
	Groups   GroupKey // names or ARNs of groups; "" for none
	InString bool     // the cursor is in quotation marks: From is after the first, and Items is empty
}

// A Completion is one choice.
type Completion struct {
	Text string // to put in place of what is typed
	Role Role
	Kind Kind   // of values that a keyword has or an operator compares
	Help string // a short sentence without full stop; "" if the text says all
}

// A Role is what a Completion is in the expression.
type Role string

// The roles.
const (
	RoleKeyword    Role = "keyword"    // begins a predicate
	RoleOperator   Role = "operator"   // between a keyword and a value
	RoleValue      Role = "value"      // true and false
	RoleConnective Role = "connective" // AND, OR and !
	RoleMark       Role = "mark"       // brackets and commas
	RolePart       Role = "part"       // of id()
)

// Complete says what can stand at the cursor, an offset in bytes, in an
// expression of which only what is before the cursor matters. It returns no
// Items if what is before is wrong, or if nothing of the language can come.
func Complete(expression string, cursor int) Completions {
	cursor = min(max(cursor, 0), len(expression))
	text := expression[:cursor]
	if start, ok := openString(text); ok {
		c := completeAt(text[:start])
		c.From, c.Items, c.InString = start+1, nil, true
		return c
	}
	if start, ok := openKey(text); ok {
		return Completions{From: start, Keys: true}
	}
	from := len(text) - len(typed(text, isWordRune))
	c := completeWord(text, from)
	if from < len(text) {
		return c
	}
	if from = len(text) - len(typed(text, isOperatorRune)); from < len(text) {
		if c := completeWord(text, from); len(c.Items) > 0 {
			return c
		}
	}
	return c
}

// completeWord completes what begins at from.
func completeWord(text string, from int) Completions {
	c := completeAt(text[:from])
	c.From = from
	prefix := text[from:]
	var items []Completion
	for _, item := range c.Items {
		if len(item.Text) >= len(prefix) && strings.EqualFold(item.Text[:len(prefix)], prefix) {
			items = append(items, item)
		}
	}
	c.Items = items
	return c
}

// completeAt gathers what can come after the text.
func completeAt(text string) Completions {
	var c Completions
	p := &parser{lexer: lexer{text: text}, scope: TraceScope, wants: &c}
	if len(text) > MaxLength || !utf8.ValidString(text) || p.advance() != nil {
		return c
	}
	_, _ = p.or() // an error at the end is what is wanted; one before it wants nothing
	return c
}

// openString returns where a string begins that is not closed.
func openString(text string) (start int, ok bool) {
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '"' && !ok:
			start, ok = i, true
		case c == '"':
			ok = false
		case c == '\\' && ok && i+1 < len(text) && (text[i+1] == '"' || text[i+1] == '\\'):
			i++
		}
	}
	return start, ok
}

// openKey returns where the key of an annotation begins that is being typed.
func openKey(text string) (start int, ok bool) {
	word := typed(text, isWordRune)
	if len(word) >= len("annotation.") && strings.EqualFold(word[:len("annotation.")], "annotation.") {
		return len(text) - len(word) + len("annotation."), true
	}
	open := strings.LastIndexByte(text, '[')
	if open < 0 || strings.ContainsAny(text[open:], `]"`) {
		return 0, false
	}
	before := strings.TrimRightFunc(text[:open], unicode.IsSpace)
	if !strings.EqualFold(typed(before, isWordRune), "annotation") {
		return 0, false
	}
	key := strings.TrimLeftFunc(text[open+1:], unicode.IsSpace)
	return len(text) - len(key), true
}

// typed returns the end of the text that consists of such runes.
func typed(text string, is func(rune) bool) string {
	start := len(text)
	for start > 0 {
		r, size := utf8.DecodeLastRuneInString(text[:start])
		if !is(r) {
			break
		}
		start -= size
	}
	return text[start:]
}

func isWordRune(r rune) bool {
	return isLetter(r) || unicode.IsDigit(r) || r == '.' || r == '-'
}

func isOperatorRune(r rune) bool { return strings.ContainsRune("=!<>", r) }

// want offers choices if the text ends here.
func (p *parser) want(items ...Completion) {
	if p.wants != nil && p.token.kind == endToken {
		p.wants.Items = append(p.wants.Items, items...)
	}
}

func mark(text string) Completion { return Completion{Text: text, Role: RoleMark} }

func part(name string) Completion { return Completion{Text: name + ":", Role: RolePart, Kind: String} }

func connective(text, help string) Completion {
	return Completion{Text: text, Role: RoleConnective, Help: help}
}

func operator(op Op, kind Kind) Completion {
	return Completion{Text: string(op), Role: RoleOperator, Kind: kind}
}

// wantPredicate offers what a predicate begins with.
func (p *parser) wantPredicate() {
	if p.wants == nil || p.token.kind != endToken {
		return
	}
	for _, info := range keywords {
		if info.Scopes&p.scope == 0 {
			continue
		}
		text := string(info.Keyword)
		if info.Keyword == Annotation {
			text += "."
		}
		p.want(Completion{Text: text, Role: RoleKeyword, Kind: info.Kind, Help: info.Help})
	}
	if p.scope == TraceScope {
		p.want(complexCompletions...)
	}
	p.want(connective("!", "what follows does not hold"), mark("("))
}

var complexCompletions = func() []Completion {
	all := []Completion{
		{Text: "service(", Role: RoleKeyword, Help: "a service took part, and a request to it matches the block"},
		{Text: "edge(", Role: RoleKeyword, Help: "a service called another, and a call matches the block"},
		{Text: "group.name", Role: RoleKeyword, Kind: String, Help: "the expression of a group holds"},
		{Text: "group.arn", Role: RoleKeyword, Kind: String, Help: "the expression of a group holds"},
	}
	what := map[Element]string{ServiceElement: "a service", EntityElement: "a segment or subsegment", ExceptionElement: "an exception"}
	cause := map[Cause]string{FaultCause: "a fault", ErrorCause: "an error", ResponseTimeCause: "the response time"}
	for _, c := range []Cause{FaultCause, ErrorCause, ResponseTimeCause} {
		for _, e := range elementsOf(c) {
			all = append(all, Completion{Text: "rootcause." + string(c) + "." + string(e), Role: RoleKeyword,
				Help: what[e] + " on the way to the cause of " + cause[c]})
		}
	}
	return append(all, Completion{Text: "rootcause.json", Role: RoleKeyword, Help: "a root cause has this form"})
}()

// wantOperator offers the operators of a keyword.
func (p *parser) wantOperator(k Keyword) {
	info, _ := k.Info()
	for _, op := range info.Operators() {
		p.want(operator(op, info.Kind))
	}
}

// wantValue offers values of a field.
func (p *parser) wantValue(f Field) {
	if p.wants == nil || p.token.kind != endToken {
		return
	}
	info, _ := f.Keyword.Info()
	if info.Kind == Bool || info.Kind == AnyKind {
		p.want(Completion{Text: "true", Role: RoleValue, Kind: Bool}, Completion{Text: "false", Role: RoleValue, Kind: Bool})
	}
	if info.Kind != Bool {
		p.wants.Values = &f
	}
}

// wantService offers what selects a node.
func (p *parser) wantService() {
	if p.wants != nil && p.token.kind == endToken {
		p.wants.Services = true
		p.want(Completion{Text: "id(", Role: RoleKeyword, Help: "select by name, type or account"})
	}
}

// wantPart offers the value of a part of id().
func (p *parser) wantPart(name string) {
	if p.wants != nil && p.token.kind == endToken {
		p.wants.Services, p.wants.Types = name == "name", name == "type"
	}
}

// wantGroup offers groups.
func (p *parser) wantGroup(by GroupKey) {
	if p.wants != nil && p.token.kind == endToken {
		p.wants.Groups = by
	}
}
