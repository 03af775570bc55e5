package main

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/format"
	"go/types"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

const ours = "github.com/bragg-tracing/bragg/pkg/sdk/xraysdk"

// write writes what a suite's public functions need into a folder, file by
// file, as an external test package with the imports pointed here.
func (s *suite) write(to string, needed map[*decl]bool, replaced map[string]string) error {
	if err := os.MkdirAll(to, 0o755); err != nil {
		return err
	}
	for _, file := range s.pkg.Syntax {
		path := s.pkg.Fset.Position(file.Pos()).Filename
		var decls []*decl
		for _, d := range s.decls {
			if d.file == file && needed[d] {
				decls = append(decls, d)
			}
		}
		if len(decls) == 0 {
			continue
		}
		text, err := s.render(path, file, decls)
		if err != nil {
			return err
		}
		if with, ok := replaced[filepath.Base(path)]; ok {
			text = []byte(with)
		}
		if err := os.WriteFile(filepath.Join(to, filepath.Base(path)), text, 0o644); err != nil {
			return err
		}
	}
	return copyTestdata(filepath.Dir(s.pkg.GoFiles[0]), to)
}

func (s *suite) render(path string, file *ast.File, decls []*decl) ([]byte, error) {
	source, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	text := func(n ast.Node) string {
		return string(source[s.pkg.Fset.Position(n.Pos()).Offset:s.pkg.Fset.Position(n.End()).Offset])
	}
	var out bytes.Buffer
	fmt.Fprintf(&out, "package %s_test\n\nimport (\n", s.pkg.Types.Name())
	fmt.Fprintf(&out, ". %q\n", here(s.pkg.ForTest))
	used := s.importsOf(decls)
	for _, i := range file.Imports {
		path, _ := strconv.Unquote(i.Path.Value)
		if path == s.pkg.ForTest || !used[path] {
			continue
		}
		name := ""
		if i.Name != nil {
			name = i.Name.Name
		}
		fmt.Fprintf(&out, "%s %q\n", name, here(path))
	}
	out.WriteString(")\n\nvar _ = " + s.someExported() + "\n")
	for _, d := range decls {
		out.WriteString("\n" + d.keyword + " " + text(d.node) + "\n")
	}
	return format.Source(out.Bytes())
}

// someExported is an expression with an exported name, so that the import of the
// package is used.
func (s *suite) someExported() string {
	names := s.pkg.Types.Scope().Names()
	i := slices.IndexFunc(names, func(name string) bool {
		o := s.pkg.Types.Scope().Lookup(name)
		_, isType := o.(*types.TypeName)
		return o.Exported() && !s.isTest(o.Pos()) && !isType
	})
	return names[i]
}

// importsOf are the paths of the packages that declarations name.
func (s *suite) importsOf(decls []*decl) map[string]bool {
	used := map[string]bool{}
	for _, d := range decls {
		ast.Inspect(d.node, func(n ast.Node) bool {
			if id, ok := n.(*ast.Ident); ok {
				if path, ok := s.importOf(id); ok {
					used[path] = true
				}
			}
			return true
		})
	}
	return used
}

// importOf is the path of the package that an identifier is the name of.
func (s *suite) importOf(id *ast.Ident) (string, bool) {
	name, ok := s.pkg.TypesInfo.Uses[id].(*types.PkgName)
	if !ok {
		return "", false
	}
	return name.Imported().Path(), true
}

func here(path string) string {
	if rest, ok := strings.CutPrefix(path, original); ok {
		return ours + rest
	}
	return path
}
