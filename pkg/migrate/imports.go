package migrate

import (
	"go/ast"
	"go/types"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"
)

// here is where a package of the X-Ray SDK is; ok is false for other packages.
func here(path string) (string, bool) {
	for _, module := range []string{awsV2, awsV1} {
		if rest, ok := strings.CutPrefix(path, module+"/"); ok {
			return ours + "/" + rest, true
		}
	}
	return "", false
}

// within is what a package is called in the X-Ray SDK, such as "xray" or
// "strategy/sampling", here or there; ok is false for other packages.
func within(path string) (string, bool) {
	for _, module := range []string{awsV2, awsV1, ours} {
		if rest, ok := strings.CutPrefix(path, module+"/"); ok {
			return rest, true
		}
	}
	return "", false
}

// importName is the name by which the file can use a package: its import is
// added if there is none yet, under another name where the usual one is taken.
func (r *rewrite) importName(importPath string) string {
	if name, ok := r.added[importPath]; ok {
		return name
	}
	for _, i := range r.file.Imports {
		if p, err := strconv.Unquote(i.Path.Value); err != nil || p != importPath {
			continue
		}
		if name := r.pkg.TypesInfo.PkgNameOf(i); name != nil && name.Name() != "_" && name.Name() != "." {
			return name.Name()
		}
	}
	name := path.Base(importPath)
	if r.taken(name) {
		name = "otel" + name
	}
	if r.added == nil {
		r.added = map[string]string{}
	}
	r.added[importPath] = name
	return name
}

// taken reports whether a name means something in the file or its package. A
// package of the X-Ray SDK may lose its name to ours.
func (r *rewrite) taken(name string) bool {
	if r.pkg.Types.Scope().Lookup(name) != nil {
		return true
	}
	found := false
	ast.Inspect(r.file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.SelectorExpr:
			ast.Inspect(n.X, func(n ast.Node) bool {
				id, ok := n.(*ast.Ident)
				found = found || ok && id.Name == name && !r.replaceable(id)
				return true
			})
			return false
		case *ast.Ident:
			found = found || n.Name == name && !r.replaceable(n)
		}
		return !found
	})
	return found
}

func (r *rewrite) replaceable(id *ast.Ident) bool {
	name, ok := r.pkg.TypesInfo.Uses[id].(*types.PkgName)
	if !ok {
		return false
	}
	_, sdk := here(name.Imported().Path())
	return sdk && r.edits.covered(id.Pos())
}

// imports points the imports at the packages here, adds those that the edits
// need, and removes those that they leave without a use.
func (r *rewrite) imports() {
	specs := slices.Clone(r.file.Imports)
	present := map[string]bool{}
	for _, i := range specs {
		p, err := strconv.Unquote(i.Path.Value)
		if err != nil {
			continue
		}
		if r.unused(i) {
			if _, sdk := within(p); sdk {
				r.plan.at(Changes, r.position(i), "import %s goes", p)
			}
			r.edits.removeLine(r.source, r.removable(i))
			continue
		}
		if to, ok := here(p); ok {
			r.edits.replace(i.Path.Pos(), i.Path.End(), strconv.Quote(to))
			r.plan.at(Changes, r.position(i), "import %s becomes %s", p, to)
			p = to
		}
		present[p] = true
	}
	r.addImports(present)
}

// removable is what goes with an import: the whole declaration if it has no
// other, and nothing is put in its place.
func (r *rewrite) removable(spec *ast.ImportSpec) ast.Node {
	if d, ok := r.declaration(spec).(*ast.GenDecl); ok && (!d.Lparen.IsValid() || len(r.added) == 0) {
		return d
	}
	return spec
}

// declaration is the declaration of an import that is the only one in it.
func (r *rewrite) declaration(spec *ast.ImportSpec) ast.Node {
	for _, d := range r.file.Decls {
		if g, ok := d.(*ast.GenDecl); ok && len(g.Specs) == 1 && g.Specs[0] == spec {
			return g
		}
	}
	return spec
}

// unused reports whether the edits took every use of an import away.
func (r *rewrite) unused(spec *ast.ImportSpec) bool {
	name := r.pkg.TypesInfo.PkgNameOf(spec)
	if name == nil {
		return false
	}
	if name.Name() == "." {
		return r.unusedNames(name.Imported().Path())
	}
	if name.Name() == "_" {
		return r.dropped[name.Imported().Path()]
	}
	uses := 0
	for id, o := range r.pkg.TypesInfo.Uses {
		if o != name || r.pkg.Fset.File(id.Pos()) != r.pkg.Fset.File(r.file.Pos()) {
			continue
		}
		if !r.edits.covered(id.Pos()) {
			return false
		}
		uses++
	}
	return uses > 0
}

// unusedNames is unused for an import whose names stand alone.
func (r *rewrite) unusedNames(path string) bool {
	uses := 0
	for _, u := range r.references() {
		if u.from != path || u.node != ast.Expr(u.id) {
			continue
		}
		if !r.edits.covered(u.id.Pos()) {
			return false
		}
		uses++
	}
	return uses > 0
}

func (r *rewrite) addImports(present map[string]bool) {
	anchor := slices.IndexFunc(r.file.Imports, func(i *ast.ImportSpec) bool {
		p, err := strconv.Unquote(i.Path.Value)
		_, sdk := within(p)
		return err == nil && sdk
	})
	if anchor < 0 {
		return // edits need imports only where there was one of the X-Ray SDK
	}
	spec := r.file.Imports[anchor]
	keyword, at := "", r.declaration(spec)
	if _, alone := at.(*ast.GenDecl); alone && !at.(*ast.GenDecl).Lparen.IsValid() {
		keyword = "import "
	} else {
		at = spec
	}
	var b strings.Builder
	for _, p := range slices.Sorted(maps.Keys(r.added)) {
		if present[p] {
			continue
		}
		b.WriteString(keyword)
		if name := r.added[p]; name != path.Base(p) {
			b.WriteString(name + " ")
		}
		b.WriteString(strconv.Quote(p) + "\n")
	}
	r.edits.insertLine(r.source, at, b.String())
}
