package filter

import (
	"errors"
	"fmt"
)

// Lookup returns the expression of a group; "" is that of the group Default. It
// returns ErrNoGroup if there is no such group.
type Lookup func(by GroupKey, value string) (expression string, err error)

// ErrNoGroup says that there is no group of a name or ARN.
var ErrNoGroup = errors.New("group not found")

// maxGroups bounds the groups that one expression may be made of, counted each
// time that one is used.
const maxGroups = 100

// Expand returns the expression with the expressions of the groups in place of
// Group, and of groups that those name. It returns e itself if there are none,
// and shares parts with it otherwise. A group that contains itself is an error,
// as is one whose expression Parse does not take.
func Expand(e Expr, lookup Lookup) (Expr, error) {
	x := &expander{lookup: lookup, open: make(map[Group]bool)}
	return x.expand(e)
}

type expander struct {
	lookup Lookup
	open   map[Group]bool // groups that are being put in, without Op and Pos
	count  int
}

func (x *expander) expand(e Expr) (Expr, error) {
	switch e := e.(type) {
	case *And:
		return x.terms(e, e.Terms, false)
	case *Or:
		return x.terms(e, e.Terms, true)
	case *Not:
		term, err := x.expand(e.Term)
		if err != nil || term == e.Term {
			return e, err
		}
		return negate(term), nil
	case *Group:
		body, err := x.group(e)
		if err == nil && e.Op == NotEquals {
			body = negate(body)
		}
		return body, err
	default:
		return e, nil // groups stand only outside of blocks
	}
}

func negate(e Expr) Expr {
	if c, ok := e.(Const); ok {
		return !c
	}
	return &Not{e}
}

// terms expands terms and leaves out what decides nothing; a term that is
// decisive decides alone.
func (x *expander) terms(e Expr, terms []Expr, decisive Const) (Expr, error) {
	changed := false
	var kept []Expr
	for _, term := range terms {
		expanded, err := x.expand(term)
		if err != nil {
			return nil, err
		}
		changed = changed || expanded != term
		if c, ok := expanded.(Const); ok {
			if c == decisive {
				return decisive, nil
			}
			continue
		}
		kept = append(kept, expanded)
	}
	switch {
	case !changed:
		return e, nil
	case len(kept) == 0:
		return !decisive, nil
	case len(kept) == 1:
		return kept[0], nil
	case bool(decisive):
		return &Or{kept}, nil
	default:
		return &And{kept}, nil
	}
}

func (x *expander) group(g *Group) (Expr, error) {
	key := Group{By: g.By, Value: g.Value}
	if x.open[key] {
		return nil, fmt.Errorf("%s: the group's expression contains itself", g)
	}
	if x.count++; x.count > maxGroups {
		return nil, fmt.Errorf("the expression is made of more than %d groups", maxGroups)
	}
	text, err := x.lookup(g.By, g.Value)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", g, err)
	}
	e, err := Parse(text)
	if err != nil {
		return nil, fmt.Errorf("%s: the group's expression: %w", g, err)
	}
	x.open[key] = true
	defer delete(x.open, key)
	return x.expand(e)
}
