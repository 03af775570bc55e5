package filter

import (
	"math/rand/v2"
	"testing"
)

// TestPrintedIsReadAsTheSame holds parse(print(tree)) == tree for random trees.
func TestPrintedIsReadAsTheSame(t *testing.T) {
	g := generator{rand.New(rand.NewPCG(1, 2))}
	for range 5_000 {
		e := g.expr(TraceScope, 4)
		text := e.String()
		if len(text) > MaxLength {
			continue
		}
		again, err := Parse(text)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		if !Equal(e, again) {
			t.Fatalf("printed %s\nread as %s", text, again)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, text := range []string{
		"ok !partial duration <3", `service(id(name: "a", type: "b")) { fault = true OR !user }`,
		`edge("a", "b") { http.status >= 5e2 }`, `annotation["a]"] CONTAINS "\"\\"`,
		`rootcause.json != #[{"Services":[{"Name":"a"}]}]`, `rootcause.fault.entity { last and name = x }`,
		"user = 'x'", "((((", "\xff", `group.arn = "x"`,
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		e, syntax := parse(text)
		if syntax != nil {
			if syntax.Column < 1 || syntax.Length < 0 || syntax.Column-1+syntax.Length > len([]rune(text)) {
				t.Fatalf("%q: %#v is outside of the expression", text, syntax)
			}
			return
		}
		again, err := Parse(e.String())
		if err != nil && len(e.String()) <= MaxLength {
			t.Fatalf("%q is printed as %q, which is wrong: %v", text, e, err)
		}
		if err == nil && !Equal(e, again) {
			t.Fatalf("%q is printed as %q, which is read as %q", text, e, again)
		}
	})
}

// A generator makes random trees that Parse could have made.
type generator struct{ *rand.Rand }

func pick[T any](g generator, all []T) T { return all[g.IntN(len(all))] }

func (g generator) expr(scope Scope, depth int) Expr {
	if depth == 0 {
		return g.field(scope)
	}
	switch n := g.IntN(10); {
	case n < 2:
		return &And{g.terms(scope, depth)}
	case n < 4:
		return &Or{g.terms(scope, depth)}
	case n < 5:
		return &Not{g.expr(scope, depth-1)}
	case n < 8 || scope != TraceScope:
		return g.field(scope)
	default:
		return g.complex(depth)
	}
}

func (g generator) terms(scope Scope, depth int) []Expr {
	terms := make([]Expr, 2+g.IntN(2))
	for i := range terms {
		terms[i] = g.expr(scope, depth-1)
	}
	return terms
}

func (g generator) field(scope Scope) Expr {
	info := pick(g, keywords)
	for info.Scopes&scope == 0 {
		info = pick(g, keywords)
	}
	field := Field{Keyword: info.Keyword}
	if info.Keyword == Annotation {
		field.Key = pick(g, []string{"a", "A_1", "1", "a.b", "k8s:ns", "a b", " a", `a]`, `"`, `\`, "ключ", "a\nb", "true"})
	}
	if g.IntN(3) == 0 {
		return &Bare{Field: field}
	}
	return &Comparison{Field: field, Op: pick(g, info.Operators()), Value: g.value()}
}

func (g generator) value() Value {
	switch g.IntN(3) {
	case 0:
		return Value{Kind: Bool, Bool: g.IntN(2) == 0}
	case 1:
		return Value{Kind: Number, Number: pick(g, []float64{0, 1, -1, .5, 1e300, -1e-300, 500, g.NormFloat64()})}
	default:
		return Value{Kind: String, Text: g.text()}
	}
}

func (g generator) text() string {
	return pick(g, []string{"", "a", `"`, `\`, `\"`, `a\\b`, "ü", "{}", "a b", "true", "5", "\t\n", "AND", "' OR 1=1 --", "%_"})
}

func (g generator) selector() Selector {
	part := func() *string {
		if g.IntN(2) == 0 {
			return nil
		}
		text := g.text()
		return &text
	}
	return Selector{part(), part(), part()}
}

func (g generator) complex(depth int) Expr {
	var inner Expr
	block := func(scope Scope) Expr {
		if g.IntN(4) > 0 {
			inner = g.expr(scope, depth-1)
		}
		return inner
	}
	equality := pick(g, []Op{Equals, NotEquals})
	switch g.IntN(5) {
	case 0:
		s := g.selector()
		return &Service{Node: pick(g, []*Selector{nil, &s}), Filter: block(ServiceScope)}
	case 1:
		return &Edge{Source: g.selector(), Destination: g.selector(), Filter: block(EdgeScope)}
	case 2:
		cause := pick(g, []Cause{FaultCause, ErrorCause, ResponseTimeCause})
		e := &RootCause{Cause: cause, Of: pick(g, elementsOf(cause))}
		e.Filter = g.expr(e.Scope(), depth-1)
		return e
	case 3:
		return &RootCauseJSON{Op: equality, Patterns: pick(g, []string{`[{}]`, `[{"Services":[{"Name":"a\"b","Inferred":true}]},{"ClientImpacting":false}]`})}
	default:
		return &Group{By: pick(g, []GroupKey{GroupName, GroupARN}), Op: equality, Value: g.text()}
	}
}
