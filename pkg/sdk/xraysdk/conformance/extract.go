package main

import (
	"cmp"
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/tools/go/packages"
)

const original = "github.com/aws/aws-xray-sdk-go/v2"

// load loads the SDK's packages with their tests.
func load() ([]*packages.Package, error) {
	cfg := &packages.Config{
		Mode: packages.NeedName | packages.NeedFiles | packages.NeedSyntax | packages.NeedTypes |
			packages.NeedTypesInfo | packages.NeedImports | packages.NeedDeps | packages.NeedForTest | packages.NeedModule,
		Tests: true,
	}
	all, err := packages.Load(cfg, original+"/...")
	if err != nil {
		return nil, err
	}
	var tested []*packages.Package
	for _, p := range all {
		if p.ForTest == "" || strings.Contains(p.ForTest, "/internal/") {
			continue
		}
		for _, e := range p.Errors {
			return nil, fmt.Errorf("load %s: %w", p.ID, e)
		}
		tested = append(tested, p)
	}
	slices.SortFunc(tested, func(a, b *packages.Package) int { return cmp.Compare(a.ID, b.ID) })
	return tested, nil
}

// A decl is a declaration at the top of a test file.
type decl struct {
	file    *ast.File
	node    ast.Node // of a method or function, or one spec of others
	keyword string   // var, const or type of a spec
	uses    map[types.Object]bool
	private string // what it uses that is not public, or ""
}

// A suite is the tests of one package.
type suite struct {
	pkg    *packages.Package
	decls  []*decl
	byName map[types.Object][]*decl // a type's methods are with it
	names  []string                 // of the public functions
	needed map[*decl]bool           // by them
}

func newSuite(p *packages.Package) *suite {
	s := &suite{pkg: p, byName: map[types.Object][]*decl{}}
	for _, file := range p.Syntax {
		if !s.isTest(file.Pos()) {
			continue
		}
		for _, d := range file.Decls {
			s.addDecl(file, d)
		}
	}
	return s
}

func (s *suite) isTest(at token.Pos) bool {
	return strings.HasSuffix(s.pkg.Fset.Position(at).Filename, "_test.go")
}

func (s *suite) addDecl(file *ast.File, d ast.Decl) {
	switch d := d.(type) {
	case *ast.FuncDecl:
		s.add(&decl{file: file, node: d}, s.owner(d))
	case *ast.GenDecl:
		for _, spec := range d.Specs {
			switch spec := spec.(type) {
			case *ast.TypeSpec:
				s.add(&decl{file: file, node: spec, keyword: "type"}, s.pkg.TypesInfo.Defs[spec.Name])
			case *ast.ValueSpec:
				added := &decl{file: file, node: spec, keyword: d.Tok.String()}
				for i, name := range spec.Names {
					if i == 0 {
						s.add(added, s.pkg.TypesInfo.Defs[name])
					} else {
						s.byName[s.pkg.TypesInfo.Defs[name]] = []*decl{added}
					}
				}
			}
		}
	}
}

// owner is a function itself, or the type of a method.
func (s *suite) owner(d *ast.FuncDecl) types.Object {
	f, ok := s.pkg.TypesInfo.Defs[d.Name].(*types.Func)
	if !ok {
		return nil
	}
	recv := f.Signature().Recv()
	if recv == nil {
		return f
	}
	t := recv.Type()
	if p, ok := t.(*types.Pointer); ok {
		t = p.Elem()
	}
	return t.(*types.Named).Obj()
}

func (s *suite) add(d *decl, owner types.Object) {
	d.uses = map[types.Object]bool{}
	ast.Inspect(d.node, func(n ast.Node) bool {
		id, ok := n.(*ast.Ident)
		if !ok {
			return true
		}
		if object := s.pkg.TypesInfo.Uses[id]; object != nil && object.Pkg() != nil {
			s.use(d, object)
		}
		return true
	})
	s.decls = append(s.decls, d)
	if owner != nil {
		s.byName[owner] = append(s.byName[owner], d)
	}
}

// use notes what of this package, or of the SDK's internals, a declaration uses.
func (s *suite) use(d *decl, object types.Object) {
	path := object.Pkg().Path()
	switch {
	case strings.HasPrefix(path, original) && strings.Contains(path, "/internal/"):
		d.private = path
	case object.Pkg() != s.pkg.Types:
	case s.isTest(object.Pos()):
		if object.Parent() == s.pkg.Types.Scope() {
			d.uses[object] = true
		}
	case !object.Exported() && (object.Parent() == s.pkg.Types.Scope() || isMember(object)):
		d.private = object.Name()
	}
}

// isMember reports whether an object is a field or a method.
func isMember(object types.Object) bool {
	switch o := object.(type) {
	case *types.Var:
		return o.IsField()
	case *types.Func:
		return o.Signature().Recv() != nil
	}
	return false
}

// closure adds a declaration and all that it needs to a set. It returns what is
// not public of them, or "".
func (s *suite) closure(d *decl, set map[*decl]bool) string {
	if set[d] {
		return ""
	}
	set[d] = true
	if d.private != "" {
		return d.private
	}
	for object := range d.uses {
		for _, needed := range s.byName[object] {
			if private := s.closure(needed, set); private != "" {
				return private
			}
		}
	}
	if spec, ok := d.node.(*ast.TypeSpec); ok {
		for _, method := range s.byName[s.pkg.TypesInfo.Defs[spec.Name]] {
			if private := s.closure(method, set); private != "" {
				return private
			}
		}
	}
	return ""
}

// public returns the names of test and benchmark functions of public API, and
// the declarations that they need.
func (s *suite) public() (names []string, needed map[*decl]bool) {
	needed = map[*decl]bool{}
	for _, d := range s.decls {
		f, ok := d.node.(*ast.FuncDecl)
		if !ok || f.Recv != nil || !strings.HasPrefix(f.Name.Name, "Test") && !strings.HasPrefix(f.Name.Name, "Benchmark") {
			continue
		}
		if len(f.Type.Params.List) != 1 {
			continue
		}
		set := map[*decl]bool{}
		if s.closure(d, set) == "" {
			names = append(names, f.Name.Name)
			maps.Copy(needed, set)
		}
	}
	return names, needed
}

// copyTestdata copies a package's testdata into a temporary module, for its
// tests read it.
func copyTestdata(from, to string) error {
	source := filepath.Join(from, "testdata")
	if _, err := os.Stat(source); err != nil {
		return nil
	}
	return os.CopyFS(filepath.Join(to, "testdata"), os.DirFS(source))
}
