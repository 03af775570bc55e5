package migrate

import (
	"bytes"
	"cmp"
	"go/ast"
	"go/format"
	"go/token"
	"slices"
)

// An edit replaces a part of a file, or inserts where from is to.
type edit struct {
	from, to int
	with     string
	closing  bool // an insertion that ends something: it comes before those that begin there
}

// edits are those of one file. What none of them touches stays as it is, to the
// byte.
type edits struct {
	fset *token.FileSet
	list []edit
}

func (e *edits) offset(p token.Pos) int { return e.fset.PositionFor(p, false).Offset }

func (e *edits) replace(from, to token.Pos, with string) {
	e.list = append(e.list, edit{from: e.offset(from), to: e.offset(to), with: with})
}

func (e *edits) insert(at token.Pos, text string) {
	e.list = append(e.list, edit{from: e.offset(at), to: e.offset(at), with: text})
}

// close inserts what ends an expression. Of two at one place the later one, which
// is of the expression inside, comes first.
func (e *edits) close(at token.Pos, text string) {
	e.list = append(e.list, edit{from: e.offset(at), to: e.offset(at), with: text, closing: true})
}

// removeLine removes a statement, with its line if nothing else is on it.
func (e *edits) removeLine(source []byte, n ast.Node) {
	from, to := e.offset(n.Pos()), e.offset(n.End())
	begin := bytes.LastIndexByte(source[:from], '\n') + 1
	end := len(source)
	if i := bytes.IndexByte(source[to:], '\n'); i >= 0 {
		end = to + i + 1
	}
	if len(bytes.TrimSpace(source[begin:from])) == 0 && len(bytes.TrimSpace(source[to:end])) == 0 {
		from, to = begin, end
	}
	e.list = append(e.list, edit{from: from, to: to})
}

// insertLine inserts lines before the one that a node begins in.
func (e *edits) insertLine(source []byte, n ast.Node, text string) {
	if text == "" {
		return
	}
	at := bytes.LastIndexByte(source[:e.offset(n.Pos())], '\n') + 1
	e.list = append(e.list, edit{from: at, to: at, with: text})
}

// covered reports whether a replacement takes a position away.
func (e *edits) covered(p token.Pos) bool {
	at := e.offset(p)
	return slices.ContainsFunc(e.list, func(e edit) bool { return e.from <= at && at < e.to })
}

// apply makes the edits. A file that gofmt has nothing to say of stays such a
// file.
func (e *edits) apply(source []byte) ([]byte, error) {
	inner := map[int]int{} // of insertions that close: the later, the further in
	for i, one := range e.list {
		if one.closing {
			inner[i] = -i
		}
	}
	order := make([]int, len(e.list))
	for i := range order {
		order[i] = i
	}
	rank := func(one edit) int {
		switch {
		case one.closing:
			return 0
		case one.from == one.to:
			return 1
		}
		return 2
	}
	slices.SortStableFunc(order, func(a, b int) int {
		x, y := e.list[a], e.list[b]
		return cmp.Or(cmp.Compare(x.from, y.from), cmp.Compare(rank(x), rank(y)), cmp.Compare(inner[a], inner[b]))
	})
	var out bytes.Buffer
	at := 0
	for _, i := range order {
		one := e.list[i]
		if one.from < at {
			continue // inside of what was replaced
		}
		out.Write(source[at:one.from])
		out.WriteString(one.with)
		at = one.to
	}
	out.Write(source[at:])
	if formatted, err := format.Source(source); err != nil || !bytes.Equal(formatted, source) {
		return out.Bytes(), nil
	}
	return format.Source(out.Bytes())
}
