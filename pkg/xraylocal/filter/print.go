package filter

import (
	"strconv"
	"strings"
)

func (e *And) String() string { return join(e.Terms, " AND ") }
func (e *Or) String() string  { return join(e.Terms, " OR ") }

// join writes terms, those in parentheses that would be read otherwise.
func join(terms []Expr, operator string) string {
	texts := make([]string, len(terms))
	for i, term := range terms {
		texts[i] = term.String()
		_, or := term.(*Or)
		_, and := term.(*And)
		if or || and && operator == " AND " {
			texts[i] = "(" + texts[i] + ")"
		}
	}
	return strings.Join(texts, operator)
}

func (e *Not) String() string {
	switch e.Term.(type) {
	case *And, *Or, *Comparison, *RootCauseJSON, *Group:
		return "!(" + e.Term.String() + ")"
	default:
		return "!" + e.Term.String()
	}
}

func (e *Bare) String() string { return e.Field.String() }

func (e *Comparison) String() string {
	return e.Field.String() + " " + string(e.Op) + " " + e.Value.String()
}

// String returns the field as it is written in an expression.
func (f Field) String() string {
	switch {
	case f.Keyword != Annotation:
		return string(f.Keyword)
	case isKey(f.Key):
		return "annotation." + f.Key
	case f.Key == "" || strings.ContainsAny(f.Key, `]"`) || strings.TrimSpace(f.Key) != f.Key:
		return "annotation[" + quote(f.Key) + "]"
	default:
		return "annotation[" + f.Key + "]"
	}
}

// String returns the value as it is written in an expression.
func (v Value) String() string {
	switch v.Kind {
	case Bool:
		return strconv.FormatBool(v.Bool)
	case Number:
		return strconv.FormatFloat(v.Number, 'g', -1, 64)
	default:
		return quote(v.Text)
	}
}

// quote writes a string of the language.
func quote(text string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(text) + `"`
}

func (e *Service) String() string {
	if e.Node == nil {
		return "service()" + block(e.Filter)
	}
	return "service(" + e.Node.String() + ")" + block(e.Filter)
}

func (e *Edge) String() string {
	return "edge(" + e.Source.String() + ", " + e.Destination.String() + ")" + block(e.Filter)
}

func block(filter Expr) string {
	if filter == nil {
		return ""
	}
	return " { " + filter.String() + " }"
}

// String returns the selector as it is written in an expression: a name alone
// as a string, anything else as id().
func (s Selector) String() string {
	if s.Name != nil && s.Type == nil && s.AccountID == nil {
		return quote(*s.Name)
	}
	var parts []string
	add := func(name string, value *string) {
		if value != nil {
			parts = append(parts, name+": "+quote(*value))
		}
	}
	add("name", s.Name)
	add("type", s.Type)
	add("account.id", s.AccountID)
	return "id(" + strings.Join(parts, ", ") + ")"
}

func (e *RootCause) String() string {
	return "rootcause." + string(e.Cause) + "." + string(e.Of) + block(e.Filter)
}

func (e *RootCauseJSON) String() string {
	return "rootcause.json " + string(e.Op) + " #" + e.Patterns
}

func (e *Group) String() string {
	return string(e.By) + " " + string(e.Op) + " " + quote(e.Value)
}

// String of the true one is the empty expression; the false one cannot be
// written, and String returns a contradiction.
func (c Const) String() string {
	if c {
		return ""
	}
	return "ok AND !ok"
}
