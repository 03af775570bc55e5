package index

import (
	"fmt"
	"strings"

	"github.com/bragg-tracing/bragg/pkg/xraylocal/filter"
)

// A Condition is what the entry of a trace has to meet.
type Condition struct {
	// Where is a condition on the columns flags, status, response, duration,
	// method, url and s0 to s7 (see Columns), "" if every entry meets it. It has
	// a "?" for each of Args.
	Where string
	Args  []any

	// Needs says in words what Where asks for, each line one thing; empty if it
	// asks for nothing.
	Needs []string
}

// Plan returns the condition that the entry of a trace meets if the expression
// matches the trace, and perhaps if it does not. Groups must have been expanded.
func Plan(e filter.Expr) Condition {
	n := planTrace(e)
	if n == nil {
		return Condition{}
	}
	var c Condition
	where := n.sql(&c)
	c.Where = fmt.Sprintf("(flags & %d OR (%s))", Unindexed, where)
	c.Needs = strings.Split(n.text(), "\n")
	return c
}

// A need is a node of a condition. Nil needs nothing.
type need interface {
	sql(c *Condition) string // and appends to c.Args
	text() string
}

// A column is a condition on a column.
type column struct {
	where string
	args  []any
	words string
}

func (n column) sql(c *Condition) string {
	c.Args = append(c.Args, n.args...)
	return n.where
}

func (n column) text() string { return n.words }

// A bits is a term that the signature needs.
type bits struct {
	signature Signature
	words     string
}

func (n bits) sql(*Condition) string { return n.signature.where() }
func (n bits) text() string          { return n.words }

// where tests the signature's bits. Numbers are part of the text: SQLite need
// not be given 16 of them.
func (s *Signature) where() string {
	var all []string
	for i, word := range s {
		if word != 0 {
			all = append(all, fmt.Sprintf("s%d & %d = %d", i, int64(word), int64(word)))
		}
	}
	return strings.Join(all, " AND ")
}

type all []need

func (n all) sql(c *Condition) string {
	var together Signature
	var parts []string
	for _, each := range n {
		if b, ok := each.(bits); ok {
			for i := range together {
				together[i] |= b.signature[i]
			}
			continue
		}
		parts = append(parts, "("+each.sql(c)+")")
	}
	if where := together.where(); where != "" {
		parts = append(parts, where)
	}
	return strings.Join(parts, " AND ")
}

func (n all) text() string {
	var lines []string
	for _, each := range n {
		lines = append(lines, each.text())
	}
	return strings.Join(lines, "\n")
}

type anyOf []need

func (n anyOf) sql(c *Condition) string {
	var parts []string
	for _, each := range n {
		parts = append(parts, "("+each.sql(c)+")")
	}
	return strings.Join(parts, " OR ")
}

func (n anyOf) text() string {
	var parts []string
	for _, each := range n {
		parts = append(parts, strings.ReplaceAll(each.text(), "\n", " and "))
	}
	return strings.Join(parts, ", or ")
}

// both returns the conjunction of those that are not nil.
func both(needs ...need) need {
	var left all
	for _, n := range needs {
		switch n := n.(type) {
		case nil:
		case all:
			left = append(left, n...)
		default:
			left = append(left, n)
		}
	}
	switch len(left) {
	case 0:
		return nil
	case 1:
		return left[0]
	}
	return left
}

// either returns the disjunction: nil if any is.
func either(needs []need) need {
	for _, n := range needs {
		if n == nil {
			return nil
		}
	}
	return anyOf(needs)
}

// planList plans the terms of And and Or; plan is the scope's.
func planList(terms []filter.Expr, plan func(filter.Expr) need) []need {
	needs := make([]need, len(terms))
	for i, term := range terms {
		needs[i] = plan(term)
	}
	return needs
}

// planTrace plans an expression outside of blocks.
func planTrace(e filter.Expr) need {
	switch e := e.(type) {
	case *filter.And:
		return both(planList(e.Terms, planTrace)...)
	case *filter.Or:
		return either(planList(e.Terms, planTrace))
	case *filter.Not:
		return planNot(e.Term)
	case *filter.Bare:
		return planBare(e.Field, true)
	case *filter.Comparison:
		return planComparison(e)
	case *filter.Service:
		return planService(e)
	case *filter.Edge:
		return planEdge(e)
	default:
		return nil
	}
}

// planNot plans what a column can deny. A signature cannot: it may say yes
// wrongly.
func planNot(e filter.Expr) need {
	switch e := e.(type) {
	case *filter.Not:
		return planTrace(e.Term)
	case *filter.Bare:
		return planBare(e.Field, false)
	default:
		return nil
	}
}
